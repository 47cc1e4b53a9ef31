//! Who is told of what, and when.

use tipoff_trouble::checker::Rule;
use tipoff_trouble::evidence::Outage;

use crate::good;
use crate::tale::{Tale, at};

#[test]
fn an_agent_who_was_never_told_is_found() {
    let mut tale = good();
    tale.evidence.told.remove(0);
    tale.breaks(Rule::Told);
}

#[test]
fn an_agent_who_claimed_at_once_need_not_have_been_told() {
    let mut tale = good();
    tale.evidence.told.remove(1);
    tale.holds();
}

#[test]
fn an_agent_who_is_told_when_it_is_over_is_found() {
    let mut tale = good();
    tale.told("lead_1", 1, "ana", 11_500);
    tale.breaks(Rule::NotToldAfterwards);
}

#[test]
fn a_repeated_notice_is_counted_and_breaks_nothing() {
    let mut tale = good();
    tale.told("lead_1", 1, "ana", 60);
    let verdict = tale.holds();
    assert_eq!(verdict.repeated, [Some("web-1".to_owned())]);
    assert_eq!((verdict.won, verdict.fired.len()), (1, 1));
    assert!(verdict.fired[0].undisturbed, "{:?}", verdict.fired);
}

#[test]
fn somebody_who_hears_what_is_another_ones_is_found() {
    let mut tale = good();
    tale.evidence.told[0].to = "ben@acme.example.com".to_owned();
    tale.breaks(Rule::NotToldOthers);
}

#[test]
fn a_notice_of_what_the_log_does_not_have_is_found() {
    let until = |ms| at(ms).timestamp_millis();
    for notice in [
        format!("n:lead_1:1:ben:email:{}", until(10_010)),
        format!("n:lead_1:1:ana:email:{}", until(10_011)),
        format!("n:lead_1:7:ana:email:{}", until(10_010)),
        format!("n:lead_9:1:ana:email:{}", until(10_010)),
        "n:lead_1:v9:ben:email".to_owned(),
        "hello".to_owned(),
    ] {
        let mut tale = good();
        tale.hears(if notice.contains("ben") { "ben" } else { "ana" }, &notice, 50);
        tale.breaks(Rule::NotToldOthers);
    }
    let mut tale = good();
    tale.hears("ben", "n:lead_1:v5:ben:email", 12_010);
    tale.holds();
}

#[test]
fn a_notice_that_was_faster_than_the_log_is_found() {
    let mut tale = good();
    tale.evidence.told[1].at = at(10_000);
    tale.breaks(Rule::NotToldOthers);
}

/// A lead whose deadline was put off before ana claimed it, and whether she heard of
/// the first one and of the second.
fn put_off(first: bool, second: bool) -> Tale {
    let mut tale = Tale::new();
    tale.take("web-1", "lead_1", 0);
    tale.received("lead_1", "web-1", 10);
    tale.offered("lead_1", 1, &["ana"], 10, 10_010);
    if first {
        tale.told("lead_1", 1, "ana", 40);
    }
    tale.evidence.outages.push(Outage { from: at(9_000), to: at(20_000) });
    tale.extended("lead_1", 20_000, 30_000, 10_000);
    if second {
        tale.told("lead_1", 1, "ana", 20_050);
    }
    tale.claimed("lead_1", "ana", 21_000);
    tale
}

#[test]
fn an_agent_who_hears_that_the_deadline_was_put_off_was_told_and_not_twice() {
    assert!(put_off(true, true).holds().repeated.is_empty());
    assert!(put_off(false, true).holds().repeated.is_empty());
    put_off(false, false).breaks(Rule::Told);
}
