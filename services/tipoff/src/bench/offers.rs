//! Offers put straight on the board, for what comes after routing.

use chrono::TimeDelta;
use tipoff_board::Known;
use tipoff_domain::decision::By;
use tipoff_domain::plan::{Candidate, Pick, Plan, Step, Then};
use tipoff_domain::{Decision, EntityId, LeadId, RouteId};
use tipoff_wire::Accepted;

use super::arrivals::Arrivals;
use super::progress::Progress;
use super::system::System;

/// How often the board is asked to take a lead.
const TRIES: u32 = 5;
/// Leads on their way to the board at once.
const AT_ONCE: Arrivals = Arrivals::Closed { at_once: 1_024 };

/// One entity and the route that its offers are made by.
pub(super) struct Desk {
    pub(super) entity: EntityId,
    pub(super) route: RouteId,
}

pub(super) struct Offers<'a> {
    pub(super) system: &'a System,
    pub(super) desks: Vec<Desk>,
    /// Asked of every lead: `agent0` and so on.
    pub(super) asked: usize,
}

impl<'a> Offers<'a> {
    /// By the first route of each of these entities.
    pub(super) fn new(
        system: &'a System,
        entities: &[EntityId],
        asked: usize,
    ) -> anyhow::Result<Self> {
        let desk = |entity: &EntityId| {
            let view = system.base.roster.view(entity);
            let route = view.and_then(|view| Some(view.routes.first()?.id.clone()));
            let missing = || anyhow::anyhow!("the route that was just made is not in the roster");
            Ok(Desk { entity: entity.clone(), route: route.ok_or_else(missing)? })
        };
        let desks = entities.iter().map(desk).collect::<anyhow::Result<_>>()?;
        Ok(Self { system, desks, asked })
    }

    pub(super) fn desk(&self, number: usize) -> &Desk {
        &self.desks[number % self.desks.len()]
    }

    pub(super) fn lead(&self, number: usize) -> anyhow::Result<LeadId> {
        Ok(format!("lead_{:08x}{number:024x}", self.system.run).parse()?)
    }

    /// Makes `count` offers, the first of them number `first`; `window`: how long each stands.
    pub(super) async fn make(
        &self,
        what: &'static str,
        first: usize,
        count: usize,
        window: impl Fn(usize) -> TimeDelta,
    ) -> anyhow::Result<()> {
        let progress = Progress::new(what, count);
        let place = |number| self.place(first + number, window(number));
        AT_ONCE.drive(count, &progress, place).await.map(drop)
    }

    /// Makes one.
    pub(super) async fn place(&self, number: usize, window: TimeDelta) -> anyhow::Result<()> {
        let desk = self.desk(number);
        let accepted = Accepted {
            id: self.lead(number)?,
            entity: desk.entity.clone(),
            source: None,
            received_at: self.system.base.clock.now(),
            lead: serde_json::from_str(r#"{"emails": ["dana@example.com"]}"#)?,
        };
        let candidate = |agent: usize| {
            let agent = format!("agent{agent}").parse()?;
            anyhow::Ok(Candidate { agent, eligible: true, weight: 1, caps: Vec::new() })
        };
        let step = Step {
            route: Some(desk.route.clone()),
            pick: if self.asked == 1 { Pick::First } else { Pick::All },
            by: By::Turn,
            candidates: (0..self.asked).map(candidate).collect::<anyhow::Result<_>>()?,
            assign: None,
            window,
            reroutes: 0,
            marks: None,
        };
        let plan = Plan { then: Then::Step(step), decision: Decision::default() };
        // A crowd may be too much for the servers at times; placing twice does no harm.
        let mut tries = TRIES;
        loop {
            tries -= 1;
            match self.system.board.place(&accepted, &plan, Known::Ignore).await {
                Err(error) if error.will_pass() && tries > 0 => {}
                placed => return Ok(placed.map(drop)?),
            }
        }
    }
}
