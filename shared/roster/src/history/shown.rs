//! What is told of an entry that is kept otherwise than it is shown, or that holds
//! what nobody may read.

use serde_json::{Value, json};

use super::FieldChange;

/// What a program that calls an endpoint notes beside it.
const NOTED: [&str; 2] = ["failing_since", "failing_why"];

/// The entry with its fields where the API shows them.
pub(super) fn as_shown(thing: &str, entry: Value) -> Value {
    match (thing, entry) {
        ("template", text @ Value::String(_)) => json!({ "template": text }),
        ("webhook", Value::Object(mut webhook)) => {
            if let Some(Value::Object(wanted)) = webhook.remove("wanted") {
                webhook.extend(wanted);
            }
            webhook.retain(|field, _| !NOTED.contains(&field.as_str()));
            Value::Object(webhook)
        }
        (_, entry) => entry,
    }
}

/// That a secret was changed is told; what it was and is now is not.
pub(super) fn without_secrets(thing: &str, changes: Vec<FieldChange>) -> Vec<FieldChange> {
    let told = |change: FieldChange| {
        if !is_secret(thing, &change.field) {
            return change;
        }
        FieldChange { before: Value::Null, after: Value::Null, ..change }
    };
    changes.into_iter().map(told).collect()
}

/// Whoever knows the address of a room can write there.
fn is_secret(thing: &str, field: &str) -> bool {
    let outermost = field.split('/').nth(1);
    match thing {
        "room" => matches!(outermost, Some("url") | None),
        "webhook" => matches!(outermost, Some("secrets") | None),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::difference::fields;
    use super::*;

    fn told(thing: &str, before: Value, after: Value) -> Value {
        let (before, after) = (as_shown(thing, before), as_shown(thing, after));
        json!(without_secrets(thing, fields(&before, &after)))
    }

    #[test]
    fn that_a_secret_was_changed_is_told_but_not_to_what() {
        let webhook = |url: &str, secret: &str| json!({"wanted": {"url": url, "events": null}, "secrets": [{"text": secret}]});
        let rotated = told("webhook", webhook("a", "whsec_1"), webhook("a", "whsec_2"));
        assert_eq!(rotated, json!([{"field": "/secrets", "before": null, "after": null}]));
        let moved = told("webhook", webhook("a", "whsec_1"), webhook("b", "whsec_1"));
        assert_eq!(moved, json!([{"field": "/url", "before": "a", "after": "b"}]));
        let room = told("room", json!({"url": "a"}), json!({"url": "b"}));
        assert_eq!(room, json!([{"field": "/url", "before": null, "after": null}]));
    }

    #[test]
    fn a_template_is_told_as_it_is_sent_and_what_was_noted_of_an_endpoint_is_not() {
        let worded = told("template", json!("Hi"), json!("Hello"));
        assert_eq!(worded, json!([{"field": "/template", "before": "Hi", "after": "Hello"}]));
        let works = json!({"wanted": {"url": "a"}, "secrets": []});
        let since = "2026-11-22T09:30:00Z";
        let fails = json!({"wanted": {"url": "a"}, "secrets": [], "failing_since": since});
        assert_eq!(told("webhook", works, fails), json!([]));
    }
}
