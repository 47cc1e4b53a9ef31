//! An entity, its agents and its routes in a few words.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tipoff_domain::plan::{Arrival, Dice, Plan, Step, Then, dice, plan};
use tipoff_domain::{Agent, AgentId, Entity, EntityView, Lead, Route};

pub(crate) fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(crate) fn agent(paused: bool) -> Arc<Agent> {
    Arc::new(
        serde_json::from_value(json!({"name": "A", "email": "a@example.com", "paused": paused}))
            .unwrap(),
    )
}

/// A route from its strategy and whatever else differs from the usual.
pub(crate) fn route(name: &str, strategy: Value, more: Value) -> Arc<Route> {
    let mut whole = json!({"id": name, "title": name, "strategy": strategy});
    whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Arc::new(serde_json::from_value(whole).unwrap())
}

pub(crate) fn view(agents: &[&str], routes: Vec<Arc<Route>>) -> EntityView {
    let entity = json!({"name": "Acme", "kind": "team", "zone": "America/New_York"});
    EntityView {
        agents: agents.iter().map(|name| (id(name), agent(false))).collect(),
        sources: [(id("zillow"), serde_json::from_value(json!({"name": "Zillow"})).unwrap())]
            .into_iter()
            .collect(),
        routes: routes.into(),
        ..EntityView::new(id("acme"), serde_json::from_value(entity).unwrap())
    }
}

/// What is said of the entity itself, to be changed.
pub(crate) fn entity(view: &mut EntityView) -> &mut Entity {
    Arc::make_mut(&mut view.entity)
}

pub(crate) fn pause(view: &mut EntityView, name: &str) {
    view.agents.insert(id(name), agent(true));
}

pub(crate) fn lead(more: Value) -> Lead {
    let mut whole = json!({"source": "zillow", "emails": ["dana@example.com"]});
    whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(whole).unwrap()
}

pub(crate) fn seeded(seed: u64) -> Dice {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    dice(bytes)
}

/// A Friday afternoon in New York.
pub(crate) const FRIDAY: &str = "2026-11-20T20:00:00Z";

pub(crate) fn plan_it(lead: &Lead, view: &EntityView, now: &str, seed: u64) -> Plan {
    plan(&Arrival::of(lead), view, at(now), &mut seeded(seed))
}

pub(crate) fn step(plan: &Plan) -> &Step {
    match &plan.then {
        Then::Step(step) => step,
        other => panic!("a step was expected, not {other:?}"),
    }
}

/// Whom the board would pick among, in order.
pub(crate) fn order(plan: &Plan) -> Vec<String> {
    let open = step(plan).candidates.iter().filter(|candidate| candidate.eligible);
    open.map(|candidate| candidate.agent.to_string()).collect()
}

pub(crate) fn names(list: &[&str]) -> Vec<AgentId> {
    list.iter().map(|name| id(name)).collect()
}
