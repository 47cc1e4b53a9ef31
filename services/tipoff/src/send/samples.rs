//! Made-up leads: people who do not exist, at addresses and numbers that nobody has.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

const FIRST: [&str; 8] = ["Dana", "Luis", "Mei", "Omar", "Ivy", "Tomás", "Ruth", "Kofi"];
const LAST: [&str; 7] = ["Reyes", "Hart", "Nakamura", "Okafor", "Lindqvist", "Vega", "Marsh"];
const KINDS: [&str; 3] = ["buyer", "seller", "renter"];
const STREETS: [&str; 5] = ["Oak Ct", "Elm St", "Harbor Rd", "Mission Ave", "Quarry Ln"];
const ASKED: [&str; 4] = [
    "Is it still available?",
    "Could I see it this weekend?",
    "What is my house worth?",
    "We are moving in the spring and need three bedrooms.",
];

/// The `index`-th of the samples that are sent at `now`; each is somebody new.
pub(crate) fn sample(now: DateTime<Utc>, index: u32) -> Value {
    let number = now.timestamp_millis().unsigned_abs() + u64::from(index);
    let pick = |from: &[&'static str], salt: u64| {
        from[usize::try_from((number / salt) % from.len() as u64).unwrap_or(0)]
    };
    let (first, last) = (pick(&FIRST, 1), pick(&LAST, 1));
    let price = 250_000 + (number % 31) * 25_000;
    json!({
        "external_id": format!("sample-{number}"),
        "kind": pick(&KINDS, 3),
        "name": { "full": format!("{first} {last}") },
        "emails": [format!("lead-{number}@example.com")],
        "phones": [format!("+1 512 555 01{:02}", number % 100)],
        "message": pick(&ASKED, 2),
        "property": {
            "address": format!("{} {}", 1 + number % 90, pick(&STREETS, 5)), "city": "Austin", "region": "TX",
            "postal_code": "78701", "type": "condo", "price": price,
        },
    })
}

#[cfg(test)]
mod tests {
    use tipoff_domain::Lead;

    use super::*;

    #[test]
    fn every_sample_is_a_lead_and_somebody_new() {
        let now = DateTime::UNIX_EPOCH;
        let leads: Vec<Lead> =
            (0..200).map(|index| serde_json::from_value(sample(now, index)).unwrap()).collect();
        let mut ids = std::collections::BTreeSet::new();
        for lead in leads {
            assert_eq!(lead.check(), Ok(()));
            assert!(ids.insert((lead.external_id, lead.emails)));
        }
    }
}
