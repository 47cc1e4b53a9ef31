//! What a provider could not deliver after it had taken it: when that was the
//! last way to tell an agent of an offer, the lead moves on.

use std::sync::Arc;
use std::time::Duration;

use tipoff_board::{Board, BoardError};
use tipoff_domain::{Channel, channels_for};
use tipoff_roster::Roster;
use tipoff_runtime::{Delivery, Handler, Outcome};
use tipoff_wire::notice::What;
use tipoff_wire::{Notice, Setback};
use tracing::error;

use super::{NotDone, Undelivered};
use crate::carrier::Carrier;
use crate::retry;

const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Draws the consequences of what the api was told by providers.
pub(crate) struct Setbacks {
    pub(crate) board: Board,
    pub(crate) roster: Roster,
    pub(crate) undelivered: Undelivered,
    /// What this deployment can deliver over.
    pub(crate) carriers: Vec<Arc<dyn Carrier>>,
}

impl Handler for Setbacks {
    async fn handle(&self, delivery: Delivery) -> Outcome {
        let setback: Setback = match serde_json::from_slice(&delivery.body) {
            Ok(setback) => setback,
            Err(error) => {
                return Outcome::GiveUp(format!("it cannot be read by this build: {error}"));
            }
        };
        match self.follow_up(&setback).await {
            Ok(()) => Outcome::Done,
            Err(failed) => {
                error!(error = &failed as &dyn std::error::Error, lead.id = %setback.lead, "what follows from a failed delivery is done later");
                let wait = retry::backoff(&setback.key(), delivery.deliveries);
                Outcome::RetryIn(wait.min(LONGEST_WAIT))
            }
        }
    }
}

impl Setbacks {
    async fn follow_up(&self, setback: &Setback) -> Result<(), NotDone> {
        let Some(notice) = self.notice(setback).await? else { return Ok(()) };
        let Setback { entity, lead, agent, round, .. } = setback;
        if self.undelivered.ledger.note(&notice, *round).await? {
            self.undelivered.roll_on(entity, lead, agent, *round).await?;
        }
        Ok(())
    }

    /// The notice that failed; `None`: its offer is over, so nothing follows.
    async fn notice(&self, setback: &Setback) -> Result<Option<Notice>, BoardError> {
        let Setback { channel, entity, lead, agent, round } = setback.clone();
        let now = self.board.time(&entity).await?;
        let (Some(view), Some(on_board)) =
            (self.roster.view(&entity), self.board.lead(&entity, &lead).await?)
        else {
            return Ok(None);
        };
        let now_is = &on_board.now_is;
        let known = view.agents.get(&agent).filter(|_| now_is.round == round);
        let (Some(known), Some(until)) = (known, now_is.until) else { return Ok(None) };
        if !now_is.pending.contains(&agent) {
            return Ok(None);
        }
        let route = now_is.route.as_ref().and_then(|id| view.route(id));
        let may = channels_for(known, route.map(Arc::as_ref), &view, now);
        let told = self.carriers.iter().filter(|one| {
            may.contains(&one.channel())
                && view.counts(&agent, one.channel())
                && one.reaches(&view, &agent, known)
        });
        let mut over: Vec<Channel> = told.map(|one| one.channel()).collect();
        if !over.contains(&channel) {
            over.push(channel);
        }
        let what = What::Offer { round, until, route: now_is.route.clone(), restored: None };
        Ok(Some(Notice { channel, entity, lead, agent, what, over }))
    }
}
