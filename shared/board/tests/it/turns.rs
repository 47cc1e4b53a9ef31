use proptest::prelude::{Strategy, proptest};
use proptest::{collection, prop_assert_eq};
use tipoff_domain::plan::Pick;

use crate::fixture::{Table, minutes, next, nine, step, turn};

/// Worked example 1.
#[tokio::test]
async fn the_turn_moves_on_with_the_lead_and_not_with_its_roll_ons() {
    let table = Table::laid().await;
    let all = ["ana", "ben", "chloe"];
    let first = table.place(&turn(&all)).await;
    assert_eq!(table.asked(&first).await, ["ana"]);
    table.at(nine() + minutes(15)).await;
    table.move_on(&first, &next(&["ben", "chloe"])).await;
    assert_eq!(table.asked(&first).await, ["ben"]);
    let second = table.place(&turn(&all)).await;
    assert_eq!(table.asked(&second).await, ["ben"]);
}

/// Worked example 2.
#[tokio::test]
async fn whoever_is_paused_loses_the_turn_and_keeps_the_place() {
    let table = Table::laid().await;
    let first = table.place(&turn(&["-ana", "ben", "chloe"])).await;
    let second = table.place(&turn(&["ana", "ben", "chloe"])).await;
    let third = table.place(&turn(&["ana", "ben", "chloe"])).await;
    assert_eq!(
        [table.asked(&first).await, table.asked(&second).await, table.asked(&third).await],
        [["ben"], ["chloe"], ["ana"]]
    );
}

#[tokio::test]
async fn an_agent_taken_off_the_list_hands_the_turn_to_whoever_followed_them() {
    let table = Table::laid().await;
    table.place(&turn(&["ana", "ben", "chloe"])).await;
    let without_ben = table.place(&turn(&["dana", "ana", "chloe"])).await;
    assert_eq!(table.asked(&without_ben).await, ["chloe"], "not back to the top");
    let reordered = table.place(&turn(&["chloe", "ana", "dana"])).await;
    assert_eq!(table.asked(&reordered).await, ["dana"]);
}

/// Worked example 3.
#[tokio::test]
async fn nobody_is_first_twice_running_unless_they_are_alone() {
    let table = Table::laid().await;
    for expected in ["ana", "ben", "ana", "ben"] {
        let lead = table.place(&step(Pick::Fresh, &["ana", "ben"], None)).await;
        assert_eq!(table.asked(&lead).await, [expected]);
    }
    for _ in 0..3 {
        let lead = table.place(&step(Pick::Fresh, &["ana"], None)).await;
        assert_eq!(table.asked(&lead).await, ["ana"]);
    }
}

/// 50, 30 and 20 percent without streaks: exactly their shares in every ten.
#[tokio::test]
async fn smooth_weights_come_round_at_even_distances() {
    let table = Table::laid().await;
    let plan = step(Pick::Smooth, &["ana=50", "ben=30", "chloe=20"], None);
    for _ in 0..2 {
        let mut ten = Vec::new();
        for _ in 0..10 {
            let lead = table.place(&plan).await;
            ten.extend(table.asked(&lead).await);
        }
        assert!(
            !ten.windows(3).any(|three| three[0] == three[1] && three[1] == three[2]),
            "{ten:?}"
        );
        let count = |agent: &str| ten.iter().filter(|name| *name == agent).count();
        assert_eq!((count("ana"), count("ben"), count("chloe")), (5, 3, 2), "{ten:?}");
    }
}

/// A step of the rotation: who is on the list, in order, and who of them can be picked.
fn rounds() -> impl Strategy<Value = Vec<Vec<(u8, bool)>>> {
    let list =
        collection::vec((0..6_u8, proptest::bool::weighted(0.8)), 1..6).prop_map(|mut list| {
            let mut seen = std::collections::BTreeSet::new();
            list.retain(|(agent, _)| seen.insert(*agent));
            list
        });
    collection::vec(list, 1..12)
}

/// The oracle: a wheel that is re-cut whenever the list changes.
#[derive(Default)]
struct Wheel {
    next: Option<u8>,
    list: Vec<u8>,
}

impl Wheel {
    fn turn(&mut self, list: &[(u8, bool)]) -> Option<u8> {
        let names: Vec<u8> = list.iter().map(|(agent, _)| *agent).collect();
        let from = self
            .heir(&names)
            .and_then(|heir| names.iter().position(|name| *name == heir))
            .unwrap_or(0);
        let place =
            (0..list.len()).map(|step| (from + step) % list.len()).find(|place| list[*place].1)?;
        self.next = Some(names[(place + 1) % names.len()]);
        self.list = names;
        Some(list[place].0)
    }

    /// Whose turn it is among `names`: the next up, or who followed them in the old order.
    fn heir(&self, names: &[u8]) -> Option<u8> {
        let next = self.next?;
        let mut order: Vec<u8> =
            self.list.iter().chain(&self.list).copied().skip_while(|name| *name != next).collect();
        order.insert(0, next);
        order.into_iter().find(|name| names.contains(name))
    }
}

proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 24, ..Default::default() })]

    #[test]
    fn the_rotation_follows_the_wheel_through_any_edits(rounds in rounds()) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (expected, found) = runtime.block_on(async {
            let table = Table::laid().await;
            let mut wheel = Wheel::default();
            let (mut expected, mut found) = (Vec::new(), Vec::new());
            for list in rounds {
                // A list without anybody to pick is never sent to the board.
                let Some(turn_of) = wheel.turn(&list) else { continue };
                let names: Vec<String> = list.iter().map(|(a, can)| format!("{}a{a}", if *can { "" } else { "-" })).collect();
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                let lead = table.place(&turn(&names)).await;
                expected.push(vec![format!("a{turn_of}")]);
                found.push(table.asked(&lead).await);
            }
            (expected, found)
        });
        prop_assert_eq!(expected, found);
    }
}
