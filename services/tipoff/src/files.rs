//! As many open files as this machine lets us have: a service keeps thousands of connections,
//! and most systems give a program a thousand until it asks for more.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Asks for all that may be had. Where that is refused the program goes on with what it has;
/// whoever connects when there is no room waits.
pub(crate) fn as_many_as_may_be() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).ok();
}
