//! From the board's plain fields to leads and events.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde::de::value::StrDeserializer;
use tipoff_domain::{AgentId, EntityId, LeadId, LenderId};
use tipoff_wire::event::{OfferMade, State, Tried};
use tipoff_wire::{After, Event, EventKind, Partition};

use crate::reply::Entry;

/// A field that is missing or cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("field `{field}` holds `{value}`")]
pub(crate) struct Unreadable {
    field: String,
    value: String,
}

/// Named values of one lead or one event: so few that looking through them is
/// faster than a table.
pub(crate) struct Fields<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Fields<'a> {
    /// As Redis answers them.
    pub(crate) fn of(pairs: &'a [(String, String)]) -> Self {
        Self(pairs.iter().map(|(field, value)| (field.as_str(), value.as_str())).collect())
    }

    /// Fields and values in turn, with that character between them.
    pub(crate) fn between(character: char, text: &'a str) -> Self {
        let mut words = text.split(character);
        Self(std::iter::from_fn(|| Some((words.next()?, words.next()?))).collect())
    }

    fn bad(field: &str, value: &str) -> Unreadable {
        Unreadable { field: field.to_owned(), value: value.chars().take(60).collect() }
    }

    pub(crate) fn text(&self, field: &str) -> Option<&'a str> {
        let found = self.0.iter().find(|(name, _)| *name == field);
        found.map(|(_, value)| *value).filter(|value| !value.is_empty())
    }

    /// The field through its `FromStr`.
    pub(crate) fn parsed<T: std::str::FromStr>(
        &self,
        field: &str,
    ) -> Result<Option<T>, Unreadable> {
        self.text(field).map(|value| value.parse().map_err(|_| Self::bad(field, value))).transpose()
    }

    pub(crate) fn needed<T: std::str::FromStr>(&self, field: &str) -> Result<T, Unreadable> {
        self.parsed(field)?.ok_or_else(|| Self::bad(field, ""))
    }

    /// The field as one of the words of `T`.
    pub(crate) fn word<T: DeserializeOwned>(&self, field: &str) -> Result<Option<T>, Unreadable> {
        self.text(field)
            .map(|value| from_word(value).ok_or_else(|| Self::bad(field, value)))
            .transpose()
    }

    pub(crate) fn instant(&self, field: &str) -> Result<Option<DateTime<Utc>>, Unreadable> {
        let Some(ms) = self.parsed::<i64>(field)? else { return Ok(None) };
        DateTime::from_timestamp_millis(ms)
            .map(Some)
            .ok_or_else(|| Self::bad(field, &ms.to_string()))
    }

    fn json<T: DeserializeOwned>(&self, field: &str) -> Result<Option<T>, Unreadable> {
        self.text(field)
            .map(|value| serde_json::from_str(value).map_err(|_| Self::bad(field, "…")))
            .transpose()
    }

    /// What stands in the field between commas.
    fn list<T>(&self, field: &str, read: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, Unreadable> {
        let parts = self.text(field).unwrap_or_default().split(',').filter(|part| !part.is_empty());
        parts.map(|part| read(part).ok_or_else(|| Self::bad(field, part))).collect()
    }

    fn agents(&self, field: &str) -> Result<Vec<AgentId>, Unreadable> {
        self.list(field, |name| name.parse().ok())
    }

    fn tried(&self) -> Result<Vec<Tried>, Unreadable> {
        self.list("tried", |pair| {
            let (agent, outcome) = pair.split_once('=')?;
            Some(Tried { agent: agent.parse().ok()?, outcome: from_word(outcome)? })
        })
    }

    fn undo(&self) -> Result<Vec<OfferMade>, Unreadable> {
        self.list("undo", |pair| {
            let (agent, until) = pair.split_once(':')?;
            let until = DateTime::from_timestamp_millis(until.parse().ok()?)?;
            Some(OfferMade { agent: agent.parse().ok()?, until })
        })
    }

    fn misses(&self) -> Result<Vec<(AgentId, u32)>, Unreadable> {
        self.list("misses", |pair| {
            let (agent, count) = pair.split_once(':')?;
            Some((agent.parse().ok()?, count.parse().ok()?))
        })
    }

    /// The state that these fields describe.
    pub(crate) fn after(&self) -> Result<After, Unreadable> {
        let t0 = self.instant("t0")?.ok_or_else(|| Self::bad("t0", ""))?;
        Ok(After {
            state: self.word("state")?.ok_or_else(|| Self::bad("state", ""))?,
            route: self.parsed("route")?,
            round: self.parsed("round")?.unwrap_or(0),
            pending: self.agents("pending")?,
            until: self.instant("until")?,
            tried: self.tried()?,
            agent: self.parsed("agent")?,
            how: self.word("how")?,
            since: self.instant("since")?,
            why: self.word("why")?,
            source: self.parsed("source")?,
            received_at: self.instant("received")?.unwrap_or(t0),
            t0,
            first_offer: self.instant("first")?,
            reroutes: self.parsed("reroutes")?.unwrap_or(0),
            inquiries: self.parsed("inquiries")?.unwrap_or(1),
            duplicate_of: self.parsed("of")?,
            window_ms: self.parsed("window")?,
            tags: self.json("tags")?.unwrap_or_default(),
            smart_plan: self.text("plan").map(str::to_owned),
            enrolled: self.json("enrolled")?.unwrap_or_default(),
            along: self.list("along", |name| name.parse().ok())?,
            pond: self.parsed("pond")?,
            from_pond: self.parsed("from_pond")?,
            rested_at: self.instant("rested")?,
            act_by: self.instant("act_by")?,
            first_agents: self.agents("firsts")?,
            again: self.agents("again")?,
            undo: self.undo()?,
            released: self.word("released")?,
            jump_ball: self.text("ball").is_some(),
            credited: self.text("credited").is_some(),
            counted: self.text("counted").is_some(),
            erased: self.text("erased").is_some(),
            put_off_ms: self.parsed("late")?,
            known_by: self.parsed("known_by")?,
            requests: self.list("requests", |one| Some(one.to_owned()))?,
            memory: self.text("memory").map(str::to_owned),
        })
    }
}

