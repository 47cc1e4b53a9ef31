//! Something that fails for everybody while a server is away.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether it failed the last time: told once when it begins and once when it
/// ends, and not for every lead. Clones are one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Failing(Arc<AtomicBool>);

impl Failing {
    /// It failed; `true`: for the first time since it worked.
    pub(crate) fn begins(&self) -> bool {
        !self.0.swap(true, Ordering::Relaxed)
    }

    /// It worked; `true`: for the first time since it failed.
    pub(crate) fn ends(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}
