//! A lead without any way to reach the person.

use tipoff_domain::{Lead, Name};

/// The lead without any way to reach the person: addresses and numbers are left
/// out, also where they were typed into a message or sent under a name of the
/// source's own.
pub(crate) fn guarded(lead: &Lead) -> Lead {
    let hidden = |text: &Option<String>| text.as_deref().map(without_contacts);
    let mut property = lead.property.clone();
    let mut interest = lead.interest.clone();
    if let Some(property) = &mut property {
        property.more.clear();
    }
    if let Some(interest) = &mut interest {
        interest.more.clear();
    }
    let name = Name {
        full: hidden(&lead.name.full),
        first: hidden(&lead.name.first),
        last: hidden(&lead.name.last),
    };
    Lead {
        source: lead.source.clone(),
        kind: lead.kind,
        name,
        message: hidden(&lead.message),
        hashtags: lead.hashtags.iter().map(|tag| without_contacts(tag)).collect(),
        language: lead.language.clone(),
        property,
        interest,
        origin: lead.origin,
        agent: lead.agent.clone(),
        occurred_at: lead.occurred_at,
        ..Lead::default()
    }
}

/// Fewer digits than this are a price or a house, not a telephone.
const FEWEST_DIGITS: usize = 7;

/// The text with `•••` for every e-mail address and telephone number.
pub fn without_contacts(text: &str) -> String {
    let without_addresses: Vec<_> =
        text.split(' ').map(|word| if word.contains('@') { "•••" } else { word }).collect();
    without_numbers(&without_addresses.join(" "))
}

fn without_numbers(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut run = String::new();
    for c in text.chars() {
        let in_number = c.is_ascii_digit() || (matches!(c, '+' | '(') && run.is_empty());
        let goes_on = !run.is_empty() && matches!(c, ' ' | '-' | '.' | '(' | ')' | '/');
        if in_number || goes_on {
            run.push(c);
        } else {
            flush(&mut shown, &mut run);
            shown.push(c);
        }
    }
    flush(&mut shown, &mut run);
    shown
}

fn flush(shown: &mut String, run: &mut String) {
    let digits = run.chars().filter(char::is_ascii_digit).count();
    if digits < FEWEST_DIGITS {
        shown.push_str(run);
    } else {
        let end = run.trim_end_matches(|c: char| !c.is_ascii_digit()).len();
        shown.push_str("•••");
        shown.push_str(run.get(end..).unwrap_or_default());
    }
    run.clear();
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lead() -> Lead {
        serde_json::from_value(json!({
            "external_id": "dana@example.com", "name": {"full": "Dana Reyes"}, "emails": ["dana@example.com"],
            "phones": ["+15125550101"], "phones_sent": ["512-555-0101"],
            "message": "Call me at (512) 555-0101 or dana@example.com, about the 450000 one",
            "property": {"address": "15 Oak Ct", "postal_code": "78701", "owner_phone": "5125550199"},
            "work_email": "dreyes@example.com",
        }))
        .unwrap()
    }

    #[test]
    fn a_guarded_lead_holds_no_way_to_reach_the_person() {
        let text = json!(guarded(&lead())).to_string();
        for contact in ["example.com", "555", "0101", "0199"] {
            assert!(!text.contains(contact), "{contact} in {text}");
        }
        assert!(
            text.contains("Dana Reyes") && text.contains("15 Oak Ct") && text.contains("450000")
        );
    }

    #[test]
    fn numbers_that_are_not_telephones_stay() {
        assert_eq!(without_contacts("3 beds, 450,000 in 78701"), "3 beds, 450,000 in 78701");
        assert_eq!(without_contacts("ring +1 512.555.0101."), "ring •••.");
        assert_eq!(without_contacts("512-555-0101 please"), "••• please");
    }
}
