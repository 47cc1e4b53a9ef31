use std::collections::BTreeSet;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;
use utoipa::PartialSchema;

use super::*;

fn keys(value: &Value) -> BTreeSet<String> {
    value.as_object().unwrap().keys().cloned().collect()
}

/// Field by field, apart from what we add when we show a thing.
fn describes<Mirror: PartialSchema, Domain: DeserializeOwned + Serialize>(example: Value) {
    let domain: Domain = serde_json::from_value(example).unwrap();
    let mut written = keys(&serde_json::to_value(domain).unwrap());
    let mut described = keys(&serde_json::to_value(Mirror::schema()).unwrap()["properties"]);
    for ours in ["id", "version", "last_seen_at", "intake_url"] {
        written.remove(ours);
        described.remove(ours);
    }
    assert_eq!(described, written);
}

#[test]
fn what_is_described_is_what_is_read() {
    let entity = json!({"name": "A", "kind": "team", "zone": "UTC", "admins": ["ana"]});
    describes::<Entity, tipoff_domain::Entity>(entity);
    describes::<Agent, tipoff_domain::Agent>(json!({"name": "A", "link_series": 1}));
    describes::<Source, tipoff_domain::Source>(
        json!({"name": "A", "leads_per_second": 5, "same_person": {}}),
    );
    describes::<SamePerson, tipoff_domain::SamePerson>(json!({}));
    describes::<Criteria, tipoff_domain::Criteria>(json!({"missing_matches": true}));
    describes::<Schedule, tipoff_domain::Schedule>(json!({"zone": "UTC"}));
    describes::<Timeout, tipoff_domain::Timeout>(json!({"after": "1m", "agent": "ana"}));
    let route = json!({"title": "A", "strategy": {"kind": "random", "agents": "all"}, "exclusive": true, "even_if_paused": true, "after_close": {"hold": "10m"}, "preview": ["name"], "co_assign": [["bank"]], "managers": ["ana"]});
    describes::<Route, tipoff_domain::Route>(route);
    describes::<Pond, tipoff_domain::Pond>(json!({"name": "A", "members": "all"}));
    describes::<Lender, tipoff_domain::Lender>(json!({"name": "A"}));
    describes::<Listing, tipoff_domain::Listing>(json!({}));
    describes::<Away, tipoff_domain::Away>(json!({}));
    describes::<QuietHours, tipoff_domain::QuietHours>(json!({"from": "21:00", "to": "07:00"}));
    let keys = json!({"endpoint": "https://push.example.com", "keys": {"p256dh": "", "auth": ""}});
    describes::<PushSubscription, tipoff_roster::PushSubscription>(keys);
}

#[test]
fn the_examples_are_accepted() {
    let example = |schema: utoipa::openapi::RefOr<utoipa::openapi::Schema>| {
        serde_json::to_value(schema).unwrap()["example"].clone()
    };
    serde_json::from_value::<tipoff_domain::Entity>(example(Entity::schema())).unwrap();
    serde_json::from_value::<tipoff_domain::Agent>(example(Agent::schema())).unwrap();
    serde_json::from_value::<tipoff_domain::Source>(example(Source::schema())).unwrap();
    serde_json::from_value::<tipoff_domain::Route>(example(Route::schema())).unwrap();
    serde_json::from_value::<tipoff_domain::Pond>(example(Pond::schema())).unwrap();
    serde_json::from_value::<tipoff_domain::Lender>(example(Lender::schema())).unwrap();
    serde_json::from_value::<tipoff_domain::Listing>(example(Listing::schema())).unwrap();
    serde_json::from_value::<tipoff_domain::Away>(example(Away::schema())).unwrap();
    serde_json::from_value::<tipoff_domain::QuietHours>(example(QuietHours::schema())).unwrap();
}
