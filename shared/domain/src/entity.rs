//! An entity (company, office or team), its sources, and the view the planner takes.

use std::num::NonZeroU32;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use litemap::LiteMap;
use serde::{Deserialize, Serialize};

use crate::invalid::{LONGEST_NAME, under};
use crate::lead::looks_like_email;
use crate::schedule::Day;
use crate::{
    Agent, AgentId, Channel, EntityId, Invalid, LenderId, Locale, Pond, PondId, Route, RouteId,
    Routes, Schedule, SourceId, Span, Works,
};

/// What an entity is; companies hold offices, offices hold teams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntityKind {
    Company,
    Office,
    Team,
}

/// What happens when the same person comes again (D-30).
///
/// Left out, only resends are recognised (D-30 a).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SamePerson {
    /// While the earlier lead is open, the new one becomes an inquiry on it (D-30 b).
    #[serde(default = "yes")]
    pub attach: bool,
    /// For this long the person goes back to the agent who has them (D-30 c).
    #[serde(default)]
    pub sticky: Option<Span>,
    /// A lead that rests in a pond for so long is offered again when the person
    /// asks once more (D-30 b). Left out, it stays there.
    #[serde(default)]
    pub offer_again_after: Option<Span>,
}

fn yes() -> bool {
    true
}

/// Where a lead goes that no route takes (D-6).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoMatch {
    #[default]
    Pool,
    /// To all agents in turn, without asking; this route cannot be deleted.
    DefaultRoute,
}

/// Whether leads about a listing go to its agent first (D-24).
///
/// Left out, they do not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listing {
    /// Leads go by the routes, whatever listing they are about.
    #[serde(default)]
    pub bypass: bool,
    /// Left out, the listing agent has the lead without being asked.
    #[serde(default)]
    pub timeout: Option<Span>,
    /// Also while the listing agent is paused.
    #[serde(default)]
    pub even_if_paused: bool,
}

/// What follows when an agent lets one offer after the other run out. A claim or
/// a pass begins the row anew; an offer of which the route's timeout left less than
/// half changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MissedOffers {
    /// So many in a row, and those who look after the entity are told; after as
    /// many more they are told again.
    #[serde(default = "three")]
    pub tell_at: NonZeroU32,
    /// So many in a row, and the agent is paused on all routes, which is told as
    /// well. Left out, nobody is paused.
    #[serde(default)]
    pub pause_at: Option<NonZeroU32>,
}

fn three() -> NonZeroU32 {
    const { NonZeroU32::new(3).unwrap() }
}

impl MissedOffers {
    /// Whether somebody is paused who has missed so many in a row.
    pub fn pauses(&self, missed: u32) -> bool {
        self.pause_at.is_some_and(|at| missed >= at.get())
    }

    /// Whether somebody is told of it.
    pub fn tells(&self, missed: u32) -> bool {
        self.pauses(missed) || missed.is_multiple_of(self.tell_at.get())
    }
}

/// Longest role of somebody who goes along with an agent.
const LONGEST_ROLE: usize = 20;
/// Longest time for taking back a pass.
const LONGEST_UNDO: Span = Span::seconds(60);

/// An entity as configured. Its id is the key it is stored under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entity {
    pub name: String,
    pub kind: EntityKind,
    #[serde(default)]
    pub parent: Option<EntityId>,
    /// Who looks after it: agents, here or below, who are told when something is amiss.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub admins: Vec<AgentId>,
    /// IANA zone, such as `America/New_York` (D-12).
    pub zone: Tz,
    /// ISO 3166 code of the country whose phone numbers come without a prefix.
    #[serde(default = "united_states")]
    pub country: String,
    #[serde(default)]
    pub locale: Locale,
    #[serde(default)]
    pub same_person: Option<SamePerson>,
    #[serde(default)]
    pub no_match: NoMatch,
    /// Outside of these, leads that need acceptance go to the timeout agent, by
    /// e-mail only (D-18). Left out, it is always open.
    #[serde(default)]
    pub office_hours: Option<Schedule>,
    #[serde(default)]
    pub listing: Option<Listing>,
    /// The day on which weekly limits begin anew (D-20).
    #[serde(default = "monday")]
    pub week_starts: Day,
    /// Whether limits also count, and block, what agents fetch from pool and ponds (D-21).
    #[serde(default)]
    pub pool_claims_count: bool,
    /// For how long a pass can be taken back before the lead moves on.
    #[serde(default)]
    pub undo_pass: Option<Span>,
    /// What rests in the pool is offered again by the routes, the oldest first and
    /// one every so long, as soon as somebody can take it. Left out, it stays there.
    #[serde(default)]
    pub serve_pool_every: Option<Span>,
    /// Left out, nobody is told of agents who do not answer, and none is paused.
    #[serde(default)]
    pub missed_offers: Option<MissedOffers>,
    /// Only channels that the agent has confirmed by a test message count. Left
    /// out, so do those of which nothing is known.
    #[serde(default)]
    pub confirmed_channels_only: bool,
}

fn monday() -> Day {
    Day::Mon
}

fn united_states() -> String {
    "US".to_owned()
}

impl Entity {
    /// Refuses an entity without a usable name or country.
    pub fn check(&self) -> Result<(), Invalid> {
        let mut invalid = Invalid::default();
        invalid.check_name("/name", "name", &self.name, LONGEST_NAME);
        if self.country.len() != 2 || !self.country.chars().all(|c| c.is_ascii_uppercase()) {
            invalid.add("/country", "give the two capital letters of ISO 3166, such as US");
        }
        if let Some(hours) = &self.office_hours {
            invalid.absorb(under("/office_hours", hours.check()));
        }
        if self.undo_pass.is_some_and(|undo| undo > LONGEST_UNDO) {
            invalid.add("/undo_pass", format!("must not be longer than {LONGEST_UNDO}"));
        }
        let (shortest, longest) = crate::route::CLAIM_WITHIN;
        let timeout = self.listing.as_ref().and_then(|listing| listing.timeout);
        if timeout.is_some_and(|timeout| !(shortest..=longest).contains(&timeout)) {
            invalid.add("/listing/timeout", format!("must lie between {shortest} and {longest}"));
        }
        invalid.into_result()
    }

