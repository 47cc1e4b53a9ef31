//! Who gets how much: 100,000 leads a strategy, held against a chi-squared bound.

use std::collections::BTreeMap;

use proptest::prelude::proptest;
use proptest::{prop_assert, prop_assert_eq};
use serde_json::{Value, json};
use tipoff_domain::plan::{Arrival, Pick, plan};

use crate::fixture::{FRIDAY, at, lead, order, plan_it, route, seeded, step, view};

const LEADS: u32 = 100_000;

/// First places over many leads, all drawn with one pair of dice.
fn first_places(strategy: Value, agents: &[&str]) -> BTreeMap<String, u32> {
    let (team, person) = (view(agents, vec![route("r", strategy, json!({}))]), lead(json!({})));
    let mut dice = seeded(2026);
    let mut places = BTreeMap::new();
    for _ in 0..LEADS {
        let plan = plan(&Arrival::of(&person), &team, at(FRIDAY), &mut dice);
        *places.entry(order(&plan)[0].clone()).or_insert(0) += 1;
    }
    places
}

fn chi_squared(found: &BTreeMap<String, u32>, expected: &[(&str, f64)]) -> f64 {
    let expect = |(name, share): &(&str, f64)| {
        let expected = share * f64::from(LEADS);
        let off = f64::from(found.get(*name).copied().unwrap_or(0)) - expected;
        off * off / expected
    };
    expected.iter().map(expect).sum()
}

#[test]
fn weights_are_probabilities() {
    let found = first_places(
        json!({"kind": "weighted_random", "weights": {"ana": 50, "ben": 30, "chloe": 20}}),
        &["ana", "ben", "chloe"],
    );
    // 13.8 is exceeded once in a thousand runs by fair dice with two degrees of freedom.
    let off = chi_squared(&found, &[("ana", 0.5), ("ben", 0.3), ("chloe", 0.2)]);
    assert!(off < 13.8, "{off} {found:?}");
}

/// D-10.
#[test]
fn less_average_and_more_are_one_two_and_three_parts() {
    let odds = json!({"kind": "weighted_random", "odds": {"ana": "less", "ben": "average", "chloe": "average", "dana": "more"}});
    let found = first_places(odds, &["ana", "ben", "chloe", "dana"]);
    let off =
        chi_squared(&found, &[("ana", 0.125), ("ben", 0.25), ("chloe", 0.25), ("dana", 0.375)]);
    assert!(off < 16.3, "{off} {found:?}");
}

#[test]
fn the_random_order_favours_nobody() {
    let agents = ["ana", "ben", "chloe", "dana", "eve"];
    let found = first_places(json!({"kind": "random", "agents": "all"}), &agents);
    let off = chi_squared(&found, &agents.map(|agent| (agent, 0.2)));
    assert!(off < 18.5, "{off} {found:?}");
}

proptest! {
    #[test]
    fn the_same_dice_plan_the_same(seed: u64) {
        let team = view(&["ana", "ben", "chloe"], vec![route("r", json!({"kind": "random", "agents": "all"}), json!({}))]);
        let person = lead(json!({}));
        prop_assert_eq!(plan_it(&person, &team, FRIDAY, seed), plan_it(&person, &team, FRIDAY, seed));
    }

    #[test]
    fn a_weight_of_nothing_is_never_drawn(seed: u64) {
        let weights = json!({"kind": "weighted_random", "weights": {"ana": 100, "ben": 0}});
        let team = view(&["ana", "ben"], vec![route("r", weights, json!({}))]);
        prop_assert_eq!(order(&plan_it(&lead(json!({})), &team, FRIDAY, seed)), vec!["ana".to_owned()]);
    }

    #[test]
    fn a_jump_ball_asks_everybody_at_once(seed: u64) {
        let team = view(&["ana", "ben"], vec![route("r", json!({"kind": "jump_ball", "agents": "all"}), json!({}))]);
        let plan = plan_it(&lead(json!({})), &team, FRIDAY, seed);
        prop_assert_eq!(step(&plan).pick, Pick::All);
        prop_assert!(order(&plan) == ["ana", "ben"]);
    }
}
