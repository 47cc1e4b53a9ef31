use serde_json::{Value, json};
use tipoff_domain::Route;

use crate::fixture::view;

fn problems(route: Value) -> Vec<String> {
    let route: Route = serde_json::from_value(route).unwrap();
    let checked = route.check(&view(&["ana", "ben"], Vec::new()));
    checked
        .err()
        .map(|invalid| invalid.0.into_iter().map(|problem| problem.field).collect())
        .unwrap_or_default()
}

#[test]
fn every_problem_of_a_route_is_named_by_its_field() {
    let weights = |weights: Value| json!({"title": "T", "strategy": {"kind": "weighted_random", "weights": weights}});
    let cases = [
        (json!({"title": "", "strategy": {"kind": "random", "agents": "all"}}), "/title"),
        (
            json!({"title": "x".repeat(31), "strategy": {"kind": "random", "agents": "all"}}),
            "/title",
        ),
        (json!({"title": "a\nb", "strategy": {"kind": "random", "agents": "all"}}), "/title"),
        (weights(json!({"ana": 50.004, "ben": 49.996})), "/strategy/weights/ana"),
        (
            json!({"title": "T", "claim_within": "9s", "strategy": {"kind": "random", "agents": "all"}}),
            "/claim_within",
        ),
        (
            json!({"title": "T", "claim_within": "31d", "strategy": {"kind": "random", "agents": "all"}}),
            "/claim_within",
        ),
        (json!({"title": "T", "strategy": {"kind": "random", "agents": []}}), "/strategy/agents"),
        (
            json!({"title": "T", "strategy": {"kind": "random", "agents": ["zoe"]}}),
            "/strategy/agents/0",
        ),
        (
            json!({"title": "T", "strategy": {"kind": "random", "agents": ["ana", "ana"]}}),
            "/strategy/agents/1",
        ),
        (weights(json!({"ana": 50, "ben": 49.99})), "/strategy/weights"),
        (weights(json!({"ana": 101, "ben": 0})), "/strategy/weights/ana"),
        (
            json!({"title": "T", "strategy": {"kind": "assign_to_agent", "agent": "zoe"}}),
            "/strategy/agent",
        ),
        (
            json!({"title": "T", "strategy": {"kind": "random", "agents": "all"}, "criteria": {"sources": []}}),
            "/criteria/sources",
        ),
        (
            json!({"title": "T", "strategy": {"kind": "random", "agents": "all"}, "criteria": {"hashtags": ["vip", " "]}}),
            "/criteria/hashtags/1",
        ),
        (
            json!({"title": "T", "strategy": {"kind": "random", "agents": "all"}, "tags": [""]}),
            "/tags/0",
        ),
        (
            json!({"title": "T", "strategy": {"kind": "random", "agents": "all"}, "timeout": {"after": "45m", "agent": "zoe"}}),
            "/timeout/agent",
        ),
    ];
    for (route, field) in cases {
        let found = problems(route.clone());
        assert!(found.contains(&field.to_owned()), "{route}: {found:?}");
    }
}

#[test]
fn a_group_of_those_who_go_along_is_of_one_role_and_each_role_is_there_once() {
    let mut team = view(&["ana"], Vec::new());
    for (name, role) in [("bank", "lender"), ("credit", "lender"), ("ivy", "isa"), ("ida", "isa")] {
        let lender = serde_json::from_value(json!({"name": name, "role": role})).unwrap();
        team.lenders.insert(name.parse().unwrap(), lender);
    }
    let refused = |lender: Value, groups: Value| {
        let strategy = json!({"kind": "random", "agents": "all"});
        let body =
            json!({"title": "T", "strategy": strategy, "lender": lender, "co_assign": groups});
        let route: Route = serde_json::from_value(body).unwrap();
        let found = route.check(&team).err().unwrap_or_default();
        found.0.into_iter().map(|one| one.field).collect::<Vec<_>>()
    };
    let none: [String; 0] = [];
    assert_eq!(refused(json!(null), json!([["bank", "credit"], ["ivy"]])), none);
    assert_eq!(refused(json!("bank"), json!([["ida", "ivy"]])), none);
    assert_eq!(refused(json!(null), json!([["bank", "ivy"]])), ["/co_assign/0/1"]);
    assert_eq!(refused(json!(null), json!([["ivy", "zoe", "ivy"]])).len(), 2);
    assert_eq!(refused(json!(null), json!([["ivy"], ["ida"]])), ["/co_assign/1"]);
    assert_eq!(refused(json!("bank"), json!([["credit"], []])), ["/co_assign/0", "/co_assign/1"]);
}

#[test]
fn thirds_of_a_percent_add_up_when_hundredths_do() {
    let strategy = json!({"kind": "weighted_random", "weights": {"ana": 33.33, "ben": 66.67}});
    assert!(problems(json!({"title": "Thirds", "strategy": strategy})).is_empty());
}

#[test]
fn a_title_is_counted_in_characters_not_bytes() {
    let title = "ñ".repeat(30);
    assert!(
        problems(json!({"title": title, "strategy": {"kind": "random", "agents": "all"}}))
            .is_empty()
    );
}

#[test]
fn a_route_reads_back_as_the_design_writes_it() {
    let written = json!({
        "id": "route_1", "title": "Zillow weekdays", "active": true,
        "schedule": {"zone": "America/New_York", "days": ["mon", "tue", "wed", "thu", "fri"],
                     "hours": {"from": "09:00", "to": "17:00"}, "dates": null},
        "criteria": {"sources": ["zillow"], "hashtags": [], "kinds": ["buyer"], "property_types": [], "areas": [],
                     "mls": [], "price": {"min": null, "max": 500_000.0}},
        "strategy": {"kind": "round_robin", "agents": ["ana", "ben", "chloe"], "roll_on": "list"},
        "claim_within": "15m", "acceptance": true, "timeout": {"after": "45m", "agent": "dana"},
        "on_exhausted": "pool", "channels": ["email", "push"], "tags": ["portal"], "smart_plan": "buyer-drip",
        "lender": null, "version": 7,
    });
    let route: Route = serde_json::from_value(written.clone()).unwrap();
    assert_eq!(serde_json::to_value(&route).unwrap(), written);
    let misspelt =
        json!({"title": "T", "strategy": {"kind": "random", "agents": "all"}, "claim_in": "5m"});
    let refused = serde_json::from_value::<Route>(misspelt).unwrap_err().to_string();
    assert!(refused.contains("claim_in"), "{refused}");
}
