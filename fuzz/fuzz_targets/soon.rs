//! How long an input may take.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Of the processor's own time: what else this machine does is not counted.
const MOST: Duration = Duration::from_millis(50);

/// No input takes longer. What is made once, at first use, counts for none: one that took
/// too long is tried again.
pub(crate) fn soon(work: impl Fn()) {
    if took(&work) > MOST {
        let took = took(&work);
        assert!(took <= MOST, "it takes {took:?}");
    }
}

fn took(work: &impl Fn()) -> Duration {
    let begun = now();
    work();
    now().saturating_sub(begun)
}

fn now() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(now).expect("the processor's time only grows from nought")
}
