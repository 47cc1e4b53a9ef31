//! What routers ask of the board: place, move on, sweep, ship what was left behind.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use redis::streams::StreamRangeReply;
use ring::digest;
use tipoff_domain::plan::{Pick, Plan, Step, Then};
use tipoff_domain::{AgentId, Lead, LeadId};
use tipoff_wire::{Accepted, Partition, subject};
use tracing::warn;

use crate::keys::{Keys, ROUTERS};
use crate::read::{Fields, to_word};
use crate::reply::{Entry, Reply};
use crate::scripts::{EXTEND, MEMBERS, PLACE, ROLL_ON, SWEEP};
use crate::{Board, BoardError, OnBoard};

/// Leads handled per sweep of a partition.
const SWEEP_AT_MOST: usize = 200;
/// A pause in sweeping that agents must not pay for.
const GAP: TimeDelta = TimeDelta::seconds(2);

/// What to do when the person is known already (D-30).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Nothing: every lead stands for itself.
    Ignore,
    /// An open lead takes this one in; an agent who has the person keeps them for `sticky`.
    Attach { sticky: TimeDelta },
    /// Only the agent is kept.
    Keep { sticky: TimeDelta },
    /// It was asked and settled: this lead goes its own way.
    Settled { sticky: TimeDelta },
}

/// What became of a new lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placed {
    Placed,
    /// It was on the board already; nothing changed.
    Known,
    /// The same person's open lead took it in.
    Attached(LeadId),
    /// The person has this agent. Nothing changed: plan for them, or go on as [`Known::Settled`].
    Returning(AgentId),
}

/// What became of a lead that was to move on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MovedOn {
    MovedOn,
    /// It has changed since; it will be found again if it is due.
    Stale,
    /// Not due yet.
    Early,
}

/// What a sweep found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Swept {
    pub now: DateTime<Utc>,
    pub due: Vec<LeadId>,
    /// When the next deadline is.
    pub next: Option<DateTime<Utc>>,
    /// Events that are not in the log yet.
    pub unsent: usize,
}

impl Board {
    /// Puts a new lead on the board and carries out its plan.
    pub async fn place(
        &self,
        accepted: &Accepted,
        plan: &Plan,
        known: Known,
    ) -> Result<Placed, BoardError> {
        let (id, entity) = (&accepted.id, &accepted.entity);
        let keys = Keys(self.partition(entity));
        let (word, sticky) = known.in_words();
        let marks = if known == Known::Ignore { Vec::new() } else { marks(&accepted.lead) };
        let mut place = PLACE.on(&keys.of_lead(entity, id));
        for mark in &marks {
            place.key(keys.person(entity, mark));
        }
        let payload =
            serde_json::to_string(&accepted.lead).map_err(|what| Self::unreadable(id, &what))?;
        let source = accepted.source.as_ref().map_or("", |source| source.as_str());
        place
            .arg(id.as_str())
            .arg(entity.as_str())
            .arg(source)
            .arg(accepted.received_at.timestamp_millis());
        place.arg(payload).arg(word).arg(sticky.num_milliseconds()).arg(marks.len());
        for word in words(plan) {
            place.arg(word);
        }
        let reply = PLACE.run(&place, &self.redis).await?;
        self.commit(entity, &reply).await?;
        let other = |text: &str| text.parse().map_err(|what| Self::unreadable(id, &what));
        Ok(match reply.word.as_str() {
            "placed" => Placed::Placed,
            "known" => Placed::Known,
            "attached" => Placed::Attached(other(&reply.detail)?),
            "returning" => {
                Placed::Returning(reply.detail.parse().map_err(|what| Self::unreadable(id, &what))?)
            }
            _ => return Err(PLACE.unknown(reply.word)),
        })
    }

    /// Moves a lead on that is due, by a plan made from `lead` as it stands there.
    pub async fn roll_on(&self, lead: &OnBoard, plan: &Plan) -> Result<MovedOn, BoardError> {
        let mut roll_on =
            ROLL_ON.on(&Keys(self.partition(&lead.entity)).of_lead(&lead.entity, &lead.id));
        roll_on.arg(lead.id.as_str()).arg(lead.version);
        for word in words(plan) {
            roll_on.arg(word);
        }
        let reply = ROLL_ON.run(&roll_on, &self.redis).await?;
        self.commit(&lead.entity, &reply).await?;
        match reply.word.as_str() {
            "moved_on" => Ok(MovedOn::MovedOn),
            "stale" => Ok(MovedOn::Stale),
            "early" => Ok(MovedOn::Early),
            _ => Err(ROLL_ON.unknown(reply.word)),
        }
    }

