//! What every scenario is played on.

use std::time::Duration;

use chrono::TimeDelta;
use tipoff_trouble::checker::{Allowed, Verdict, check};
use tipoff_trouble::evidence::Evidence;
use tipoff_trouble::fault::Fault;
use tipoff_trouble::storm::{Pace, Storm};
use tipoff_trouble::system::{Build, System};

/// Few leads, and what lasts is soon over: there are other tests on this machine.
pub(crate) const PACE: Pace = Pace { leads_per_second: 8, hold: Duration::from_secs(2), seed: 7 };

/// The program that is tested, and a directory that goes with the value.
pub(crate) fn build(each: usize) -> (Build, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let build = Build::new(env!("CARGO_BIN_EXE_tipoff"), directory.path());
    (Build { each, ..build }, directory)
}

/// These faults, one after the other, under load; every promise must hold.
pub(crate) async fn weathers(each: usize, faults: &[Fault]) -> (Evidence, Verdict) {
    let (build, _directory) = build(each);
    let system = System::start(&build).await.unwrap();
    let mut storm = Storm::over(&system, PACE).unwrap();
    for (number, fault) in faults.iter().enumerate() {
        let well = storm.weather(*fault, number, &|_| {}).await;
        assert!(well, "not everything works again after {fault}");
    }
    let evidence = storm.quiet().await.unwrap();
    assert_eq!(system.panics().await, [""; 0]);
    let verdict = holds(&evidence);
    (evidence, verdict)
}

/// Every promise held.
pub(crate) fn holds(evidence: &Evidence) -> Verdict {
    // Far more than it takes: there are other tests on this machine.
    let verdict = check(evidence, Allowed { late: TimeDelta::seconds(3), ..Allowed::default() });
    let broken: Vec<String> = verdict.broken.iter().map(ToString::to_string).collect();
    assert!(broken.is_empty(), "{broken:#?}");
    verdict
}
