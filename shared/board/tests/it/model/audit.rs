//! After every change the standing audit finds nothing (D-37): the board never
//! leaves a lead where nothing would move it on.

use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use tipoff_board::Found;
use tipoff_domain::audit::Fault;
use tipoff_wire::Partition;

use super::run::Run;
use crate::fixture::PARTITIONS;

impl Run<'_> {
    /// Deadlines that nobody fires are this test's own doing.
    pub(super) async fn audit(&self, entity: usize) -> Result<(), String> {
        let name = self.entity(entity);
        let partition = Partition::of(&name, PARTITIONS);
        let all = self.board.look_over(partition, vec![name], DateTime::<Utc>::MAX_UTC);
        let chunks: Vec<_> = all.try_collect().await.unwrap();
        let mut found: Vec<Found> = chunks.into_iter().flat_map(|chunk| chunk.found).collect();
        found.retain(|found| found.fault != Fault::Overdue);
        if found.is_empty() { Ok(()) } else { Err(format!("the audit finds {found:?}")) }
    }
}
