//! How agents are assumed to answer.

use std::collections::BTreeMap;

use rand::RngExt;
use rand::seq::IndexedRandom;
use serde::{Deserialize, Serialize};

use crate::{AgentId, Dice};

/// The part of their offers that agents claim, from 0 (never) to 1 (always).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answers {
    /// Of everybody who is not named.
    #[serde(default = "always")]
    pub others: f64,
    #[serde(default)]
    pub agents: BTreeMap<AgentId, f64>,
}

fn always() -> f64 {
    1.0
}

impl Default for Answers {
    fn default() -> Self {
        Self { others: always(), agents: BTreeMap::new() }
    }
}

impl Answers {
    /// Whether every rate is one.
    pub fn make_sense(&self) -> bool {
        let mut rates = self.agents.values().chain([&self.others]);
        rates.all(|rate| (0.0..=1.0).contains(rate))
    }

    /// The rate of `agent`.
    pub fn of(&self, agent: &AgentId) -> f64 {
        self.agents.get(agent).copied().unwrap_or(self.others)
    }

    /// Who claims, of those who were asked together.
    pub(super) fn first_of(&self, asked: &[AgentId], dice: &mut Dice) -> Option<AgentId> {
        let mut claim = |agent: &&AgentId| match self.of(agent) {
            rate if rate >= 1.0 => true,
            rate if rate <= 0.0 => false,
            rate => dice.random_bool(rate),
        };
        let willing: Vec<&AgentId> = asked.iter().filter(|agent| claim(agent)).collect();
        match willing.as_slice() {
            [] => None,
            [one] => Some((*one).clone()),
            several => several.choose(dice).map(|agent| (*agent).clone()),
        }
    }
}
