//! The clock of Redis steps (scenario 11). Time is taken by JetStream, whose
//! clock stays as it is.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::TimeDelta;
use tipoff_domain::LeadId;
use tipoff_trouble::evidence::{Evidence, Outage};
use tipoff_trouble::storm::Storm;
use tipoff_trouble::system::{System, shifted};
use tipoff_wire::EventKind;
use tokio::time::sleep;

use crate::stage::{PACE, build, holds};

/// How long every offer stands.
const WINDOW: TimeDelta = TimeDelta::seconds(10);
/// An offer is decided a little before the log has it.
const ABOUT: TimeDelta = TimeDelta::seconds(1);

/// Leads come in; after two seconds the board's clock steps by so many seconds,
/// for good, or until somebody puts it right.
async fn after_a_step_of(seconds: i64, for_good: bool) -> Evidence {
    let (mut build, directory) = build(1);
    let (shift, offset) = shifted::clock(directory.path(), "redis", 0).await.unwrap();
    build.redis_environment = shift;
    let system = System::start(&build).await.unwrap();
    let mut storm = Storm::over(&system, PACE).unwrap();
    sleep(Duration::from_secs(2)).await;
    let from = system.clock.now();
    tokio::fs::write(&offset, seconds.to_string()).await.unwrap();
    sleep(Duration::from_secs(3)).await;
    if !for_good {
        tokio::fs::write(&offset, "0").await.unwrap();
    }
    let mut evidence = storm.quiet().await.unwrap();
    // Deadlines are the board's; for the checker its clock was out of order for as long as it stepped.
    let to = evidence.ended + TimeDelta::seconds(seconds.abs());
    evidence.outages.push(Outage { from, to });
    evidence.silences.push(Outage { from, to });
    evidence
}

/// How long each offer that ran out really stood.
fn stood(evidence: &Evidence) -> Vec<TimeDelta> {
    let mut made: BTreeMap<&LeadId, _> = BTreeMap::new();
    let mut stood = Vec::new();
    for logged in &evidence.log {
        match logged.event.kind {
            EventKind::Offered => drop(made.insert(&logged.event.lead, logged.stored)),
            EventKind::Expired => {
                stood.extend(made.get(&logged.event.lead).map(|made| logged.stored - *made));
            }
            _ => {}
        }
    }
    stood
}

#[tokio::test(flavor = "multi_thread")]
async fn a_board_whose_clock_jumps_ahead_ends_no_offer_early() {
    let evidence = after_a_step_of(8, false).await;
    holds(&evidence);
    let stood = stood(&evidence);
    assert!(!stood.is_empty(), "nothing ran out");
    assert!(stood.iter().all(|stood| *stood >= WINDOW - ABOUT), "{stood:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_board_whose_clock_falls_behind_ends_offers_late_by_no_more_than_that() {
    let evidence = after_a_step_of(-5, true).await;
    holds(&evidence);
    let stood = stood(&evidence);
    assert!(!stood.is_empty(), "nothing ran out");
    let longest = WINDOW + TimeDelta::seconds(5 + 1);
    assert!(stood.iter().all(|stood| *stood >= WINDOW - ABOUT && *stood <= longest), "{stood:?}");
}
