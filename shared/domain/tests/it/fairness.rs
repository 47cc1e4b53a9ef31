//! Fairness, measured: 100,000 leads per strategy through the planner and the
//! reference memory of turns, roll-ons and agents who never answer included.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde_json::{Value, json};
use tipoff_domain::model::turns::Turns;
use tipoff_domain::simulate::{Answers, End, Fate, Past, play};

use crate::fixture::{FRIDAY, at, id, lead, route, seeded, view};

const LEADS: u32 = 100_000;
const FIVE: [&str; 5] = ["ana", "ben", "chloe", "dana", "eve"];

/// Leads ten minutes apart on one route that asks for five minutes.
fn played(strategy: Value, agents: &[&str], never: &[&str]) -> Vec<Fate> {
    let team = view(agents, vec![route("r", strategy, json!({"claim_within": "5m"}))]);
    let person = lead(json!({}));
    let past = |number: u32| Past {
        at: at(FRIDAY) + TimeDelta::minutes(10 * i64::from(number)),
        lead: person.clone(),
        sent: false,
        agent: None,
        took: None,
    };
    let past: Vec<Past> = (0..LEADS).map(past).collect();
    let agents = never.iter().map(|agent| (id(agent), 0.0)).collect();
    play(
        &team,
        &past,
        &Answers { others: 1.0, agents, after: None },
        Turns::default(),
        seeded(2026),
    )
}

fn counted<'a>(names: impl Iterator<Item = &'a tipoff_domain::AgentId>) -> BTreeMap<String, u32> {
    let mut counts = BTreeMap::new();
    for name in names {
        *counts.entry(name.to_string()).or_insert(0) += 1;
    }
    counts
}

fn first_offers(fates: &[Fate]) -> BTreeMap<String, u32> {
    counted(fates.iter().map(|fate| &fate.asked[0]))
}

fn got(fates: &[Fate]) -> BTreeMap<String, u32> {
    counted(fates.iter().filter_map(Fate::agent))
}

#[track_caller]
fn assert_chi_squared(found: &BTreeMap<String, u32>, expected: &[(&str, f64)], bound: f64) {
    let total = f64::from(found.values().sum::<u32>());
    let off = |(name, share): &(&str, f64)| {
        let expected = share * total;
        let off = f64::from(found.get(*name).copied().unwrap_or(0)) - expected;
        off * off / expected
    };
    let sum: f64 = expected.iter().map(off).sum();
    assert!(sum < bound, "chi squared {sum:.1}, at most {bound}: {found:?}");
    assert_eq!(found.len(), expected.len(), "{found:?}");
}

/// What fair dice exceed once in a thousand runs, by degrees of freedom.
const TWO: f64 = 13.8;
const FOUR: f64 = 18.5;

fn even<'a>(agents: &[&'a str]) -> Vec<(&'a str, f64)> {
    let count = u32::try_from(agents.len()).unwrap();
    agents.iter().map(|agent| (*agent, 1.0 / f64::from(count))).collect()
}

fn round_robin(roll_on: &str) -> Value {
    json!({"kind": "round_robin", "agents": FIVE, "roll_on": roll_on})
}

/// D-7: whoever never answers changes nobody's share of first offers.
#[test]
fn round_robin_gives_everybody_the_same_first_offers() {
    for (roll_on, never) in
        [("list", vec![]), ("list", vec!["ben"]), ("spread", vec!["ben", "chloe"])]
    {
        let found = first_offers(&played(round_robin(roll_on), &FIVE, &never));
        assert!(found.values().all(|count| *count == LEADS / 5), "{roll_on} {never:?}: {found:?}");
    }
}

/// D-7: by the list, what Ben leaves is Chloe's; spread, it is everybody's.
#[test]
fn what_an_agent_leaves_goes_to_their_neighbour_or_is_spread() {
    let list = got(&played(round_robin("list"), &FIVE, &["ben"]));
    assert_eq!(list["chloe"], 2 * LEADS / 5);
    assert!(["ana", "dana", "eve"].iter().all(|agent| list[*agent] == LEADS / 5), "{list:?}");

    let spread = got(&played(round_robin("spread"), &FIVE, &["ben"]));
    for agent in ["ana", "chloe", "dana", "eve"] {
        assert!(spread[agent].abs_diff(LEADS / 4) <= 1, "{spread:?}");
    }
    let two_away = got(&played(round_robin("spread"), &FIVE, &["ben", "chloe"]));
    for agent in ["ana", "dana", "eve"] {
        assert!(two_away[agent].abs_diff(LEADS / 3) <= LEADS / 1_000, "{two_away:?}");
    }
}