/// A lead's state as plain fields, as `repair.lua` takes them.
pub(crate) fn to_fields(
    entity: &EntityId,
    version: u64,
    after: &After,
) -> Vec<(&'static str, String)> {
    let names =
        |agents: &[AgentId]| agents.iter().map(AgentId::as_str).collect::<Vec<_>>().join(",");
    let tried = |tried: &Tried| format!("{}={}", tried.agent, to_word(&tried.outcome));
    let ms = |instant: &Option<DateTime<Utc>>| {
        instant.map(|instant| instant.timestamp_millis().to_string())
    };
    let list = |texts: &[String]| (!texts.is_empty()).then(|| serde_json::json!(texts).to_string());
    let undo = |one: &OfferMade| format!("{}:{}", one.agent, one.until.timestamp_millis());
    let yes = |it: bool| it.then(|| "1".to_owned());
    let all = [
        ("entity", Some(entity.to_string())),
        ("state", Some(to_word(&after.state))),
        ("version", Some(version.to_string())),
        ("route", after.route.as_ref().map(ToString::to_string)),
        ("round", Some(after.round.to_string())),
        ("until", ms(&after.until)),
        ("window", after.window_ms.map(|window| window.to_string())),
        ("pending", Some(names(&after.pending))),
        ("tried", Some(after.tried.iter().map(tried).collect::<Vec<_>>().join(","))),
        ("agent", after.agent.as_ref().map(ToString::to_string)),
        ("how", after.how.as_ref().map(to_word)),
        ("since", ms(&after.since)),
        ("why", after.why.as_ref().map(to_word)),
        ("source", after.source.as_ref().map(ToString::to_string)),
        ("received", Some(after.received_at.timestamp_millis().to_string())),
        ("t0", Some(after.t0.timestamp_millis().to_string())),
        ("first", ms(&after.first_offer)),
        ("reroutes", Some(after.reroutes.to_string())),
        ("inquiries", Some(after.inquiries.to_string())),
        ("of", after.duplicate_of.as_ref().map(ToString::to_string)),
        ("tags", list(&after.tags)),
        ("plan", after.smart_plan.clone()),
        ("enrolled", list(&after.enrolled)),
        ("along", Some(after.along.iter().map(LenderId::as_str).collect::<Vec<_>>().join(","))),
        ("pond", after.pond.as_ref().map(ToString::to_string)),
        ("from_pond", after.from_pond.as_ref().map(ToString::to_string)),
        ("rested", ms(&after.rested_at)),
        ("act_by", ms(&after.act_by)),
        ("firsts", Some(names(&after.first_agents))),
        ("again", Some(names(&after.again))),
        ("undo", Some(after.undo.iter().map(undo).collect::<Vec<_>>().join(","))),
        ("released", after.released.as_ref().map(to_word)),
        ("ball", yes(after.jump_ball)),
        ("credited", yes(after.credited)),
        ("counted", yes(after.counted)),
        ("erased", yes(after.erased)),
        ("known_by", after.known_by.as_ref().map(ToString::to_string)),
        ("late", after.put_off_ms.map(|late| late.to_string())),
        ("requests", Some(after.requests.join(","))),
    ];
    all.into_iter()
        .filter_map(|(field, value)| Some((field, value.filter(|value| !value.is_empty())?)))
        .collect()
}

