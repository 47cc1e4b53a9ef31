//! The notifier stops, and leads go on being routed.

use serde_json::{Value, json};
use tipoff_wire::Stream;

use super::super::account::{together, with as with_more};
use super::super::arrivals::Arrivals;
use super::super::ledger::waiting;
use super::super::made_up::{Kind, route};
use super::super::route::Passage;
use super::super::setup::Setup;
use super::super::sources::{Sources, Way};
use super::super::system::{Parts, System};
use super::super::tally::rate;
use super::super::team::Like;
use super::{StrainArgs, compared};

const ENTITIES: usize = 16;
const AGENTS: usize = 3;
/// As many as come while it is away, for each that is measured.
const BACKLOG: usize = 4;

/// First with the notifier, then without it on a backlog that has grown; then
/// it comes back and tells of all of them.
pub(super) async fn stopped(args: &StrainArgs, setup: &Setup) -> anyhow::Result<Value> {
    let setup = Setup { processes: true, ..setup.clone() };
    let mut system = System::start(&setup, Parts::whole(&setup)).await?;
    let like = Like::new(AGENTS, vec![route(Kind::RoundRobin, AGENTS, "1h")?]);
    let teams = system.teams(ENTITIES, &like).await?;
    let leads = args.leads;
    let single =
        |from: usize| Sources::new(&system, teams.clone(), Way::Single).pack(from..from + leads, 1);
    let (first, last) = (single(0), single(leads));
    let many = 2 * leads..(2 + BACKLOG) * leads;
    let many = Sources::new(&system, teams.clone(), Way::Batch).pack(many, 100);
    let open = Arrivals::Open { per_s: args.rate };

    let passage = Passage::new(&system, true, &system.prefix);
    let with = passage.of(&first, open).await?;
    system.end("notifier").await;
    let passage = Passage::new(&system, false, &system.prefix);
    let backlog = passage.of(&many, Arrivals::Closed { at_once: 2 }).await?;
    let without = passage.of(&last, open).await?;
    let waits = waiting(&system.base.nats, Stream::Events).await?;
    let mut result = json!({
        "step": "stopped notifier", "backlog_of_events": waits,
        "leads_per_s": rate(without.ledger.offered() as u64, without.took().0),
        "accepted_to_offered": compared(&with.ledger.to_offer()?, &without.ledger.to_offer()?),
    });
    let back = system.notify_again(setup.notifiers.max(1)).await?;
    let told = system.relay.count();
    system.stop().await?;
    let parts = [&with, &backlog, &without].map(|passed| json!({"correct": passed.correct()}));
    // The relay counts anew whenever leads are sent: these are of the last ones and of none before.
    let ok = told == ((1 + BACKLOG) * leads) as u64;
    let correct = with_more(together(&parts), json!({"told_when_it_was_back": told}), ok);
    result["told_again_within_ms"] = json!(u64::try_from(back.as_millis())?);
    result["correct"] = correct;
    Ok(result)
}