    /// What is due in a partition. Deadlines that fell into a time when nobody
    /// swept are put off first.
    pub async fn sweep(&self, partition: Partition) -> Result<Swept, BoardError> {
        let (word, now, first, unsent, due) = self.sweep_once(partition, GAP).await?;
        if word != "gap" {
            return self.swept(partition, now, &first, unsent, &due);
        }
        self.put_off(partition, first.parse().unwrap_or(now), now).await?;
        let (_, now, first, unsent, due) = self.sweep_once(partition, TimeDelta::zero()).await?;
        self.swept(partition, now, &first, unsent, &due)
    }

    async fn sweep_once(
        &self,
        partition: Partition,
        gap: TimeDelta,
    ) -> Result<(String, i64, String, usize, Vec<String>), BoardError> {
        let keys = Keys(partition);
        let mut sweep = SWEEP.on(&[keys.clock(), keys.deadlines(), keys.outbox()]);
        sweep.arg(SWEEP_AT_MOST).arg(gap.num_milliseconds());
        let mut flat: Vec<String> = sweep.invoke_async(&mut self.redis.clone()).await?;
        let due = flat.split_off(flat.len().min(4));
        let [word, now, first, unsent] =
            <[String; 4]>::try_from(flat).map_err(|flat| SWEEP.unknown(flat.join(" ")))?;
        if word != "due" && word != "gap" {
            return Err(SWEEP.unknown(word));
        }
        let number = |text: &str| text.parse::<i64>().map_err(|_| SWEEP.unknown(text));
        let unsent = usize::try_from(number(&unsent)?).unwrap_or(0);
        Ok((word, number(&now)?, first, unsent, due))
    }

    fn swept(
        &self,
        partition: Partition,
        now: i64,
        next: &str,
        unsent: usize,
        due: &[String],
    ) -> Result<Swept, BoardError> {
        let due: Vec<LeadId> = due.iter().filter_map(|lead| lead.parse().ok()).collect();
        let instant = |ms| DateTime::from_timestamp_millis(ms);
        let now =
            instant(now).ok_or_else(|| SWEEP.unknown(format!("partition {partition}: {now}")))?;
        Ok(Swept { now, due, next: next.parse().ok().and_then(instant), unsent })
    }

    /// Nobody swept between the two instants: no agent pays for that.
    async fn put_off(
        &self,
        partition: Partition,
        began: i64,
        ended: i64,
    ) -> Result<(), BoardError> {
        warn!(%partition, gap.ms = ended - began, "nobody swept for a while; deadlines in between are put off");
        let deadlines = Keys(partition).deadlines();
        let mut left_alone = 0;
        loop {
            let mut range = redis::cmd("ZRANGE");
            range.arg(&deadlines).arg(format!("({began}")).arg(ended).arg("BYSCORE");
            range.arg("LIMIT").arg(left_alone).arg(SWEEP_AT_MOST);
            let names: Vec<String> = range.query_async(&mut self.redis.clone()).await?;
            if names.is_empty() {
                return Ok(());
            }
            let leads: Vec<LeadId> = names.iter().filter_map(|name| name.parse().ok()).collect();
            let found = self.load(partition, &leads).await?;
            left_alone += names.len() - found.len();
            for lead in found {
                left_alone += usize::from(!self.extend(partition, &lead, began, ended).await?);
            }
        }
    }

    async fn extend(
        &self,
        partition: Partition,
        lead: &OnBoard,
        began: i64,
        ended: i64,
    ) -> Result<bool, BoardError> {
        let mut extend = EXTEND.on(&Keys(partition).of_lead(&lead.entity, &lead.id));
        extend.arg(lead.id.as_str()).arg(began).arg(ended);
        let reply = EXTEND.run(&extend, &self.redis).await?;
        self.commit(&lead.entity, &reply).await?;
        match reply.word.as_str() {
            "extended" => Ok(true),
            "fine" => Ok(false),
            _ => Err(EXTEND.unknown(reply.word)),
        }
    }

    /// These leads of a partition as they stand.
    pub async fn leads_due(
        &self,
        partition: Partition,
        leads: &[LeadId],
    ) -> Result<Vec<OnBoard>, BoardError> {
        self.load(partition, leads).await
    }

    /// Ships events that have waited longer than `age`: whoever made them died
    /// before the log had them. Answers how many leads it shipped for.
    pub async fn relay(
        &self,
        partition: Partition,
        age: Duration,
        now: DateTime<Utc>,
    ) -> Result<usize, BoardError> {
        let oldest_to_leave = now.timestamp_millis() - i64::try_from(age.as_millis()).unwrap_or(0);
        let waiting =
            self.outbox(partition, "-", &oldest_to_leave.max(0).to_string(), SWEEP_AT_MOST).await?;
        let mut seen = std::collections::BTreeSet::new();
        for entry in &waiting {
            let fields = Fields(&entry.fields);
            let unreadable = |what| BoardError::UnknownReply {
                script: "relay",
                reply: format!("{}: {what}", entry.id),
            };
            let lead: LeadId = fields.needed("lead").map_err(unreadable)?;
            if seen.insert(lead.clone()) {
                let entity = fields.needed("entity").map_err(unreadable)?;
                let reply = self.unsent(partition, &lead, &entry.id).await?;
                self.commit(&entity, &reply).await?;
            }
        }
        Ok(seen.len())
    }