/// D-8: never the same first agent twice running, and equal shares all the same.
#[test]
fn random_is_even_and_never_the_same_twice_in_a_row() {
    for never in [vec![], vec!["ben"]] {
        let fates = played(json!({"kind": "random", "agents": FIVE}), &FIVE, &never);
        assert!(fates.windows(2).all(|pair| pair[0].asked[0] != pair[1].asked[0]));
        let found = first_offers(&fates);
        assert_chi_squared(&found, &even(&FIVE), FOUR);
        // The yardstick of D-8: 19.95 to 20.04 percent of 300,000.
        assert!(found.values().all(|count| count.abs_diff(LEADS / 5) < LEADS / 400), "{found:?}");
    }
    let left = got(&played(json!({"kind": "random", "agents": FIVE}), &FIVE, &["ben"]));
    assert_chi_squared(&left, &even(&["ana", "chloe", "dana", "eve"]), FOUR);
}

#[test]
fn two_random_agents_take_turns_and_one_has_all() {
    let two = played(json!({"kind": "random", "agents": "all"}), &["ana", "ben"], &["ben"]);
    assert!(two.windows(2).all(|pair| pair[0].asked[0] != pair[1].asked[0]));
    let one = first_offers(&played(json!({"kind": "random", "agents": "all"}), &["ana"], &[]));
    assert_eq!(one["ana"], LEADS);
}

fn weights(smooth: bool) -> Value {
    json!({"kind": "weighted_random", "weights": {"ana": 50, "ben": 30, "chloe": 20}, "smooth": smooth})
}

const THREE: [&str; 3] = ["ana", "ben", "chloe"];

/// D-9: after a miss the weights of the others count, renormalised.
#[test]
fn weights_hold_for_first_offers_and_for_what_is_left() {
    let fates = played(weights(false), &THREE, &THREE);
    let shares = [("ana", 0.5), ("ben", 0.3), ("chloe", 0.2)];
    assert_chi_squared(&first_offers(&fates), &shares, TWO);
    let second = counted(fates.iter().map(|fate| &fate.asked[1]));
    // 33.9, 37.5 and 28.6 percent.
    let shares = [
        ("ana", 0.3 * 0.5 / 0.7 + 0.2 * 0.5 / 0.8),
        ("ben", 0.5 * 0.3 / 0.5 + 0.2 * 0.3 / 0.8),
        ("chloe", 0.5 * 0.2 / 0.5 + 0.3 * 0.2 / 0.7),
    ];
    assert_chi_squared(&second, &shares, TWO);
    assert!(fates.iter().all(|fate| fate.asked.len() == 3 && matches!(fate.end, End::Pooled(_))));
}

fn longest_wait(fates: &[Fate], agent: &str) -> usize {
    let others = fates.split(|fate| fate.asked[0].as_str() == agent);
    others.map(<[Fate]>::len).max().unwrap()
}

/// D-11: the same shares without streaks. Chloe's longest wait is 4 leads.
#[test]
fn smooth_weights_give_the_exact_shares_without_long_waits() {
    for never in [vec![], vec!["ben"]] {
        let smooth = played(weights(true), &THREE, &never);
        let found = first_offers(&smooth);
        assert_eq!((found["ana"], found["ben"], found["chloe"]), (50_000, 30_000, 20_000));
        assert_eq!(longest_wait(&smooth, "chloe"), 4);
    }
    assert!(longest_wait(&played(weights(false), &THREE, &[]), "chloe") > 20);
}

/// D-35: everybody is asked, whatever their weight; who is first has it.
#[test]
fn a_jump_ball_asks_everybody_each_time() {
    let fates = played(json!({"kind": "jump_ball", "agents": FIVE}), &FIVE, &["ben"]);
    assert!(fates.iter().all(|fate| fate.asked.len() == 5));
    assert_chi_squared(&got(&fates), &even(&["ana", "chloe", "dana", "eve"]), FOUR);
}
