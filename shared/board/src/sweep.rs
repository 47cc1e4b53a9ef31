//! What routers ask of the board to keep it going: what is due, what was left
//! behind, and who else is there.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::join_all;
use redis::streams::{StreamId, StreamRangeReply};
use tipoff_domain::{EntityId, LeadId};
use tipoff_wire::{Partition, subject};
use tokio::time::Instant;
use tracing::debug;

use crate::gap::{self, Gap};
use crate::keys::{Keys, ROUTERS};
use crate::reply::{Entry, Reply};
use crate::{Board, BoardError, OnBoard};

/// Leads handled per sweep of a partition, and events shipped together.
pub(crate) const SWEEP_AT_MOST: usize = 200;

/// What a sweep found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Swept {
    pub now: DateTime<Utc>,
    pub due: Vec<LeadId>,
    /// Whether more is due than one sweep finds.
    pub more: bool,
    /// When the next deadline after `now` is.
    pub next: Option<DateTime<Utc>>,
    /// Events that are not in the log yet.
    pub unsent: usize,
    /// What the server's clock shows, guarded by nothing.
    pub shown: DateTime<Utc>,
    /// What is still to be put off of a time when nobody swept; the next sweep goes on
    /// with it.
    pub gap: Option<Gap>,
}

/// A sweep as the script answers it.
struct Answer {
    word: String,
    now: i64,
    /// When the next deadline is, or when the gap began.
    first: String,
    unsent: usize,
    shown: i64,
    due: Vec<String>,
}

impl Board {
    /// What is due in a partition. Deadlines that fell into a time when nobody
    /// swept are put off first.
    pub async fn sweep(&self, partition: Partition) -> Result<Swept, BoardError> {
        self.sweep_on(partition, None, None).await
    }

    /// The same, if the server's clock shows no later than `latest`: one that
    /// does has jumped, and nothing moves on by it. Goes on with the `gap` that the
    /// sweep before left: so many of its deadlines are put off that what is due behind
    /// it does not wait for long.
    pub async fn sweep_on(
        &self,
        partition: Partition,
        gap: Option<Gap>,
        latest: Option<DateTime<Utc>>,
    ) -> Result<Swept, BoardError> {
        let asked = Instant::now();
        let gap = if let Some(gap) = gap.filter(Gap::is_fresh) {
            gap
        } else {
            let answer = self.sweep_once(partition, gap::PATIENCE, None, latest).await?;
            if answer.word != "gap" {
                return swept(partition, &answer, None);
            }
            Gap::seen(partition, answer.first.parse().unwrap_or(answer.now), answer.now)
        };
        let rest = self.put_off(partition, gap).await?;
        // That may have taken longer than a clock may be ahead, and it is no jump.
        let since = TimeDelta::from_std(asked.elapsed()).unwrap_or(TimeDelta::MAX);
        let latest = latest.map(|at| at.checked_add_signed(since).unwrap_or(at));
        let rest_of = rest.as_ref();
        let answer = self.sweep_once(partition, Duration::ZERO, rest_of, latest).await?;
        swept(partition, &answer, rest)
    }

    async fn sweep_once(
        &self,
        partition: Partition,
        patience: Duration,
        rest: Option<&Gap>,
        latest: Option<DateTime<Utc>>,
    ) -> Result<Answer, BoardError> {
        let (keys, verb) = (Keys(partition), &self.scripts.sweep);
        let mut sweep = verb.on(&[keys.clock(), keys.deadlines(), keys.outbox()]);
        sweep.arg(SWEEP_AT_MOST).arg(patience.as_millis().to_string());
        sweep.arg(latest.map(|at| at.timestamp_millis().to_string()).unwrap_or_default());
        if let Some(rest) = rest {
            sweep.arg(rest.done).arg(rest.ended);
        }
        let mut flat: Vec<String> = self.run(partition, &sweep).await?;
        let number = |text: &str| text.parse::<i64>().map_err(|_| verb.unknown(text));
        if let [word, shown] = &flat[..]
            && word == "ahead"
        {
            let ahead = number(shown)? - latest.map_or(0, |at| at.timestamp_millis());
            return Err(BoardError::ClockAhead { partition, by: TimeDelta::milliseconds(ahead) });
        }
        let due = flat.split_off(flat.len().min(5));
        let [word, now, first, unsent, shown] =
            <[String; 5]>::try_from(flat).map_err(|flat| verb.unknown(flat.join(" ")))?;
        if word != "due" && word != "gap" {
            return Err(verb.unknown(word));
        }
        let (now, shown) = (number(&now)?, number(&shown)?);
        if word == "due" && rest.is_none() {
            self.gate.swept_at(partition, now);
        }
        let unsent = usize::try_from(number(&unsent)?).unwrap_or(0);
        Ok(Answer { word, now, first, unsent, shown, due })
    }

    /// These leads of a partition as they stand. One that cannot be read does
    /// not keep the others waiting.
    pub async fn leads_due(
        &self,
        partition: Partition,
        leads: &[LeadId],
    ) -> Result<Vec<Result<OnBoard, BoardError>>, BoardError> {
        self.load_each(partition, leads).await
    }

