//! Leads in, each way there is, and nothing behind it.

use clap::Args;
use serde_json::{Value, json};
use tipoff_wire::Stream;

use super::account::{account, together};
use super::arrivals::Arrivals;
use super::ledger::{Ledger, Marks, drained};
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
    /// Which ways, separated by commas
    #[arg(long, value_enum, value_delimiter = ',', default_value = "single,batch,nats")]
    ways: Vec<Way>,
    /// Leads in a batch
    #[arg(long, default_value_t = 250)]
    lines: usize,
    /// Single leads on their way at once; of batches, a sixteenth of that
    #[arg(long, default_value_t = 64)]
    at_once: usize,
    /// Leads per second, however long they wait; without it, as many as go through
    #[arg(long)]
    rate: Option<f64>,
}

impl IngestArgs {
    fn arrivals(&self, way: Way) -> Arrivals {
        let at_once = if way == Way::Batch { self.at_once / 16 } else { self.at_once };
        Arrivals::of_parcels(self.rate, way.lines(self.lines), at_once)
    }
}

pub(super) async fn run(args: IngestArgs, setup: &Setup) -> anyhow::Result<Value> {
    let parts = Parts { ingest: true, ..Parts::default() };
    let system = System::start(setup, parts).await?;
    let like = Like::new(1, vec![route(Kind::RoundRobin, 1, "1h")?]);
    let teams = system.teams(args.entities, &like).await?;
    let (nats, clock) = (&system.base.nats, &system.base.clock);
    let mut result = json!({"scenario": "ingest", "leads": args.leads, "entities": args.entities});
    let (mut accounts, mut from) = (Vec::new(), 0);
    for way in &args.ways {
        let sources =
            Sources::new(&system, teams.clone(), *way).pack(from..from + args.leads, args.lines);
        from += args.leads;
        let (probe, marks) = (system.probe(), Marks::now(nats).await?);
        let before = probe.spent().await?;
        let progress = Progress::new(way.name(), sources.parcels());
        let began = clock.now();
        let send = |parcel| sources.send(parcel);
        let arrivals = args.arrivals(*way);
        let done = arrivals.drive(sources.parcels(), &progress, send).await?;
        drained(nats, &[Stream::LeadsIn]).await?;
        let took = (clock.now() - began).to_std().unwrap_or_default();
        let accepted = Ledger::read(nats, marks, &system.prefix).await?.accepted();
        accounts.push(json!({"correct": account(args.leads, accepted, 0)}));
        result[way.name()] = json!({
            "leads_per_s": rate(accepted as u64, took), "accepted": accepted, "load": arrivals.name(),
            "told_to_wait": sources.patient.told_to_wait(),
            "request_ms": Times::of(done.iter().map(|one| one.took))?.summary(),
            "per_lead": probe.spent().await?.per_lead(&before, accepted as u64),
        });
    }
    let fastest = args.ways.iter().filter_map(|way| result[way.name()]["leads_per_s"].as_f64());
    result["leads_per_s"] = json!(fastest.fold(0.0, f64::max));
    result["correct"] = together(&accounts);
    system.stop().await?;
    Ok(result)
}
