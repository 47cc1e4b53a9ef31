//! Spans, schedules and quiet hours: what can be read says the same when it is
//! written and read again, and answers for any instant.
#![no_main]

use chrono::{DateTime, Utc};
use libfuzzer_sys::fuzz_target;
use serde::{Serialize, de::DeserializeOwned};
use tipoff_domain::{QuietHours, Schedule, Span};

mod soon;
use soon::soon;

fn again<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(read: &T) {
    let written = serde_json::to_string(read).expect("it is JSON");
    assert_eq!(&serde_json::from_str::<T>(&written).expect("what is written can be read"), read);
}

fuzz_target!(|input: &[u8]| {
    soon(|| {
        let Some((seconds, text)) = input.split_first_chunk::<8>() else { return };
        let Ok(text) = std::str::from_utf8(text) else { return };
        let instant = DateTime::<Utc>::from_timestamp(i64::from_le_bytes(*seconds), 0);
        let now = instant.unwrap_or(DateTime::UNIX_EPOCH);
        if let Ok(span) = text.parse::<Span>() {
            assert_eq!(span.to_string().parse(), Ok(span));
            let _later = now.checked_add_signed(span.delta());
        }
        if let Ok(schedule) = serde_json::from_str::<Schedule>(text) {
            again(&schedule);
            drop(schedule.check());
            let _open = schedule.admits(now);
        }
        if let Ok(quiet) = serde_json::from_str::<QuietHours>(text) {
            again(&quiet);
            drop(quiet.check());
            let _quiet = quiet.cover(now, chrono_tz::America::New_York);
        }
    });
});
