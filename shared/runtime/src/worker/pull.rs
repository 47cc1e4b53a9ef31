//! Asking a consumer for messages, as many as can be begun at once.
//!
//! The client's own stream of them cannot be ended without losing what the
//! server sends just then, and that would wait for its ack wait. So what was
//! asked for is counted here, and whoever stops waits for the rest of it.

use std::time::Duration;

use async_nats::jetstream::consumer::pull::{BatchConfig, BatchRequestError};
use async_nats::jetstream::{self, Message};
use async_nats::{StatusCode, Subject, SubscribeError, Subscriber};
use futures::StreamExt;
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

use super::consumer::Durable;
use crate::Nats;

/// How long the server keeps what we ask for: so long at most takes stopping
/// while messages come, one here and one there.
const KEPT: Duration = Duration::from_secs(2);
/// The server says when it keeps it no longer. Where it does not, it has forgotten us.
const UNHEARD: Duration = Duration::from_secs(3);
/// So often it may, before everything is opened anew.
const MOST_UNHEARD: u32 = 3;
/// Where nothing came for so long, nothing will within a round trip.
const QUIET: Duration = Duration::from_millis(200);
/// Bytes that the server may have on their way to us, however few messages they
/// are: more than the largest message that any server takes.
const MOST_BYTES: usize = 80 * 1024 * 1024;

/// Why no messages come any more.
#[derive(Debug, thiserror::Error)]
pub(super) enum PullError {
    #[error("the connection is closed")]
    Closed,
    #[error("answers cannot be heard")]
    Deaf(#[from] SubscribeError),
    #[error("the server could not be asked")]
    Ask(#[from] BatchRequestError),
    #[error("the server says nothing")]
    Silent,
    #[error("the server ended it: {0}")]
    Ended(String),
}

/// Messages of one consumer.
pub(super) struct Pull<'a> {
    consumer: &'a Durable,
    context: jetstream::Context,
    inbox: Subject,
    came: Subscriber,
    connections: watch::Receiver<u64>,
    /// Messages that were asked for and have not come.
    due: usize,
    unheard: u32,
    last: Option<Instant>,
}

impl<'a> Pull<'a> {
    pub(super) async fn open(nats: &Nats, consumer: &'a Durable) -> Result<Self, PullError> {
        let inbox: Subject = nats.client.new_inbox().into();
        let came = nats.client.subscribe(inbox.clone()).await?;
        let mut connections = nats.connections.clone();
        connections.mark_unchanged();
        let context = nats.jetstream.clone();
        Ok(Self { consumer, context, inbox, came, connections, due: 0, unheard: 0, last: None })
    }

    /// The next message, however long that takes. Nothing is lost if nobody waits for it any more.
    /// As many are at hand as there are `seats`, so that none stays empty: more would grow old while
    /// they wait, and be lost for a while with the process.
    pub(super) async fn next(&mut self, seats: usize) -> Result<Message, PullError> {
        let batch = seats.clamp(2, 5_000);
        loop {
            if self.due <= batch / 2 {
                self.ask(batch - self.due).await?;
            }
            tokio::select! {
                biased;
                // What was asked over the old one is forgotten, or comes as well.
                Ok(()) = self.connections.changed() => self.due = 0,
                heard = timeout(KEPT + UNHEARD, self.came.next()) => match heard {
                    Ok(said) => if let Some(message) = self.hear(said)? {
                        return Ok(message);
                    },
                    Err(_) if self.unheard >= MOST_UNHEARD => return Err(PullError::Silent),
                    Err(_) => (self.unheard, self.due) = (self.unheard + 1, 0),
                },
            }
        }
    }

    /// Asks for no more. Answers what comes of what was asked for already, which
    /// nobody began.
    pub(super) async fn end(mut self) -> Vec<Message> {
        let (mut left, patience) = (Vec::new(), Instant::now() + KEPT + UNHEARD);
        while self.due > 0 {
            // What came before counts: a message a moment ago, another in a moment.
            let quiet = self.last.map_or(Instant::now(), |last| last + QUIET);
            let heard = timeout_at(quiet.min(patience), self.came.next()).await;
            let Ok(Ok(message)) = heard.map(|said| self.hear(said)) else { break };
            left.extend(message);
        }
        // Before anything is handed back: it would come to us again.
        self.came.unsubscribe().await.ok();
        left
    }

    async fn ask(&mut self, more: usize) -> Result<(), PullError> {
        let wanted = BatchConfig {
            batch: more,
            expires: Some(KEPT),
            max_bytes: MOST_BYTES,
            ..BatchConfig::default()
        };
        self.consumer.request_batch(wanted, self.inbox.clone()).await?;
        self.due += more;
        Ok(())
    }

    /// What the server said; `None`: that some of what was asked for will not come.
    fn hear(&mut self, said: Option<async_nats::Message>) -> Result<Option<Message>, PullError> {
        self.unheard = 0;
        let message = said.ok_or(PullError::Closed)?;
        let Some(status) = message.status.filter(|status| *status != StatusCode::OK) else {
            self.due = self.due.saturating_sub(1);
            self.last = Some(Instant::now());
            return Ok(Some(Message { message, context: self.context.clone() }));
        };
        let of_it = message.headers.as_ref().and_then(|all| all.get("Nats-Pending-Messages"));
        let Some(of_it) = of_it.and_then(|of_it| of_it.as_str().parse().ok()) else {
            // Where something is wrong with what we ask, it does not say how many.
            let why = message.description.as_deref().unwrap_or("no reason given");
            return Err(PullError::Ended(format!("{status} {why}")));
        };
        self.due = self.due.saturating_sub(of_it);
        Ok(None)
    }
}
