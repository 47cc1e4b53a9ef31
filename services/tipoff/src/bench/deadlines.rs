//! Offers that run out at a steady rate while many others stand.

use std::collections::HashMap;
use std::time::Duration;

use chrono::TimeDelta;
use clap::Args;
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use tipoff_board::{Board, Known};
use tipoff_domain::decision::By;
use tipoff_domain::plan::{Candidate, Pick, Plan, Step, Then};
use tipoff_domain::{Decision, RouteId};
use tipoff_wire::{Accepted, EventKind};
use tokio::sync::oneshot;

use super::follow::follow;
use super::system::System;
use super::tally::Times;

const ENTITIES: usize = 64;
const AT_ONCE: usize = 512;
const PATIENCE: Duration = Duration::from_mins(10);

#[derive(Debug, Args)]
pub(super) struct DeadlinesArgs {
    /// Offers that run out
    #[arg(long, default_value_t = 5_000)]
    due: usize,
    /// Over how many seconds they do
    #[arg(long, default_value_t = 20)]
    over: u32,
    /// Offers that stand meanwhile
    #[arg(long, default_value_t = 20_000)]
    outstanding: usize,
}

pub(super) async fn run(args: DeadlinesArgs) -> anyhow::Result<Value> {
    let system = System::start(1).await?;
    let mut routes = Vec::with_capacity(ENTITIES);
    for entity in 0..ENTITIES {
        let name = format!("team{entity}");
        let robin = json!({"title": "Robin", "strategy": {"kind": "round_robin", "agents": "all"},
            "claim_within": "1h", "channels": ["email"]});
        system.team(&name, 3, serde_json::from_value(robin)?).await?;
        let view = system.base.roster.view(&name.parse()?);
        routes.push(
            view.and_then(|view| Some(view.routes.first()?.id.clone())).ok_or_else(no_route)?,
        );
    }
    let standing = Offers { system: &system, routes: &routes, first: args.due };
    standing.make((0..args.outstanding).map(|_| TimeDelta::days(1))).await?;

    // Long enough away that all are made before the first runs out.
    let making = TimeDelta::seconds(10) + TimeDelta::milliseconds(i64::try_from(args.due)? * 2);
    let began = system.base.clock.now() + making;
    let step = TimeDelta::seconds(i64::from(args.over)) / i32::try_from(args.due.max(1))?;
    let (ready, listening) = oneshot::channel();
    let mut seen = Lateness { until: HashMap::new(), late: Times::none()?, early: 0, expired: 0 };
    let watching = async {
        let counted = follow(&system.base.nats, |event| seen.note(&event) == args.due, ready);
        tokio::time::timeout(PATIENCE, counted).await?
    };
    let offering = async {
        listening.await?;
        let due = Offers { system: &system, routes: &routes, first: 0 };
        let clock = &system.base.clock;
        let windows = (0..args.due)
            .map(|number| began + step * i32::try_from(number).unwrap_or(0) - clock.now());
        due.make(windows).await
    };
    tokio::try_join!(watching, offering)?;
    system.stop().await?;
    Ok(json!({
        "scenario": "deadlines",
        "outstanding": args.outstanding + args.due,
        "due": args.due,
        "due_per_s": args.due / args.over.max(1) as usize,
        "expired": seen.expired,
        "early": seen.early,
        "late_ms": seen.late.summary(),
    }))
}

fn no_route() -> anyhow::Error {
    anyhow::anyhow!("the route that was just made is not in the roster")
}

/// Puts offers straight on the board.
struct Offers<'a> {
    system: &'a System,
    routes: &'a [RouteId],
    first: usize,
}

impl Offers<'_> {
    async fn make(&self, windows: impl Iterator<Item = TimeDelta>) -> anyhow::Result<()> {
        let places =
            windows.enumerate().map(|(number, window)| self.place(self.first + number, window));
        stream::iter(places).buffer_unordered(AT_ONCE).try_collect().await
    }

    async fn place(&self, number: usize, window: TimeDelta) -> anyhow::Result<()> {
        let board: &Board = &self.system.board;
        let entity = number % ENTITIES;
        let accepted = Accepted {
            id: format!("lead_{number}").parse()?,
            entity: format!("team{entity}").parse()?,
            source: None,
            received_at: self.system.base.clock.now(),
            lead: serde_json::from_value(json!({"emails": ["dana@example.com"]}))?,
        };
        let step = Step {
            route: Some(self.routes[entity].clone()),
            pick: Pick::First,
            by: By::Turn,
            candidates: vec![Candidate {
                agent: "agent0".parse()?,
                eligible: true,
                weight: 1,
                caps: Vec::new(),
            }],
            assign: None,
            window,
            reroutes: 0,
            tags: Vec::new(),
            smart_plan: None,
        };
        let plan = Plan { then: Then::Step(step), decision: Decision::default() };
        board.place(&accepted, &plan, Known::Ignore).await?;
        Ok(())
    }
}

/// How long after its deadline each offer moved on.
struct Lateness {
    until: HashMap<tipoff_domain::LeadId, chrono::DateTime<chrono::Utc>>,
    late: Times,
    early: usize,
    expired: usize,
}

impl Lateness {
    fn note(&mut self, event: &tipoff_wire::Event) -> usize {
        match event.kind {
            EventKind::Offered if event.round == Some(1) => {
                let until = event.offers.first().map(|offer| offer.until);
                self.until.extend(until.map(|until| (event.lead.clone(), until)));
            }
            EventKind::Expired => {
                if let Some(until) = self.until.get(&event.lead) {
                    self.early += usize::from(event.at < *until);
                    self.late.note(event.at - *until);
                    self.expired += 1;
                }
            }
            _ => {}
        }
        self.expired
    }
}
