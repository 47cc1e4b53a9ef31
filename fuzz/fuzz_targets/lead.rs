//! A lead as a source sends it: refused with a reason, or read, and then it
//! survives every journey that follows.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tipoff_domain::Lead;

mod nearly;
mod soon;
use soon::soon;
#[path = "../../services/ingest/src"]
mod ingest {
    pub(crate) mod read;
}

const COUNTRIES: [&str; 4] = ["US", "ES", "GB", "--"];

fuzz_target!(|body: &[u8]| {
    soon(|| {
        let country = COUNTRIES[body.len() % COUNTRIES.len()];
        match ingest::read::lead(body, country) {
            Ok(lead) => {
                let kept = serde_json::to_vec(&lead).expect("a lead is JSON");
                let again: Lead = serde_json::from_slice(&kept).expect("what is kept can be read");
                assert!(nearly::same(&again, &lead), "kept otherwise than it was read");
                assert_eq!(lead.check(), Ok(()));
            }
            Err(refusal) => {
                let problems = refusal.problems();
                assert!(!problems.0.is_empty(), "refused without a reason");
                let said = serde_json::to_vec(&problems).expect("problems are JSON");
                assert!(said.len() < 64 * 1024, "a refusal of {} bytes", said.len());
            }
        }
    });
});
