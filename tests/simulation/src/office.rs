//! One team, and what plans are made of.

use std::sync::Arc;

use anyhow::Context;
use chrono::{DateTime, Utc};
use serde_json::json;
use tipoff_domain::model::Standing;
use tipoff_domain::plan::{Arrival, Hop, Plan, dice, plan, plan_next};
use tipoff_domain::{AgentId, EntityView, Lead};

use crate::log::Number;

pub(crate) const AGENTS: [&str; 4] = ["ana", "ben", "chloe", "dana"];

/// The team's routes, and a lead for each.
pub(crate) struct Office {
    view: EntityView,
    leads: Vec<Lead>,
    pub(crate) agents: Vec<AgentId>,
}

impl Office {
    pub(crate) fn open() -> anyhow::Result<Self> {
        let team = json!({"name": "Acme", "kind": "team", "zone": "America/New_York"});
        let mut view = EntityView::new(id("acme")?, serde_json::from_value(team)?);
        let mut agents = Vec::new();
        for name in AGENTS {
            let agent = json!({"name": name, "email": format!("{name}@example.com")});
            view.agents.insert(id(name)?, Arc::new(serde_json::from_value(agent)?));
            agents.push(id(name)?);
        }
        let source = serde_json::from_value(json!({"name": "Portal"}))?;
        view.sources = [(id("portal")?, Arc::new(source))].into_iter().collect();
        let mut leads = Vec::new();
        for kind in ["round_robin", "jump_ball", "random"] {
            let tag = kind.replace('_', "-");
            let route = json!({"id": format!("route_{kind}"), "title": kind, "claim_within": "10s",
                "strategy": {"kind": kind, "agents": "all"}, "criteria": {"hashtags": [tag]}});
            view.routes.push(Arc::new(serde_json::from_value(route)?));
            let lead =
                json!({"source": "portal", "emails": ["dana@example.com"], "hashtags": [tag]});
            leads.push(serde_json::from_value(lead)?);
        }
        Ok(Self { view, leads, agents })
    }

    fn lead(&self, lead: Number) -> &Lead {
        &self.leads[lead % self.leads.len()]
    }

    pub(crate) fn plan(&self, lead: Number, now: DateTime<Utc>) -> Plan {
        plan(&Arrival::of(self.lead(lead)), &self.view, now, &mut dice(seed(lead, 1)))
    }

    pub(crate) fn plan_next(&self, lead: Number, is: &Standing, now: DateTime<Utc>) -> Plan {
        let asked = is.tried.iter().map(|tried| tried.agent.clone());
        let tried: Vec<AgentId> = asked.chain(is.pending.iter().cloned()).collect();
        let hop = Hop {
            lead: self.lead(lead),
            route: is.route.as_ref(),
            tried: &tried,
            again: &is.again,
            tags: &is.tags,
            jump_ball: is.jump_ball,
            first_offer: is.first_offer.unwrap_or(is.t0),
            board_now: now,
            reroutes: is.reroutes,
            full: &[],
        };
        plan_next(&hop, &self.view, now, &mut dice(seed(lead, is.round + 1)))
    }
}

fn id<T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>>(
    text: &str,
) -> anyhow::Result<T> {
    text.parse().with_context(|| text.to_owned())
}

fn seed(lead: Number, round: u32) -> [u8; 32] {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&(lead as u64).to_le_bytes());
    seed[8..12].copy_from_slice(&round.to_le_bytes());
    seed
}