    /// What a lead still has in the outbox, as if a script had just answered it.
    async fn unsent(
        &self,
        partition: Partition,
        lead: &LeadId,
        found: &str,
    ) -> Result<Reply, BoardError> {
        let mut fields = redis::cmd("HMGET");
        fields.arg(Keys(partition).lead(lead)).arg("seq").arg("unsent");
        let (sequence, unsent): (Option<u64>, Option<String>) =
            fields.query_async(&mut self.redis.clone()).await?;
        let unsent = unsent.unwrap_or_else(|| found.to_owned());
        Ok(Reply {
            word: "unsent".to_owned(),
            detail: String::new(),
            lead: lead.clone(),
            sequence: sequence.unwrap_or(0),
            unsent: unsent.split_whitespace().map(str::to_owned).collect(),
            entries: Vec::new(),
        })
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
        let flat = |map: std::collections::HashMap<String, redis::Value>| {
            map.into_iter().flat_map(|(field, value)| {
                let value: String = redis::from_redis_value(value).unwrap_or_default();
                [field, value]
            })
        };
        Ok(found.ids.into_iter().map(|entry| Entry::new(entry.id, flat(entry.map))).collect())
    }

    /// Says that `router` lives (or leaves) and hears who does. Silent for
    /// longer than `patience` counts as gone.
    pub async fn routers(
        &self,
        router: &str,
        patience: Duration,
        leaving: bool,
    ) -> Result<Vec<String>, BoardError> {
        let mut members = MEMBERS.on(&[ROUTERS]);
        members.arg(router).arg(patience.as_millis().to_string()).arg(if leaving {
            "leaving"
        } else {
            "here"
        });
        Ok(members.invoke_async(&mut self.redis.clone()).await?)
    }

    /// Tells whoever sweeps `partition` that something there is due now. If the
    /// call is lost, the sweep comes a moment later by itself.
    pub(crate) async fn wake(&self, partition: Partition) {
        if let Err(error) =
            self.nats.client.publish(subject::wake(partition), Vec::new().into()).await
        {
            tracing::debug!(error = &error as &dyn std::error::Error, %partition, "wake-up call not sent");
        }
    }
}

impl Known {
    fn in_words(self) -> (&'static str, TimeDelta) {
        match self {
            Self::Ignore => ("no", TimeDelta::zero()),
            Self::Attach { sticky } => ("attach", sticky),
            Self::Keep { sticky } => ("keep", sticky),
            Self::Settled { sticky } => ("settled", sticky),
        }
    }
}

/// What the person can be recognised by, without giving it away (D-30).
fn marks(lead: &Lead) -> Vec<String> {
    let emails = lead.emails.iter().map(|email| email.trim().to_lowercase());
    let phones = lead
        .phones
        .iter()
        .map(|phone| phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect());
    let mark = |text: String| {
        let hash = digest::digest(&digest::SHA256, text.as_bytes());
        hash.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    };
    emails.chain(phones).map(mark).collect()
}

/// A plan as `carry_out.lua` reads it.
fn words(plan: &Plan) -> Vec<String> {
    let decision = serde_json::to_string(&plan.decision).unwrap_or_default();
    let bare = |what: &str, why: String| {
        let mut words = vec![what.to_owned(), why];
        words.resize(8, String::new());
        words.extend([decision.clone(), String::new(), String::new()]);
        words
    };
    match &plan.then {
        Then::Pool(why) => bare("pool", to_word(why)),
        Then::Hold(why) => bare("hold", to_word(why)),
        Then::Step(step) => words_of(step, decision),
    }
}

fn words_of(step: &Step, decision: String) -> Vec<String> {
    let pick = match step.pick {
        Pick::Turn => "turn",
        Pick::Fresh => "fresh",
        Pick::First => "first",
        Pick::All => "all",
    };
    let tags =
        if step.tags.is_empty() { String::new() } else { serde_json::json!(step.tags).to_string() };
    let mut words = vec![
        "step".to_owned(),
        String::new(),
        step.route.as_ref().map(ToString::to_string).unwrap_or_default(),
        pick.to_owned(),
        to_word(&step.by),
        step.assign.as_ref().map(to_word).unwrap_or_default(),
        step.window.num_milliseconds().to_string(),
        step.reroutes.to_string(),
        decision,
        tags,
        step.smart_plan.clone().unwrap_or_default(),
    ];
    let sign = |eligible: bool| if eligible { '+' } else { '-' };
    words.extend(
        step.candidates
            .iter()
            .map(|candidate| format!("{}{}", sign(candidate.eligible), candidate.agent)),
    );
    words
}
