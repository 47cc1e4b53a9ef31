//! A lead without any way to reach the person.

use tipoff_domain::{Lead, Name};
use tipoff_letters::plain::without_contact;

/// The lead without any way to reach the person: addresses and numbers are left
/// out, also where they were typed into a message or sent under a name of the
/// source's own.
pub(crate) fn guarded(lead: &Lead) -> Lead {
    let hidden = |text: &Option<String>| text.as_deref().map(without_contact);
    let mut property = lead.property.clone();
    let mut interest = lead.interest.clone();
    if let Some(property) = &mut property {
        property.more.clear();
        for text in [&mut property.address, &mut property.city, &mut property.region] {
            *text = hidden(text);
        }
    }
    if let Some(interest) = &mut interest {
        interest.more.clear();
        interest.areas = interest.areas.iter().map(|area| without_contact(area)).collect();
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
        hashtags: lead.hashtags.iter().map(|tag| without_contact(tag)).collect(),
        language: lead.language.clone(),
        property,
        interest,
        origin: lead.origin,
        agent: lead.agent.clone(),
        occurred_at: lead.occurred_at,
        ..Lead::default()
    }
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
    fn a_contact_that_was_typed_into_a_place_is_hidden_too() {
        let lead: Lead = serde_json::from_value(json!({
            "name": {"first": "Dana", "last": "612\u{a0}345\u{a0}678"},
            "property": {"address": "15 Oak Ct, call (512) 555\u{2011}0101", "city": "dana@example.com"},
            "interest": {"areas": ["Hyde Park", "ask 512-555-0101"]},
        }))
        .unwrap();
        let shown = guarded(&lead);
        let (property, interest) = (shown.property.unwrap(), shown.interest.unwrap());
        assert_eq!(property.address.as_deref(), Some("15 Oak Ct, call •••"));
        assert_eq!(property.city.as_deref(), Some("•••"));
        assert_eq!(interest.areas, ["Hyde Park", "ask •••"]);
        assert_eq!(shown.name.last.as_deref(), Some("•••"));
    }
}
