//! Events in words, for people at a terminal.
//!
//! Never says who the lead is: sources, agents and ids only.

use std::collections::HashMap;

use chrono::TimeDelta;
use tipoff_domain::decision::By;
use tipoff_domain::notified::{About, Became};
use tipoff_domain::plan::{How, Otherwise};
use tipoff_domain::{AgentId, CandidateVerdict, EntityId, Notified, RouteId, RouteVerdict, Span};
use tipoff_roster::Roster;
use tipoff_wire::event::{Released, ReturnedWord, State};
use tipoff_wire::{After, Event, EventKind, PooledWhy};

/// Titles of routes. Whatever has none is called by its id.
#[derive(Debug, Clone, Default)]
pub(crate) struct Titles(HashMap<RouteId, String>);

impl Titles {
    /// Of every route that the entity has now; one that was deleted since is not among them.
    pub(crate) fn of(roster: &Roster, entity: &EntityId) -> Self {
        let view = roster.view(entity);
        let routes = view.iter().flat_map(|view| &view.routes);
        Self(routes.map(|route| (route.id.clone(), route.title.clone())).collect())
    }

    pub(crate) fn get<'a>(&'a self, route: &'a RouteId) -> &'a str {
        self.0.get(route).map_or(route.as_str(), String::as_str)
    }
}

#[cfg(test)]
impl FromIterator<(RouteId, String)> for Titles {
    fn from_iter<T: IntoIterator<Item = (RouteId, String)>>(titles: T) -> Self {
        Self(titles.into_iter().collect())
    }
}

/// One word for what happened.
pub(crate) fn verb(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Received => "received",
        EventKind::Held => "held",
        EventKind::Offered => "offered",
        EventKind::Passed => "passed",
        EventKind::Expired => "expired",
        EventKind::Claimed => "claimed",
        EventKind::Assigned => "assigned",
        EventKind::Pooled => "pooled",
        EventKind::Returned => "returned",
        EventKind::Duplicate => "duplicate",
        EventKind::Closed => "closed",
        EventKind::Released => "released",
        EventKind::Worked => "worked",
        EventKind::Credited => "credited",
        EventKind::FollowUp => "to follow up",
        EventKind::ChanceAsked => "asked again",
        EventKind::Erased => "erased",
        EventKind::Withdrawn => "withdrawn",
        EventKind::Extended => "extended",
        EventKind::Restored => "restored",
    }
}

/// The rest of the sentence.
pub(crate) fn story(event: &Event, titles: &Titles) -> String {
    let agents = names(&event.agents);
    let after = &event.after;
    match event.kind {
        EventKind::Received => after
            .source
            .as_ref()
            .map_or("without a source".to_owned(), |source| format!("from {source}")),
        EventKind::Pooled if event.reason.as_deref() == Some("pond_gone") => {
            "the pond that it rested in is gone".to_owned()
        }
        EventKind::Held | EventKind::Pooled => {
            after.why.map_or("no reason was given", why).to_owned()
        }
        EventKind::Offered => offered(event, titles),
        EventKind::Passed | EventKind::Worked => format!("by {agents}"),
        EventKind::Expired => format!("{agents} did not answer in time"),
        EventKind::Claimed if after.how == Some(How::PoolClaimed) => {
            format!("by {agents}, from the pool")
        }
        EventKind::Claimed => format!("by {agents}{}", answer_time(event)),
        EventKind::Assigned => {
            let to = if event.agents.is_empty() { names(after.agent.as_slice()) } else { agents };
            format!(
                "to {to}{}",
                after.how.map(|how| format!(": {}", explain_how(how))).unwrap_or_default()
            )
        }
        EventKind::Returned => match (&event.by, event.reason.as_deref()) {
            (Some(by), _) => format!("by {by}"),
            (None, Some("agent_gone")) => format!("{agents} had left before"),
            (None, _) => format!("{agents} did not work it in time"),
        },
        EventKind::Released => match after.released {
            Some(Released::Completed) => "somebody can be reached now".to_owned(),
            _ => "somebody sent it to routing".to_owned(),
        },
        EventKind::Credited => format!("{agents} gets the next one for it"),
        EventKind::FollowUp => format!("{agents} will get in touch again"),
        EventKind::ChanceAsked => format!("{agents} wants it after all"),
        EventKind::Restored => format!("to {agents}, who took the pass back"),
        EventKind::Duplicate => "the same again; kept as an inquiry on this lead".to_owned(),
        EventKind::Closed | EventKind::Erased => {
            event.by.as_ref().map(|by| format!("by {by}")).unwrap_or_default()
        }
        EventKind::Withdrawn => format!("from {agents}"),
        EventKind::Extended => {
            format!("for {}: nobody could answer for a while", names(&after.pending))
        }
    }
}

