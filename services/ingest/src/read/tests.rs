use proptest::prelude::{Just, Strategy, any, prop, prop_oneof, proptest};
use proptest::{prop_assert, prop_assert_eq};
use serde_json::json;

use super::*;

fn read(value: &Value) -> Result<Lead, Unreadable> {
    lead(value.to_string().as_bytes(), "US")
}

fn refused(value: &Value) -> Vec<String> {
    match read(value) {
        Err(Unreadable::Invalid(invalid)) => {
            invalid.0.into_iter().map(|problem| problem.field).collect()
        }
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn the_documented_lead_is_read_whole() {
    let sent = json!({
        "external_id": "web-42", "source": "zillow", "kind": "buyer", "name": {"full": "Dana Reyes"},
        "emails": ["dana@example.com"], "phones": ["+15125550101"], "message": "Is it still available?",
        "hashtags": ["relocation"], "language": "es",
        "property": {"address": "15 Oak Ct", "city": "Austin", "region": "TX", "postal_code": "78701", "mls": "A123",
            "type": "condo", "price": 450_000.0, "listing_agent": "ana", "co_listing_agents": ["ben"]},
        "interest": {"areas": ["78701"], "price_min": 400_000.0, "price_max": 500_000.0, "property_types": ["condo"]},
        "origin": "automatic", "occurred_at": "2026-11-22T09:30:00Z", "consent": {"sms": true},
        "campaign": {"utm_source": "spring"},
    });
    assert_eq!(serde_json::to_value(read(&sent).unwrap()).unwrap(), sent);
}

#[test]
fn what_sources_really_send_is_understood() {
    let sent = json!({
        "external_id": 42, "name": " Dana Reyes", "email": " Dana@Example.COM ", "phone": 5_125_550_101_u64,
        "kind": "Buyer", "hashtags": "vip", "property": {"price": "$450,000", "postal_code": 78_701}, "beds": 3,
        "message": null,
    });
    let lead = read(&sent).unwrap();
    assert_eq!(lead.external_id.as_deref(), Some("42"));
    assert_eq!(lead.name.display().as_deref(), Some("Dana Reyes"));
    assert_eq!(lead.emails, ["Dana@example.com"]);
    assert_eq!(
        (lead.phones, lead.phones_sent),
        (vec!["+15125550101".to_owned()], vec!["5125550101".to_owned()])
    );
    assert_eq!(lead.hashtags, ["vip"]);
    let property = lead.property.unwrap();
    assert_eq!((property.price, property.postal_code.as_deref()), (Some(450_000.0), Some("78701")));
    assert_eq!(lead.more["beds"], 3);
}

#[test]
fn every_field_that_cannot_be_read_is_named() {
    let sent = json!({
        "emails": ["dana@example.com", {}], "kind": "alien", "occurred_at": "yesterday", "origin": 7,
        "property": {"price": "cheap", "co_listing_agents": ["ana", "no such name"]}, "interest": [], "message": true,
    });
    let mut fields = refused(&sent);
    fields.sort();
    let expected = [
        "/emails/1",
        "/interest",
        "/kind",
        "/message",
        "/occurred_at",
        "/origin",
        "/property/co_listing_agents/1",
        "/property/price",
    ];
    assert_eq!(fields, expected);
}

#[test]
fn somebody_whom_nobody_can_reach_is_no_lead() {
    assert_eq!(refused(&json!({"name": "Dana Reyes"})), ["/emails"]);
    assert_eq!(refused(&json!({"email": "not an address"})), ["/emails/0"]);
    assert_eq!(refused(&json!([1])), [""]);
}

#[test]
fn what_is_not_json_is_refused_with_its_place_only() {
    let broken = lead(b"{\"email\": \"dana@example.com\",\n oops}", "US").unwrap_err();
    assert_eq!(broken, Unreadable::NotJson { line: 2, column: 2 });
    assert!(!format!("{}", broken.problems()).contains("dana"));
    assert!(matches!(lead(b"{\"email\": \"\xff\"}", "US"), Err(Unreadable::NotJson { .. })));
}

#[test]
fn a_lead_nested_beyond_reason_is_refused() {
    let mut deep = json!(1);
    for _ in 0..40 {
        deep = json!([deep]);
    }
    assert_eq!(refused(&json!({"email": "dana@example.com", "deep": deep})), [""]);
}

#[test]
fn a_number_that_might_not_be_read_again_is_refused() {
    assert_eq!(refused(&json!({"email": "dana@example.com", "odd": [f64::MAX]})), [""]);
    assert_eq!(
        read(&json!({"email": "dana@example.com", "odd": -1e200})).unwrap().more["odd"],
        -1e200
    );
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i32>().prop_map(|cents| Value::from(f64::from(cents) / 100.0)),
        any::<String>().prop_map(Value::from),
        "[+0-9(). x-]{0,20}".prop_map(Value::from),
        Just(Value::from("dana@example.com")),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((field(), inner), 0..8)
                .prop_map(|pairs| pairs.into_iter().collect()),
        ]
    })
}

fn field() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "external_id",
        "source",
        "kind",
        "name",
        "full",
        "email",
        "emails",
        "phone",
        "phones",
        "phones_sent",
        "message",
        "hashtags",
        "language",
        "property",
        "price",
        "type",
        "listing_agent",
        "co_listing_agents",
        "interest",
        "areas",
        "price_min",
        "origin",
        "agent",
        "occurred_at",
    ]);
    prop_oneof![4 => known.prop_map(str::to_owned), 1 => any::<String>()]
}

proptest! {
    #[test]
    fn any_json_is_a_lead_or_refused_and_a_lead_survives_the_journey(value in any_json()) {
        match read(&value) {
            Ok(lead) => {
                let kept = serde_json::to_vec(&lead).unwrap();
                prop_assert_eq!(serde_json::from_slice::<Lead>(&kept).unwrap(), lead);
            }
            Err(refusal) => prop_assert!(!refusal.problems().0.is_empty()),
        }
    }
}
