//! Deadlines that come early, late, or somewhere else.

use tipoff_trouble::checker::Rule;
use tipoff_trouble::evidence::Outage;

use crate::good;
use crate::tale::{Tale, at};

/// One lead that ana is asked about for ten seconds, and told of.
fn asked() -> Tale {
    let mut tale = Tale::new();
    tale.take("web-1", "lead_1", 0);
    tale.received("lead_1", "web-1", 10);
    tale.offered("lead_1", 1, &["ana"], 10, 10_010);
    tale.told("lead_1", 1, "ana", 40);
    tale
}

#[test]
fn an_offer_that_ended_early_is_found() {
    let mut tale = asked();
    tale.expired("lead_1", 10_009);
    tale.pooled("lead_1", 10_009);
    tale.breaks(Rule::NotEarly);
}

#[test]
fn a_claim_at_the_deadline_itself_is_too_late() {
    let mut tale = asked();
    tale.claimed("lead_1", "ana", 10_010);
    tale.breaks(Rule::NotEarly);
}

#[test]
fn a_deadline_that_was_moved_forward_is_found() {
    let mut tale = good();
    tale.take("web-2", "lead_2", 100);
    tale.received("lead_2", "web-2", 110);
    tale.offered("lead_2", 1, &["ben"], 110, 10_110);
    tale.extended("lead_2", 500, 9_000, 100);
    tale.claimed("lead_2", "ben", 600);
    tale.breaks(Rule::NotEarly);
}

fn late() -> Tale {
    let mut tale = asked();
    tale.expired("lead_1", 15_500);
    tale.pooled("lead_1", 15_500);
    tale
}

#[test]
fn a_deadline_that_fired_late_is_found_unless_something_was_broken_then() {
    late().breaks(Rule::NotLate);
    let mut tale = late();
    tale.evidence.outages.push(Outage { from: at(9_000), to: at(15_000) });
    tale.holds();
    let mut tale = late();
    tale.evidence.outages.push(Outage { from: at(9_000), to: at(11_000) });
    tale.breaks(Rule::NotLate);
}

/// A lead whose deadline was put off by `put_off` when something had been broken from 8 s on,
/// `broken` ms long.
fn put_off_after(broken: i64, put_off: i64) -> Tale {
    let mut tale = asked();
    tale.evidence.outages.push(Outage { from: at(8_000), to: at(8_000 + broken) });
    tale.extended("lead_1", 12_000, 12_000 + put_off, put_off);
    tale.claimed("lead_1", "ana", 12_500);
    tale
}

#[test]
fn a_deadline_is_put_off_by_no_more_than_something_was_broken() {
    put_off_after(3_500, 3_900).holds();
    put_off_after(3_500, 8_000).breaks(Rule::NotLate);
    put_off_after(2_100, 4_000).breaks(Rule::NotLate);
}

#[test]
fn a_deadline_that_is_put_off_long_after_all_was_well_is_found() {
    let put_off_at = |ms| {
        let mut tale = put_off_after(4_000, 4_000);
        tale.evidence.log.truncate(2);
        tale.extended("lead_1", ms, ms + 4_000, 4_000);
        tale.claimed("lead_1", "ana", ms + 100);
        tale
    };
    put_off_at(12_900).holds();
    put_off_at(13_100).breaks(Rule::NotLate);
}

#[test]
fn a_deadline_is_put_off_by_no_more_than_its_offer_was_to_last() {
    let twice = |second: i64| {
        let mut tale = put_off_after(4_000, 4_000);
        tale.evidence.log.truncate(3);
        tale.evidence.outages.push(Outage { from: at(13_000), to: at(28_000) });
        tale.extended("lead_1", 22_000, 22_000 + second, 4_000 + second);
        tale.claimed("lead_1", "ana", 22_100);
        tale
    };
    twice(6_000).holds();
    twice(6_001).breaks(Rule::NotLate);
}

#[test]
fn a_pass_after_the_deadline_is_found() {
    let passed_at = |ms| {
        let mut tale = asked();
        tale.passed("lead_1", "ana", ms);
        tale.pooled("lead_1", ms);
        tale
    };
    passed_at(10_009).holds();
    passed_at(10_010).breaks(Rule::NotEarly);
}

#[test]
fn an_offer_that_others_get_while_it_stands_is_found() {
    let goes_on = |how: &dyn Fn(&mut Tale)| {
        let mut tale = asked();
        how(&mut tale);
        tale
    };
    goes_on(&|tale| {
        tale.offered("lead_1", 2, &["ben"], 6_000, 16_000);
        tale.claimed("lead_1", "ben", 6_100);
    })
    .breaks(Rule::NotEarly);
    goes_on(&|tale| tale.pooled("lead_1", 10_020)).breaks(Rule::NotEarly);
}

#[test]
fn an_offer_that_never_ends_is_found() {
    asked().breaks(Rule::NotLate);
}
