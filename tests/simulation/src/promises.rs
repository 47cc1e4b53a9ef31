//! What must hold at every step, and what must have happened at least once.

use std::collections::BTreeMap;
use std::fmt;

use tipoff_domain::model::Standing;
use tipoff_domain::standing::State;
use tipoff_domain::{AgentId, model::Told};

use crate::board::name;
use crate::log::{Change, Log, Number};

/// A promise that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The story in which that happened, and its step.
    pub seed: u64,
    pub step: u64,
    pub what: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed {} step {}: {}", self.seed, self.step, self.what)
    }
}

/// Situations that a run must have been in: whoever never gets there proves nothing.
pub(crate) const SOMETIMES: [&str; 22] = [
    "a question was lost",
    "an answer was lost",
    "a process died",
    "a lead was sent twice",
    "a lead was delivered twice",
    "a lead was placed",
    "a lead was claimed",
    "a claim was too late",
    "a lead was taken by somebody else",
    "whoever claimed had it already",
    "a lead was claimed from the pool",
    "a lead was passed",
    "a lead was sent back",
    "an offer ran out",
    "a plan was stale",
    "an event was there already",
    "the log had something else",
    "the board forgot what the log has",
    "what was left behind was shipped",
    "the board came back without its last changes",
    "the board came back empty",
    "what was overlooked was found",
];

/// How often each was seen.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen(pub(crate) BTreeMap<&'static str, u64>);

impl Seen {
    pub(crate) fn note(&mut self, what: &'static str) {
        *self.0.entry(what).or_default() += 1;
    }
}

/// What is wrong about a change that the log has just taken.
pub(crate) fn wrong(before: Option<&Change>, change: &Change) -> Option<String> {
    let lead = change.lead;
    let was = before.and_then(|before| before.after.lead(&name(lead)));
    if before.map_or(0, |before| before.to) != change.from {
        return Some(format!("lead {lead}: version {} does not follow", change.to));
    }
    change.told.iter().find_map(|told| wrong_about(was, told, change)).map(|what| {
        let then =
            was.map(|was| format!("{:?} with {:?}, asked {:?}", was.state, was.agent, was.pending));
        format!("lead {lead}: {what}; before it was {}", then.unwrap_or_default())
    })
}

fn wrong_about(was: Option<&Standing>, told: &Told, change: &Change) -> Option<String> {
    match told.what {
        "lead.claimed" => {
            let (was, agent) = (was?, told.agents.first()?);
            let asked = was.state == State::Offered && was.pending.contains(agent);
            let late = was.until.is_some_and(|until| change.at >= until);
            match was.state {
                State::Pooled => None,
                _ if asked && !late => None,
                _ if asked => Some(format!("{agent} claimed it after the deadline")),
                _ => Some(format!("{agent} claimed what they were not asked about")),
            }
        }
        "lead.expired" => {
            let early = was?.until.is_some_and(|until| change.at < until);
            early.then(|| "its offer ended early".to_owned())
        }
        "lead.offered" | "lead.pooled" => {
            let taken = was?.state == State::Assigned;
            taken.then(|| "it was taken from whoever has it".to_owned())
        }
        _ => None,
    }
}

/// Whether the log says that the agent was given the lead.
pub(crate) fn was_given(log: &Log, lead: Number, agent: &AgentId) -> bool {
    let told = log.story(lead).iter().flat_map(|change| &change.told);
    let mut given = told.filter(|told| told.what == "lead.claimed");
    given.any(|told| told.agents.first() == Some(agent))
}
