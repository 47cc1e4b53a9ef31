//! Test messages → to every address of a channel, with what confirms it.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tipoff_domain::{Agent, EntityView, Locale};
use tipoff_roster::{Reach, Roster};
use tipoff_runtime::{Clock, Delivery, Handler, Outcome};
use tipoff_wire::Trial;
use tracing::{debug, error, warn};

use crate::carrier::{Carrier, SendError};
use crate::retry;

/// Whoever asked for a test waits for it; later it surprises.
const LIVES: TimeDelta = TimeDelta::minutes(10);

/// A test message with everything needed to write it.
#[derive(Debug, Clone)]
pub(crate) struct Tested {
    pub(crate) trial: Trial,
    pub(crate) view: Arc<EntityView>,
    pub(crate) agent: Arc<Agent>,
}

impl Tested {
    /// The language that the agent reads.
    pub(crate) fn locale(&self) -> Locale {
        self.agent.locale.unwrap_or(self.view.entity.locale)
    }
}

/// Sends test messages over any channel.
pub(crate) struct Tester {
    pub(crate) roster: Roster,
    pub(crate) clock: Clock,
    pub(crate) carriers: Vec<Arc<dyn Carrier>>,
}

impl Handler for Tester {
    async fn handle(&self, delivery: Delivery) -> Outcome {
        let trial: Trial = match serde_json::from_slice(&delivery.body) {
            Ok(trial) => trial,
            Err(error) => {
                return Outcome::GiveUp(format!("the test cannot be read by this build: {error}"));
            }
        };
        let now = self.clock.now();
        let left = trial.at + LIVES - now;
        let (Some(tested), Some(carrier)) = (self.tested(&trial), self.carrier(&trial)) else {
            debug!(agent.id = %trial.agent, "a test message is not sent: no such agent, or no such channel here");
            return Outcome::Done;
        };
        if left <= TimeDelta::zero() {
            return Outcome::Done;
        }
        match carrier.test(&tested, now).await {
            Ok(()) => Outcome::Done,
            Err(SendError::BadAddress(why)) => self.note(&tested, &why, now).await,
            Err(SendError::ForGood(why)) => Outcome::GiveUp(why),
            Err(error) => {
                warn!(error = &error as &dyn std::error::Error, agent.id = %trial.agent, "a test message is tried again");
                Outcome::RetryIn(retry::backoff(&trial.key(), delivery.deliveries))
            }
        }
    }
}

impl Tester {
    fn tested(&self, trial: &Trial) -> Option<Tested> {
        let view = self.roster.view(&trial.entity)?;
        let agent = view.agents.get(&trial.agent)?.clone();
        Some(Tested { trial: trial.clone(), view, agent })
    }

    fn carrier(&self, trial: &Trial) -> Option<&Arc<dyn Carrier>> {
        self.carriers.iter().find(|one| one.channel() == trial.channel)
    }

    /// A test that finds a dead address has found something out.
    async fn note(&self, tested: &Tested, why: &str, now: DateTime<Utc>) -> Outcome {
        let trial = &tested.trial;
        let Trial { entity, agent, channel, .. } = trial;
        let Some(address) = self.roster.addresses(entity, agent, *channel).pop() else {
            return Outcome::Done;
        };
        // Nobody has tried the one that they have by now.
        if channel.address_of(&tested.agent).is_some_and(|used| used != address) {
            return Outcome::Done;
        }
        let reach = Reach::failed(&address, why, now);
        match self.roster.put_reach(entity, agent, *channel, reach).await {
            Ok(()) => Outcome::Done,
            Err(failed) => {
                error!(error = &failed as &dyn std::error::Error, agent.id = %agent, "a dead address was not noted");
                Outcome::RetryIn(retry::backoff(&trial.key(), 1))
            }
        }
    }
}
