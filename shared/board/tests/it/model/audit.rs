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
        let all = self.board.standings(&name, DateTime::UNIX_EPOCH, DateTime::<Utc>::MAX_UTC);
        let chunks: Vec<_> = all.try_collect().await.unwrap();
        let mut found = Vec::<Found>::new();
        for chunk in chunks {
            found.extend(self.board.audit(&name, &chunk).await.unwrap());
        }
        for partition in Partition::all(PARTITIONS) {
            found.extend(self.board.idle_reservations(partition).await.unwrap());
        }
        found.retain(|found| found.fault != Fault::Overdue);
        if found.is_empty() { Ok(()) } else { Err(format!("the audit finds {found:?}")) }
    }
}
