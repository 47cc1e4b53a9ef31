//! How leads stand, looked up once for all who ask at the same time.
//!
//! Of a Jump Ball thousands ask about one lead, on which thousands of names
//! stand. Nobody is told what was looked up before they asked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use tipoff_board::{Board, BoardError, OnBoard};
use tipoff_domain::{EntityId, LeadId};
use tipoff_runtime::Failing;
use tokio::time::Instant;
use tracing::{info, warn};

/// How a lead stood, by the board's clock and by ours.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) lead: Option<Arc<OnBoard>>,
    pub(crate) now: DateTime<Utc>,
    /// When the board was asked.
    pub(crate) at: Instant,
}

type Subject = (EntityId, LeadId);
/// What was seen last. Whoever looks holds the lock, and others wait for it.
type Last = Arc<tokio::sync::Mutex<Option<Seen>>>;

/// Looks leads up. Clones share what they see.
#[derive(Clone)]
pub(crate) struct Looks {
    board: Board,
    /// Those about which somebody asks at the moment.
    asked: Arc<Mutex<HashMap<Subject, Last>>>,
    away: Failing,
}

impl Looks {
    pub(crate) fn at(board: Board) -> Self {
        Self { board, asked: Arc::default(), away: Failing::default() }
    }

    /// How the lead stands, asked from the board after this was called.
    pub(crate) async fn see(&self, entity: &EntityId, lead: &LeadId) -> Result<Seen, BoardError> {
        let asked = Instant::now();
        let asking = self.ask((entity.clone(), lead.clone()));
        let mut last = asking.last.lock().await;
        if let Some(seen) = last.as_ref().filter(|seen| seen.at >= asked) {
            return Ok(seen.clone());
        }
        let at = Instant::now();
        let looked = self.board.lead_now(entity, lead).await;
        self.tell(&looked);
        let (lead, now) = looked?;
        let seen = Seen { lead: lead.map(Arc::new), now, at };
        *last = Some(seen.clone());
        Ok(seen)
    }

    /// While a server is away that is told once, not for every notice.
    fn tell<T>(&self, looked: &Result<T, BoardError>) {
        match looked {
            Ok(_) if self.away.ends() => info!("the board answers again"),
            Err(error) if error.will_pass() && self.away.begins() => {
                warn!(
                    error = error as &dyn std::error::Error,
                    "the board does not answer, notices wait for it"
                );
            }
            _ => {}
        }
    }

    fn ask(&self, subject: Subject) -> Asking<'_> {
        let last = self.lock().entry(subject.clone()).or_default().clone();
        Asking { looks: self, subject, last }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Subject, Last>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who asks about a lead.
struct Asking<'a> {
    looks: &'a Looks,
    subject: Subject,
    last: Last,
}

impl Drop for Asking<'_> {
    /// The last who asks takes what was seen along.
    fn drop(&mut self) {
        let mut asked = self.looks.lock();
        // Ours and the table's.
        if Arc::strong_count(&self.last) <= 2 {
            asked.remove(&self.subject);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use futures::future::join_all;
    use serde_json::json;
    use tipoff_board::{Actor, Known};
    use tipoff_domain::AgentId;
    use tipoff_domain::plan::Plan;
    use tipoff_runtime::{Settings, connect, streams};
    use tipoff_testkit::{NatsServer, RedisServer};
    use tipoff_wire::Accepted;
    use tokio_util::sync::CancellationToken;

    use super::*;

    /// A board with one lead on it.
    struct Table {
        looks: Looks,
        entity: EntityId,
        lead: LeadId,
        _servers: (NatsServer, RedisServer),
    }

    async fn table() -> Table {
        let servers = (NatsServer::start().await.unwrap(), RedisServer::start().await.unwrap());
        let settings = Settings::at(servers.0.url(), servers.1.url());
        let stop = CancellationToken::new();
        let nats = connect::nats(&settings, "looks", &stop).await.unwrap();
        streams::ensure(&nats, 1).await.unwrap();
        let redis = connect::redis(&settings, &stop).await.unwrap();
        let board = Board::new(redis, nats, 2).patient();
        let accepted = json!({"id": "lead_1", "entity": "acme", "received_at": "2026-11-22T09:30:00Z",
            "lead": {"emails": ["dana@example.com"]}});
        let accepted: Accepted = serde_json::from_value(accepted).unwrap();
        board.place(&accepted, &Plan::nowhere_to_go(), Known::Ignore).await.unwrap();
        let Accepted { entity, id: lead, .. } = accepted;
        Table { looks: Looks::at(board), entity, lead, _servers: servers }
    }

    impl Table {
        async fn see(&self) -> Seen {
            self.looks.see(&self.entity, &self.lead).await.unwrap()
        }
    }

    #[tokio::test]
    async fn those_who_ask_together_are_told_what_was_looked_up_once_or_twice() {
        let table = table().await;
        let seen = join_all((0..500).map(|_| table.see())).await;
        let looks: BTreeSet<Instant> = seen.iter().map(|seen| seen.at).collect();
        assert!((1..=2).contains(&looks.len()), "{} looks", looks.len());
        assert!(
            seen.iter().all(|seen| seen.lead.as_ref().is_some_and(|lead| lead.id == table.lead))
        );
        assert!(table.looks.lock().is_empty(), "nothing is kept for those who come later");
    }

    #[tokio::test]
    async fn whoever_asks_after_a_change_is_told_of_it_however_many_asked_before() {
        let table = table().await;
        for number in 0..50 {
            let agent: AgentId = ["ana", "ben"][number % 2].parse().unwrap();
            let changed_and_seen = async {
                let board = &table.looks.board;
                let given = board.assign(&table.entity, &table.lead, &agent, &Actor::Admin, "");
                given.await.unwrap();
                table.see().await.lead.unwrap().now_is.agent.clone()
            };
            let others = join_all((0..50).map(async |_| {
                loop {
                    table.see().await;
                }
            }));
            tokio::select! {
                has_it = changed_and_seen => assert_eq!(has_it, Some(agent)),
                _ = others => panic!("the others never end"),
            }
        }
    }
}
