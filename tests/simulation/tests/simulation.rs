//! A short run, and what is found where a rule is left out.

use tipoff_simulation::{Rules, play};

const STEPS: u64 = 200_000;

#[test]
fn no_loss_crash_or_delay_breaks_a_promise_and_all_of_them_happen() {
    let outcome = play(1, STEPS, Rules::ALL).unwrap();
    assert_eq!(outcome.broken, []);
    assert_eq!(outcome.never(), [""; 0]);
    assert!(outcome.leads > 1_000, "{}", outcome.leads);
}

#[test]
fn the_same_seed_tells_the_same_story() {
    let told = || format!("{:?}", play(7, 20_000, Rules::ALL).unwrap());
    assert_eq!(told(), told());
}

#[test]
fn somebody_is_told_of_a_lead_that_another_gets_where_the_log_does_not_come_first() {
    let outcome = play(1, STEPS, Rules { log_first: false, ..Rules::ALL }).unwrap();
    assert!(!outcome.broken.is_empty());
}

#[test]
fn a_lead_has_two_owners_where_the_log_takes_whatever_comes() {
    let outcome = play(1, STEPS, Rules { in_order: false, ..Rules::ALL }).unwrap();
    assert!(!outcome.broken.is_empty());
}
