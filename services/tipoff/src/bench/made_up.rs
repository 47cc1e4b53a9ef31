//! Leads and routes to measure with.

use bytes::Bytes;
use clap::ValueEnum;
use serde_json::{Value, json};
use tipoff_domain::Route;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    RoundRobin,
    Random,
    WeightedRandom,
    JumpBall,
    AssignToAgent,
}

impl Kind {
    pub(super) const ALL: [Self; 5] =
        [Self::RoundRobin, Self::Random, Self::WeightedRandom, Self::JumpBall, Self::AssignToAgent];

    /// As on the command line.
    pub(super) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

/// A lead as a portal sends it, about 400 bytes.
pub(super) fn lead(number: usize) -> Bytes {
    let lead = json!({
        "external_id": format!("web-{number}"), "kind": "buyer", "name": {"full": format!("Person {number}")},
        "emails": [format!("person{number}@example.com")], "phones": ["+15125550101"],
        "message": "Is it still available?", "hashtags": ["relocation"], "language": "en",
        "property": {"address": "15 Oak Ct", "city": "Austin", "region": "TX", "postal_code": "78701", "price": 450_000},
    });
    Bytes::from(lead.to_string())
}

/// A route that takes everything, for agents `agent0` to `agent<agents - 1>`.
pub(super) fn route(kind: Kind, agents: usize, claim_within: &str) -> anyhow::Result<Route> {
    let share = |agent: usize| 100 / agents.max(1) + usize::from(agent < 100 % agents.max(1));
    let shares: serde_json::Map<String, Value> =
        (0..agents).map(|agent| (format!("agent{agent}"), json!(share(agent)))).collect();
    let strategy = match kind {
        Kind::RoundRobin => json!({"kind": "round_robin", "agents": "all"}),
        Kind::Random => json!({"kind": "random", "agents": "all"}),
        Kind::WeightedRandom => json!({"kind": "weighted_random", "weights": shares}),
        Kind::JumpBall => json!({"kind": "jump_ball", "agents": "all"}),
        Kind::AssignToAgent => json!({"kind": "assign_to_agent", "agent": "agent0"}),
    };
    let route = json!({
        "title": "Everything", "strategy": strategy, "claim_within": claim_within, "channels": ["email"],
    });
    Ok(serde_json::from_value(route)?)
}

/// A route that takes nothing that [`lead`] makes: one more to be looked at.
pub(super) fn passing(number: usize) -> anyhow::Result<Route> {
    let route = json!({
        "title": format!("Elsewhere {number}"), "strategy": {"kind": "round_robin", "agents": "all"},
        "claim_within": "1h", "channels": ["email"],
        "criteria": {"kinds": ["buyer"], "areas": [format!("{:05}", 10_000 + number)]},
    });
    Ok(serde_json::from_value(route)?)
}
