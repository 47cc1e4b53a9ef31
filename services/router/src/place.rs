//! An accepted lead → a plan → the board.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tipoff_board::{Board, BoardError, Known, Placed};
use tipoff_domain::plan::{Arrival, Plan, is_stored, plan, site_agent};
use tipoff_domain::{AgentId, EntityId, EntityView, Lead, SamePerson};
use tipoff_roster::Roster;
use tipoff_runtime::{Clock, Delivery, Failing, Handler, Outcome};
use tipoff_wire::{Accepted, subject};
use tracing::{debug, info, warn};

use crate::away::{self, Away};
use crate::backlog::Again;
use crate::guarded::guarded;
use crate::reused::{NotKept, Reused};
use crate::seed::Seeds;

/// Seconds between two tries while a server is away, at most.
const MOST_PATIENT: u64 = 5;

/// Places leads.
#[derive(Clone)]
pub(crate) struct Placer {
    pub(crate) board: Board,
    pub(crate) roster: Roster,
    pub(crate) clock: Clock,
    pub(crate) seeds: Seeds,
    /// Placing leads while servers are there.
    pub(crate) waiting: Failing,
    pub(crate) away: Away,
    pub(crate) reused: Reused,
}

/// Why a lead could not be placed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlaceError {
    /// Where, and not what it says: that may be about a person.
    #[error("an accepted lead cannot be read: JSON, {:?} error at column {}", .0.classify(), .0.column())]
    Unreadable(serde_json::Error),
    #[error("entity `{0}` is not in the roster")]
    UnknownEntity(EntityId),
    #[error("the lead could not be put on the board")]
    Board(#[from] BoardError),
    #[error("it is not settled whether the lead came with the key of another")]
    Reused(#[from] NotKept),
}

impl PlaceError {
    /// Whether it is enough to wait.
    pub(crate) fn will_pass(&self) -> bool {
        matches!(self, Self::Board(error) if error.will_pass())
    }

    /// Whether the board's server is away: not so where it makes nothing of this one lead.
    fn is_away(&self) -> bool {
        matches!(self, Self::Board(BoardError::Redis(_))) && self.will_pass()
    }

    /// Whose fault it was decides whether trying again can help, and when. The
    /// longer a server is slow, the more rarely: those who try keep it so.
    fn outcome(&self, deliveries: i64) -> Outcome {
        match self {
            Self::Unreadable(_) => Outcome::GiveUp(self.to_string()),
            Self::UnknownEntity(_) => Outcome::RetryIn(Duration::from_secs(5)),
            Self::Board(BoardError::Recovering { .. } | BoardError::Shut { .. }) => {
                Outcome::NotNow(Duration::from_millis(100))
            }
            // A lead that was accepted waits for a server as long as it takes.
            Self::Board(error) if error.will_pass() => {
                let tries = u64::try_from(deliveries).unwrap_or(1);
                Outcome::NotNow(Duration::from_secs(tries.clamp(1, MOST_PATIENT)))
            }
            Self::Board(_) => Outcome::RetryIn(Duration::from_secs(1)),
            Self::Reused(_) => Outcome::NotNow(Duration::from_secs(1)),
        }
    }
}

impl Handler for Placer {
    async fn handle(&self, delivery: Delivery) -> Outcome {
        let partition = subject::read_leads_new(&delivery.subject).map(|read| read.0);
        if partition.is_some_and(|partition| self.away.rests(partition)) {
            return Outcome::NotNow(away::REST);
        }
        let mut placed = self.place(&delivery.body, delivery.deliveries > 1).await;
        if let Ok(Placed::Known) = placed
            && let Err(error) = self.reused.keep(&delivery).await
        {
            placed = Err(error.into());
        }
        match (&placed, partition) {
            (Ok(_), Some(partition)) => self.away.is_back(partition),
            (Err(error), Some(partition)) if error.is_away() => self.away.found(partition),
            _ => {}
        }
        match placed {
            Ok(_) => {
                if self.waiting.ends() {
                    info!("leads are placed again");
                }
                Outcome::Done
            }
            Err(error) => {
                self.tell(&error, delivery.sequence);
                error.outcome(delivery.deliveries)
            }
        }
    }
}

impl Placer {
    /// It is tried again; whoever gives up on it says so. While a server is away
    /// that is told once, not for every lead.
    fn tell(&self, error: &PlaceError, sequence: u64) {
        if !error.will_pass() || self.waiting.begins() {
            let error = error as &dyn std::error::Error;
            warn!(error, sequence, "lead not placed, trying again");
        }
    }

    /// An accepted lead as it stands in LEADS; one that is on the board stays as it is.
    /// `again`: it may have been placed before, and the board may have lost that.
    pub(crate) async fn place(&self, body: &[u8], again: bool) -> Result<Placed, PlaceError> {
        let accepted: Accepted = serde_json::from_slice(body).map_err(PlaceError::Unreadable)?;
        let entity = &accepted.entity;
        let view =
            self.roster.view(entity).ok_or_else(|| PlaceError::UnknownEntity(entity.clone()))?;
        if again {
            self.board.remember(entity, &accepted.id).await?;
        }
        let rule = view.same_person(accepted.source.as_ref());
        let mut known = known(&accepted.lead, &view, rule);
        let stored = is_stored(&accepted.lead);
        let (mut full, mut returning) = (Vec::new(), None);
        let placed = loop {
            let planned = match &returning {
                Some(agent) => Plan::returning(agent),
                None => guarded(entity, &accepted.id, || self.plan(&accepted, &view, &full)),
            };
            match self.board.place(&accepted, &planned, known).await? {
                // Every time somebody more, so this comes to an end.
                Placed::Full(more) => full.extend(more),
                Placed::Returning(agent) => {
                    known = settled(known);
                    let now = self.clock.now();
                    // Nobody hears of what is only stored, whoever has the person (D-27).
                    returning = Some(agent).filter(|agent| !stored && can_take(&view, agent, now));
                }
                placed => break placed,
            }
        };
        // Nor is the person's lead routed by it.
        if !stored
            && let (Placed::Attached(lead), Some(rule)) = (&placed, rule)
            && let Some(after) = rule.offer_again_after
        {
            let again = Again { board: &self.board, seeds: &self.seeds, now: self.clock.now() };
            again.offer_what_rests(lead, &view, accepted.received_at - after.delta()).await?;
        }
        debug!(lead.id = %accepted.id, ?placed, "placed");
        Ok(placed)
    }

    fn plan(&self, accepted: &Accepted, view: &EntityView, full: &[AgentId]) -> Plan {
        let mut dice = self.seeds.dice(&accepted.entity, &accepted.id, 1);
        plan(&Arrival { full, ..Arrival::of(&accepted.lead) }, view, self.clock.now(), &mut dice)
    }
}

/// Whether somebody who has the person can take another lead of theirs (D-30 d).
pub(crate) fn can_take(view: &EntityView, agent: &AgentId, now: DateTime<Utc>) -> bool {
    view.agents.get(agent).is_some_and(|agent| !agent.is_paused(now))
}

/// What to do if the person of `lead` is known already.
pub(crate) fn known(lead: &Lead, view: &EntityView, rule: Option<&SamePerson>) -> Known {
    let known = Known::by(rule);
    // What comes from an agent's own site is theirs, whoever has the person (D-28).
    if site_agent(lead, view).is_some() { settled(known) } else { known }
}

fn settled(known: Known) -> Known {
    match known {
        Known::Attach { sticky } | Known::Keep { sticky } | Known::Settled { sticky } => {
            Known::Settled { sticky }
        }
        Known::Ignore => Known::Ignore,
    }
}

#[cfg(test)]
mod tests {
    use redis::{ErrorKind, RedisError, ServerErrorKind};

    use super::*;

    #[test]
    fn an_accepted_lead_waits_for_a_server_however_long_it_is_away() {
        let outcome = |error| PlaceError::Board(error).outcome(1);
        assert!(matches!(outcome(BoardError::Log("away".into())), Outcome::NotNow(_)));
        let broken = BoardError::UnknownReply { script: "place", reply: String::new() };
        assert!(matches!(outcome(broken), Outcome::RetryIn(_)), "waiting alone will not do");
    }

    #[test]
    fn the_longer_a_server_is_away_the_more_rarely_it_is_asked() {
        let after =
            |deliveries| PlaceError::Board(BoardError::Log("away".into())).outcome(deliveries);
        let seconds = |count| Outcome::NotNow(Duration::from_secs(count));
        assert_eq!([after(1), after(3), after(400)], [seconds(1), seconds(3), seconds(5)]);
    }

    #[test]
    fn a_lead_of_which_redis_makes_nothing_keeps_no_other_waiting() {
        let place = |kind| PlaceError::from(BoardError::from(RedisError::from((kind, "said"))));
        assert!(place(ErrorKind::Io).is_away());
        assert!(!place(ErrorKind::Server(ServerErrorKind::ResponseError)).is_away());
    }

    #[test]
    fn a_lead_that_cannot_be_read_is_set_aside_without_a_word_of_it() {
        let body = r#"{"id": "lead_1", "entity": "acme", "received_at": "2026-11-22T09:30:00Z",
            "lead": {"emails": "dana@example.com"}}"#;
        let error = serde_json::from_str::<Accepted>(body).expect_err("one address is not a list");
        assert!(error.to_string().contains("dana"), "serde would repeat it");
        let Outcome::GiveUp(reason) = PlaceError::Unreadable(error).outcome(1) else {
            panic!("it can never be read")
        };
        assert!(!reason.contains("dana"), "{reason}");
    }
}
