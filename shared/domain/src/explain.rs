//! Decisions in words: why a lead went where it went, for those who may know
//! who was asked, and for an agent who may know only about themselves.

mod agents;
mod notices;
mod others;
mod rests;
mod routes;
mod story;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::decision::By;
use crate::lint::Message;
use crate::{AgentId, CandidateVerdict, Decision, EntityView, RouteId, RouteVerdict};

pub use agents::candidate;
pub use notices::NoticeSaid;
pub use others::others;
pub use rests::{how, rest};
pub use routes::route;
pub use story::{Answer, why_not};

/// A route of a decision, with what became of it in words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RouteSaid {
    pub route: RouteId,
    /// `null`: deleted since.
    pub title: Option<String>,
    pub verdict: RouteVerdict,
    pub message: Message,
}

/// An agent of a decision, with what became of them in words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CandidateSaid {
    /// `null`: another agent, whose name is not the reader's to know.
    pub agent: Option<AgentId>,
    pub name: Option<String>,
    pub verdict: CandidateVerdict,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<By>,
    pub message: Message,
}

/// What routes and agents are called today.
#[derive(Debug, Clone, Default)]
pub struct Words {
    titles: BTreeMap<RouteId, String>,
    names: BTreeMap<AgentId, String>,
}

impl Words {
    /// As the entity has them.
    pub fn of(view: &EntityView) -> Self {
        let titles = view.routes.iter().map(|route| (route.id.clone(), route.title.clone()));
        let names = view.agents.iter().map(|(id, agent)| (id.clone(), agent.name.clone()));
        Self { titles: titles.collect(), names: names.collect() }
    }

    /// What a route is called, if it is still there.
    pub fn title(&self, route: &RouteId) -> Option<&str> {
        self.titles.get(route).map(String::as_str)
    }

    /// What an agent is called, if they are still there.
    pub fn name(&self, agent: &AgentId) -> Option<&str> {
        self.names.get(agent).map(String::as_str)
    }

    /// Every route that was considered.
    pub fn routes(&self, decision: &Decision) -> Vec<RouteSaid> {
        let said = |considered: &crate::decision::RouteConsidered| {
            let title = self.title(&considered.route);
            RouteSaid {
                message: route(title.unwrap_or(considered.route.as_str()), considered.verdict),
                title: title.map(str::to_owned),
                route: considered.route.clone(),
                verdict: considered.verdict,
            }
        };
        decision.routes.iter().map(said).collect()
    }

    /// Every agent who was considered. `reader`: an agent, who is told their
    /// own name only.
    pub fn candidates(&self, decision: &Decision, reader: Option<&AgentId>) -> Vec<CandidateSaid> {
        let said = |considered: &crate::decision::Considered| {
            let is_shown = reader.is_none_or(|reader| *reader == considered.agent);
            let name = self.name(&considered.agent).unwrap_or(considered.agent.as_str());
            CandidateSaid {
                agent: is_shown.then(|| considered.agent.clone()),
                name: is_shown.then(|| name.to_owned()),
                verdict: considered.verdict,
                by: considered.by,
                message: candidate(is_shown.then_some(name), considered.verdict, considered.by),
            }
        };
        decision.candidates.iter().map(said).collect()
    }
}

fn say(en: impl Into<String>, es: impl Into<String>) -> Message {
    Message { en: en.into(), es: es.into() }
}
