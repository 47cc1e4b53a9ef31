use std::sync::Arc;

use chrono::TimeDelta;
use proptest::prelude::{Just, Strategy as _, proptest};
use proptest::prop_assert_eq;
use serde_json::json;
use tipoff_domain::decision::By;
use tipoff_domain::plan::{Hop, How, Otherwise, Pick, Plan, Then, plan_next};
use tipoff_domain::{AgentId, EntityView, Rest, Route, Strategy};

use crate::fixture::{FRIDAY, at, id, lead, names, order, route, seeded, step, view};

fn next(
    team: &EntityView,
    route: &str,
    tried: &[AgentId],
    minutes_later: i64,
    reroutes: u32,
) -> Plan {
    let all_at_once = |route: &Route| matches!(route.strategy, Strategy::JumpBall { .. });
    let jump_ball = team.route(&id(route)).is_some_and(|route| all_at_once(route));
    next_after(jump_ball, team, route, tried, minutes_later, reroutes)
}

/// `jump_ball`: everybody who was tried last was tried at once.
fn next_after(
    jump_ball: bool,
    team: &EntityView,
    route: &str,
    tried: &[AgentId],
    minutes_later: i64,
    reroutes: u32,
) -> Plan {
    let person = lead(json!({}));
    let route = id(route);
    let hop = Hop {
        lead: &person,
        route: Some(&route),
        tried,
        again: &[],
        tags: &[],
        jump_ball,
        first_offer: at(FRIDAY),
        board_now: at(FRIDAY) + TimeDelta::minutes(minutes_later),
        reroutes,
        full: &[],
    };
    plan_next(&hop, team, at(FRIDAY) + TimeDelta::minutes(minutes_later), &mut seeded(7))
}

fn subset() -> impl proptest::strategy::Strategy<Value = Vec<&'static str>> {
    let everyone = vec!["ana", "ben", "chloe", "dana", "eve"];
    proptest::sample::subsequence(everyone, 0..=5).prop_flat_map(|some| Just(some).prop_shuffle())
}

proptest! {
    /// The oracle walks the list with a finger.
    #[test]
    fn round_robin_rolls_on_to_the_next_untried_on_the_list(tried in subset()) {
        let list = ["ana", "ben", "chloe", "dana", "eve"];
        let team = view(&list, vec![route("robin", json!({"kind": "round_robin", "agents": list}), json!({}))]);
        let plan = next(&team, "robin", &names(&tried), 15, 0);
        let from = tried.last().map_or(0, |last| list.iter().position(|name| name == last).unwrap() + 1);
        let walk = (from..from + list.len()).map(|finger| list[finger % list.len()]);
        let expected = walk.into_iter().find(|name| !tried.contains(name));
        if let Some(expected) = expected {
            prop_assert_eq!(&order(&plan)[0], expected);
        } else {
            prop_assert_eq!(plan.then, Then::Pool(Rest::in_pool(Otherwise::Exhausted)));
        }
    }
}

#[test]
fn a_lead_moves_to_the_evening_route_when_the_day_route_has_closed() {
    let agents = json!({"kind": "round_robin", "agents": ["ana", "ben"]});
    let day = json!({"schedule": {"zone": "America/New_York", "hours": {"from": "09:00", "to": "15:10"}}});
    let evening = json!({"schedule": {"zone": "America/New_York", "hours": {"from": "15:10", "to": "23:59"}}});
    let team = view(
        &["ana", "ben"],
        vec![route("day", agents.clone(), day), route("evening", agents, evening)],
    );

    let plan = next(&team, "day", &names(&["ana"]), 15, 0);
    assert_eq!((step(&plan).route.clone(), step(&plan).reroutes), (Some(id("evening")), 1));
    assert_eq!(order(&plan), ["ben"], "whoever was tried on the day route is not asked again");
    assert_eq!(
        next(&team, "gone", &names(&["ana"]), 15, 3).then,
        Then::Pool(Rest::in_pool(Otherwise::TooManyReroutes))
    );
}

#[test]
fn the_timeout_agent_has_the_lead_when_the_time_or_the_list_is_over() {
    let timed = json!({"claim_within": "3m", "timeout": {"after": "10m", "agent": "dana"}});
    let list = json!({"kind": "round_robin", "agents": ["ana", "ben", "chloe", "eve", "finn"]});
    let team =
        view(&["ana", "ben", "chloe", "dana", "eve", "finn"], vec![route("kv", list, timed)]);

    let fourth = next(&team, "kv", &names(&["ana", "ben", "chloe"]), 9, 0);
    assert_eq!(step(&fourth).window, TimeDelta::minutes(1), "an offer never outlives the timeout");
    let over = next(&team, "kv", &names(&["ana", "ben", "chloe", "eve"]), 10, 0);
    assert_eq!(
        (order(&over), step(&over).assign),
        (vec!["dana".to_owned()], Some(How::TimeoutAgent))
    );
    assert_eq!(step(&over).window, TimeDelta::minutes(3), "so long the others had");
    let nobody_left = next(&team, "kv", &names(&["ana", "ben", "chloe", "eve", "finn"]), 4, 0);
    assert_eq!(step(&nobody_left).assign, Some(How::TimeoutAgent));
}

