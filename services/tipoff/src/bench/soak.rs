//! A long quiet run: leads at a low rate, offers that run out, leads that come
//! to rest; and whether anything grows that should not.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::account::account;
use super::arrivals::Arrivals;
use super::cost::{Probe, resident_bytes};
use super::ledger::Ledger;
use super::made_up::{Kind, route};
use super::progress::Progress;
use super::route::Passage;
use super::setup::Setup;
use super::sources::{Sources, Way};
use super::system::{Parts, System};
use super::tally::{rate, rounded};
use super::team::Like;

const AGENTS: usize = 3;
/// All three agents let a lead run out within half a minute.
const CLAIM_WITHIN: &str = "10s";
/// After the last lead: longer than all three agents may let it lie.
const PATIENCE: Duration = Duration::from_mins(3);
const SAMPLES: u32 = 240;
/// Of the run, before growth is measured: everything is used for the first time then.
const SETTLING: f64 = 1.0 / 3.0;

#[derive(Debug, Clone, Args)]
pub(super) struct SoakArgs {
    /// How long
    #[arg(long, default_value_t = 30.0)]
    minutes: f64,
    /// Leads per second
    #[arg(long, default_value_t = 4.0)]
    rate: f64,
    /// Entities that they are spread over
    #[arg(long, default_value_t = 16)]
    entities: usize,
}

pub(super) async fn run(args: SoakArgs, setup: &Setup) -> anyhow::Result<Value> {
    let setup = Setup { processes: true, ..setup.clone() };
    let system = System::start(&setup, Parts { api: true, ..Parts::whole(&setup) }).await?;
    let like = Like::new(AGENTS, vec![route(Kind::RoundRobin, AGENTS, CLAIM_WITHIN)?]);
    let teams = system.teams(args.entities, &like).await?;
    let length = Duration::from_secs_f64(args.minutes.max(0.1) * 60.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a number of leads, and nobody asks for fewer than none"
    )]
    let leads = (args.rate.max(0.0) * length.as_secs_f64()) as usize;
    let sources = Sources::new(&system, teams, Way::Single).pack(0..leads, 1);
    let passage = Passage::new(&system, true, &system.prefix);
    let probe = system.probe();
    let (passed, samples) = tokio::join!(
        passage.of(&sources, Arrivals::Open { per_s: args.rate.max(0.001) }),
        samples(&probe, length),
    );
    let passed = passed?;
    let (nats, prefix) = (&system.base.nats, &system.prefix);
    let ledger = Ledger::when_at_rest(nats, passed.since, prefix, leads, PATIENCE).await?;
    let result = json!({
        "scenario": "soak", "minutes": args.minutes, "leads": leads, "leads_per_s": rate(leads as u64, passed.took().0),
        "accepted_to_offered_ms": passed.ledger.to_offer()?.summary(),
        "resident": samples.resident(), "redis": grown(&samples.redis),
        // Each is offered several times here; what counts is that all came to rest.
        "correct": account(leads, ledger.came_to_rest(), ledger.double_claims()),
    });
    system.stop().await?;
    Ok(result)
}

/// Seconds since the beginning, and bytes.
type Line = Vec<(f64, f64)>;

#[derive(Default)]
struct Samples {
    resident: BTreeMap<String, Line>,
    redis: Line,
}

async fn samples(probe: &Probe, length: Duration) -> Samples {
    let began = Instant::now();
    let mut samples = Samples::default();
    let mut tick = tokio::time::interval(length / SAMPLES);
    let progress = Progress::new("soaking", SAMPLES as usize);
    while began.elapsed() < length {
        tick.tick().await;
        progress.inc(1);
        let at = began.elapsed().as_secs_f64();
        for (what, pid) in &probe.processes {
            if let Some(bytes) = resident_bytes(*pid) {
                samples.resident.entry(what.clone()).or_default().push((at, float(bytes)));
            }
        }
        // One that is not answered in time is one point less.
        samples.redis.extend(probe.redis_memory().await.ok().map(|bytes| (at, float(bytes))));
    }
    samples
}

#[expect(clippy::cast_precision_loss, reason = "nobody has that much memory")]
fn float(bytes: u64) -> f64 {
    bytes as f64
}

impl Samples {
    fn resident(&self) -> Value {
        self.resident.iter().map(|(what, line)| (what.clone(), grown(line))).collect()
    }
}

/// Where it stood when everything had been used once, where at the end, and
/// how fast it grew in between: the slope of the line nearest to all points.
fn grown(line: &[(f64, f64)]) -> Value {
    let end = line.last().map_or(0.0, |(at, _)| *at);
    let rest: Line = line.iter().copied().filter(|(at, _)| *at >= end * SETTLING).collect();
    let mib = |bytes: f64| rounded(bytes / 1_048_576.0, 2);
    json!({
        "settled_mib": rest.first().map(|(_, bytes)| mib(*bytes)),
        "end_mib": rest.last().map(|(_, bytes)| mib(*bytes)),
        "slope_mib_per_hour": mib(slope(&rest) * 3_600.0),
    })
}

/// Least squares.
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = float(points.len() as u64).max(1.0);
    let mean = |pick: fn(&(f64, f64)) -> f64| points.iter().map(pick).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let across: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    let along: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    if across > 0.0 { along / across } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grows_after_settling_has_a_slope_and_what_jumped_before_has_none() {
        let line = |bytes: fn(f64) -> f64| -> Line {
            (0..300).map(|second| (f64::from(second), bytes(f64::from(second)))).collect()
        };
        let jumped = grown(&line(|at| if at < 50.0 { 1_048_576.0 } else { 10_485_760.0 }));
        assert_eq!(
            jumped,
            json!({"settled_mib": 10.0, "end_mib": 10.0, "slope_mib_per_hour": 0.0})
        );
        let growing = grown(&line(|at| 1_048_576.0 * (1.0 + at / 3_600.0)));
        assert_eq!(growing["slope_mib_per_hour"], 1.0);
    }
}
