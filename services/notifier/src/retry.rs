//! When a notice is tried again.

use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;
use tipoff_wire::partition::fnv1a;

const STEPS: [u64; 5] = [1, 3, 10, 30, 60];
/// So often somebody hurries: twice as long as the shortest offer lasts.
const HURRIED: i64 = 10;
/// A retry that leaves the agent less than this is not worth making.
const SHORTEST: TimeDelta = TimeDelta::seconds(2);

/// How long to wait after so many deliveries: longer each time, up to a minute,
/// and spread by a fifth either way, so that what failed together does not come
/// back together. The same notice always waits equally long.
pub(crate) fn backoff(key: &str, deliveries: i64) -> Duration {
    stepped(key, deliveries, u64::MAX)
}

/// The same for what everybody waits for and nobody is spared by waiting longer, such as the
/// board: two seconds at first, as an offer may last for no more than ten, and ten later on.
pub(crate) fn shortly(key: &str, deliveries: i64) -> Duration {
    stepped(key, deliveries, if deliveries <= HURRIED { 2 } else { 10 })
}

/// No step is longer than so many seconds.
fn stepped(key: &str, deliveries: i64, most: u64) -> Duration {
    let index = usize::try_from(deliveries.max(1) - 1).unwrap_or(usize::MAX).min(STEPS.len() - 1);
    let thousandths = 800 + fnv1a(format!("{key}/{deliveries}").as_bytes()) % 401;
    Duration::from_millis(STEPS[index].min(most) * thousandths)
}

/// The same for what many wait for: ten seconds at most.
pub(crate) fn soon(key: &str, deliveries: i64) -> Duration {
    backoff(key, deliveries).min(Duration::from_secs(10))
}

/// A wait and up to half as much again, so that those who wait for the same
/// thing do not come back together.
pub(crate) fn spread(key: &str, deliveries: i64, wait: Duration) -> Duration {
    let thousandths = fnv1a(format!("{key}/{deliveries}").as_bytes()) % 500;
    wait + wait.mul_f64(f64::from(u32::try_from(thousandths).unwrap_or(0)) / 1_000.0)
}

/// A wait that ends before the deadline; `None`: there is no time for another try.
pub(crate) fn before(
    deadline: DateTime<Utc>,
    now: DateTime<Utc>,
    wait: Duration,
) -> Option<Duration> {
    let left = deadline - now;
    let half = (left / 2).to_std().ok()?;
    (left > SHORTEST).then_some(wait.min(half))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_minute_and_stay_within_a_fifth() {
        for (deliveries, seconds) in
            [(1, 1), (2, 3), (3, 10), (4, 30), (5, 60), (6, 60), (1_000, 60)]
        {
            for key in ["n:lead_1:1:ana:email", "n:lead_2:1:ben:push", "n:lead_3:9:chloe:email"] {
                let wait = backoff(key, deliveries);
                let step = Duration::from_secs(seconds);
                assert!(wait >= step * 4 / 5 && wait <= step * 6 / 5, "{deliveries}: {wait:?}");
            }
        }
    }

    /// A board that comes back within a few seconds finds them while a short offer stands.
    #[test]
    fn what_everybody_waits_for_is_asked_for_again_before_the_shortest_offer_is_over() {
        for key in ["n:lead_1:1:ana:email", "n:lead_2:1:ben:push", "n:lead_3:9:chloe:email"] {
            for deliveries in 1..100 {
                let (wait, most) =
                    (shortly(key, deliveries), if deliveries <= 10 { 2 } else { 10 });
                assert!(wait <= Duration::from_secs(most) * 6 / 5, "{deliveries}: {wait:?}");
            }
        }
    }

    #[test]
    fn waits_of_different_notices_differ_and_of_the_same_do_not() {
        assert_eq!(backoff("a", 3), backoff("a", 3));
        assert_ne!(backoff("a", 3), backoff("b", 3));
    }

    #[test]
    fn a_retry_never_comes_after_the_deadline() {
        let now: DateTime<Utc> = "2026-11-22T09:30:00Z".parse().unwrap();
        let minute = Duration::from_mins(1);
        assert_eq!(before(now + TimeDelta::minutes(15), now, minute), Some(minute));
        assert_eq!(
            before(now + TimeDelta::seconds(20), now, minute),
            Some(Duration::from_secs(10))
        );
        assert_eq!(before(now + TimeDelta::seconds(2), now, minute), None);
        assert_eq!(before(now - TimeDelta::seconds(2), now, minute), None);
    }
}
