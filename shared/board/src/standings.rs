//! Where many leads stand, without what they say: for reports and audits.

use chrono::{DateTime, Utc};
use futures::{Stream, TryStreamExt, stream};
use tipoff_domain::{EntityId, LeadId};
use tipoff_wire::After;

use crate::keys::Keys;
use crate::read::Fields;
use crate::{Board, BoardError};

/// Leads read in one go.
const CHUNK: usize = 500;

/// A lead without what the source sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Stands {
    pub id: LeadId,
    pub version: u64,
    pub now_is: After,
}

impl Board {
    /// The leads that came in from `from` on and before `to`, oldest first, a
    /// chunk at a time. One that cannot be read ends it.
    pub fn standings(
        &self,
        entity: &EntityId,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> impl Stream<Item = Result<Vec<Stands>, BoardError>> + Send + use<> {
        self.standings_by(CHUNK, entity, from, to)
    }

    /// The same, so many at a time.
    pub(crate) fn standings_by(
        &self,
        most: usize,
        entity: &EntityId,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> impl Stream<Item = Result<Vec<Stands>, BoardError>> + Send + use<> {
        let (board, entity) = (self.clone(), entity.clone());
        let chunks = stream::try_unfold(Some(Edge::at(from)), move |edge| {
            let (board, entity) = (board.clone(), entity.clone());
            async move {
                let Some(edge) = edge else { return Ok(None) };
                let (leads, next) = board.arrivals(most, &entity, edge, to).await?;
                Ok::<_, BoardError>(Some((board.stands(&entity, &leads).await?, next)))
            }
        });
        chunks.try_filter(|chunk| std::future::ready(!chunk.is_empty()))
    }

    async fn arrivals(
        &self,
        most: usize,
        entity: &EntityId,
        edge: Edge,
        to: DateTime<Utc>,
    ) -> Result<(Vec<LeadId>, Option<Edge>), BoardError> {
        let partition = self.partition(entity);
        let mut range = redis::cmd("ZRANGE");
        range.arg(Keys(partition).leads(entity)).arg(edge.ms);
        range.arg(format!("({}", to.timestamp_millis())).arg("BYSCORE");
        // An import may stamp thousands with one millisecond; those that were read come again.
        range.arg("LIMIT").arg(edge.read).arg(most).arg("WITHSCORES");
        let found: Vec<(String, i64)> = self.read_one(partition, &range).await?;
        let next = found.last().filter(|_| found.len() == most).map(|(_, last)| {
            let ties = found.iter().rev().take_while(|(_, ms)| ms == last).count();
            Edge { ms: *last, read: ties + if *last == edge.ms { edge.read } else { 0 } }
        });
        Ok((found.iter().filter_map(|(lead, _)| lead.parse().ok()).collect(), next))
    }

    async fn stands(&self, entity: &EntityId, leads: &[LeadId]) -> Result<Vec<Stands>, BoardError> {
        if leads.is_empty() {
            return Ok(Vec::new());
        }
        let partition = self.partition(entity);
        let found: Vec<Vec<(String, String)>> = self
            .read(partition, |all| {
                for lead in leads {
                    all.hgetall(Keys(partition).lead(lead));
                }
            })
            .await?;
        let there = leads.iter().zip(&found).filter(|(_, fields)| !fields.is_empty());
        there.map(|(lead, fields)| read(lead, fields)).collect()
    }
}

/// How far a list by arrival has been read.
struct Edge {
    ms: i64,
    /// So many of that millisecond are done.
    read: usize,
}

impl Edge {
    fn at(instant: DateTime<Utc>) -> Self {
        Self { ms: instant.timestamp_millis(), read: 0 }
    }
}

fn read(lead: &LeadId, fields: &[(String, String)]) -> Result<Stands, BoardError> {
    let fields = Fields::of(fields);
    let unreadable = |what| Board::unreadable(lead, &what);
    Ok(Stands {
        id: lead.clone(),
        version: fields.parsed("version").map_err(unreadable)?.unwrap_or(0),
        now_is: fields.after().map_err(unreadable)?,
    })
}
