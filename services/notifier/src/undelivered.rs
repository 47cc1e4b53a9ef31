//! What follows when a notice fails for good: an address that is dead is used
//! no more, and an offer that no channel could tell is told to nobody.

mod ledger;
mod setbacks;

use chrono::{DateTime, Utc};
use opentelemetry::metrics::Counter;
use opentelemetry::{KeyValue, global};
use tipoff_board::{Board, BoardError, Withdrawal, Withdrawn};
use tipoff_domain::{Agent, AgentId, EntityId, LeadId};
use tipoff_roster::{EditError, Reach, Roster};
use tipoff_runtime::Nats;
use tipoff_wire::Notice;
use tipoff_wire::notice::What;
use tracing::warn;

use self::ledger::{Ledger, LedgerError};
pub(crate) use self::setbacks::Setbacks;
use crate::carrier::SendError;

/// What follows could not be done; it must be tried again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotDone {
    #[error("the agent has another address by now")]
    Moved,
    #[error("the dead address could not be noted")]
    Roster(#[from] EditError),
    #[error("the failure could not be noted")]
    Ledger(#[from] LedgerError),
    #[error("the offer could not be withdrawn")]
    Board(#[from] BoardError),
}

/// Draws the consequences.
#[derive(Clone)]
pub(crate) struct Undelivered {
    board: Board,
    roster: Roster,
    ledger: Ledger,
    dead_addresses: Counter<u64>,
    undeliverable: Counter<u64>,
}

impl Undelivered {
    pub(crate) fn new(nats: Nats, board: Board, roster: Roster) -> Self {
        let meter = global::meter("tipoff-notifier");
        let dead = meter
            .u64_counter("tipoff_notification_dead_addresses")
            .with_description("Addresses that are used no more, as nothing can reach them");
        let undeliverable = meter
            .u64_counter("tipoff_notification_undeliverable_offers")
            .with_description("Offers of which no channel could tell the agent");
        Self {
            board,
            roster,
            ledger: Ledger::new(nats),
            dead_addresses: dead.build(),
            undeliverable: undeliverable.build(),
        }
    }

    /// Does what follows from `error`, at `now` on the board's clock; `to` is the agent as
    /// they were told. Safe to repeat.
    pub(crate) async fn follow_up(
        &self,
        notice: &Notice,
        to: &Agent,
        error: &SendError,
        now: DateTime<Utc>,
    ) -> Result<(), NotDone> {
        match error {
            SendError::BadAddress(why) => self.disable(notice, to, why, now).await?,
            SendError::ForGood(_) => {}
            SendError::ToldBefore(_)
            | SendError::NotNow { .. }
            | SendError::Trouble { .. }
            | SendError::LeftAlone { .. } => return Ok(()),
        }
        // Whoever took a pass back knows of the offer.
        if let What::Offer { round, restored: None, .. } = notice.what
            && !notice.channel.is_a_room()
            && self.ledger.note(notice, round).await?
        {
            self.roll_on(&notice.entity, &notice.lead, &notice.agent, round).await?;
        }
        Ok(())
    }

    /// From now on nothing is sent to the address that was used, until it is changed or
    /// confirmed.
    async fn disable(
        &self,
        notice: &Notice,
        to: &Agent,
        why: &str,
        now: DateTime<Utc>,
    ) -> Result<(), NotDone> {
        let Notice { channel, entity, agent, .. } = notice;
        let Some(address) = channel.address_of(to) else { return Ok(()) };
        let view = self.roster.view(entity);
        let Some(known) = view.as_ref().and_then(|view| view.agents.get(agent)) else {
            return Ok(());
        };
        if channel.address_of(known) != Some(address) {
            return Err(NotDone::Moved);
        }
        let reach = Reach::failed(address, why, now);
        self.roster.put_reach(entity, agent, *channel, reach).await?;
        warn!(entity.id = %entity, agent.id = %agent, channel = channel.as_str(), why, "an address is dead and is used no more");
        self.dead_addresses.add(1, &[KeyValue::new("channel", channel.as_str())]);
        Ok(())
    }

    /// The lead moves on at once, and the agent is not charged with a miss
    /// (semantics, 1.5).
    pub(crate) async fn roll_on(
        &self,
        entity: &EntityId,
        lead: &LeadId,
        agent: &AgentId,
        round: u32,
    ) -> Result<(), BoardError> {
        let withdrawn =
            self.board.withdraw(entity, lead, agent, Some(round), Withdrawal::Undeliverable);
        if withdrawn.await? == Withdrawn::Done {
            warn!(entity.id = %entity, lead.id = %lead, agent.id = %agent, "no channel could tell the agent of the offer: it is withdrawn");
            self.undeliverable.add(1, &[]);
        }
        Ok(())
    }
}
