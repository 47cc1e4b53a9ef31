//! Working leads: offers, claims, the pool, and what happens live.

pub(crate) mod answers;
mod cursor;
pub(crate) mod leads;
pub(crate) mod live;
pub(crate) mod me;
pub(crate) mod pool;
pub(crate) mod push;
pub(crate) mod request;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tipoff_board::{BoardError, Claim, OnBoard, Page};
use tipoff_domain::{AgentId, EntityId, LeadId};
use tipoff_roster::Access;

use crate::Api;
use crate::names::PageOf;
use crate::problem::Problem;
use crate::shown::{Shown, Sight};

fn no_lead(lead: &LeadId) -> Problem {
    Problem::not_found(&format!("lead `{lead}`"))
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
        let caps = view.and_then(|view| {
            Some(view.agents.get(agent)?.caps(
                self.clock.now(),
                view.entity.zone,
                view.entity.week_starts,
            ))
        });
        let caps = caps.unwrap_or_default();
        self.board.claim_under(&caps, entity, lead, agent, round, request).await
    }

    /// The lead, if there is one for this caller.
    async fn seen(
        &self,
        access: &Access,
        entity: &EntityId,
        id: &LeadId,
    ) -> Result<(OnBoard, Sight), Problem> {
        let lead = self.board.lead(entity, id).await?.ok_or_else(|| no_lead(id))?;
        let sight = Sight::of(access, &lead).ok_or_else(|| no_lead(id))?;
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
            |lead: &OnBoard| Sight::of(access, lead).map(|sight| Shown::new(lead, sight, now));
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
    fn limit(&self) -> Result<usize, Problem> {
        match self.limit.unwrap_or(LIMIT) {
            limit @ 1..=HIGHEST_LIMIT => Ok(limit),
            limit => Err(Problem::invalid_field(
                "/limit",
                format!("{limit} is not within 1 to {HIGHEST_LIMIT}"),
            )),
        }
    }

    fn cursor(&self) -> Result<Option<&str>, Problem> {
        let cursor = self.cursor.as_deref().filter(|cursor| !cursor.is_empty());
        if cursor.is_some_and(|cursor| !cursor::is_one(cursor)) {
            return Err(Problem::invalid_field(
                "/cursor",
                "give `next_cursor` of the page before, unchanged",
            ));
        }
        Ok(cursor)
    }
}
