//! The checker itself: histories made by hand that must pass, and for every
//! rule one that must not.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops right there")]

mod deadlines;
mod tale;
mod told;

use tale::{Tale, agent, at, lead};
use tipoff_trouble::checker::Rule;
use tipoff_trouble::history::{Asked, Said};

/// One lead that ana let run out and ben claimed, as it ought to be.
fn good() -> Tale {
    let mut tale = Tale::new();
    tale.take("web-1", "lead_1", 0);
    tale.received("lead_1", "web-1", 10);
    tale.offered("lead_1", 1, &["ana"], 10, 10_010);
    tale.told("lead_1", 1, "ana", 40);
    tale.expired("lead_1", 10_015);
    tale.offered("lead_1", 2, &["ben"], 10_015, 20_015);
    tale.told("lead_1", 2, "ben", 10_050);
    tale.claimed("lead_1", "ben", 12_000);
    tale.claim("lead_1", "ben", Said::Won, 11_990, 12_010);
    tale
}

/// Two leads of the same route, ana first, then whoever is named.
fn two_turns(second: &str) -> Tale {
    let mut tale = Tale::new();
    for (number, first) in [(1, "ana"), (2, second)] {
        let (id, key) = (format!("lead_{number}"), format!("web-{number}"));
        tale.take(&key, &id, number * 100);
        tale.received(&id, &key, number * 100 + 10);
        tale.offered(&id, 1, &[first], number * 100 + 10, number * 100 + 10_010);
        tale.claimed(&id, first, number * 100 + 20);
    }
    tale
}

#[test]
fn a_run_in_which_all_went_well_passes() {
    good().holds();
    two_turns("ben").holds();
}

#[test]
fn a_call_that_nobody_answered_says_nothing() {
    let mut tale = good();
    tale.call(Asked::Take { key: "web-2".to_owned() }, Said::Unknown, 0, None);
    tale.claim("lead_1", "chloe", Said::Unknown, 11_000, 11_900);
    tale.holds();
}

#[test]
fn an_accepted_lead_that_the_log_does_not_have_is_lost() {
    let mut tale = good();
    tale.take("web-2", "lead_2", 50);
    tale.breaks(Rule::NothingLost);
}

#[test]
fn a_lead_that_never_comes_to_rest_is_lost() {
    let mut tale = good();
    tale.take("web-2", "lead_2", 50);
    tale.received("lead_2", "web-2", 60);
    tale.breaks(Rule::NothingLost);
    let mut tale = good();
    tale.take("web-2", "lead_2", 50);
    tale.received("lead_2", "web-2", 60);
    tale.offered("lead_2", 1, &["ben"], 55_500, 65_500);
    tale.told("lead_2", 1, "ben", 55_550);
    tale.breaks(Rule::NothingLost);
}

#[test]
fn a_pass_or_a_return_that_was_confirmed_and_is_not_in_the_log_is_found() {
    let pass = || Asked::Pass { lead: lead("lead_1"), agent: agent("ana") };
    let give_back = || Asked::Return { lead: lead("lead_1"), agent: agent("ben") };
    let mut tale = good();
    tale.call(pass(), Said::Done, 5_000, Some(5_010));
    tale.breaks(Rule::DoneIsLogged);
    let mut tale = good();
    tale.call(give_back(), Said::Done, 12_500, Some(12_510));
    tale.breaks(Rule::DoneIsLogged);

    let mut tale = Tale::new();
    tale.take("web-1", "lead_1", 0);
    tale.received("lead_1", "web-1", 10);
    tale.offered("lead_1", 1, &["ana"], 10, 10_010);
    tale.passed("lead_1", "ana", 3_000);
    tale.call(pass(), Said::Done, 2_990, Some(3_010));
    tale.offered("lead_1", 2, &["ben"], 3_000, 13_000);
    tale.claimed("lead_1", "ben", 3_900);
    tale.returned("lead_1", "ben", 12_500);
    tale.call(give_back(), Said::Done, 12_490, Some(12_510));
    tale.holds();
}

