use proptest::prelude::{Strategy, any, prop, prop_oneof};
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;

use crate::world::World;

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<()>().prop_map(|()| Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        let names = prop::sample::select(vec![
            "email",
            "emails",
            "phone",
            "phones",
            "name",
            "kind",
            "source",
            "property",
            "interest",
            "origin",
            "agent",
            "external_id",
            "occurred_at",
            "hashtags",
            "message",
            "phones_sent",
            "consent",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((names.prop_map(str::to_owned), inner.clone()), 0..8)
                .prop_map(|pairs| pairs.into_iter().collect()),
            prop::collection::vec((any::<String>(), inner), 0..4)
                .prop_map(|pairs| pairs.into_iter().collect()),
        ]
    })
}

#[tokio::test]
async fn no_json_whatever_is_our_fault() {
    let world = World::new().await;
    let mut runner = TestRunner::new(Config::default());
    let strategy = any_json();
    let mut accepted = 0;
    for round in 0..300 {
        let mut body = strategy.new_tree(&mut runner).unwrap().current();
        if let (Value::Object(fields), 0) = (&mut body, round % 2) {
            // Most random objects reach nobody; these do, and are often leads.
            fields.retain(|name, _| {
                !["emails", "phones", "source", "origin"].contains(&name.as_str())
            });
            fields.insert("email".to_owned(), Value::from("dana@example.com"));
        }
        let status = world.send(&body).await.0.as_u16();
        assert!([202, 422].contains(&status), "{status} for {body}");
        accepted += u32::from(status == 202);
    }
    assert!(accepted > 10, "only {accepted} were leads");
    // Whatever was accepted can be read by whoever comes next.
    assert!(!world.leads().await.is_empty());
    world.finish().await;
}
