//! A lead about a listing goes to its agent first (D-24).

use chrono::{DateTime, TimeDelta, Utc};

use super::search::Search;
use super::{How, Plan, Then};
use crate::decision::By;
use crate::{AgentId, Channel, Decision, EntityView, Listing};

/// What the listing agent's turn looks like; `None`: there is nobody whose it
/// would be, or the entity does not want it.
pub(super) fn plan(search: &Search<'_>, view: &EntityView, now: DateTime<Utc>) -> Option<Plan> {
    let rule = view.entity.listing.as_ref().filter(|rule| !rule.bypass)?;
    let property = search.lead.property.as_ref()?;
    let listed = property.listing_agent.iter().chain(&property.co_listing_agents);
    let agent = listed.into_iter().find(|agent| can_take(agent, rule, search, view, now))?;
    let mut plan = Plan::assign(agent, How::Listing, By::Listing, Decision::default());
    if let (Then::Step(step), Some(timeout)) = (&mut plan.then, rule.timeout) {
        step.assign = None;
        step.window = timeout.delta();
    }
    Some(plan.cap(view, now))
}

fn can_take(
    agent: &AgentId,
    rule: &Listing,
    search: &Search<'_>,
    view: &EntityView,
    now: DateTime<Utc>,
) -> bool {
    let Some(known) = view.agents.get(agent) else { return false };
    let asked = rule.timeout.map_or(TimeDelta::zero(), crate::Span::delta) > TimeDelta::zero();
    let told = || !view.is_out_of_reach(agent, &Channel::ALL);
    !search.full.contains(agent)
        && (rule.even_if_paused || !known.is_paused(now))
        && (!asked || told())
}
