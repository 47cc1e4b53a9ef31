//! A time in which nobody swept. The deadlines in it are put off, so that no agent loses
//! a lead because we were away: some at a time, for there may be tens of thousands, and
//! what is due behind them is not to wait until all are done.

use std::time::Duration;

use futures::{StreamExt, stream};
use tipoff_domain::LeadId;
use tipoff_wire::Partition;
use tokio::time::Instant;
use tracing::warn;

use crate::keys::Keys;
use crate::sweep::SWEEP_AT_MOST;
use crate::{Board, BoardError, OnBoard};

/// A pause in sweeping that agents must not pay for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);
/// Leads put off at once.
const AT_ONCE: usize = 100;

/// A time in which nobody swept a partition, and how far its deadlines are put off.
/// Instants are the board's, in ms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    began: i64,
    /// Up to here its deadlines are put off, or stay as they are.
    pub(crate) done: i64,
    pub(crate) ended: i64,
    worked_on: Instant,
}

impl Gap {
    pub(crate) fn seen(partition: Partition, began: i64, ended: i64) -> Self {
        warn!(%partition, gap.ms = ended - began, "nobody swept for a while; deadlines in between are put off");
        Self { began, done: began, ended, worked_on: Instant::now() }
    }

    /// Whether nothing else can have been missed since. As long as a gap is worked on, the
    /// board has its beginning for the last sweep, so whoever looks anew finds all of it.
    pub(crate) fn is_fresh(&self) -> bool {
        self.worked_on.elapsed() < PATIENCE
    }
}

impl Board {
    /// Puts off the next deadlines of a gap; answers what is left of it.
    pub(crate) async fn put_off(
        &self,
        partition: Partition,
        gap: Gap,
    ) -> Result<Option<Gap>, BoardError> {
        let until = self.next_of(partition, &gap).await?;
        let mut range = redis::cmd("ZRANGE");
        range.arg(Keys(partition).deadlines()).arg(format!("({}", gap.done)).arg(until);
        let names: Vec<String> = range.arg("BYSCORE").query_async(&mut self.redis.clone()).await?;
        let leads: Vec<LeadId> = names.iter().filter_map(|name| name.parse().ok()).collect();
        // One that cannot be read or put off now keeps nobody else waiting.
        let extending = self
            .load_each(partition, &leads)
            .await?
            .into_iter()
            .map(async |lead| self.extend(&lead?, &gap).await);
        let extended: Vec<_> = stream::iter(extending).buffer_unordered(AT_ONCE).collect().await;
        if let Some(error) = extended.into_iter().find_map(Result::err) {
            warn!(error = &error as &dyn std::error::Error, %partition, "deadlines that are not put off");
        }
        Ok((until < gap.ended).then(|| Gap { done: until, worked_on: Instant::now(), ..gap }))
    }

    /// How far the next ones reach: by time, and not by number, as all who are put off
    /// leave the gap, and others may leave it meanwhile.
    async fn next_of(&self, partition: Partition, gap: &Gap) -> Result<i64, BoardError> {
        let mut last = redis::cmd("ZRANGE");
        last.arg(Keys(partition).deadlines()).arg(format!("({}", gap.done)).arg(gap.ended);
        last.arg("BYSCORE").arg("LIMIT").arg(SWEEP_AT_MOST - 1).arg(1).arg("WITHSCORES");
        let last: Vec<(String, i64)> = last.query_async(&mut self.redis.clone()).await?;
        Ok(last.first().map_or(gap.ended, |(_, at)| *at))
    }

    async fn extend(&self, lead: &OnBoard, gap: &Gap) -> Result<(), BoardError> {
        let verb = &self.scripts.extend;
        let (began, ended) = (gap.began.to_string(), gap.ended.to_string());
        let reply = self.change(verb, &lead.entity, &lead.id, &[&began, &ended]).await?;
        match reply.word.as_str() {
            "extended" | "fine" => Ok(()),
            _ => Err(verb.unknown(reply.word)),
        }
    }
}
