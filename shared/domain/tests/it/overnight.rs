//! Routes that hold their leads until they open again (D-16, `after_close: hold`).

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tipoff_domain::model::turns::Turns;
use tipoff_domain::plan::{Hop, Otherwise, Plan, Then, plan_next};
use tipoff_domain::simulate::{Answers, Past, play};
use tipoff_domain::{EntityView, RouteVerdict};

use crate::fixture::{at, id, lead, names, order, plan_it, route, seeded, step, view};

/// Open from nine to five in New York, Monday to Friday.
fn weekdays(late: &str, more: Value) -> Value {
    let days = ["mon", "tue", "wed", "thu", "fri"];
    let hours = json!({"from": "09:00", "to": "17:00"});
    let mut whole = json!({
        "schedule": {"zone": "America/New_York", "days": days, "hours": hours},
        "after_close": {"hold": late}, "claim_within": "30m",
    });
    whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    whole
}

fn team(late: &str, more: Value) -> EntityView {
    let robin = json!({"kind": "round_robin", "agents": ["ana", "ben"]});
    view(&["ana", "ben", "dana"], vec![route("day", robin, weekdays(late, more))])
}

fn window(team: &EntityView, now: &str) -> TimeDelta {
    step(&plan_it(&lead(json!({})), team, now, 1)).window
}

/// Friday, ten to five: half an hour is over at twenty past nine on Monday.
const FRIDAY_1650: &str = "2026-11-20T21:50:00Z";
const MONDAY_0900: &str = "2026-11-23T14:00:00Z";

#[test]
fn the_clock_of_an_offer_stands_still_while_its_route_is_closed() {
    let calm = team("0s", json!({}));
    assert_eq!(window(&calm, "2026-11-20T20:00:00Z"), TimeDelta::minutes(30));
    let over = at(FRIDAY_1650) + window(&calm, FRIDAY_1650);
    assert_eq!(over, at(MONDAY_0900) + TimeDelta::minutes(20));
    // Every day has eight hours, so three hours last from Friday to Monday.
    let long = team("0s", json!({"claim_within": "3h"}));
    assert_eq!(at(FRIDAY_1650) + window(&long, FRIDAY_1650), at("2026-11-23T16:50:00Z"));
    let all_the_same = team("0s", json!({"after_close": "reroute"}));
    assert_eq!(window(&all_the_same, FRIDAY_1650), TimeDelta::minutes(30));
}

#[test]
fn in_the_morning_leads_go_on_one_after_another() {
    let staggered = team("10m", json!({}));
    let late = |seed| {
        let plan = plan_it(&lead(json!({})), &staggered, FRIDAY_1650, seed);
        at(FRIDAY_1650) + step(&plan).window - at(MONDAY_0900) - TimeDelta::minutes(20)
    };
    let late: Vec<TimeDelta> = (0..50).map(late).collect();
    assert!(late.iter().all(|late| (TimeDelta::zero()..TimeDelta::minutes(10)).contains(late)));
    let distinct: std::collections::BTreeSet<_> = late.iter().collect();
    assert!(distinct.len() > 40, "{late:?}");
    assert_eq!(window(&staggered, "2026-11-20T20:00:00Z"), TimeDelta::minutes(30), "not by day");
}

fn waits_until(plan: &Plan) -> Option<DateTime<Utc>> {
    match plan.then {
        Then::Wait(until) => Some(until),
        _ => None,
    }
}

#[test]
fn a_lead_that_comes_at_night_waits_for_the_morning_unless_somebody_takes_it() {
    let mut calm = team("0s", json!({}));
    let night = "2026-11-21T03:00:00Z";
    let plan = plan_it(&lead(json!({})), &calm, night, 1);
    assert_eq!(waits_until(&plan), Some(at(MONDAY_0900)));
    assert_eq!(plan.decision.routes[0].verdict, RouteVerdict::Waits);
    let other = plan_it(&lead(json!({"source": "facebook"})), &calm, night, 1);
    assert_eq!(waits_until(&other), Some(at(MONDAY_0900)), "any source");

    calm.routes.push(route("night", json!({"kind": "jump_ball", "agents": ["dana"]}), json!({})));
    assert_eq!(order(&plan_it(&lead(json!({})), &calm, night, 1)), ["dana"]);

    let paused = team("0s", json!({"active": false}));
    let rests = plan_it(&lead(json!({})), &paused, night, 1);
    assert!(matches!(&rests.then, Then::Pool(rest) if rest.why == Otherwise::NoRoute));
    let zillow = team("0s", json!({"criteria": {"sources": ["website"]}}));
    assert_eq!(waits_until(&plan_it(&lead(json!({})), &zillow, night, 1)), None);
    let dates =
        json!({"zone": "America/New_York", "dates": {"from": "2026-01-01", "to": "2026-01-31"}});
    let never = team("0s", json!({"schedule": dates}));
    assert_eq!(waits_until(&plan_it(&lead(json!({})), &never, night, 1)), None, "it is over");
}

/// The dice are the same when it is held and when it goes on (D-2).
#[test]
fn whose_lead_it_is_in_the_morning_does_not_hang_on_when_it_goes_on() {
    let even = json!({"kind": "weighted_random", "weights": {"ana": 50, "ben": 50}});
    let team = view(&["ana", "ben"], vec![route("day", even, weekdays("10m", json!({})))]);
    let plan_at = |now, seed| plan_it(&lead(json!({})), &team, now, seed);
    let goes_on = |seed| waits_until(&plan_at("2026-11-21T03:00:00Z", seed)).unwrap();
    let early = (0..400).filter(|seed| goes_on(*seed) < at(MONDAY_0900) + TimeDelta::minutes(5));
    let whose: Vec<String> =
        early.map(|seed| order(&plan_at("2026-11-23T14:10:00Z", seed)).remove(0)).collect();
    for agent in ["ana", "ben"] {
        let count = whose.iter().filter(|name| *name == agent).count();
        assert!(count > 50, "{agent} has {count} of the first {}", whose.len());
    }
}

#[test]
fn whoever_passes_at_night_leaves_the_lead_to_the_next_in_the_morning() {
    let calm = team("0s", json!({"timeout": {"after": "1h", "agent": "dana"}}));
    let (person, day) = (lead(json!({})), id("day"));
    let next = |now: &str| {
        let hop = Hop {
            lead: &person,
            route: Some(&day),
            tried: &names(&["ana"]),
            again: &[],
            tags: &[],
            jump_ball: false,
            first_offer: at(FRIDAY_1650),
            board_now: at(now),
            reroutes: 0,
            full: &[],
        };
        plan_next(&hop, &calm, at(now), &mut seeded(1))
    };
    let night = next("2026-11-21T03:00:00Z");
    assert_eq!(waits_until(&night), Some(at(MONDAY_0900)));
    let morning = next(MONDAY_0900);
    assert_eq!(order(&morning), ["ben"], "and everybody keeps their place");
    // Of the hour until the timeout agent has it, ten minutes went by on Friday.
    assert_eq!(step(&morning).window, TimeDelta::minutes(30));
    let later = next("2026-11-23T14:40:00Z");
    assert_eq!(step(&later).window, TimeDelta::minutes(10));
}

#[test]
fn a_play_waits_as_well() {
    let past = Past {
        at: at("2026-11-21T03:00:00Z"),
        lead: lead(json!({})),
        sent: false,
        agent: None,
        took: None,
    };
    let fates =
        play(&team("0s", json!({})), &[past], &Answers::default(), Turns::default(), seeded(1));
    assert_eq!(fates[0].agent(), Some(&id("ana")));
}
