//! Agents whom no lead reaches, and ponds that nobody fetches from.

use std::collections::BTreeMap;
use std::sync::Arc;

use litemap::LiteMap;
use serde_json::json;

use super::{Code, Finding, Severity, words};
use crate::{Agent, AgentId, Channel, EntityView, Members, Works};

pub(super) fn check(view: &EntityView) -> Vec<Finding> {
    let mut found = Vec::new();
    for (id, agent) in &view.agents {
        let agent_found = [
            without_channel(id, agent),
            without_route(id, agent, view),
            not_confirmed(id, agent, view),
        ];
        found.extend(agent_found.into_iter().flatten().map(|mut finding| {
            finding.agent = Some(id.clone());
            finding
        }));
    }
    found.extend(untested(view));
    found.extend(misses_told_to_nobody(view));
    for (id, pond) in &view.ponds {
        let missing = match &pond.members {
            Members::Everyone(_) => view.agents.is_empty(),
            Members::These(these) => !these.iter().any(|agent| view.agents.contains_key(agent)),
        };
        if missing {
            let message = words::pond_without_members(pond);
            let code = Code::PondWithoutMembers;
            let mut finding = Finding::new(Severity::Warning, code, message, json!({}));
            finding.pond = Some(id.clone());
            found.push(finding);
        }
    }
    found
}

fn without_channel(id: &AgentId, agent: &Agent) -> Option<Finding> {
    let reached = Channel::ALL.into_iter().any(|channel| agent.is_reached_by(channel));
    let facts = json!({ "wanted": agent.channels });
    let message = words::agent_without_channel(id, agent);
    (!reached).then(|| Finding::new(Severity::Error, Code::AgentWithoutChannel, message, facts))
}

/// Channels with an address of which it is not known whether they reach the agent.
fn unconfirmed(id: &AgentId, agent: &Agent, view: &EntityView) -> Vec<Channel> {
    let works = view.works.get(id);
    let open = |channel: &Channel| {
        agent.is_reached_by(*channel)
            && channel.address_of(agent).is_some()
            && !works.is_some_and(|works| works.contains_key(channel))
    };
    Channel::OF_AGENTS.into_iter().filter(open).collect()
}

/// Where only confirmed channels count, each agent who has others.
fn not_confirmed(id: &AgentId, agent: &Agent, view: &EntityView) -> Option<Finding> {
    let channels = unconfirmed(id, agent, view);
    let message = words::not_confirmed(id, agent, &channels);
    let facts = json!({ "channels": channels });
    (view.entity.confirmed_channels_only && !channels.is_empty())
        .then(|| Finding::new(Severity::Warning, Code::ChannelsNotConfirmed, message, facts))
}

/// Where the others count as well, all of them in one line; nothing where nobody
/// confirms anything.
fn untested(view: &EntityView) -> Option<Finding> {
    let confirms = view.works.values().flat_map(LiteMap::values).any(|it| *it == Works::Confirmed);
    let open = |(id, agent): (&AgentId, &Arc<Agent>)| {
        let channels = unconfirmed(id, agent, view);
        (!channels.is_empty()).then(|| (id.clone(), channels))
    };
    let agents: BTreeMap<AgentId, Vec<Channel>> = view.agents.iter().filter_map(open).collect();
    let message = words::untested(&agents);
    let facts = json!({ "agents": agents });
    (confirms && !view.entity.confirmed_channels_only && !agents.is_empty())
        .then(|| Finding::new(Severity::Note, Code::ChannelsNotConfirmed, message, facts))
}

fn misses_told_to_nobody(view: &EntityView) -> Option<Finding> {
    let (code, message) = (Code::MissesToldToNobody, words::misses_told_to_nobody());
    (view.entity.missed_offers.is_some() && view.entity.admins.is_empty())
        .then(|| Finding::new(Severity::Note, code, message, json!({})))
}

/// Neither on an active route nor named by one for when nobody takes a lead.
fn without_route(id: &AgentId, agent: &Agent, view: &EntityView) -> Option<Finding> {
    let mut active = view.routes.iter().filter(|route| route.active);
    let is_on = active
        .any(|route| route.names(id) || route.strategy.members(view.agents.keys()).contains(&id));
    let paused: Vec<_> = view
        .routes
        .iter()
        .filter(|route| !route.active && route.names(id))
        .map(|route| &route.id)
        .collect();
    let message = words::agent_without_route(id, agent);
    let facts = json!({ "paused": paused });
    (!is_on && !view.routes.is_empty())
        .then(|| Finding::new(Severity::Note, Code::AgentWithoutRoute, message, facts))
}
