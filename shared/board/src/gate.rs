//! The gate of a partition: nothing is decided where the board may lack what
//! the log has.
//!
//! Every Redis server has a name that it was given when it was started or
//! promoted (its replication id). A partition is open on the server whose name
//! stands in its `clock`, and scripts begin with the name of the server that
//! they are meant for. So an empty Redis has no partition that is open; one that
//! was started again or has taken over knows no script with its name, and once
//! it has been told one, finds a partition that was open on another. Whoever
//! meets that catches up with the log first (see [`crate::catch_up`]). That
//! costs a healthy board nothing: the name stands beside the clock that every
//! script reads.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use futures::future::BoxFuture;
use opentelemetry::global;
use opentelemetry::metrics::Gauge;
use redis::{Cmd, ErrorKind, FromRedisValue, Pipeline, RedisError, ServerErrorKind, Value};
use tipoff_wire::Partition;
use tokio::sync::{Mutex, Semaphore};
use tokio::time::timeout;
use tracing::warn;

use crate::keys::Keys;
use crate::scripts::Call;
use crate::{Board, BoardError};

/// How often a call is made until its caller is told to ask again later: the
/// server has changed, the partition was opened, and once more for both.
const TRIES: usize = 4;
/// Calls on their way to Redis at once, from one process; more wait here. What waits in
/// Redis grows old on its way: there, the last of ten thousand who claim a lead at once
/// would be given up before they are answered.
const AT_ONCE: usize = 1_024;
/// How long a caller waits for a partition to be opened.
const PATIENCE: Duration = Duration::from_secs(3);
/// Whoever catches up and gave no sign of life for so long is gone.
const SILENT_TOO_LONG: Duration = Duration::from_secs(5);

/// What this process knows of the partitions' gates.
pub(crate) struct Gate {
    /// What this process is called while it catches up.
    pub(crate) name: String,
    /// The server that each partition was last seen on.
    servers: RwLock<HashMap<Partition, Arc<str>>>,
    /// When each partition was last swept from here, in the board's time.
    swept: RwLock<HashMap<Partition, i64>>,
    /// How many partitions this process is opening.
    pub(crate) shut: Gauge<u64>,
    /// One at a time catches up.
    pub(crate) turn: Arc<Mutex<()>>,
    calls: Semaphore,
}

/// How a partition stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stand {
    Open,
    Shut,
    /// Somebody else is catching up.
    Busy,
    /// It is for the one who asked to catch up.
    Ours,
}

/// A look at a partition's gate.
#[derive(Debug, Clone)]
pub(crate) struct Looked {
    pub(crate) stand: Stand,
    pub(crate) server: Arc<str>,
    /// The board has all events in the log up to this one.
    pub(crate) logged: u64,
}

impl Gate {
    pub(crate) fn new(name: String) -> Self {
        Self {
            name,
            servers: RwLock::default(),
            swept: RwLock::default(),
            shut: global::meter("tipoff-board")
                .u64_gauge("tipoff_partitions_shut")
                .with_description(
                    "Partitions that stay shut until this process has caught up with the log",
                )
                .build(),
            turn: Arc::default(),
            calls: Semaphore::new(AT_ONCE),
        }
    }

    fn known(&self, partition: Partition) -> Option<Arc<str>> {
        self.servers.read().unwrap_or_else(PoisonError::into_inner).get(&partition).cloned()
    }

    fn remember(&self, partition: Partition, server: &Arc<str>) {
        let mut servers = self.servers.write().unwrap_or_else(PoisonError::into_inner);
        servers.insert(partition, Arc::clone(server));
    }

    /// The partition was swept at that ms.
    pub(crate) fn swept_at(&self, partition: Partition, ms: i64) {
        self.swept.write().unwrap_or_else(PoisonError::into_inner).insert(partition, ms);
    }

    /// 0: never.
    pub(crate) fn last_swept(&self, partition: Partition) -> i64 {
        let swept = self.swept.read().unwrap_or_else(PoisonError::into_inner);
        swept.get(&partition).copied().unwrap_or(0)
    }
}

impl Board {
    /// Makes a call where the partition is open; opens it first if need be.
    pub(crate) async fn run<T: FromRedisValue>(
        &self,
        partition: Partition,
        call: &Call<'_>,
    ) -> Result<T, BoardError> {
        for _ in 0..TRIES {
            if let Some(value) = self.call(partition, call).await? {
                return Ok(T::from_redis_value(value).map_err(RedisError::from)?);
            }
            self.admit(partition).await?;
        }
        Err(BoardError::Shut { partition })
    }

    /// Makes a call that is made whether or not the partition is open.
    pub(crate) async fn run_anyway<T: FromRedisValue>(
        &self,
        partition: Partition,
        call: &Call<'_>,
    ) -> Result<T, BoardError> {
        for _ in 0..TRIES {
            if let Some(value) = self.call(partition, call).await? {
                return Ok(T::from_redis_value(value).map_err(RedisError::from)?);
            }
        }
        Err(BoardError::Shut { partition })
    }