/// What became of a notice: one word, and the rest of the sentence.
pub(crate) fn notice(notice: &Notified) -> (&'static str, String) {
    let Notified { agent, channel, about, became, why, .. } = notice;
    let verb = match became {
        Became::Sent => "told",
        Became::Obsolete => "spared",
        Became::Retried => "retried",
        Became::Failed => "not told",
    };
    let about = match about {
        About::Offer => "of the offer",
        About::Assigned => "that it is theirs",
        About::Over => "that the offer is over",
        About::Missed => "who misses offers",
    };
    let whom = if channel.is_a_room() { "all" } else { agent.as_str() };
    let why = why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    (verb, format!("{whom} {about}, by {}{why}", channel.as_str()))
}

fn offered(event: &Event, titles: &Titles) -> String {
    let agents: Vec<AgentId> = event.offers.iter().map(|offer| offer.agent.clone()).collect();
    let together = if agents.len() > 1 { " at once" } else { "" };
    let limit = event
        .offers
        .first()
        .map(|offer| format!(", for {}", took(offer.until - event.at)))
        .unwrap_or_default();
    let route =
        event.route.as_ref().map(|route| format!("   {}", titles.get(route))).unwrap_or_default();
    format!("to {}{together}{limit}{route}", names(&agents))
}

/// How long after the lead came in, where that is known.
fn answer_time(event: &Event) -> String {
    format!(", {} after the lead came in", took(event.at - event.after.received_at))
}

pub(crate) fn names(agents: &[AgentId]) -> String {
    if agents.is_empty() {
        return "nobody".to_owned();
    }
    agents.iter().map(AgentId::as_str).collect::<Vec<_>>().join(", ")
}

/// Where the lead is now.
pub(crate) fn standing(after: &After) -> String {
    match after.state {
        State::Held => format!("held: {}", after.why.map_or("no reason was given", why)),
        State::Offered => format!("offered to {}", names(&after.pending)),
        State::Assigned => {
            let how = after.how.map(|how| format!(" ({})", explain_how(how))).unwrap_or_default();
            format!("{} has it{how}", names(after.agent.as_slice()))
        }
        State::Pooled => format!("in the pool: {}", after.why.map_or("no reason was given", why)),
        State::Closed => "closed".to_owned(),
    }
}

fn why(why: PooledWhy) -> &'static str {
    match why {
        PooledWhy::Planned(Otherwise::NoRoute) => "no route matches",
        PooledWhy::Planned(Otherwise::NoSource) => "no route matches, and it names no source",
        PooledWhy::Planned(Otherwise::ToPond) => "the route sends its leads to a pond",
        PooledWhy::Planned(Otherwise::NobodyEligible) => {
            "routes match, but none has anybody who can take it"
        }
        PooledWhy::Planned(Otherwise::Exhausted) => "everybody was asked and nobody took it",
        PooledWhy::Planned(Otherwise::TooManyReroutes) => "it was routed anew too often",
        PooledWhy::Planned(Otherwise::Incomplete) => "it names no way to reach the person",
        PooledWhy::Planned(Otherwise::UntilOpening) => "it waits until its route opens",
        PooledWhy::Planned(Otherwise::NeedsAttention) => {
            "planning it broke; the router's log says where"
        }
        PooledWhy::Planned(Otherwise::NotAutomatic) => {
            "typed in or imported: somebody must send it to routing"
        }
        PooledWhy::Returned(ReturnedWord::Returned) => "it was sent back",
        PooledWhy::Returned(ReturnedWord::Reclaimed) => "nobody worked it in time",
    }
}