    /// Ships all events that have waited longer than `age`, and longer than events
    /// take lately: whoever made them died before the log had them. Answers how
    /// many leads it shipped for.
    pub async fn relay(
        &self,
        partition: Partition,
        age: Duration,
        now: DateTime<Utc>,
    ) -> Result<usize, BoardError> {
        let age = age + self.log.lately() * 2;
        let oldest_to_leave = now.timestamp_millis() - i64::try_from(age.as_millis()).unwrap_or(0);
        let until = oldest_to_leave.max(0).to_string();
        let (mut from, mut seen, mut shipped, mut trouble) =
            ("-".to_owned(), BTreeSet::new(), 0, None);
        loop {
            let waiting = self.outbox(partition, &from, &until, SWEEP_AT_MOST).await?;
            let mut leads = Vec::new();
            for whose in waiting.iter().map(whose) {
                match whose {
                    Ok(whose) if seen.insert(whose.1.clone()) => leads.push(whose),
                    Ok(_) => {}
                    Err(error) => trouble = trouble.or(Some(error)),
                }
            }
            // All of a page at once, so that they go to the log together.
            let shipping = leads.iter().map(|(entity, lead)| self.ship_what_is_left(entity, lead));
            for outcome in join_all(shipping).await {
                match outcome {
                    Ok(()) => shipped += 1,
                    // Whoever follows would run into the same.
                    Err(error @ (BoardError::Redis(_) | BoardError::Log(_))) => return Err(error),
                    Err(error) => trouble = trouble.or(Some(error)),
                }
            }
            match waiting.last() {
                Some(last) if waiting.len() >= SWEEP_AT_MOST => from = format!("({}", last.id),
                Some(_) | None => return trouble.map_or(Ok(shipped), Err),
            }
        }
    }

    async fn ship_what_is_left(&self, entity: &EntityId, lead: &LeadId) -> Result<(), BoardError> {
        let reply = self.unsent(entity, lead).await?;
        self.commit(entity, &reply).await
    }

    /// What a lead still has in the outbox, as if a script had just answered it.
    pub(crate) async fn unsent(
        &self,
        entity: &EntityId,
        lead: &LeadId,
    ) -> Result<Reply, BoardError> {
        let verb = &self.scripts.unsent;
        let partition = self.partition(entity);
        let mut unsent = verb.on(&Keys(partition).of_lead(entity, lead));
        unsent.arg(lead.as_str());
        self.run(partition, &unsent).await
    }

    pub(crate) async fn outbox(
        &self,
        partition: Partition,
        from: &str,
        to: &str,
        limit: usize,
    ) -> Result<Vec<Entry>, BoardError> {
        let mut range = redis::cmd("XRANGE");
        range.arg(Keys(partition).outbox()).arg(from).arg(to).arg("COUNT").arg(limit);
        let found: StreamRangeReply = range.query_async(&mut self.redis.clone()).await?;
        let entry = |entry: StreamId| {
            // What is not there cannot be read, and is told by whoever tries.
            Entry { text: entry.get("event").unwrap_or_default(), id: entry.id }
        };
        Ok(found.ids.into_iter().map(entry).collect())
    }

    /// Says that `router` lives (or leaves) and hears who does. Silent for
    /// longer than `patience` counts as gone.
    pub async fn routers(
        &self,
        router: &str,
        patience: Duration,
        leaving: bool,
    ) -> Result<Vec<String>, BoardError> {
        let verb = &self.scripts.members;
        let mut members = verb.on(&[ROUTERS]);
        members.arg(router).arg(patience.as_millis().to_string()).arg(if leaving {
            "leaving"
        } else {
            "here"
        });
        let asked = members.command("EVAL", &verb.fitted("").text);
        Ok(asked.query_async(&mut self.redis.clone()).await?)
    }

    /// Moves the board's clock forward in every partition, as if time had
    /// passed and everybody had swept: tests move time, they do not wait for
    /// it. A clock never goes back.
    pub async fn advance_clock_to(&self, instant: DateTime<Utc>) -> Result<(), BoardError> {
        let ms = instant.timestamp_millis();
        for partition in Partition::all(self.partitions) {
            let clock = Keys(partition).clock();
            let () = redis::cmd("HSET")
                .arg(clock)
                .arg(&[("high", ms), ("swept", ms)])
                .query_async(&mut self.redis.clone())
                .await?;
            self.wake(partition).await;
        }
        Ok(())
    }

    /// Tells whoever sweeps `partition` that something there is due now. If the
    /// call is lost, the sweep comes a moment later by itself.
    pub(crate) async fn wake(&self, partition: Partition) {
        if let Err(error) =
            self.nats.client.publish(subject::wake(partition), Vec::new().into()).await
        {
            debug!(error = &error as &dyn std::error::Error, %partition, "wake-up call not sent");
        }
    }
}

/// The entity and the lead that an outbox entry is about.
fn whose(entry: &Entry) -> Result<(EntityId, LeadId), BoardError> {
    let fields = entry.fields();
    let unreadable =
        |what| BoardError::UnknownReply { script: "relay", reply: format!("{}: {what}", entry.id) };
    Ok((fields.needed("entity").map_err(unreadable)?, fields.needed("lead").map_err(unreadable)?))
}

fn swept(partition: Partition, answer: &Answer, gap: Option<Gap>) -> Result<Swept, BoardError> {
    let Answer { now, first, unsent, shown, due, .. } = answer;
    let more = due.len() >= SWEEP_AT_MOST;
    let due: Vec<LeadId> = due.iter().filter_map(|lead| lead.parse().ok()).collect();
    let instant = |ms: i64| {
        DateTime::from_timestamp_millis(ms).ok_or_else(|| BoardError::UnknownReply {
            script: "sweep",
            reply: format!("partition {partition}: {ms}"),
        })
    };
    let next = first.parse().ok().and_then(DateTime::from_timestamp_millis);
    let (now, shown) = (instant(*now)?, instant(*shown)?);
    Ok(Swept { now, due, more, next, unsent: *unsent, shown, gap })
}
