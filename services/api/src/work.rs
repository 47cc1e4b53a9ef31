//! Working leads: offers, claims, the pool, and what happens live.

pub(crate) mod answers;
mod cursor;
pub(crate) mod follow_up;
pub(crate) mod hands;
pub(crate) mod held;
pub(crate) mod leads;
pub(crate) mod live;
pub(crate) mod me;
pub(crate) mod person;
pub(crate) mod ponds;
pub(crate) mod push;
mod refusal;
pub(crate) mod request;

mod wanted;
pub(crate) mod withdraw;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tipoff_board::{BoardError, Claim, Claiming, OnBoard, Page, Pass, Passing, PondClaim};
use tipoff_domain::{AgentId, EntityId, EntityView, LeadId};
use tipoff_roster::Access;

use crate::Api;
use crate::names::PageOf;
use crate::problem::Problem;
use crate::shown::{Shown, Sight};
use crate::work::refusal::no_lead;

/// How much the agent may have, and the ponds they are in (D-25).
fn terms<'a>(view: &EntityView, agent: &'a AgentId, now: DateTime<Utc>) -> Claiming<'a> {
    let entity = &view.entity;
    let caps = view.agents.get(agent).map(|known| known.caps(now, entity.zone, entity.week_starts));
    let theirs = view.ponds.iter().filter(|(_, pond)| pond.has(agent));
    let ponds = theirs.map(|(id, pond)| PondClaim {
        pond: Some(id.clone()),
        cap: pond.cap,
        reclaim_after: pond.reclaim_after,
    });
    Claiming {
        caps: caps.unwrap_or_default(),
        ponds: [PondClaim::pool()].into_iter().chain(ponds).collect(),
        pool_counts: entity.pool_claims_count,
        ..Claiming::by(agent, "")
    }
}

impl Api {
    /// Claims for the agent, under their limits as they count now. Every way to
    /// claim comes through here, so that none goes round them.
    pub(crate) async fn claim(
        &self,
        entity: &EntityId,
        lead: &LeadId,
        agent: &AgentId,
        round: Option<u32>,
        request: &str,
    ) -> Result<Claim, BoardError> {
        let view = self.roster.view(entity);
        let terms = view.as_deref().map(|view| terms(view, agent, self.clock.now()));
        let claiming = terms.unwrap_or_else(|| Claiming::by(agent, request));
        self.board.claim(entity, lead, &Claiming { round, request, ..claiming }).await
    }

    /// Passes for the agent, with the time for second thoughts that the entity leaves.
    pub(crate) async fn pass(
        &self,
        entity: &EntityId,
        lead: &LeadId,
        agent: &AgentId,
        round: Option<u32>,
        reason: Option<&str>,
        request: &str,
    ) -> Result<Pass, BoardError> {
        let undo = self.roster.view(entity).and_then(|view| view.entity.undo_pass);
        self.board.pass(entity, lead, &Passing { agent, round, reason, undo, request }).await
    }

    /// How much of the lead the caller sees; `None`: for them there is none.
    pub(crate) fn sight(&self, access: &Access, lead: &OnBoard) -> Option<Sight> {
        Sight::of(access, lead, self.roster.view(&lead.entity).as_deref())
    }

    /// The lead as it is shown. `now`: the board's time, where it is known.
    pub(crate) fn shown(&self, lead: &OnBoard, sight: Sight, now: Option<DateTime<Utc>>) -> Shown {
        Shown::new(lead, sight, now, self.roster.view(&lead.entity).as_deref())
    }

    /// The lead, if there is one for this caller.
    async fn seen(
        &self,
        access: &Access,
        entity: &EntityId,
        id: &LeadId,
    ) -> Result<(OnBoard, Sight), Problem> {
        let lead = self.board.lead(entity, id).await?.ok_or_else(|| no_lead(id))?;
        let sight = self.sight(access, &lead).ok_or_else(|| no_lead(id))?;
        Ok((lead, sight))
    }

    /// Asks the board for its time only where there is a deadline to show.
    async fn time_for(
        &self,
        entity: &EntityId,
        leads: &[OnBoard],
    ) -> Result<Option<DateTime<Utc>>, Problem> {
        if leads.iter().all(|lead| lead.now_is.pending.is_empty()) {
            return Ok(None);
        }
        Ok(Some(self.board.time(entity).await?))
    }

    async fn show(
        &self,
        access: &Access,
        entity: &EntityId,
        leads: &[OnBoard],
    ) -> Result<Vec<Shown>, Problem> {
        let now = self.time_for(entity, leads).await?;
        let shown =
            |lead: &OnBoard| self.sight(access, lead).map(|sight| self.shown(lead, sight, now));
        Ok(leads.iter().filter_map(shown).collect())
    }

    async fn show_page(
        &self,
        access: &Access,
        entity: &EntityId,
        page: Page,
    ) -> Result<Value, Problem> {
        let leads = self.show(access, entity, &page.leads).await?;
        Ok(json!({ "leads": leads, "next_cursor": page.next }))
    }
}

const LIMIT: usize = 50;
const HIGHEST_LIMIT: usize = 200;

impl PageOf {
    pub(crate) fn limit(&self) -> Result<usize, Problem> {
        match self.limit.unwrap_or(LIMIT) {
            limit @ 1..=HIGHEST_LIMIT => Ok(limit),
            limit => Err(Problem::invalid_field(
                "/limit",
                format!("{limit} is not within 1 to {HIGHEST_LIMIT}"),
            )),
        }
    }

    fn sent_cursor(&self) -> Option<&str> {
        self.cursor.as_deref().filter(|cursor| !cursor.is_empty())
    }

    fn cursor(&self) -> Result<Option<&str>, Problem> {
        let cursor = self.sent_cursor();
        if cursor.is_some_and(|cursor| !cursor::is_one(cursor)) {
            return Err(bad_cursor());
        }
        Ok(cursor)
    }

    /// A cursor of lists that are numbered.
    pub(crate) fn cursor_number(&self) -> Result<Option<u64>, Problem> {
        self.sent_cursor().map(|cursor| cursor.parse().map_err(|_| bad_cursor())).transpose()
    }

    /// A cursor of a list that goes through `scopes`: in which of them the page begins,
    /// and with which lead.
    fn cursor_within(&self, scopes: &[EntityId]) -> Result<(usize, Option<LeadId>), Problem> {
        let Some(cursor) = self.sent_cursor() else { return Ok((0, None)) };
        let (entity, lead) = cursor::read_within(cursor).ok_or_else(bad_cursor)?;
        let scope = scopes.iter().position(|scope| *scope == entity).ok_or_else(bad_cursor)?;
        Ok((scope, Some(lead)))
    }
}

fn bad_cursor() -> Problem {
    Problem::bad_request(
        "`cursor` cannot be read: give `next_cursor` of the page before, unchanged",
    )
}
