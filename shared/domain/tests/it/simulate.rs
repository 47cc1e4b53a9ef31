use chrono::TimeDelta;
use serde_json::json;
use std::sync::Arc;
use tipoff_domain::model::turns::{Turn, Turns};
use tipoff_domain::plan::Otherwise;
use tipoff_domain::simulate::{Answers, End, Past, play, simulate};
use tipoff_domain::{Arrival, EntityView, Span};

use crate::fixture::{FRIDAY, at, id, lead, names, plan_it, route, seeded, view};

fn past(count: i64, apart: TimeDelta) -> Vec<Past> {
    let one = |number: i32| Past {
        at: at(FRIDAY) + apart * number,
        lead: lead(json!({})),
        sent: false,
        agent: Some(id("ana")),
        took: None,
    };
    (0..i32::try_from(count).unwrap()).map(one).collect()
}

fn team(strategy: serde_json::Value) -> EntityView {
    view(&["ana", "ben", "chloe"], vec![route("r", strategy, json!({"claim_within": "5m"}))])
}

fn all() -> serde_json::Value {
    json!({"kind": "round_robin", "agents": "all"})
}

/// Example 1: L1 goes A, B, C and to the pool; L2 begins with B.
#[test]
fn example_1_is_played_as_it_is_written() {
    let nobody = Answers { others: 0.0, ..Answers::default() };
    let fates =
        play(&team(all()), &past(2, TimeDelta::minutes(1)), &nobody, Turns::default(), seeded(1));
    assert_eq!(fates[0].asked, names(&["ana", "ben", "chloe"]));
    assert_eq!(fates[1].asked, names(&["ben", "chloe", "ana"]));
    assert!(fates.iter().all(|fate| fate.end == End::Pooled(Otherwise::Exhausted)));
}

/// Example 8: a pending offer reserves a place under the limit.
#[test]
fn limits_count_as_they_do_on_the_board() {
    let mut team = team(all());
    let limited =
        json!({"name": "Ana", "email": "a@example.com", "limits": [{"count": 1, "period": "day"}]});
    team.agents.insert(id("ana"), Arc::new(serde_json::from_value(limited).unwrap()));
    let slow = Answers { others: 1.0, agents: [(id("ana"), 0.0)].into(), after: None };
    let fates = play(&team, &past(4, TimeDelta::minutes(1)), &slow, Turns::default(), seeded(1));
    let first: Vec<_> = fates.iter().map(|fate| fate.first[0].to_string()).collect();
    assert_eq!(first, ["ana", "ben", "chloe", "ben"]);
    let fates = play(
        &team,
        &past(4, TimeDelta::minutes(1)),
        &Answers::default(),
        Turns::default(),
        seeded(1),
    );
    let got: Vec<_> = fates.iter().map(|fate| fate.agent().unwrap().to_string()).collect();
    assert_eq!(got, ["ana", "ben", "chloe", "ben"]);
}

/// Whoever answers later than the deadline does not answer.
#[test]
fn agents_take_as_long_as_they_took_in_truth() {
    let mut past = past(3, TimeDelta::minutes(30));
    past[0].took = Some(TimeDelta::minutes(7));
    (past[1].agent, past[1].took) = (Some(id("ben")), Some(TimeDelta::minutes(2)));
    let fates = |answers| play(&team(all()), &past, &answers, Turns::default(), seeded(1));
    let slow = fates(Answers::default());
    assert_eq!(slow[0].asked, names(&["ana", "ben"]), "she takes seven minutes, and has five");
    assert_eq!((&slow[0].missed, slow[0].agent()), (&names(&["ana"]), Some(&id("ben"))));
    assert_eq!(slow[1].asked, names(&["ben"]));
    let quick = fates(Answers { after: Some(Span::seconds(1)), ..Answers::default() });
    let got: Vec<_> = quick.iter().map(|fate| fate.agent().unwrap().to_string()).collect();
    assert_eq!(got, ["ana", "ben", "chloe"]);
    let never = fates(Answers { after: Some(Span::minutes(5)), ..Answers::default() });
    assert!(never.iter().all(|fate| fate.end == End::Pooled(Otherwise::Exhausted)), "D-19");
}

