//! How agents are assumed to answer.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use rand::RngExt;
use rand::seq::{IndexedRandom, SliceRandom};
use serde::{Deserialize, Serialize};

use super::Past;
use crate::{AgentId, Dice, Span};

/// The part of their offers that agents claim, from 0 (never) to 1 (always).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answers {
    /// Of everybody who is not named.
    #[serde(default = "always")]
    pub others: f64,
    #[serde(default)]
    pub agents: BTreeMap<AgentId, f64>,
    /// How long everybody takes to claim. Left out, as long as they took in truth.
    #[serde(default)]
    pub after: Option<Span>,
}

fn always() -> f64 {
    1.0
}

impl Default for Answers {
    fn default() -> Self {
        Self { others: always(), agents: BTreeMap::new(), after: None }
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

    /// Who claims, of those who were asked together, in any order.
    pub(super) fn willing(&self, asked: &[AgentId], dice: &mut Dice) -> Vec<AgentId> {
        let mut claims = |agent: &&AgentId| match self.of(agent) {
            rate if rate >= 1.0 => true,
            rate if rate <= 0.0 => false,
            rate => dice.random_bool(rate),
        };
        let mut willing: Vec<AgentId> =
            asked.iter().filter(|agent| claims(agent)).cloned().collect();
        if willing.len() > 1 {
            willing.shuffle(dice);
        }
        willing
    }
}

/// How long agents took to claim what they were asked first about.
pub(super) struct Pace {
    always: Option<TimeDelta>,
    each: BTreeMap<AgentId, Vec<TimeDelta>>,
    all: Vec<TimeDelta>,
}

impl Pace {
    pub(super) fn of(past: &[Past], answers: &Answers) -> Self {
        let mut pace =
            Self { always: answers.after.map(Span::delta), each: BTreeMap::new(), all: Vec::new() };
        for one in past {
            if let (Some(agent), Some(took)) = (&one.agent, one.took) {
                pace.each.entry(agent.clone()).or_default().push(took);
                pace.all.push(took);
            }
        }
        pace
    }

    /// As long as the agent took one time or another; of whom nothing is known,
    /// as long as anybody did.
    pub(super) fn draw(&self, agent: &AgentId, dice: &mut Dice) -> TimeDelta {
        let drawn = || self.each.get(agent).unwrap_or(&self.all).choose(dice).copied();
        self.always.or_else(drawn).unwrap_or_default()
    }
}
