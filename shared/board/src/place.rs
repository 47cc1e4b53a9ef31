//! What routers ask of the board: put a lead there, and move it on.

use std::ops::RangeInclusive;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use ring::digest;
use tipoff_domain::plan::Plan;
use tipoff_domain::{AgentId, Lead, LeadId, PondId, SamePerson, Span};
use tipoff_wire::Accepted;

use crate::keys::Keys;
use crate::reply::Reply;
use crate::words::of_plan;
use crate::{Board, BoardError, OnBoard};

/// What to do when the person is known already (D-30).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Nothing: every lead stands for itself.
    Ignore,
    /// An open lead takes this one in; an agent who has the person keeps them for `sticky`.
    Attach { sticky: TimeDelta },
    /// Only the agent is kept.
    Keep { sticky: TimeDelta },
    /// It was asked and settled, or does not count here: this lead goes its own way.
    Settled { sticky: TimeDelta },
}

/// What became of a new lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placed {
    /// Also if it had come in before, and what was decided then was lost with Redis.
    New,
    /// It was on the board already. Nothing changed, unless it was held because
    /// nobody could be reached, and now somebody can: then it is due (D-26).
    Known,
    /// The same person's open lead took it in, now or before.
    Attached(LeadId),
    /// These are at their limits, so nobody is left to pick. Nothing changed: plan without them.
    Full(Vec<AgentId>),
    /// The person has this agent. Nothing changed: plan for them, or go on as [`Known::Settled`].
    Returning(AgentId),
}

/// Whether somebody has the person of a lead that was let go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recognised {
    /// Their open lead took this one in.
    Attached(LeadId),
    /// This agent. Nothing changed: plan for them.
    Returning(AgentId),
    /// Nothing changed.
    Nobody,
    /// It has changed since; it will be found again if it is due.
    Stale,
}

/// What became of a lead that was to move on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MovedOn {
    Done,
    /// It has changed since; it will be found again if it is due.
    Stale,
    /// Not due yet.
    Early,
    /// These are at their limits, so nobody is left to pick. Nothing changed: plan without them.
    Full(Vec<AgentId>),
}

impl Board {
    /// Puts a new lead on the board and carries out its plan. What it was placed by
    /// before must stand on the board: a turn that is taken, and what limits count, do not
    /// come back when the log refuses the lead.
    pub async fn place(
        &self,
        accepted: &Accepted,
        plan: &Plan,
        known: Known,
    ) -> Result<Placed, BoardError> {
        let (id, entity) = (&accepted.id, &accepted.entity);
        let partition = self.partition(entity);
        let keys = Keys(partition);
        // It may be a resend of one that has aged out.
        self.recall(entity, id).await?;
        let (word, sticky) = known.in_words();
        let marks = known.marks(&accepted.lead);
        let verb = &self.scripts.place;
        let mut place = verb.on(&keys.of_lead(entity, id));
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
        place.arg(if accepted.lead.is_reachable() { "1" } else { "" });
        for word in of_plan(plan) {
            place.arg(word);
        }
        let reply: Reply = self.run(partition, &place).await?;
        self.commit(entity, &reply).await?;
        if !reply.detail.is_empty() && reply.lead != *id {
            // It has become part of another lead, and that is an event of its own.
            self.commit(entity, &self.unsent(entity, id).await?).await?;
        }
        let other = |text: &str| text.parse().map_err(|what| Self::unreadable(id, &what));
        Ok(match reply.word.as_str() {
            "placed" => Placed::New,
            "known" if reply.detail.is_empty() => Placed::Known,
            // Whoever placed it before may have died before they did what follows from it.
            "known" => Placed::Attached(other(&reply.detail)?),
            "released" => {
                self.wake(self.partition(entity)).await;
                Placed::Known
            }
            "attached" => Placed::Attached(other(&reply.detail)?),
            "full" => Placed::Full(agents(id, &reply.detail)?),
            "returning" => {
                Placed::Returning(reply.detail.parse().map_err(|what| Self::unreadable(id, &what))?)
            }
            _ => return Err(verb.unknown(reply.word)),
        })
    }

