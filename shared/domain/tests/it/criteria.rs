//! What a route asks of a lead, criterion by criterion, as both products have it.

use std::sync::Arc;

use serde_json::{Value, json};
use tipoff_domain::plan::{How, plan};
use tipoff_domain::{Arrival, EntityView, Lead, Listing, RouteVerdict};

use crate::fixture::{FRIDAY, at, entity, id, lead, order, plan_it, route, seeded, step, view};

fn asking(criteria: Value) -> EntityView {
    let list = json!({"kind": "round_robin", "agents": ["ana"]});
    view(&["ana"], vec![route("r", list, json!({"criteria": criteria}))])
}

/// What became of the only route.
fn verdict(criteria: &Value, lead: &Lead) -> RouteVerdict {
    plan_it(lead, &asking(criteria.clone()), FRIDAY, 1).decision.routes[0].verdict
}

#[test]
fn criteria_left_blank_match_every_lead() {
    for more in
        [json!({}), json!({"kind": "seller"}), json!({"hashtags": ["x"]}), json!({"source": null})]
    {
        assert_eq!(verdict(&json!({}), &lead(more)), RouteVerdict::Matched);
    }
}

#[test]
fn one_of_several_hashtags_is_enough_however_it_is_written() {
    let asks = json!({"hashtags": ["#Relocation", "luxury"]});
    assert_eq!(verdict(&asks, &lead(json!({"hashtags": ["relocation"]}))), RouteVerdict::Matched);
    assert_eq!(verdict(&asks, &lead(json!({"hashtags": ["x", "#LUXURY"]}))), RouteVerdict::Matched);
    assert_eq!(verdict(&asks, &lead(json!({"hashtags": ["x"]}))), RouteVerdict::Hashtags);
}

#[test]
fn a_route_may_take_leads_that_lack_what_it_asks_for() {
    let asks = |missing_matches: bool| {
        json!({"hashtags": ["villa"], "kinds": ["seller"], "property_types": ["condo"], "areas": ["78701"],
            "mls": ["actris"], "price": {"max": 450_000}, "missing_matches": missing_matches})
    };
    assert_eq!(verdict(&asks(false), &lead(json!({}))), RouteVerdict::Hashtags);
    assert_eq!(verdict(&asks(true), &lead(json!({}))), RouteVerdict::Matched);
    let others = [
        (json!({"hashtags": ["loft"]}), RouteVerdict::Hashtags),
        (json!({"kind": "buyer"}), RouteVerdict::Kinds),
        (json!({"property": {"type": "house"}}), RouteVerdict::PropertyTypes),
        (json!({"property": {"city": "Dallas"}}), RouteVerdict::Areas),
        (json!({"property": {"mls": "ntreis"}}), RouteVerdict::Mls),
        (json!({"property": {"price": 450_001.0}}), RouteVerdict::Price),
    ];
    for (other, fails) in others {
        assert_eq!(verdict(&asks(true), &lead(other)), fails, "what is there must still match");
    }
    let sourced = json!({"sources": ["web"], "missing_matches": true});
    assert_eq!(verdict(&sourced, &lead(json!({"source": null}))), RouteVerdict::Sources, "D-27");
}

#[test]
fn a_route_takes_the_sources_it_names_and_no_others() {
    let two = json!({"sources": ["zillow", "web"]});
    assert_eq!(verdict(&two, &lead(json!({"source": "web"}))), RouteVerdict::Matched);
    assert_eq!(verdict(&two, &lead(json!({"source": "realtor"}))), RouteVerdict::Sources);
    let one = json!({"sources": ["zillow"]});
    assert_eq!(verdict(&one, &lead(json!({"source": "web"}))), RouteVerdict::Sources, "taken off");
}

#[test]
fn all_sources_means_those_that_come_later_as_well() {
    let mut team = asking(json!({"sources": "all"}));
    let new = lead(json!({"source": "new"}));
    assert_eq!(plan_it(&new, &team, FRIDAY, 1).decision.routes[0].verdict, RouteVerdict::Sources);
    let source = serde_json::from_value(json!({"name": "New"})).unwrap();
    team.sources.insert(id("new"), Arc::new(source));
    assert_eq!(plan_it(&new, &team, FRIDAY, 1).decision.routes[0].verdict, RouteVerdict::Matched);
}