    /// Whether `now` lies within office hours (D-18).
    pub fn is_open(&self, now: DateTime<Utc>) -> bool {
        self.office_hours.as_ref().is_none_or(|hours| hours.admits(now).is_ok())
    }

    /// The route that takes what no other takes, if the entity wants one (D-6).
    pub fn default_route(&self) -> Option<Route> {
        (self.no_match == NoMatch::DefaultRoute).then(Route::for_the_rest)
    }
}

/// Somebody who goes along with the agent: who finances what a lead buys, or does
/// something else for it. Routes and agents name them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lender {
    pub name: String,
    /// What they do, in one word, as in `isa`.
    #[serde(default = "lends")]
    pub role: String,
    #[serde(default)]
    pub email: Option<String>,
    #[serde(default)]
    pub phone: Option<String>,
}

fn lends() -> String {
    Lender::ROLE.to_owned()
}

impl Lender {
    /// What they do if nothing else is said.
    pub const ROLE: &str = "lender";

    /// Refuses a lender without a name, with an address that is none, or with a role
    /// that is no plain word.
    pub fn check(&self) -> Result<(), Invalid> {
        let mut invalid = Invalid::default();
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if !(1..=LONGEST_ROLE).contains(&self.role.len()) || !self.role.chars().all(plain) {
            let problem = format!("takes up to {LONGEST_ROLE} of a-z, 0-9 and `_`, as in `isa`");
            invalid.add("/role", problem);
        }
        invalid.check_name("/name", "name", &self.name, LONGEST_NAME);
        if self.email.as_deref().is_some_and(|email| !looks_like_email(email)) {
            invalid.add("/email", "is not an e-mail address");
        }
        invalid.into_result()
    }
}

/// Where leads come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    pub name: String,
    /// The shape of what it sends; `generic` is our own.
    #[serde(default = "generic")]
    pub kind: String,
    /// The most leads that are taken from it, per second over a minute. Left
    /// out, as many as the deployment takes from any source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leads_per_second: Option<NonZeroU32>,
    /// What happens when the same person comes again from here, in place of what
    /// the entity says (D-30).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_person: Option<SamePerson>,
}

fn generic() -> String {
    "generic".to_owned()
}

impl Source {
    /// Refuses a source without a name or of a kind we cannot read.
    pub fn check(&self) -> Result<(), Invalid> {
        let mut invalid = Invalid::default();
        invalid.check_name("/name", "name", &self.name, LONGEST_NAME);
        if self.kind != "generic" {
            invalid.add("/kind", "only `generic` is known");
        }
        invalid.into_result()
    }
}

/// Everything about one entity that planning needs, frozen at one moment.
#[derive(Debug, Clone)]
pub struct EntityView {
    pub id: EntityId,
    pub entity: Arc<Entity>,
    pub agents: LiteMap<AgentId, Arc<Agent>>,
    pub sources: LiteMap<SourceId, Arc<Source>>,
    pub ponds: LiteMap<PondId, Arc<Pond>>,
    pub lenders: LiteMap<LenderId, Arc<Lender>>,
    /// In list order: the first that matches wins (D-3). The default route, if
    /// there is one, stands last.
    pub routes: Routes,
    /// What is known of channels of agents.
    pub works: LiteMap<AgentId, LiteMap<Channel, Works>>,
}

impl EntityView {
    /// An entity that nothing belongs to yet.
    pub fn new(id: EntityId, entity: Arc<Entity>) -> Self {
        Self {
            id,
            entity,
            agents: LiteMap::new(),
            sources: LiteMap::new(),
            ponds: LiteMap::new(),
            lenders: LiteMap::new(),
            routes: Routes::default(),
            works: LiteMap::new(),
        }
    }

    /// Whether what is known of a channel allows its use.
    pub fn counts(&self, id: &AgentId, channel: Channel) -> bool {
        match self.works.get(id).and_then(|channels| channels.get(&channel)) {
            Some(Works::Confirmed) => true,
            Some(Works::Failed | Works::Stopped) => false,
            None => !(self.entity.confirmed_channels_only && channel.is_tested()),
        }
    }

    /// Whether nobody should be asked who is told over these channels only: nothing is left of them,
    /// or nothing but the bell since the others do not count.
    pub fn is_out_of_reach(&self, id: &AgentId, channels: &[Channel]) -> bool {
        let Some(agent) = self.agents.get(id) else { return true };
        let wanted = || channels.iter().filter(|channel| agent.is_reached_by(**channel));
        let only_the_bell =
            wanted().all(|channel| *channel == Channel::InApp || !self.counts(id, *channel));
        let any_does_not_count = || wanted().any(|channel| !self.counts(id, *channel));
        wanted().next().is_none() || (only_the_bell && any_does_not_count())
    }

    /// What happens when the same person comes again from that source (D-30).
    pub fn same_person(&self, source: Option<&SourceId>) -> Option<&SamePerson> {
        let own = source.and_then(|source| self.sources.get(source)?.same_person.as_ref());
        own.or(self.entity.same_person.as_ref())
    }

    /// The route of that id.
    pub fn route(&self, id: &RouteId) -> Option<&Arc<Route>> {
        self.routes.iter().find(|route| route.id == *id)
    }
}
