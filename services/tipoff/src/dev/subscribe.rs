//! A browser for every agent: whoever takes push gets a subscription at the sink.

use tipoff_roster::Roster;
use tipoff_testkit::sink::PushSink;
use tokio_util::sync::CancellationToken;

pub(super) async fn everybody(
    _roster: Roster,
    _push: PushSink,
    _stop: CancellationToken,
) -> anyhow::Result<()> {
    todo!()
}
