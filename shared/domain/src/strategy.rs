//! How a route chooses among its agents.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{AgentId, EntityView, Invalid, PondId};

/// Who may receive a route's leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Recipients {
    /// The word `all`: every agent of the entity, later ones included.
    Everyone(Everyone),
    /// In this order.
    These(Vec<AgentId>),
    /// Nobody by name: the leads rest in a pond, whose members fetch them (D-25).
    Pond(IntoPond),
}

/// As in `{"pond": "north"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntoPond {
    pub pond: PondId,
}

/// The word `all`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Everyone {
    All,
}

/// Who comes next when a Round Robin offer is passed or runs out (D-7).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RollOn {
    /// The next on the list after the one who had it.
    #[default]
    List,
    /// By a turn of their own, so that nobody's neighbour gets all that they leave.
    Spread,
}

/// The draw odds of the simple form, 1 : 2 : 3 (D-10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Odds {
    Less,
    Average,
    More,
}

/// The five rules.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Strategy {
    RoundRobin {
        agents: Recipients,
        #[serde(default)]
        roll_on: RollOn,
    },
    Random {
        agents: Recipients,
    },
    WeightedRandom {
        /// Percent, adding up to 100; hundredths count (D-11).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        weights: Option<BTreeMap<AgentId, f64>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        odds: Option<BTreeMap<AgentId, Odds>>,
        /// The same shares without streaks: everybody's turn comes at even
        /// distances instead of by a draw (D-11).
        #[serde(default)]
        smooth: bool,
    },
    JumpBall {
        agents: Recipients,
    },
    AssignToAgent {
        agent: AgentId,
    },
}

const WHOLE: u64 = 10_000;

/// Percent to hundredths of a percent; `None` outside 0 to 100, and for what is
/// finer: it could not be drawn as it stands (D-11).
fn basis_points(percent: f64) -> Option<u64> {
    let scaled = (percent * 100.0).round();
    if (percent * 100.0 - scaled).abs() > 1e-6 {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to lie within 0 to 10,000"
    )]
    (0.0..=10_000.0).contains(&scaled).then_some(scaled as u64)
}

impl Strategy {
    /// Whether this route overrides list order (D-3).
    pub fn is_assign_to_agent(&self) -> bool {
        matches!(self, Self::AssignToAgent { .. })
    }

    /// The pond that the leads go to, if they do.
    pub fn pond(&self) -> Option<&PondId> {
        match self {
            Self::RoundRobin { agents: Recipients::Pond(into), .. }
            | Self::Random { agents: Recipients::Pond(into) }
            | Self::JumpBall { agents: Recipients::Pond(into) } => Some(&into.pond),
            _ => None,
        }
    }

    /// The members in list order; `everyone` is the entity's agents in theirs.
    pub fn members<'a>(&'a self, everyone: impl Iterator<Item = &'a AgentId>) -> Vec<&'a AgentId> {
        match self {
            Self::RoundRobin { agents, .. }
            | Self::Random { agents }
            | Self::JumpBall { agents } => match agents {
                Recipients::Everyone(_) => everyone.collect(),
                Recipients::These(these) => these.iter().collect(),
                Recipients::Pond(_) => Vec::new(),
            },
            Self::WeightedRandom { weights, odds, .. } => {
                let named = weights.iter().flat_map(BTreeMap::keys);
                named.chain(odds.iter().flat_map(BTreeMap::keys)).collect()
            }
            Self::AssignToAgent { agent } => vec![agent],
        }
    }

    /// The share of `agent` in a weighted draw, in parts whose size only their
    /// proportion gives. 0 means never drawn (D-9).
    pub fn weight(&self, agent: &AgentId) -> u64 {
        match self {
            Self::WeightedRandom { weights: Some(weights), .. } => {
                weights.get(agent).copied().and_then(basis_points).unwrap_or(0)
            }
            Self::WeightedRandom { odds: Some(odds), .. } => match odds.get(agent) {
                Some(Odds::Less) => 1,
                Some(Odds::Average) => 2,
                Some(Odds::More) => 3,
                None => 0,
            },
            _ => 1,
        }
    }

    /// Refuses a strategy that nobody of that entity could be found by.
    pub fn check(&self, view: &EntityView) -> Result<(), Invalid> {
        let knows = |agent: &AgentId| view.agents.contains_key(agent);
        let mut invalid = Invalid::default();
        if let Some(pond) = self.pond().filter(|pond| !view.ponds.contains_key(*pond)) {
            invalid.add("/agents/pond", format!("`{pond}` is not a pond of this entity"));
        }
        match self {
            Self::RoundRobin { agents, .. }
            | Self::Random { agents }
            | Self::JumpBall { agents } => {
                if let Recipients::These(these) = agents {
                    check_list(these, &knows, &mut invalid);
                }
            }
            Self::WeightedRandom { weights: Some(weights), odds: None, .. } => {
                check_weights(weights, &mut invalid);
                check_known(weights.keys(), "/weights", &knows, &mut invalid);
            }
            Self::WeightedRandom { weights: None, odds: Some(odds), .. } => {
                if odds.is_empty() {
                    invalid.add("/odds", "name at least one agent");
                }
                check_known(odds.keys(), "/odds", &knows, &mut invalid);
            }
            Self::WeightedRandom { .. } => {
                invalid.add(
                    "/weights",
                    "give either `weights` (percent) or `odds` (less, average, more)",
                );
            }
            Self::AssignToAgent { agent } if !knows(agent) => {
                invalid.add("/agent", format!("`{agent}` is not an agent of this entity"));
            }
            Self::AssignToAgent { .. } => {}
        }
        invalid.into_result()
    }
}

fn check_list(these: &[AgentId], knows: &impl Fn(&AgentId) -> bool, invalid: &mut Invalid) {
    if these.is_empty() {
        invalid.add("/agents", "name at least one agent, or write `all`");
    }
    check_each("/agents", these, knows, invalid);
}

/// Refuses whom the entity does not know, and whoever is named twice.
pub(crate) fn check_each(
    under: &str,
    these: &[AgentId],
    knows: &impl Fn(&AgentId) -> bool,
    invalid: &mut Invalid,
) {
    let mut seen = std::collections::BTreeSet::new();
    for (index, agent) in these.iter().enumerate() {
        if !knows(agent) {
            invalid.add(
                format!("{under}/{index}"),
                format!("`{agent}` is not an agent of this entity"),
            );
        }
        if !seen.insert(agent) {
            invalid.add(format!("{under}/{index}"), format!("`{agent}` is on the list twice"));
        }
    }
}

fn check_known<'a>(
    agents: impl Iterator<Item = &'a AgentId>,
    under: &str,
    knows: &impl Fn(&AgentId) -> bool,
    invalid: &mut Invalid,
) {
    for agent in agents.filter(|agent| !knows(agent)) {
        invalid
            .add(format!("{under}/{agent}"), format!("`{agent}` is not an agent of this entity"));
    }
}

fn check_weights(weights: &BTreeMap<AgentId, f64>, invalid: &mut Invalid) {
    let mut total = 0;
    for (agent, percent) in weights {
        match basis_points(*percent) {
            Some(points) => total += points,
            None => invalid.add(
                format!("/weights/{agent}"),
                "must lie between 0 and 100 percent, in steps of 0.01",
            ),
        }
    }
    if total != WHOLE {
        let (whole, hundredths) = (total / 100, total % 100);
        invalid.add(
            "/weights",
            format!("must add up to 100 percent; these make {whole}.{hundredths:02}"),
        );
    }
}