#[test]
fn a_jump_ball_that_nobody_took_asks_nobody_who_joined_later() {
    let team = view(
        &["ana", "ben", "new"],
        vec![route("ball", json!({"kind": "jump_ball", "agents": "all"}), json!({}))],
    );
    assert_eq!(
        next(&team, "ball", &names(&["ana", "ben"]), 15, 0).then,
        Then::Pool(Rest::in_pool(Otherwise::Exhausted))
    );
}

/// D-16: the latest version counts for the next offer, and that one asks everybody.
#[test]
fn a_route_that_becomes_a_jump_ball_asks_everybody_else_at_once() {
    let ball = |more| route("ball", json!({"kind": "jump_ball", "agents": "all"}), more);
    let team = view(&["ana", "ben", "chloe"], vec![ball(json!({}))]);
    let begins = next_after(false, &team, "ball", &names(&["ana"]), 15, 0);
    assert_eq!((step(&begins).pick, step(&begins).by), (Pick::All, By::JumpBall));
    assert_eq!(order(&begins), ["ben", "chloe"]);
    let over = Then::Pool(Rest::in_pool(Otherwise::Exhausted));
    assert_eq!(next_after(true, &team, "ball", &names(&["ana"]), 15, 0).then, over);
    // Another chance came after everybody had theirs.
    let again = names(&["ana", "ben", "ana"]);
    assert_eq!(next_after(false, &team, "ball", &again, 15, 0).then, over);

    let direct = view(&["ana", "ben", "chloe"], vec![ball(json!({"acceptance": false}))]);
    let given = next_after(false, &direct, "ball", &names(&["ana"]), 15, 0);
    assert_eq!((step(&given).pick, step(&given).assign), (Pick::First, Some(How::Direct)));
}

#[test]
fn a_route_that_leads_into_a_pond_by_now_sends_the_lead_there() {
    let pond = route("r", json!({"kind": "round_robin", "agents": {"pond": "north"}}), json!({}));
    let mut team = view(&["ana"], vec![pond]);
    team.ponds.insert(
        id("north"),
        Arc::new(serde_json::from_value(json!({"name": "North", "members": "all"})).unwrap()),
    );
    let rest = Rest { pond: Some(id("north")), ..Rest::in_pool(Otherwise::ToPond) };
    assert_eq!(next(&team, "r", &names(&["ana"]), 15, 0).then, Then::Pool(rest));
}

/// D-16: the latest version counts, and there it is nobody's to accept (D-31).
#[test]
fn a_route_that_no_longer_asks_assigns_the_next_agent() {
    let list = json!({"kind": "round_robin", "agents": ["ana", "ben"]});
    let direct = route("robin", list, json!({"acceptance": false}));
    let plan = next(&view(&["ana", "ben"], vec![direct]), "robin", &names(&["ana"]), 15, 0);
    assert_eq!((order(&plan), step(&plan).assign), (vec!["ben".to_owned()], Some(How::Direct)));

    let dana = route("robin", json!({"kind": "assign_to_agent", "agent": "dana"}), json!({}));
    let plan = next(&view(&["ana", "dana"], vec![dana]), "robin", &names(&["ana"]), 15, 0);
    assert_eq!(step(&plan).assign, Some(How::AssignToAgent));
}

#[test]
fn a_timeout_agent_who_has_left_gets_nothing() {
    let timed = json!({"claim_within": "3m", "timeout": {"after": "10m", "agent": "gone"}});
    for (strategy, tried) in [("round_robin", vec!["ana", "ben"]), ("jump_ball", vec!["ana"])] {
        let list = json!({"kind": strategy, "agents": ["ana", "ben"]});
        let team = view(&["ana", "ben"], vec![route("kv", list, timed.clone())]);
        let plan = next(&team, "kv", &names(&tried), 11, 0);
        assert_eq!(plan.then, Then::Pool(Rest::in_pool(Otherwise::Exhausted)), "{strategy}");
    }
    let list = json!({"kind": "round_robin", "agents": ["ana", "ben"]});
    let team = view(&["ana", "ben"], vec![route("kv", list, timed)]);
    let plan = next(&team, "kv", &names(&["ana"]), 11, 0);
    assert_eq!((order(&plan), step(&plan).window), (vec!["ben".to_owned()], TimeDelta::minutes(3)));
}
