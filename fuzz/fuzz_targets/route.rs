//! A route as somebody sends it: refused with the field, or it plans a lead,
//! the same way every time.
#![no_main]

use std::sync::{Arc, LazyLock};

use chrono::{DateTime, TimeDelta};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, from_value, json};
use tipoff_domain::plan::{Arrival, dice, plan};
use tipoff_domain::{EntityView, Lead, Route};

mod nearly;
mod soon;
use soon::soon;

static VIEW: LazyLock<EntityView> = LazyLock::new(|| {
    let entity = json!({"name": "Acme", "kind": "team", "zone": "America/New_York"});
    let entity = from_value(entity).expect("an entity");
    let mut view = EntityView::new("acme".parse().expect("a name"), entity);
    for agent in ["ana", "ben", "chloe"] {
        let known = json!({"name": agent, "email": format!("{agent}@example.com")});
        view.agents
            .insert(agent.parse().expect("a name"), Arc::new(from_value(known).expect("an agent")));
    }
    let source = from_value(json!({"name": "Zillow"})).expect("a source");
    view.sources.insert("zillow".parse().expect("a name"), Arc::new(source));
    view
});

static LEADS: LazyLock<Vec<Lead>> = LazyLock::new(|| {
    let leads: [Value; 2] = [
        json!({"source": "zillow", "kind": "buyer", "emails": ["dana@example.com"], "hashtags": ["vip"]}),
        json!({"source": "zillow", "phones": ["+15125550101"], "property":
            {"postal_code": "78701", "city": "Austin", "type": "condo", "mls": "A1", "price": 450_000.0}}),
    ];
    leads.into_iter().map(|lead| from_value(lead).expect("a lead")).collect()
});

fuzz_target!(|body: &[u8]| {
    soon(|| {
        let Ok(route) = serde_json::from_slice::<Route>(body) else { return };
        let written = serde_json::to_vec(&route).expect("a route is JSON");
        let again: Route = serde_json::from_slice(&written).expect("what is written can be read");
        if let Err(invalid) = route.check(&VIEW) {
            assert!(!invalid.0.is_empty(), "refused without a reason");
            return;
        }
        assert!(nearly::same(&again, &route), "written otherwise than it was read");
        let mut view = VIEW.clone();
        view.routes.push(Arc::new(route));
        for (number, lead) in LEADS.iter().enumerate() {
            let now = DateTime::UNIX_EPOCH + TimeDelta::hours(499_000 + 31 * number as i64);
            let seed = [number as u8; 32];
            let first = plan(&Arrival::of(lead), &view, now, &mut dice(seed));
            assert_eq!(plan(&Arrival::of(lead), &view, now, &mut dice(seed)), first);
        }
    });
});
