//! The real scripts on a real Redis, driven by the same random sequences as
//! the state machine in `tipoff_domain::model`, must stay equal to it in
//! everything that can be seen: what everybody is answered, where every lead
//! stands and in which lists, what routes remember, what is due, and every
//! event; also after Redis has lost everything and the log has put it back.
//!
//! `TIPOFF_MODEL_CASES` sets how many sequences are tried.

mod audit;
mod changes;
mod run;
mod seen;

use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};
use tipoff_board::Board;
use tokio::runtime::Runtime;

use crate::fixture::Table;
use changes::changes;
use run::Run;

/// So it is said where the servers failed, and not the scripts.
pub(crate) const OUT_OF_REACH: &str = "out of reach";

/// What went wrong in the first sequence after which the two differ.
pub(crate) fn compare(
    runtime: &Runtime,
    table: &Table,
    board: &Board,
    mut runner: TestRunner,
) -> Result<(), String> {
    let outcome = runner.run(&changes(), |changes| {
        let compared = runtime.block_on(async {
            let mut run = Run::begin(table, board).await;
            for (entity, change) in &changes {
                run.make_and_compare(*entity, change).await?;
            }
            Ok(())
        });
        compared.map_err(|what: String| TestCaseError::fail(what))
    });
    match outcome {
        Ok(()) => Ok(()),
        Err(TestError::Fail(what, changes)) => Err(format!("{what}\nin {changes:#?}")),
        Err(TestError::Abort(what)) => Err(what.to_string()),
    }
}

#[test]
fn the_scripts_do_what_the_state_machine_says() {
    let cases =
        std::env::var("TIPOFF_MODEL_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(48);
    let runtime = Runtime::new().unwrap();
    let table = runtime.block_on(Table::laid());
    let config = Config { cases, max_shrink_iters: 2_000, ..Config::default() };
    let board = table.board.clone().patient();
    if let Err(what) = compare(&runtime, &table, &board, TestRunner::new(config)) {
        panic!("{what}");
    }
}
