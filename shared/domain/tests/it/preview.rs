//! What a route shows of a lead before it is claimed.

use serde_json::json;
use tipoff_domain::Lead;

use crate::fixture::{id, lead, route, view};

fn whole() -> Lead {
    lead(json!({
        "name": {"full": "Dana Reyes"}, "kind": "buyer", "message": "Hello", "hashtags": ["villa"],
        "language": "es", "interest": {"areas": ["78701"]}, "phones": ["+15125550101"],
        "property": {"address": "15 Oak Ct", "city": "Austin", "price": 450_000.0},
    }))
}

fn seen(preview: serde_json::Value) -> Lead {
    let robin = json!({"kind": "round_robin", "agents": ["ana"]});
    let team = view(&["ana"], vec![route("r", robin, json!({"preview": preview}))]);
    team.previewed(&whole(), Some(&id("r"))).into_owned()
}

#[test]
fn a_route_shows_the_parts_that_it_names_and_no_others() {
    let some = seen(json!(["kind", "price", "language"]));
    assert_eq!((some.kind, some.language), (whole().kind, whole().language));
    assert_eq!(some.property.as_ref().unwrap().price, Some(450_000.0));
    assert_eq!(some.property.unwrap().address, None);
    assert!(some.name.display().is_none() && some.source.is_none() && some.message.is_none());
    assert!(some.hashtags.is_empty() && some.interest.is_none());

    let place = seen(json!(["property", "name", "source"]));
    assert_eq!(place.property.as_ref().unwrap().city.as_deref(), Some("Austin"));
    assert!(place.property.unwrap().price.is_none());
    assert!(place.name == whole().name && place.source == whole().source);
    assert!(seen(json!([])).property.is_none());
}

#[test]
fn a_route_that_does_not_say_shows_everything() {
    assert_eq!(seen(json!(null)), whole());
    let nobodys = view(&["ana"], Vec::new());
    assert_eq!(*nobodys.previewed(&whole(), Some(&id("gone"))), whole());
    assert_eq!(*nobodys.previewed(&whole(), None), whole());
}