#[test]
fn a_refusal_without_a_reason_is_found() {
    let refused = |code: &str| Said::No(code.to_owned());
    let mut tale = good();
    tale.claim("lead_1", "chloe", refused("not_offered"), 11_000, 11_010);
    tale.claim("lead_1", "ana", refused("taken"), 12_100, 12_110);
    tale.holds();
    let mut tale = Tale::new();
    tale.take("web-1", "lead_1", 0);
    tale.received("lead_1", "web-1", 10);
    tale.offered("lead_1", 1, &["ana"], 10, 10_010);
    tale.passed("lead_1", "ana", 3_000);
    tale.offered("lead_1", 2, &["ben"], 3_000, 13_000);
    tale.claim("lead_1", "ana", refused("passed"), 3_500, 3_510);
    tale.claimed("lead_1", "ben", 3_900);
    tale.holds();
    for code in ["internal", "taken", "passed"] {
        let mut tale = good();
        tale.claim("lead_1", "ben", refused(code), 13_000, 13_010);
        tale.breaks(Rule::RefusedForAReason);
    }
    let mut tale = good();
    tale.call(Asked::Take { key: "web-2".to_owned() }, refused("bad_request"), 0, Some(3));
    tale.breaks(Rule::RefusedForAReason);
}

#[test]
fn a_lead_that_was_published_and_acknowledged_is_lost_in_the_same_way() {
    let mut tale = good();
    tale.call(Asked::Take { key: "nats-7".to_owned() }, Said::Accepted(None), 0, Some(3));
    tale.breaks(Rule::NothingLost);
}

#[test]
fn one_key_that_made_two_leads_is_found() {
    let mut tale = good();
    tale.received("lead_2", "web-1", 60);
    tale.offered("lead_2", 1, &["ben"], 60, 10_060);
    tale.claimed("lead_2", "ben", 70);
    tale.breaks(Rule::OneLeadPerKey);
}

#[test]
fn an_answer_with_another_leads_id_is_found() {
    let mut tale = good();
    tale.take("web-1", "lead_9", 90);
    tale.breaks(Rule::OneLeadPerKey);
}

#[test]
fn a_lead_that_nobody_sent_is_found() {
    let mut tale = good();
    tale.received("lead_2", "web-2", 60);
    tale.offered("lead_2", 1, &["ben"], 60, 10_060);
    tale.claimed("lead_2", "ben", 70);
    tale.breaks(Rule::OneLeadPerKey);
}

#[test]
fn a_version_that_is_missing_from_the_log_is_found() {
    let mut tale = good();
    tale.forget(1);
    tale.evidence.told.remove(0);
    tale.breaks(Rule::OneStory);
}

#[test]
fn a_second_owner_is_found() {
    let mut tale = good();
    tale.claimed("lead_1", "ana", 12_500);
    tale.breaks(Rule::OneOwner);
}

#[test]
fn an_owner_who_gave_it_back_may_be_followed_by_another() {
    let mut tale = good();
    tale.returned("lead_1", "ben", 12_500);
    tale.claimed("lead_1", "ana", 12_800);
    tale.claim("lead_1", "ana", Said::Won, 12_790, 12_810);
    tale.holds();
}

#[test]
fn an_admin_may_give_it_to_somebody_else_but_no_route_may() {
    let mut tale = good();
    tale.assigned("lead_1", "ana", Some("admin"), 12_500);
    tale.holds();
    let mut tale = good();
    tale.assigned("lead_1", "ana", None, 12_500);
    tale.breaks(Rule::OneOwner);
}

#[test]
fn a_claim_by_somebody_who_was_not_asked_is_found() {
    let mut tale = Tale::new();
    tale.take("web-1", "lead_1", 0);
    tale.received("lead_1", "web-1", 10);
    tale.offered("lead_1", 1, &["ana"], 10, 10_010);
    tale.claimed("lead_1", "ben", 500);
    tale.breaks(Rule::OneOwner);
}

