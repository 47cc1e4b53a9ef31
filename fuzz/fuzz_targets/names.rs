//! Names and subjects: a name that is accepted is one token everywhere, and
//! whatever was sent makes no more than the two tokens that it should.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tipoff_domain::{AgentId, EntityId, LeadId, RouteId, SourceId};
use tipoff_wire::{Partition, Stream, subject};

mod soon;
use soon::soon;

fn is_plain(token: &str) -> bool {
    (1..=64).contains(&token.len())
        && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

fuzz_target!(|text: &str| {
    soon(|| {
        match text.parse::<EntityId>() {
            Ok(entity) => {
                assert!(is_plain(text));
                assert_eq!(entity.to_string(), text);
                let (source, lead): (SourceId, LeadId) =
                    (text.parse().expect("the same rule"), text.parse().expect("the same rule"));
                let to = subject::leads_in(&entity, &source);
                assert_eq!(subject::read_leads_in(&to), Some((text, text)));
                assert_eq!(Stream::of(&to), Some(Stream::LeadsIn));
                let log = subject::events(Partition::of(&entity, 64), &entity, &lead);
                assert_eq!(log.split('.').count(), 4);
            }
            Err(bad) => {
                assert!(!is_plain(text));
                let said = bad.to_string();
                assert!(
                    !said.chars().any(char::is_control),
                    "control characters are repeated: {said:?}"
                );
            }
        }
        assert_eq!(text.parse::<AgentId>().is_ok(), text.parse::<RouteId>().is_ok());
        if let Some((entity, source)) = subject::read_leads_in(text) {
            assert_eq!(text, format!("leads.in.{entity}.{source}"));
        }
        let aside = subject::rejected(text, text);
        let tokens: Vec<&str> = aside.split('.').collect();
        assert!(tokens.len() == 4 && tokens.iter().all(|token| is_plain(token)), "{aside:?}");
    });
});