    /// Whether somebody has the person of a lead that was let go and is not planned yet,
    /// as it stands in `lead` (D-30).
    pub async fn recognise(&self, lead: &OnBoard, known: Known) -> Result<Recognised, BoardError> {
        let is_asked = matches!(known, Known::Attach { .. } | Known::Keep { .. });
        if lead.now_is.known_by.is_none() || !is_asked {
            return Ok(Recognised::Nobody);
        }
        let (id, entity, marks) = (&lead.id, &lead.entity, known.marks(&lead.lead));
        let partition = self.partition(entity);
        let (verb, keys, (word, sticky)) =
            (&self.scripts.recognise, Keys(partition), known.in_words());
        let mut recognise = verb.on(&keys.of_lead(entity, id));
        for mark in &marks {
            recognise.key(keys.person(entity, mark));
        }
        recognise.arg(id.as_str()).arg(lead.version).arg(word);
        recognise.arg(sticky.num_milliseconds()).arg(marks.len());
        let reply: Reply = self.run(partition, &recognise).await?;
        self.commit(entity, &reply).await?;
        match reply.word.as_str() {
            "attached" => {
                // That it is part of another lead is an event of its own.
                self.commit(entity, &self.unsent(entity, id).await?).await?;
                Ok(Recognised::Attached(reply.lead))
            }
            "returning" => {
                let agent = reply.detail.parse::<AgentId>();
                Ok(Recognised::Returning(agent.map_err(|what| Self::unreadable(id, &what))?))
            }
            "nobody" => Ok(Recognised::Nobody),
            "stale" => Ok(Recognised::Stale),
            _ => Err(verb.unknown(reply.word)),
        }
    }

    /// Sends a lead back to its pond that was claimed there and is not worked,
    /// if it still stands like `lead`; to the pool if the pond is not among
    /// `ponds` any more (D-25).
    pub async fn reclaim(&self, lead: &OnBoard, ponds: &[PondId]) -> Result<MovedOn, BoardError> {
        let verb = &self.scripts.reclaim;
        let (version, ponds) = (lead.version.to_string(), of_ponds(ponds));
        let reply = self.change(verb, &lead.entity, &lead.id, &[&version, &ponds]).await?;
        match reply.word.as_str() {
            "moved_on" => Ok(MovedOn::Done),
            "stale" => Ok(MovedOn::Stale),
            "early" => Ok(MovedOn::Early),
            _ => Err(verb.unknown(reply.word)),
        }
    }

    /// Moves a lead on that is due, by a plan made from `lead` as it stands there.
    pub async fn roll_on(&self, lead: &OnBoard, plan: &Plan) -> Result<MovedOn, BoardError> {
        let verb = &self.scripts.roll_on;
        let (version, words) = (lead.version.to_string(), of_plan(plan));
        let args: Vec<&str> = std::iter::once(&version).chain(&words).map(String::as_str).collect();
        let reply = self.change(verb, &lead.entity, &lead.id, &args).await?;
        match reply.word.as_str() {
            "moved_on" => Ok(MovedOn::Done),
            "stale" => Ok(MovedOn::Stale),
            "early" => Ok(MovedOn::Early),
            "full" => Ok(MovedOn::Full(agents(&lead.id, &reply.detail)?)),
            _ => Err(verb.unknown(reply.word)),
        }
    }
}

impl Known {
    /// By the rule of the source that the lead came from, if there is one.
    pub fn by(rule: Option<&SamePerson>) -> Self {
        let Some(rule) = rule else { return Self::Ignore };
        let sticky = rule.sticky.map_or(TimeDelta::zero(), Span::delta);
        if rule.attach { Self::Attach { sticky } } else { Self::Keep { sticky } }
    }

    /// What the person is to be recognised by.
    pub(crate) fn marks(self, lead: &Lead) -> Vec<String> {
        if self == Self::Ignore { Vec::new() } else { marks(lead) }
    }

    pub(crate) fn in_words(self) -> (&'static str, TimeDelta) {
        match self {
            Self::Ignore => ("no", TimeDelta::zero()),
            Self::Attach { sticky } => ("attach", sticky),
            Self::Keep { sticky } => ("keep", sticky),
            Self::Settled { sticky } => ("settled", sticky),
        }
    }
}

/// Digits of a number with its country's prefix.
const E164_DIGITS: RangeInclusive<usize> = 7..=15;

/// What the person can be recognised by, without giving it away (D-30).
pub(crate) fn marks(lead: &Lead) -> Vec<String> {
    let emails = lead.emails.iter().map(|email| email.trim().to_lowercase());
    // What could not be read as a number is kept as it was sent, and tells nothing.
    let phones = lead.phones.iter().filter(|phone| phone.trim_start().starts_with('+'));
    let phones = phones
        .map(|phone| phone.chars().filter(char::is_ascii_digit).collect::<String>())
        .filter(|digits| E164_DIGITS.contains(&digits.len()))
        .map(|digits| format!("+{digits}"));
    let mark = |text: String| {
        let hash = digest::digest(&digest::SHA256, text.as_bytes());
        URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16])
    };
    emails.chain(phones).map(mark).collect()
}

/// The ponds that there are, as scripts read them.
pub(crate) fn of_ponds(ponds: &[PondId]) -> String {
    ponds.iter().map(PondId::as_str).collect::<Vec<_>>().join(",")
}

pub(crate) fn agents(lead: &LeadId, list: &str) -> Result<Vec<AgentId>, BoardError> {
    let read = |name: &str| name.parse().map_err(|what| Board::unreadable(lead, &what));
    list.split(',').filter(|name| !name.is_empty()).map(read).collect()
}
