//! Round robin: every new lead of a route goes to the next on the list (D-7).

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use tipoff_domain::{AgentId, LeadId, RouteId};
use tipoff_wire::{Event, EventKind};

use super::{Case, Rule};

/// Turns that were taken so shortly before the board forgot may be gone, although later ones
/// are in the log: each router hears of its own, and commits them by itself.
const UNHEARD: TimeDelta = TimeDelta::seconds(1);

/// Whom a route asked first for a new lead.
struct First {
    place: (u64, u64),
    lead: LeadId,
    agent: AgentId,
    at: DateTime<Utc>,
}

impl Case<'_> {
    pub(super) fn turns(&mut self) {
        let mut by_route: BTreeMap<&RouteId, Vec<First>> = BTreeMap::new();
        for (lead, story) in &self.leads.0 {
            let Some(logged) = story.iter().find(|logged| logged.event.kind == EventKind::Offered)
            else {
                continue;
            };
            let event = &logged.event;
            let (Some(route), Some(offer)) = (&event.route, event.offers.first()) else { continue };
            if self.evidence.turns.contains_key(route) {
                let first = First {
                    place: place(event),
                    lead: lead.clone(),
                    agent: offer.agent.clone(),
                    at: event.at,
                };
                by_route.entry(route).or_default().push(first);
            }
        }
        for (route, mut firsts) in by_route {
            firsts.sort_by_key(|first| first.place);
            for pair in firsts.windows(2) {
                let [before, now] = pair else { continue };
                let next = next(&self.evidence.turns[route], &before.agent);
                let forgot = |at: &DateTime<Utc>| before.at <= *at && *at <= now.at + UNHEARD;
                if next != Some(&now.agent) && !self.evidence.forgot.iter().any(forgot) {
                    let what =
                        format!("{} was asked after {}, out of turn", now.agent, before.agent);
                    self.broke(Rule::FairTurns, &now.lead, what);
                }
            }
        }
    }
}

/// The event's place among all of its partition, as the board decided them.
fn place(event: &Event) -> (u64, u64) {
    let mut parts = event.id.rsplit('-').map(|part| part.parse().unwrap_or_default());
    let (second, first) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    (first, second)
}

fn next<'a>(list: &'a [AgentId], after: &AgentId) -> Option<&'a AgentId> {
    let at = list.iter().position(|agent| agent == after)?;
    list.get((at + 1) % list.len())
}
