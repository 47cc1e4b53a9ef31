//! What services say to each other: what can be read is the same when it is
//! written and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde::{Serialize, de::DeserializeOwned};
use tipoff_wire::{Accepted, Dead, Event, Notice, Rejected};

mod nearly;
mod soon;
use soon::soon;

fn round<T: Serialize + DeserializeOwned>(body: &[u8]) {
    let Ok(read) = serde_json::from_slice::<T>(body) else { return };
    let written = serde_json::to_vec(&read).expect("it is JSON");
    let again: T = serde_json::from_slice(&written).expect("what is written can be read");
    assert!(nearly::same(&again, &read), "written otherwise than it was read");
}

fuzz_target!(|body: &[u8]| {
    soon(|| {
        round::<Event>(body);
        round::<Accepted>(body);
        round::<Notice>(body);
        round::<Rejected>(body);
        round::<Dead>(body);
    });
});