/// The event that an outbox entry is.
pub(crate) fn event(partition: Partition, entry: &Entry) -> Result<Event, Unreadable> {
    let fields = entry.fields();
    let after = fields.after()?;
    let lead: LeadId = fields.needed("lead")?;
    let kind: EventKind = fields.word("type")?.ok_or_else(|| Fields::bad("type", ""))?;
    let agents = fields.agents("agents")?;
    let mut decision = fields.json("decision")?;
    if let (Some(decision), Some(by)) = (decision.as_mut(), fields.word("picked_by")?) {
        tipoff_domain::Decision::leave_out(decision, &fields.agents("at_limit")?);
        tipoff_domain::Decision::settle(decision, &agents, by);
    }
    let offered = kind == EventKind::Offered && after.state == State::Offered;
    let until = after.until.filter(|_| offered);
    let asked = after.pending.iter().filter(|_| offered);
    let offers =
        asked.filter_map(|agent| Some(OfferMade { agent: agent.clone(), until: until? })).collect();
    Ok(Event {
        id: format!("{partition}-{}", entry.id),
        kind,
        at: fields.instant("at")?.ok_or_else(|| Fields::bad("at", ""))?,
        entity: fields.needed("entity")?,
        lead,
        version: fields.needed("version")?,
        route: after.route.clone(),
        round: (after.round > 0).then_some(after.round),
        offers,
        agents: if offered { Vec::new() } else { agents },
        from: fields.parsed("from")?,
        by: fields.text("by").map(str::to_owned),
        reason: fields.json("reason")?,
        due: fields.instant("due")?,
        inquiry: fields.parsed("inquiry")?,
        misses: fields.misses()?.into_iter().collect(),
        tags: fields.json("new_tags")?.unwrap_or_default(),
        smart_plan: fields.text("enrol").map(str::to_owned),
        decision,
        after,
        payload: fields.json("payload")?,
        person_kept_ms: fields.parsed("kept")?,
    })
}

/// A unit variant as its word in JSON.
pub(crate) fn to_word(value: &impl Serialize) -> String {
    serde_json::to_value(value)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}

pub(crate) fn from_word<T: DeserializeOwned>(word: &str) -> Option<T> {
    T::deserialize(StrDeserializer::<serde::de::value::Error>::new(word)).ok()
}

/// Where JSON cannot be read, without a word of what it says: it may be about a person.
pub(crate) fn place_in_json(error: &serde_json::Error) -> String {
    let kind = error.classify();
    format!("JSON, {kind:?} error at line {} column {}", error.line(), error.column())
}
