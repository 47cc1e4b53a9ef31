//! The board: whether it has what the log has.

use tipoff_board::{Board, Gates, Memory};
use tipoff_runtime::{Nats, Redis};

use super::findings::Findings;

pub(super) async fn examine(nats: Nats, redis: Redis, partitions: u16, findings: &mut Findings) {
    let board = Board::new(redis, nats, partitions);
    match board.memory().await {
        Ok(servers) => servers.into_iter().for_each(|server| room(server, findings)),
        Err(error) => findings.wrong(
            "redis",
            format!("does not say how much memory it uses: {error}"),
            "allow the command INFO",
        ),
    }
    match board.gates().await {
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

fn room(server: Memory, findings: &mut Findings) {
    let mb = |bytes: u64| bytes / 1_000_000;
    let used = mb(server.used);
    let Some((most, part)) = server.most.zip(server.part()) else {
        findings.well("redis", format!("uses {used} MB, and may use all that its machine has"));
        return;
    };
    findings.judge(
        part < Memory::ALARMING,
        "redis",
        format!("uses {used} of {} MB", mb(most)),
        "give it more (`maxmemory`), or keep less (`tipoff init --board-days`): once it is full it takes nothing",
    );
}