    /// `None`: it is shut, or stands on another server by now. Boxed, as every
    /// call goes through it: so it is compiled once.
    fn call<'a>(
        &'a self,
        partition: Partition,
        call: &'a Call<'_>,
    ) -> BoxFuture<'a, Result<Option<Value>, BoardError>> {
        Box::pin(self.try_once(partition, call))
    }

    async fn try_once(
        &self,
        partition: Partition,
        call: &Call<'_>,
    ) -> Result<Option<Value>, BoardError> {
        let server = self.server(partition).await?;
        let _seat = self.gate.calls.acquire().await.expect("the gate never closes it");
        let (fitted, mut redis) = (call.verb.fitted(&server), self.redis.clone());
        let said = call.command("EVALSHA", &fitted.hash).query_async(&mut redis).await;
        let value: Value = match said {
            Err(error) if is_news(&error) => {
                if *self.look(partition, "").await?.server != *server {
                    return Ok(None);
                }
                // Not SCRIPT LOAD, which a cluster's client sends to replicas as well: a
                // replica that takes over must not know the scripts.
                call.command("EVAL", &fitted.text).query_async(&mut redis).await?
            }
            said => said?,
        };
        Ok((!says_shut(&value)).then_some(value))
    }

    /// The server that the partition was last seen on.
    pub(crate) async fn server(&self, partition: Partition) -> Result<Arc<str>, BoardError> {
        match self.gate.known(partition) {
            Some(server) => Ok(server),
            None => Ok(self.look(partition, "").await?.server),
        }
    }

    /// How the partition stands; whoever gives a name wants to catch up.
    pub(crate) async fn look(&self, partition: Partition, who: &str) -> Result<Looked, BoardError> {
        let verb = &self.scripts.gate;
        let mut call = verb.on(&[Keys(partition).clock()]);
        call.arg(who).arg(SILENT_TOO_LONG.as_millis().to_string());
        let asked = call.command("EVAL", &verb.fitted("").text);
        let (word, server, logged): (String, String, u64) =
            asked.query_async(&mut self.redis.clone()).await?;
        let stand = match word.as_str() {
            "open" => Stand::Open,
            "shut" => Stand::Shut,
            "busy" => Stand::Busy,
            "yours" => Stand::Ours,
            _ => return Err(verb.unknown(word)),
        };
        let server = Arc::from(server);
        self.gate.remember(partition, &server);
        Ok(Looked { stand, server, logged })
    }

    /// Reads from a partition, together with a look at its gate; what is read
    /// through a gate that was shut is read again. `ask` says what.
    pub(crate) async fn read<T: FromRedisValue>(
        &self,
        partition: Partition,
        ask: impl Fn(&mut Pipeline) + Send,
    ) -> Result<T, BoardError> {
        let call = self.scripts.opened.on(&[Keys(partition).clock()]);
        for _ in 0..TRIES {
            let server = self.server(partition).await?;
            let fitted = call.verb.fitted(&server);
            let mut all = redis::pipe();
            all.add_command(call.command("EVALSHA", &fitted.hash));
            ask(&mut all);
            match all.query_async::<Vec<Value>>(&mut self.redis.clone()).await {
                Ok(said) if said.first() == Some(&Value::Int(1)) => {
                    let said = Value::Array(said.into_iter().skip(1).collect());
                    return Ok(T::from_redis_value(said).map_err(RedisError::from)?);
                }
                Ok(_) => self.admit(partition).await?,
                // The server has another name by now, or learns the script.
                Err(error) if is_news(&error) => drop(self.call(partition, &call).await?),
                Err(error) => return Err(error.into()),
            }
        }
        Err(BoardError::Shut { partition })
    }

    /// The same for one question.
    pub(crate) async fn read_one<T: FromRedisValue>(
        &self,
        partition: Partition,
        question: &Cmd,
    ) -> Result<T, BoardError> {
        let ask = |all: &mut Pipeline| {
            all.add_command(question.clone());
        };
        let (answer,): (T,) = self.read(partition, ask).await?;
        Ok(answer)
    }

    /// Opens the partition if it is shut.
    async fn admit(&self, partition: Partition) -> Result<(), BoardError> {
        match self.look(partition, "").await?.stand {
            Stand::Open => Ok(()),
            _ => self.open(partition).await,
        }
    }

    /// Waits until this process has caught up, but not for long.
    async fn open(&self, partition: Partition) -> Result<(), BoardError> {
        let shut = BoardError::Shut { partition };
        let Ok(turn) = Arc::clone(&self.gate.turn).try_lock_owned() else {
            return timeout(PATIENCE, self.gate.turn.lock()).await.map(drop).map_err(|_| shut);
        };
        let board = self.clone();
        // Whoever asks may go; what was begun is finished.
        let catching_up = tokio::spawn(async move {
            let caught_up = board.catch_up(false, &mut |_| {}).await;
            drop(turn);
            if let Err(error) = &caught_up {
                warn!(
                    error = error as &dyn std::error::Error,
                    "the board could not catch up with the log, trying again when it is asked"
                );
            }
            caught_up
        });
        match timeout(PATIENCE, catching_up).await {
            Ok(Ok(Err(error))) => Err(error),
            Ok(Ok(Ok(_))) => Ok(()),
            _ => Err(shut),
        }
    }
}

/// The server does not know the script.
fn is_news(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
}

fn says_shut(value: &Value) -> bool {
    let Value::Array(words) = value else { return false };
    matches!(words.first(), Some(Value::BulkString(word)) if word == b"shut")
}
