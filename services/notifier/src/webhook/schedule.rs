//! When an endpoint is told again: soon at first, for three days in all.

use std::time::Duration;

use tipoff_wire::partition::fnv1a;

const SECOND: u64 = 1;
const MINUTE: u64 = 60;
const HOUR: u64 = 3_600;
/// The waits between attempts, in seconds.
const WAITS: [u64; 9] = [
    5 * SECOND,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    24 * HOUR,
];

/// How long to wait after an attempt that failed `since` the message was made;
/// `None`: that was the last one. Spread by a tenth either way, so that what
/// failed together does not come back together.
pub(super) fn next(key: &str, since: Duration) -> Option<Duration> {
    let mut planned = 0;
    // The attempt that just failed may have been late by what waits are spread.
    let place = WAITS.iter().position(|wait| {
        let due = planned;
        planned += wait;
        since < Duration::from_secs(due + wait / 2)
    })?;
    let thousandths = 900 + fnv1a(format!("{key}/{place}").as_bytes()) % 201;
    Some(Duration::from_millis(WAITS[place] * thousandths))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Follows a message whose endpoint is dead: when it is tried.
    fn attempts(key: &str) -> Vec<Duration> {
        let mut at = Duration::ZERO;
        let mut all = vec![at];
        while let Some(wait) = next(key, at) {
            at += wait;
            all.push(at);
        }
        all
    }

    #[test]
    fn a_dead_endpoint_is_tried_ten_times_over_three_days() {
        for key in ["w:hook_1:1-1-0", "w:hook_2:1-1-0", "w:hook_1:9-9-9"] {
            let attempts = attempts(key);
            assert_eq!(attempts.len(), WAITS.len() + 1, "{attempts:?}");
            let last = attempts.last().unwrap().as_secs();
            assert!((65 * HOUR..85 * HOUR).contains(&last), "{last}");
            assert!(attempts[1] < Duration::from_secs(6));
        }
    }

    #[test]
    fn waits_are_spread_but_the_same_for_the_same_message() {
        assert_eq!(next("a", Duration::ZERO), next("a", Duration::ZERO));
        assert_ne!(next("a", Duration::ZERO), next("b", Duration::ZERO));
    }

    #[test]
    fn after_three_days_and_a_half_nothing_is_tried_any_more() {
        assert_eq!(next("a", Duration::from_secs(84 * HOUR)), None);
    }
}