fn explain_how(how: How) -> &'static str {
    match how {
        How::Claimed => "claimed",
        How::PoolClaimed => "claimed from the pool",
        How::Direct => "the route asks nobody",
        How::AssignToAgent => "the route assigns to one agent",
        How::TimeoutAgent => "nobody took it before the route's time-out",
        How::Exhausted => "everybody was asked and nobody took it",
        How::AgentSite => "it came from their own site",
        How::Listing => "it is about their listing",
        How::Manual => "by a person",
        How::Returning => "they know this person already",
    }
}

/// What became of a route, as the end of "the route …".
pub(crate) fn route_verdict(verdict: RouteVerdict) -> &'static str {
    match verdict {
        RouteVerdict::Matched => "matched, and takes the lead",
        RouteVerdict::Outranked => "would match, but another one comes first",
        RouteVerdict::NobodyEligible => "matches, but none of its agents can take it now",
        RouteVerdict::Waits => "is closed, and the lead waits until it opens",
        RouteVerdict::TookOver => "takes over what another route could give to nobody",
        RouteVerdict::Paused => "is paused",
        RouteVerdict::Dates => "is not active on this date",
        RouteVerdict::Schedule => "is closed at this hour",
        RouteVerdict::Sources => "does not take this source",
        RouteVerdict::Hashtags => "wants another hashtag",
        RouteVerdict::Kinds => "wants another kind of lead",
        RouteVerdict::PropertyTypes => "wants another property type",
        RouteVerdict::Areas => "wants another area",
        RouteVerdict::Mls => "wants another MLS number",
        RouteVerdict::Price => "wants another price",
    }
}

/// What became of a candidate, as the end of "the agent …".
pub(crate) fn candidate_verdict(verdict: CandidateVerdict, by: Option<By>) -> &'static str {
    match (verdict, by) {
        (CandidateVerdict::Chosen, Some(by)) => chosen_by(by),
        (CandidateVerdict::Chosen, None) => "is chosen",
        (CandidateVerdict::Eligible, _) => "could have had it",
        (CandidateVerdict::Paused, _) => "is paused",
        (CandidateVerdict::PausedOnRoute, _) => "is paused on this route",
        (CandidateVerdict::Away, _) => "is away",
        (CandidateVerdict::QuietHours, _) => "does not want to be woken now",
        (CandidateVerdict::Tried, _) => "was asked before",
        (CandidateVerdict::AtLimit, _) => "has as many leads as their limits allow",
        (CandidateVerdict::NotAMember, _) => "is no longer an agent here",
        (CandidateVerdict::NoChannel, _) => "is reached by none of the route's channels",
        (CandidateVerdict::NoWeight, _) => "has a weight of 0",
    }
}

fn chosen_by(by: By) -> &'static str {
    match by {
        By::Turn => "is chosen: it is their turn",
        By::Draw => "is chosen: drawn at random",
        By::Weight => "is chosen: drawn by weight",
        By::JumpBall => "is asked together with the others",
        By::Assignment => "is chosen: the route names them",
        By::Timeout => "is chosen: named for when the time is up",
        By::Exhausted => "is chosen: named for when nobody takes it",
        By::AgentSite => "is chosen: it is their site",
        By::Listing => "is chosen: it is their listing",
        By::OfficeHours => "is chosen: nobody is asked outside of office hours",
        By::AnotherChance => "is chosen: they asked for another chance",
        By::Credit => "is chosen: they were owed a lead",
        By::Returning => "is chosen: they know this person already",
    }
}

/// A span of time as in `0.031 s`, `8.2 s` or `3m20s`.
pub(crate) fn took(span: TimeDelta) -> String {
    let millis = span.num_milliseconds().max(0);
    match (millis, millis % 1_000) {
        (0..10_000, rest) if rest != 0 => format!("{}.{rest:03} s", millis / 1_000),
        (0..60_000, rest) if rest != 0 => format!("{}.{} s", millis / 1_000, rest / 100),
        (0..60_000, _) => format!("{} s", millis / 1_000),
        _ => Span::seconds(u32::try_from(millis / 1_000).unwrap_or(u32::MAX)).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_as_exact_as_anybody_reads_them() {
        let said: Vec<String> = [7, 1_000, 1_031, 12_345, 60_000, 200_999]
            .map(|ms| took(TimeDelta::milliseconds(ms)))
            .into();
        assert_eq!(said, ["0.007 s", "1 s", "1.031 s", "12.3 s", "1m", "3m20s"]);
    }
}
