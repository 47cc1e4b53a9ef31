//! Stopping in order: one token, passed as an argument.

use tokio_util::sync::CancellationToken;

/// A token that is cancelled by SIGTERM or Ctrl-C. A second signal ends the
/// process at once.
pub fn on_signal() -> CancellationToken {
    todo!()
}
