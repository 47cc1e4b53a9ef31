//! Numbers and addresses as people write them: kept in a form that stays as it
//! is, with nothing lost that was sent.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tipoff_contact::{normalise, tidy};

mod soon;
use soon::soon;

const COUNTRIES: [&str; 6] = ["US", "ES", "MX", "GB", "ZZ", ""];

fuzz_target!(|input: &[u8]| {
    soon(|| {
        let Some((country, text)) = input.split_first() else { return };
        let Ok(text) = std::str::from_utf8(text) else { return };
        let country = COUNTRIES[usize::from(*country) % COUNTRIES.len()];
        let sent: Vec<String> = text.split('\n').map(str::to_owned).collect();
        let (phones, originals) = normalise(sent.clone(), country);
        assert!(phones.len() <= sent.len() && originals.len() <= sent.len());
        assert!(phones.iter().all(|phone| !phone.is_empty()));
        let (again, changed) = normalise(phones.clone(), country);
        assert_eq!((again, changed), (phones, Vec::new()), "sent {sent:?} in {country}");

        let emails = tidy(sent);
        assert_eq!(tidy(emails.clone()), emails);
    });
});
