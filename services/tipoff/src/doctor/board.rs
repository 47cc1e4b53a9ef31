//! The board: whether it has what the log has.

use tipoff_board::{Board, Gates};
use tipoff_runtime::{Nats, Redis};

use super::findings::Findings;

pub(super) async fn examine(nats: Nats, redis: Redis, partitions: u16, findings: &mut Findings) {
    match Board::new(redis, nats, partitions).gates().await {
        Ok(Gates { behind: 0, .. }) => {
            findings.well("board", "no partition is known to lack what the log has");
        }
        Ok(Gates { behind, .. }) => findings.wrong(
            "board",
            format!("{behind} of {partitions} partitions are shut: Redis lacks what the log has"),
            "a router catches up by itself; if none does, look at its log, or run `tipoff rebuild`",
        ),
        Err(error) => findings.wrong(
            "board",
            format!("does not say whether it is open: {error}"),
            "allow the commands EVAL and INFO, and direct reads of the stream EVENTS",
        ),
    }
}
