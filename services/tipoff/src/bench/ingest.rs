//! Leads in, each way there is, and nothing behind it.

use clap::Args;
use serde_json::{Value, json};
use tipoff_wire::Stream;

use super::arrivals::Arrivals;
use super::ledger::{Marks, drained};
use super::made_up::{Kind, route};
use super::progress::Progress;
use super::setup::Setup;
use super::sources::{Sources, Way};
use super::system::{Parts, System};
use super::tally::{Times, rate};
use super::team::Like;

#[derive(Debug, Clone, Args)]
pub(super) struct IngestArgs {
    /// Leads sent each way
    #[arg(long, default_value_t = 10_000)]
    leads: usize,
    /// Entities that they are spread over
    #[arg(long, default_value_t = 16)]
    entities: usize,
    /// Leads in a batch
    #[arg(long, default_value_t = 250)]
    lines: usize,
    /// Single leads on their way at once; of batches, a sixteenth of that
    #[arg(long, default_value_t = 64)]
    at_once: usize,
}

pub(super) async fn run(args: IngestArgs, setup: &Setup) -> anyhow::Result<Value> {
    let parts = Parts { ingest: true, ..Parts::default() };
    let system = System::start(setup, parts).await?;
    let like = Like { agents: 1, routes: vec![route(Kind::RoundRobin, 1, "1h")?] };
    let teams = system.teams(args.entities, &like).await?;
    let (nats, clock) = (&system.base.nats, &system.base.clock);
    let mut result = json!({"scenario": "ingest", "leads": args.leads, "entities": args.entities});
    let (mut ok, mut from) = (true, 0);
    for (name, way, at_once) in [
        ("single", Way::Single, args.at_once),
        ("batch", Way::Batch, args.at_once / 16),
        ("nats", Way::Nats, args.at_once),
    ] {
        let sources = Sources::new(nats, system.intake, teams.clone(), way)
            .pack(from..from + args.leads, args.lines);
        from += args.leads;
        let (probe, marks) = (system.probe(), Marks::now(nats).await?);
        let before = probe.spent().await?;
        let progress = Progress::new(name, sources.parcels());
        let began = clock.now();
        let send = |parcel| sources.send(parcel);
        let arrivals = Arrivals::Closed { at_once: at_once.max(1) };
        let done = arrivals.drive(sources.parcels(), &progress, send).await?;
        drained(nats, &[Stream::LeadsIn]).await?;
        let took = (clock.now() - began).to_std().unwrap_or_default();
        let (accepted, _) = marks.since(nats).await?;
        ok &= accepted == args.leads as u64;
        result[name] = json!({
            "leads_per_s": rate(accepted, took), "accepted": accepted,
            "request_ms": Times::of(done.iter().map(|one| one.took))?.summary(),
            "per_lead": probe.spent().await?.per_lead(&before, accepted),
        });
    }
    result["leads_per_s"] = result["batch"]["leads_per_s"].clone();
    result["correct"] = json!({"sent": from, "ok": ok});
    system.stop().await?;
    Ok(result)
}
