//! Something that fails for everybody while a server is away.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether it failed the last time: told once when it begins and once when it
/// ends, and not for every message. Clones are one.
#[derive(Debug, Clone, Default)]
pub struct Failing(Arc<AtomicBool>);

impl Failing {
    /// It failed; `true`: for the first time since it worked.
    pub fn begins(&self) -> bool {
        !self.0.swap(true, Ordering::Relaxed)
    }

    /// It worked; `true`: for the first time since it failed.
    pub fn ends(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_once_that_something_fails_and_once_that_it_works_again() {
        let failing = Failing::default();
        let seen_elsewhere = failing.clone();
        assert!(!failing.ends(), "it never failed");
        assert!(failing.begins());
        assert!(!seen_elsewhere.begins());
        assert!(seen_elsewhere.ends());
        assert!(!failing.ends());
        assert!(failing.begins(), "it fails anew");
    }
}
