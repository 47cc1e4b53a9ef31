//! The routing rules of Tipoff, and nothing else.
//!
//! This crate knows no clock, no dice and no I/O: the instant and the dice are
//! arguments. [`plan()`] takes a lead and the entity's configuration and answers
//! what should happen next, and why. The board carries it out.
//!
//! Rules are cited by their number in the semantics document, as in "D-7".

pub mod agent;
pub mod audit;
pub mod channel;
pub mod claiming;
mod co_assign;
pub mod criteria;
pub mod decision;
mod draft;
pub mod duration;
pub mod entity;
pub mod explain;
pub mod ids;
pub mod instant;
pub mod invalid;
pub mod lead;
pub mod limit;
pub mod lint;
pub mod model;
pub mod notified;
mod openings;
pub mod plan;
pub mod pond;
pub mod preview;
pub mod quiet;
pub mod report;
pub mod route;
mod routes;
pub mod schedule;
pub mod simulate;
pub mod standing;
pub mod strategy;

pub use agent::{Agent, Away, Locale};
pub use channel::{Channel, Works};
pub use claiming::{Claiming, PondClaim};
pub use criteria::{Criteria, Criterion, PriceRange, Sources};
pub use decision::{CandidateVerdict, Decision, RouteVerdict};
pub use duration::Span;
pub use entity::{
    Entity, EntityKind, EntityView, Lender, Listing, MissedOffers, NoMatch, SamePerson, Source,
};
pub use ids::{AgentId, EntityId, LeadId, LenderId, PondId, RouteId, SourceId, WebhookId};
pub use invalid::{Invalid, Problem};
pub use lead::{Kind, Lead, Name, Origin, Property};
pub use limit::{Cap, Limit, Period};
pub use notified::Notified;
pub use plan::{
    Along, Arrival, Dice, Hop, Marks, Otherwise, Pick, Plan, Rest, Step, channels_for, plan,
    plan_next,
};
pub use pond::{Members, Pond};
pub use quiet::QuietHours;
pub use route::{AfterClose, OnExhausted, Route, Timeout};
pub use routes::Routes;
pub use schedule::Schedule;
pub use strategy::{Recipients, Strategy};