/// A lead that is out holds a place under the limit until it is answered (D-22).
#[test]
fn while_somebody_thinks_the_next_lead_comes_in() {
    let mut team = team(all());
    let limited =
        json!({"name": "Ana", "email": "a@example.com", "limits": [{"count": 1, "period": "day"}]});
    team.agents.insert(id("ana"), Arc::new(serde_json::from_value(limited).unwrap()));
    let slowly = Answers { after: Some(Span::minutes(4)), ..Answers::default() };
    let leads = past(4, TimeDelta::minutes(1));
    let fates = play(&team, &leads, &slowly, Turns::default(), seeded(1));
    let first: Vec<_> = fates.iter().map(|fate| fate.first[0].to_string()).collect();
    assert_eq!(first, ["ana", "ben", "chloe", "ben"]);

    let ball = json!({"kind": "jump_ball", "agents": ["ana"]});
    team.routes = vec![route("r", ball, json!({}))].into();
    let fates = play(&team, &leads[..2], &slowly, Turns::default(), seeded(1));
    assert_eq!(fates[0].agent(), Some(&id("ana")));
    assert_eq!(fates[1].asked, names(&["ana"]), "a jump ball reserves nothing");
    assert_eq!(fates[1].agent(), None, "when she claims it, she is at her limit");
}

#[test]
fn turns_go_on_from_where_they_were() {
    let mut turns = Turns::default();
    let list = names(&["ana", "ben", "chloe"]);
    turns.next.insert(id("r"), Turn { next: id("chloe"), list });
    let past = past(3, TimeDelta::minutes(30));
    let found = simulate(&team(all()), &past[..1], &Answers::default(), &turns, 3, |_| ());
    let had: Vec<&str> = found
        .agents
        .iter()
        .filter(|one| one.most > 0)
        .filter_map(|one| Some(one.agent.as_ref()?.as_str()))
        .collect();
    assert_eq!((had, found.agents[2].least), (vec!["chloe"], 1), "and begin there in every play");
}

#[test]
fn everybody_at_their_limit_sends_leads_where_nobody_eligible_does() {
    let mut team = team(all());
    let none = json!({"name": "Nobody", "email": "a@example.com", "limits": [{"count": 0}]});
    for agent in names(&["ana", "ben", "chloe"]) {
        team.agents.insert(agent, Arc::new(serde_json::from_value(none.clone()).unwrap()));
    }
    let fates =
        play(&team, &past(1, TimeDelta::zero()), &Answers::default(), Turns::default(), seeded(1));
    assert_eq!(fates[0].end, End::Pooled(Otherwise::NobodyEligible));
}

/// The same lead, planned alone, is planned the same in a play.
#[test]
fn a_play_begins_as_the_planner_does() {
    let team = team(json!({"kind": "assign_to_agent", "agent": "ben"}));
    let fates =
        play(&team, &past(1, TimeDelta::zero()), &Answers::default(), Turns::default(), seeded(1));
    let plan = plan_it(&lead(json!({})), &team, FRIDAY, 1);
    assert_eq!(fates[0].agent(), plan.decision.candidates.first().map(|it| &it.agent));
    assert!(!Arrival::of(&lead(json!({}))).sent);
}

#[test]
fn many_plays_are_added_up_and_held_against_the_truth() {
    let schedule = json!({"zone": "America/New_York", "days": ["fri"]});
    let weekdays = route(
        "r",
        json!({"kind": "random", "agents": ["ana", "ben"]}),
        json!({ "schedule": schedule }),
    );
    let team = view(&["ana", "ben"], vec![weekdays]);
    let past = past(100, TimeDelta::minutes(30));
    let mut heard = Vec::new();
    let found =
        simulate(&team, &past, &Answers::default(), &Turns::default(), 20, |done| heard.push(done));
    assert_eq!((heard.len(), found.leads, found.runs), (20, 100, 20));
    // From 15:00 on Friday there are 18 half hours left.
    assert!((found.unmatched - 82.0).abs() < f64::EPSILON, "{found:?}");
    assert!((found.unmatched_hours["sat 00:00"] - 2.0).abs() < f64::EPSILON);
    let ana = &found.agents[0];
    assert_eq!((ana.really, ana.agent.clone()), (100, Some(id("ana"))));
    assert!((ana.leads - 9.0).abs() < 0.5 && (ana.share - 50.0).abs() < 3.0, "{ana:?}");
    assert!((ana.difference + 91.0).abs() < 0.5);
    assert!((found.changed_hands - 91.0).abs() < 0.5);
    assert_eq!(found, simulate(&team, &past, &Answers::default(), &Turns::default(), 20, |_| ()));
}
