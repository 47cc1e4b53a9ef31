//! A day, compressed: leads come as they do from night to evening, some in
//! batches; agents claim most of what they are offered, pass on some, and let
//! the rest run out.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use clap::Args;
use futures::StreamExt;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tipoff_domain::{AgentId, EntityId, LeadId};
use tipoff_wire::{Event, EventKind, Stream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::account::with;
use super::arrivals::Arrivals;
use super::ledger::{Ledger, Marks};
use super::made_up::{Kind, route};
use super::patient::Patient;
use super::progress::Progress;
use super::setup::Setup;
use super::sources::{Sources, Way};
use super::system::{Parts, System};
use super::tally::{Times, rate};
use super::team::{Like, Team, agent_key};

/// Leads of every hour, from midnight on, in parts of the whole.
const DAY: [u32; 24] = [1, 1, 1, 1, 1, 2, 3, 5, 7, 8, 8, 7, 8, 8, 7, 7, 7, 8, 9, 9, 7, 5, 3, 2];
const AGENTS: usize = 5;
const ENTITIES: usize = 24;
/// How long an offer stands: as short as a route may say.
const CLAIM_WITHIN: &str = "10s";
/// Longer than all agents of a team together may let a lead lie.
const PATIENCE: Duration = Duration::from_mins(2);

#[derive(Debug, Clone, Args)]
pub(super) struct MixedArgs {
    /// Leads of the day
    #[arg(long, default_value_t = 10_000)]
    leads: usize,
    /// How many seconds the day has
    #[arg(long, default_value_t = 48)]
    seconds: u32,
}

pub(super) async fn run(args: MixedArgs, setup: &Setup) -> anyhow::Result<Value> {
    let system = System::start(setup, Parts { api: true, ..Parts::whole(setup) }).await?;
    let like = Like::new(AGENTS, vec![route(Kind::RoundRobin, AGENTS, CLAIM_WITHIN)?]);
    let teams = system.teams(ENTITIES, &like).await?;
    let agents = Agents::of(&system, &teams).await?;
    let marks = Marks::now(&system.base.nats).await?;
    let probe = system.probe();
    let (before, began) = (probe.spent().await?, system.base.clock.now());
    let (ready, listening) = oneshot::channel();
    let sending = async {
        listening.await?;
        send(&system, &teams, &args).await
    };
    let all = async { tokio::try_join!(sending, agents.work(&system, args.leads, ready)) };
    let longest = Duration::from_secs(u64::from(args.seconds)) * 10 + PATIENCE;
    let (requests, day) =
        tokio::time::timeout(longest, all).await.context("leads came to no end")??;
    let cost = probe.spent().await?.per_lead(&before, args.leads as u64);
    let ledger = Ledger::read(&system.base.nats, marks, &system.prefix).await?;
    let took = (system.base.clock.now() - began).to_std().unwrap_or_default();
    let settled = json!({"claimed": day.claimed, "pooled": day.pooled});
    let ok = day.claimed + day.pooled == args.leads;
    let result = json!({
        "scenario": "mixed", "leads": args.leads, "seconds": args.seconds, "leads_per_s": rate(args.leads as u64, took),
        "request_ms": requests.summary(), "accepted_to_offered_ms": ledger.to_offer()?.summary(),
        "claim_ms": day.claims.summary(), "passed": day.passed, "expired": day.expired,
        "notices": system.elsewhere.is_none().then(|| system.relay.count()), "per_lead": cost,
        "correct": with(ledger.correct(args.leads), settled, ok),
    });
    system.stop().await?;
    Ok(result)
}

/// Hour by hour, each at its own rate; every fourth hour comes in batches. All are due by one
/// clock for the whole day: an hour that is late makes the next one late, and not later.
async fn send(system: &System, teams: &[Team], args: &MixedArgs) -> anyhow::Result<Times> {
    let mut times = Times::none()?;
    let progress = Progress::new("leads", args.leads);
    let hour = f64::from(args.seconds) / 24.0;
    let (day, midnight) = (packed(system, teams, args.leads), Instant::now());
    for (number, to, sources) in day {
        if sources.parcels() == 0 {
            continue;
        }
        #[expect(clippy::cast_precision_loss, reason = "counts of leads are far below 2^52")]
        let arrivals = Arrivals::Open { per_s: sources.parcels() as f64 / hour };
        let due = midnight + Duration::from_secs_f64(hour * f64::from(number));
        let send = |parcel| sources.send(parcel);
        let done = arrivals.drive_from(due, sources.parcels(), &Progress::none(), send).await?;
        for one in &done {
            times.note(one.took);
        }
        progress.at(to as u64);
    }
    Ok(times)
}

/// Every hour's number, how many leads there are by its end, and those that come in it.
fn packed(system: &System, teams: &[Team], leads: usize) -> Vec<(u32, usize, Sources)> {
    let (parts, mut passed, mut from) = (DAY.iter().sum::<u32>(), 0, 0);
    let hours = (0_u32..).zip(DAY).map(|(number, part)| {
        passed += part;
        let to = leads * passed as usize / parts as usize;
        let way = if number % 4 == 3 { Way::Batch } else { Way::Single };
        let sources = Sources::new(system, teams.to_vec(), way).pack(from..to, 10);
        from = to;
        (number, to, sources)
    });
    hours.collect()
}

/// What the agents did.
struct Day {
    claims: Times,
    claimed: usize,
    passed: usize,
    expired: usize,
    pooled: usize,
}

/// Everybody who is offered leads.
struct Agents {
    http: Client,
    patient: Arc<Patient>,
    base: String,
    keys: HashMap<(EntityId, AgentId), String>,
}

#[derive(Clone, Copy)]
enum Mood {
    Claim,
    Pass,
    LetItLie,
}

/// Of ten offers six are claimed, one is passed and three run out; the same
/// every time for the same lead and agent.
fn mood(lead: &LeadId, agent: &AgentId) -> Mood {
    match tipoff_wire::partition::fnv1a(format!("{lead}|{agent}").as_bytes()) % 10 {
        0..=5 => Mood::Claim,
        6 => Mood::Pass,
        _ => Mood::LetItLie,
    }
}

impl Agents {
    async fn of(system: &System, teams: &[Team]) -> anyhow::Result<Self> {
        let mut keys = HashMap::new();
        for Team { entity, .. } in teams {
            for agent in 0..AGENTS {
                let key = agent_key(&system.base.roster, entity, agent).await?;
                keys.insert((entity.clone(), format!("agent{agent}").parse()?), key);
            }
        }
        let (http, patient) = (Client::new(), Arc::default());
        Ok(Self { http, patient, base: system.api.clone(), keys })
    }

    /// Answers offers until so many leads have come to rest.
    async fn work(
        &self,
        system: &System,
        leads: usize,
        ready: oneshot::Sender<()>,
    ) -> anyhow::Result<Day> {
        let stream = system.base.nats.jetstream.get_stream(Stream::Events.name()).await?;
        let config = pull::OrderedConfig {
            deliver_policy: DeliverPolicy::New,
            ..pull::OrderedConfig::default()
        };
        let mut events = stream.create_consumer(config).await?.messages().await?;
        // Whoever waits for it may have given up.
        ready.send(()).ok();
        let mut day = Day { claims: Times::none()?, claimed: 0, passed: 0, expired: 0, pooled: 0 };
        let mut answering = JoinSet::new();
        while day.claimed + day.pooled < leads {
            let event: Event =
                serde_json::from_slice(&events.next().await.context("the log ended")??.payload)?;
            if !event.entity.as_str().starts_with(&system.prefix) {
                continue;
            }
            match event.kind {
                EventKind::Offered => self.answer(&event, &mut answering)?,
                EventKind::Claimed => day.claimed += 1,
                EventKind::Passed => day.passed += 1,
                EventKind::Expired => day.expired += 1,
                EventKind::Pooled => day.pooled += 1,
                _ => {}
            }
            while let Some(took) = answering.try_join_next() {
                note(&mut day.claims, took.context("an agent broke down")??);
            }
        }
        while let Some(took) = answering.join_next().await {
            note(&mut day.claims, took.context("an agent broke down")??);
        }
        Ok(day)
    }

    fn answer(
        &self,
        event: &Event,
        answering: &mut JoinSet<anyhow::Result<Option<Duration>>>,
    ) -> anyhow::Result<()> {
        for offer in &event.offers {
            let verb = match mood(&event.lead, &offer.agent) {
                Mood::Claim => "claim",
                Mood::Pass => "pass",
                Mood::LetItLie => continue,
            };
            let key = self
                .keys
                .get(&(event.entity.clone(), offer.agent.clone()))
                .context("an agent without a key")?;
            let request = self
                .http
                .post(format!("{}/v1/leads/{}/{verb}", self.base, event.lead))
                .bearer_auth(key);
            let request = request.json(&json!({"round": event.round}));
            let patient = self.patient.clone();
            answering.spawn(async move {
                let began = Instant::now();
                let status = patient.send(request).await?.status();
                let late = status == StatusCode::GONE || status == StatusCode::CONFLICT;
                ensure!(status.is_success() || late, "an answer was answered {status}");
                Ok((verb == "claim" && status.is_success()).then(|| began.elapsed()))
            });
        }
        Ok(())
    }
}

fn note(times: &mut Times, took: Option<Duration>) {
    if let Some(took) = took {
        times.note(took);
    }
}