#[test]
fn two_agents_who_were_both_told_that_they_won_are_found() {
    let mut tale = good();
    tale.claim("lead_1", "ana", Said::Won, 12_000, 12_400);
    tale.breaks(Rule::WonIsLogged);
}

#[test]
fn an_agent_who_was_told_before_the_log_knew_is_found() {
    let mut tale = good();
    tale.claim("lead_1", "ben", Said::Won, 11_800, 11_900);
    tale.breaks(Rule::WonIsLogged);
}

#[test]
fn an_agent_who_is_told_that_they_won_what_they_once_had_is_found() {
    let mut tale = good();
    tale.returned("lead_1", "ben", 12_500);
    tale.claimed("lead_1", "ana", 12_800);
    tale.claim("lead_1", "chloe", Said::No("taken".to_owned()), 12_900, 12_910);
    tale.holds();
    let mut asked_late = Tale { evidence: tale.evidence.clone() };
    asked_late.evidence.history.retain(|call| call.asked.key().is_some());
    asked_late.claim("lead_1", "ben", Said::Won, 13_000, 13_010);
    asked_late.breaks(Rule::WonIsLogged);
    tale.evidence.history.retain(|call| call.asked.key().is_some());
    tale.claim("lead_1", "ben", Said::AlreadyYours, 13_000, 13_010);
    tale.breaks(Rule::WonIsLogged);
}

#[test]
fn whoever_asks_again_is_told_what_came_of_it_the_first_time() {
    let mut tale = good();
    tale.evidence.history.pop();
    tale.claim("lead_1", "ben", Said::Unknown, 11_990, 12_400);
    tale.claim("lead_1", "ben", Said::Won, 12_500, 12_510);
    tale.holds();
}

#[test]
fn an_agent_who_is_told_to_have_what_is_another_ones_is_found() {
    let mut tale = good();
    tale.claim("lead_1", "ana", Said::AlreadyYours, 13_000, 13_010);
    tale.breaks(Rule::WonIsLogged);
}

#[test]
fn an_admin_who_is_shown_somebody_else_is_found() {
    let mut tale = good();
    tale.shown("lead_1", Some("ben"), 11_990, 12_020);
    tale.shown("lead_1", None, 11_000, 11_010);
    tale.holds();
    tale.shown("lead_1", None, 13_000, 13_010);
    tale.breaks(Rule::ShownIsLogged);
}

#[test]
fn an_agent_who_was_asked_out_of_turn_is_found() {
    two_turns("chloe").breaks(Rule::FairTurns);
    two_turns("ana").breaks(Rule::FairTurns);
}

#[test]
fn a_turn_may_repeat_where_the_board_forgot_one() {
    let mut tale = two_turns("ana");
    tale.evidence.forgot.push(at(150));
    tale.holds();
}

#[test]
fn a_turn_may_be_left_out_that_nobody_had_heard_of_when_the_board_forgot_it() {
    let forgotten_at = |ms| {
        let mut tale = two_turns("chloe");
        tale.evidence.forgot.push(at(ms));
        tale
    };
    forgotten_at(300).holds();
    forgotten_at(1_300).breaks(Rule::FairTurns);
    forgotten_at(50).breaks(Rule::FairTurns);
}

#[test]
fn what_is_broken_names_the_lead_and_how_it_was_sent() {
    let mut tale = good();
    tale.claim("lead_1", "ana", Said::Won, 12_000, 12_400);
    let verdict = tale.verdict();
    let [broken] = &verdict.broken[..] else { panic!("one thing is broken: {verdict:?}") };
    assert_eq!(
        (broken.lead.as_ref(), broken.key.as_deref()),
        (Some(&lead("lead_1")), Some("web-1"))
    );
    assert!(broken.to_string().contains(agent("ana").as_str()));
}
