//! Nobody is told, because the notifier has stopped or the mail relay answers nothing, and
//! leads go on being routed.

use std::time::Duration;

use serde_json::{Value, json};
use tipoff_wire::Stream;
use tokio::time::Instant;

use super::super::account::{together, with as with_more};
use super::super::arrivals::Arrivals;
use super::super::ledger::{drained, waiting};
use super::super::made_up::{Kind, route};
use super::super::route::{Passage, Passed};
use super::super::setup::Setup;
use super::super::sources::{Sources, Way};
use super::super::system::{Parts, System};
use super::super::tally::rate;
use super::super::team::{Like, Team};
use super::{StrainArgs, compared};

const ENTITIES: usize = 16;
const AGENTS: usize = 3;
/// As many as come while nobody is told, for each that is measured.
const BACKLOG: usize = 4;

/// First with the notifier, then without it on a backlog that has grown; then
/// it comes back and tells of all of them.
pub(super) async fn stopped(args: &StrainArgs, setup: &Setup) -> anyhow::Result<Value> {
    let mut stage = Stage::new(args, setup).await?;
    let with = stage.pass(0, true).await?;
    stage.system.end("notifier").await;
    let (backlog, without) = (stage.pile_up().await?, stage.pass(1, false).await?);
    let waits = waiting(&stage.system.base.nats, Stream::Events).await?;
    let step = json!({"step": "stopped notifier", "backlog_of_events": waits});
    let back = stage.system.notify_again(setup.notifiers.max(1)).await?;
    stage.result(step, &[&with, &backlog, &without], back).await
}

/// First with a relay that answers, then with one that does not: what nobody can be told at
/// once is written down in NOTIFY, which grows. Then it answers again.
pub(super) async fn stuck_relay(args: &StrainArgs, setup: &Setup) -> anyhow::Result<Value> {
    let stage = Stage::new(args, setup).await?;
    let with = stage.pass(0, true).await?;
    stage.system.relay.is_stuck(true);
    let (backlog, without) = (stage.pile_up().await?, stage.pass(1, false).await?);
    let nats = stage.system.base.nats.clone();
    let stands = nats.jetstream.get_stream(Stream::Notify.name()).await?;
    let written = stands.cached_info().state.messages;
    let step = json!({"step": "stuck relay", "notices_written_down": written});
    let again = Instant::now();
    stage.system.relay.is_stuck(false);
    drained(&nats, &[Stream::Events, Stream::Notify]).await?;
    stage.result(step, &[&with, &backlog, &without], again.elapsed()).await
}

/// A system with people on it.
struct Stage {
    system: System,
    teams: Vec<Team>,
    leads: usize,
    per_s: f64,
}

impl Stage {
    async fn new(args: &StrainArgs, setup: &Setup) -> anyhow::Result<Self> {
        let setup = Setup { processes: true, ..setup.clone() };
        let system = System::start(&setup, Parts::whole(&setup)).await?;
        let like = Like::new(AGENTS, vec![route(Kind::RoundRobin, AGENTS, "1h")?]);
        let teams = system.teams(ENTITIES, &like).await?;
        Ok(Self { system, teams, leads: args.leads, per_s: args.rate })
    }

    /// Leads that are measured, at a constant rate.
    async fn pass(&self, number: usize, told: bool) -> anyhow::Result<Passed> {
        let from = number * self.leads;
        let sources = Sources::new(&self.system, self.teams.clone(), Way::Single);
        let sources = sources.pack(from..from + self.leads, 1);
        let passage = Passage::new(&self.system, told, &self.system.prefix);
        passage.of(&sources, Arrivals::Open { per_s: self.per_s }).await
    }

    /// Leads of which nobody is told.
    async fn pile_up(&self) -> anyhow::Result<Passed> {
        let many = 2 * self.leads..(2 + BACKLOG) * self.leads;
        let many = Sources::new(&self.system, self.teams.clone(), Way::Batch).pack(many, 100);
        let passage = Passage::new(&self.system, false, &self.system.prefix);
        passage.of(&many, Arrivals::Closed { at_once: 2 }).await
    }

    /// `passed`: with everybody told, then those who piled up, then those beside them.
    async fn result(
        self,
        mut result: Value,
        passed: &[&Passed; 3],
        told_again: Duration,
    ) -> anyhow::Result<Value> {
        let [with, _, without] = passed;
        let told = self.system.relay.count();
        self.system.stop().await?;
        let parts = passed.map(|passed| json!({"correct": passed.correct()}));
        // The relay counts anew whenever leads are sent: these are of the last ones and of none before.
        result["leads_per_s"] = json!(rate(without.ledger.offered() as u64, without.took().0));
        result["accepted_to_offered"] =
            compared(&with.ledger.to_offer()?, &without.ledger.to_offer()?);
        let ok = told == ((1 + BACKLOG) * self.leads) as u64;
        result["told_again_within_ms"] = json!(u64::try_from(told_again.as_millis())?);
        result["correct"] = with_more(together(&parts), json!({"told_when_it_was_back": told}), ok);
        Ok(result)
    }
}
