//! Offers that run out at a steady rate while many others stand.

use std::collections::HashSet;
use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};
use tipoff_domain::EntityId;
use tipoff_runtime::Nats;
use tipoff_wire::Stream;
use tokio::time::Instant;

use super::account::{account, with};
use super::ledger::{Marks, follow};
use super::made_up::{Kind, route};
use super::offers::Offers;
use super::progress::Progress;
use super::setup::Setup;
use super::system::{Parts, System};
use super::tally::{Times, rate};
use super::team::{Like, Team};

const ENTITIES: usize = 64;
const AGENTS: usize = 3;
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// After the last is due.
const PATIENCE: Duration = Duration::from_mins(10);

#[derive(Debug, Clone, Args)]
pub(super) struct DeadlinesArgs {
    /// Offers that run out
    #[arg(long, default_value_t = 20_000)]
    due: usize,
    /// Over how many seconds they do
    #[arg(long, default_value_t = 60)]
    over: u32,
    /// Offers that stand meanwhile; a million take a few minutes to make
    #[arg(long, default_value_t = 20_000)]
    outstanding: usize,
}

pub(super) async fn run(args: DeadlinesArgs, setup: &Setup) -> anyhow::Result<Value> {
    let parts = Parts { routers: setup.routers, ..Parts::default() };
    let system = System::start(setup, parts).await?;
    let like = Like::new(AGENTS, vec![route(Kind::RoundRobin, AGENTS, "1d")?]);
    let teams = system.teams(ENTITIES, &like).await?;
    let entities: Vec<EntityId> = teams.into_iter().map(|Team { entity, .. }| entity).collect();
    let offers = Offers::new(&system, &entities, 1)?;
    let (probe, empty) = (system.probe(), system.probe().redis_memory().await?);
    let making = Instant::now();
    offers.make("standing", args.due, args.outstanding, |_| TimeDelta::days(1)).await?;
    let made = making.elapsed();
    let held = probe.redis_memory().await?.saturating_sub(empty);

    // Long enough away that all are made before the first runs out.
    let each = made.div_f64(float(args.outstanding.max(1))).max(Duration::from_millis(1));
    let making = Duration::from_secs(5) + each.mul_f64(2.0 * float(args.due));
    let began = system.base.clock.now() + making;
    let step = TimeDelta::seconds(i64::from(args.over)).num_microseconds().unwrap_or(0)
        / i64::try_from(args.due.max(1))?;
    let window = |number: usize| {
        let after = TimeDelta::microseconds(step * i64::try_from(number).unwrap_or(0));
        began + after - system.base.clock.now()
    };
    offers.make("due", 0, args.due, window).await?;
    let (marks, before) = (Marks::now(&system.base.nats).await?, probe.spent().await?);
    wait(&system, marks, &args, began).await?;
    let after = probe.spent().await?;
    let fired = Fired::read(&system.base.nats, marks, &system.prefix).await?;
    let routers = system.routers().into_iter().filter_map(super::cost::resident_bytes).max();
    system.stop().await?;
    let more = json!({"early": fired.early, "twice": fired.twice});
    let took = fired.last.map(|last| last - began).and_then(|took| took.to_std().ok());
    Ok(json!({
        "scenario": "deadlines",
        "leads_per_s": rate(fired.leads.len() as u64, took.unwrap_or_default()),
        "made_per_s": rate(args.outstanding as u64, made),
        "outstanding": args.outstanding + args.due,
        "due": args.due,
        "due_per_s": args.due / args.over.max(1) as usize,
        "routers": setup.routers,
        "fired_after_ms": fired.decided.summary(),
        "committed_after_ms": fired.committed.summary(),
        "redis_bytes_per_open_lead": held / (args.outstanding.max(1) as u64),
        "router_resident_bytes": routers,
        "per_lead": after.per_lead(&before, args.due as u64),
        "correct": with(account(args.due, fired.leads.len(), 0), more, fired.early == 0 && fired.twice == 0),
    }))
}

#[expect(clippy::cast_precision_loss, reason = "counts of leads are far below 2^52")]
fn float(leads: usize) -> f64 {
    leads as f64
}

/// Every lead that moves on leaves two events.
async fn wait(
    system: &System,
    marks: Marks,
    args: &DeadlinesArgs,
    began: DateTime<Utc>,
) -> anyhow::Result<()> {
    let progress = Progress::new("running", args.due);
    let rest = (began - system.base.clock.now()).to_std().unwrap_or_default();
    let longest = rest + Duration::from_secs(u64::from(args.over)) + PATIENCE;
    let all = async {
        loop {
            let (_, events) = marks.since(&system.base.nats).await?;
            progress.at(events / 2);
            if events >= 2 * args.due as u64 {
                return Ok(());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    tokio::time::timeout(longest, all)
        .await
        .context("offers that ran out did not move on in time")?
}

/// How long after its deadline each offer moved on.
struct Fired {
    leads: HashSet<String>,
    decided: Times,
    committed: Times,
    last: Option<DateTime<Utc>>,
    early: usize,
    twice: usize,
}

/// As much of `lead.expired` as tells when the offer was to end.
#[derive(Deserialize)]
struct Expired {
    #[serde(rename = "type")]
    kind: String,
    at: DateTime<Utc>,
    lead: String,
    entity: String,
    after: After,
}

#[derive(Deserialize)]
struct After {
    first_offer: Option<DateTime<Utc>>,
    window_ms: Option<i64>,
}

impl Fired {
    async fn read(nats: &Nats, marks: Marks, prefix: &str) -> anyhow::Result<Self> {
        let (decided, committed) = (Times::none()?, Times::none()?);
        let mut fired =
            Self { leads: HashSet::new(), decided, committed, last: None, early: 0, twice: 0 };
        follow(nats, Stream::Events, marks.events, false, |message, written| {
            let event: Expired = serde_json::from_slice(&message.payload)?;
            if event.kind == "lead.expired" && event.entity.starts_with(prefix) {
                fired.note(event, written)?;
            }
            Ok(())
        })
        .await?;
        Ok(fired)
    }

    fn note(&mut self, event: Expired, written: DateTime<Utc>) -> anyhow::Result<()> {
        let offered =
            event.after.first_offer.context("a lead that ran out and was never offered")?;
        let until = offered
            + TimeDelta::milliseconds(event.after.window_ms.context("an offer without a length")?);
        self.early += usize::from(event.at < until);
        self.last = self.last.max(Some(event.at));
        self.decided.note_delta(event.at - until);
        self.committed.note_delta(written - until);
        self.twice += usize::from(!self.leads.insert(event.lead));
        Ok(())
    }
}
