//! Office hours (D-18), quiet hours (D-17) and pauses (D-5).

use proptest::prelude::proptest;
use proptest::{prop_assert_eq, prop_assume};
use serde_json::{Value, json};
use tipoff_domain::decision::{By, CandidateVerdict};
use tipoff_domain::plan::{How, channels_for};
use tipoff_domain::{Agent, Channel, EntityView, QuietHours};

use crate::fixture::{FRIDAY, at, entity, id, lead, order, plan_it, route, step, view};

/// Friday, 11 at night in New York.
const NIGHT: &str = "2026-11-21T04:00:00Z";

fn robin(more: Value) -> EntityView {
    let list = json!({"kind": "round_robin", "agents": ["ana", "ben"]});
    view(&["ana", "ben", "dana"], vec![route("robin", list, more)])
}

fn set(team: &mut EntityView, name: &str, more: Value) {
    let mut whole = json!({"name": "A", "email": "a@example.com"});
    whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    team.agents.insert(id(name), std::sync::Arc::new(serde_json::from_value(whole).unwrap()));
}

fn open_nine_to_five(team: &mut EntityView) {
    let hours = json!({"zone": "America/New_York", "hours": {"from": "09:00", "to": "17:00"}});
    entity(team).office_hours = Some(serde_json::from_value(hours).unwrap());
}

#[test]
fn outside_of_office_hours_the_timeout_agent_has_what_would_need_acceptance() {
    let mut team = robin(json!({"timeout": {"after": "45m", "agent": "dana"}}));
    open_nine_to_five(&mut team);
    assert_eq!(order(&plan_it(&lead(json!({})), &team, FRIDAY, 1)), ["ana", "ben"], "open");

    let night = plan_it(&lead(json!({})), &team, NIGHT, 1);
    assert_eq!(order(&night), ["dana"]);
    assert_eq!((step(&night).assign, step(&night).by), (Some(How::TimeoutAgent), By::OfficeHours));
    assert_eq!(step(&night).route, Some(id("robin")), "its tags and plan count");

    let mut direct =
        robin(json!({"acceptance": false, "timeout": {"after": "45m", "agent": "dana"}}));
    open_nine_to_five(&mut direct);
    assert_eq!(order(&plan_it(&lead(json!({})), &direct, NIGHT, 1)), ["ana", "ben"]);
}

#[test]
fn outside_of_office_hours_an_e_mail_is_all_that_is_sent_out() {
    let mut team = robin(json!({}));
    open_nine_to_five(&mut team);
    let agent = &team.agents[&id("ana")];
    let route = team.routes.first().map(|route| &**route);
    assert!(channels_for(agent, route, &team, at(FRIDAY)).contains(&Channel::Push));
    let told = channels_for(agent, route, &team, at(NIGHT));
    assert!(told.contains(&Channel::Email) && !told.contains(&Channel::Push), "{told:?}");
}

#[test]
fn quiet_hours_leave_an_agent_out_where_one_is_asked_after_the_other() {
    let sleeps = json!({"quiet_hours": {"from": "21:00", "to": "07:00"}});
    let mut team = robin(json!({}));
    set(&mut team, "ana", sleeps.clone());
    assert_eq!(order(&plan_it(&lead(json!({})), &team, FRIDAY, 1)), ["ana", "ben"]);
    let night = plan_it(&lead(json!({})), &team, NIGHT, 1);
    assert_eq!(order(&night), ["ben"]);
    assert_eq!(night.decision.candidates[0].verdict, CandidateVerdict::QuietHours);

    let everybody = json!({"kind": "jump_ball", "agents": ["ana", "ben"]});
    let mut ball = view(&["ana", "ben"], vec![route("ball", everybody, json!({}))]);
    set(&mut ball, "ana", sleeps.clone());
    assert_eq!(order(&plan_it(&lead(json!({})), &ball, NIGHT, 1)), ["ana", "ben"]);
    let told = channels_for(&ball.agents[&id("ana")], Some(&ball.routes[0]), &ball, at(NIGHT));
    assert!(!told.contains(&Channel::Push), "asked, but not woken: {told:?}");

    let straight = json!({"kind": "assign_to_agent", "agent": "ana"});
    let mut dana = view(&["ana"], vec![route("dana", straight, json!({}))]);
    set(&mut dana, "ana", sleeps);
    assert_eq!(order(&plan_it(&lead(json!({})), &dana, NIGHT, 1)), ["ana"]);
}

