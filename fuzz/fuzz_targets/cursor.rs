//! Cursors of lists: ours are always taken, and nothing else passes for one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tipoff_domain::{EntityId, LeadId};

mod soon;
use soon::soon;

#[path = "../../services/api/src/work"]
mod work {
    mod cursor;

    pub(crate) fn is_cursor(text: &str) -> bool {
        cursor::is_one(text)
    }

    pub(crate) fn through_entities(text: &str) -> Option<String> {
        let (entity, lead) = cursor::read_within(text)?;
        Some(cursor::within(&entity, lead.as_str()))
    }
}

fuzz_target!(|text: &str| {
    soon(|| {
        let parts = text.split_once('.');
        let ours = parts
            .and_then(|(score, lead)| Some((score.parse::<u64>().ok()?, lead.parse::<LeadId>().ok()?)));
        let made = ours.map(|(score, lead)| format!("{score}.{lead}"));
        if let Some(made) = made.as_deref() {
            assert!(work::is_cursor(made));
        }
        let within = parts.and_then(|(entity, lead)| {
            Some((entity.parse::<EntityId>().ok()?, lead.parse::<LeadId>().ok()?))
        });
        let made = work::through_entities(text);
        assert_eq!(made.as_deref(), within.map(|_| text));
        if work::is_cursor(text) {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
            assert!(text.bytes().all(plain), "{text:?}");
        }
    });
});