#[test]
fn every_criterion_of_a_buyer_is_looked_at_in_what_was_asked_and_in_what_is_wanted() {
    let condo = json!({"property": {"type": "condo", "postal_code": "78701", "city": "Austin", "mls": "actris", "price": 450_000.0}});
    let wants = json!({"interest": {"areas": ["78701"], "property_types": ["condo"], "price_max": 450_000.0}});
    let cases = [
        (json!({"property_types": ["Condo"]}), RouteVerdict::PropertyTypes),
        (json!({"areas": ["78701"]}), RouteVerdict::Areas),
        (json!({"price": {"min": 400_000, "max": 450_000}}), RouteVerdict::Price),
    ];
    for (asks, otherwise) in cases {
        assert_eq!(verdict(&asks, &lead(condo.clone())), RouteVerdict::Matched, "{asks}");
        assert_eq!(verdict(&asks, &lead(wants.clone())), RouteVerdict::Matched, "{asks}");
        assert_eq!(verdict(&asks, &lead(json!({}))), otherwise, "what is not known does not match");
    }
    let mls = json!({"mls": ["ACTRIS"]});
    assert_eq!(verdict(&mls, &lead(condo)), RouteVerdict::Matched);
    assert_eq!(verdict(&mls, &lead(wants)), RouteVerdict::Mls);
    assert_eq!(
        verdict(&json!({"kinds": ["renter", "agent"]}), &lead(json!({"kind": "buyer"}))),
        RouteVerdict::Kinds
    );
}

#[test]
fn what_was_typed_in_never_matches_by_its_source() {
    let routes = asking(json!({"sources": ["zillow"]})).routes;
    let failing = |origin: &str| routes.failing(&lead(json!({"origin": origin})), |_| true)[0];
    assert!(failing("automatic").is_none());
    assert!(failing("manual").is_some() && failing("import").is_some());
}

#[test]
fn an_agent_site_sends_even_a_bare_address_to_its_agent() {
    let bare = json!({"emails": [], "origin": "agent_site", "agent": "ana", "property": {"address": "15 Oak Ct"}});
    let planned = plan_it(&lead(bare), &asking(json!({})), FRIDAY, 1);
    assert_eq!(
        (order(&planned), step(&planned).assign),
        (vec!["ana".to_owned()], Some(How::AgentSite))
    );
}

#[test]
fn all_times_is_every_minute_of_the_days_named() {
    let schedule = json!({"schedule": {"zone": "America/New_York", "days": ["fri"]}});
    let list = json!({"kind": "round_robin", "agents": ["ana"]});
    let team = view(&["ana"], vec![route("r", list, schedule)]);
    let midnight = at("2026-11-20T05:00:00Z");
    for minute in -60..=24 * 60 + 60 {
        let now = midnight + chrono::TimeDelta::minutes(minute);
        let open = team.routes[0].admits(now).is_ok();
        assert_eq!(open, (0..24 * 60).contains(&minute), "{now}");
    }
}

#[test]
fn by_weight_somebody_may_be_first_several_times_running() {
    let weights = json!({"kind": "weighted_random", "weights": {"ana": 50, "ben": 50}});
    let team = view(&["ana", "ben"], vec![route("r", weights, json!({}))]);
    let person = lead(json!({}));
    let first =
        |seed| order(&plan(&Arrival::of(&person), &team, at(FRIDAY), &mut seeded(seed)))[0].clone();
    let drawn: Vec<String> = (0..200).map(first).collect();
    assert!(drawn.windows(3).any(|three| three[0] == three[1] && three[1] == three[2]));
}

#[test]
fn a_listing_may_wait_any_of_the_nine_times_and_others() {
    for time in ["5m", "15m", "30m", "1h", "2h", "4h", "8h", "24h", "48h", "7m", "3d"] {
        let mut team = asking(json!({}));
        let listing: Listing = serde_json::from_value(json!({"timeout": time})).unwrap();
        entity(&mut team).listing = Some(listing);
        assert_eq!(team.entity.check(), Ok(()), "{time}");
    }
}