#[test]
fn pauses_count_from_to_and_by_route() {
    let verdict = |more: Value| {
        let mut team = robin(json!({}));
        set(&mut team, "ana", more);
        plan_it(&lead(json!({})), &team, FRIDAY, 1).decision.candidates[0].verdict
    };
    assert_eq!(verdict(json!({"paused": true})), CandidateVerdict::Paused);
    assert_eq!(verdict(json!({"paused_on": ["robin"]})), CandidateVerdict::PausedOnRoute);
    assert_eq!(verdict(json!({"paused_on": ["other"]})), CandidateVerdict::Eligible);
    assert_eq!(verdict(json!({"away": {"until": FRIDAY}})), CandidateVerdict::Eligible, "over");
    assert_eq!(verdict(json!({"away": {"from": FRIDAY}})), CandidateVerdict::Away, "just begun");
    let holiday = json!({"from": "2026-11-16T00:00:00Z", "until": "2026-11-23T00:00:00Z"});
    assert_eq!(verdict(json!({"away": holiday})), CandidateVerdict::Away);
}

#[test]
fn a_paused_agent_still_gets_what_is_assigned_to_them_where_the_route_insists() {
    let agent = json!({"kind": "assign_to_agent", "agent": "ana"});
    let insists = route("ana", agent, json!({"even_if_paused": true}));
    let mut team = view(&["ana"], vec![insists]);
    crate::fixture::pause(&mut team, "ana");
    assert_eq!(order(&plan_it(&lead(json!({})), &team, FRIDAY, 1)), ["ana"]);
}

proptest! {
    /// The oracle walks back minute by minute to the last time they began or ended.
    #[test]
    fn quiet_hours_hold_from_their_beginning_to_their_end(
        from in 0..24_u32, to in 0..24_u32, day in 0..7_usize, minutes in 0..20_160_i64
    ) {
        prop_assume!(from != to);
        let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let written = json!({"days": [days[day]], "from": format!("{from:02}:00"), "to": format!("{to:02}:00")});
        let quiet: QuietHours = serde_json::from_value(written).unwrap();
        let monday = at("2026-06-01T00:00:00Z");
        let now = monday + chrono::TimeDelta::minutes(minutes);
        let began = (0..=minutes).rev().find(|minute| {
            let hour_of_week = i64::try_from(day).unwrap() * 24 + i64::from(from);
            minute % 60 == 0 && minute / 60 % (7 * 24) == hour_of_week
        });
        let length = i64::from((to + 24 - from) % 24) * 60;
        let expected = began.is_some_and(|began| minutes - began < length);
        // Before the first beginning of the fortnight the walk knows nothing.
        if began.is_some() {
            prop_assert_eq!(quiet.cover(now, chrono_tz::UTC), expected);
        }
    }
}

#[test]
fn what_could_not_work_is_refused_by_field() {
    let refused = |more: Value| {
        let mut whole = json!({"name": "A"});
        whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let agent: Agent = serde_json::from_value(whole).unwrap();
        agent.check().unwrap_err().0[0].field.clone()
    };
    let backwards = json!({"from": "2026-11-23T00:00:00Z", "until": "2026-11-16T00:00:00Z"});
    assert_eq!(refused(json!({"away": backwards})), "/away/until");
    let all_day = json!({"from": "07:00", "to": "07:00"});
    assert_eq!(refused(json!({"quiet_hours": all_day})), "/quiet_hours/to");
}
