//! A notice → one message to one agent, if it is still worth sending.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tipoff_board::{BoardError, OnBoard};
use tipoff_domain::Agent;
use tipoff_roster::Roster;
use tipoff_runtime::{Delivery, Handler, NoTurn, Outcome, Turns};
use tipoff_wire::Notice;
use tipoff_wire::event::State;
use tipoff_wire::notice::{self, What, WhyOver};
use tokio::time::Instant;
use tracing::{debug, warn};

use crate::carrier::{Carrier, SendError};
use crate::flood::{Flood, Telling};
use crate::looks::{Looks, Seen};
use crate::meter::{Meter, Result as Became};
use crate::noted::Noted;
use crate::retry;
use crate::seen::Told;
use crate::undelivered::{NotDone, Undelivered};

/// How long a notice waits for a turn right away, with its event in hand; then
/// it waits in NOTIFY. A channel that is slow gets there with few in its line,
/// and one that stands still at once, so neither holds the events of others; one
/// that is merely busy slows the reading of events instead of writing them all
/// down again.
const SOON: Duration = Duration::from_secs(2);
/// A lead that somebody has already is told for a few hours, then set aside.
const MOST_ATTEMPTS: i64 = 200;
/// So often may something be missing from the roster here that is there
/// elsewhere: views follow each other.
const MOST_MISSES: i64 = 5;

/// Why a notice was not sent.
#[derive(Debug, thiserror::Error)]
enum NotSent {
    #[error("no longer worth telling: {0}")]
    Obsolete(&'static str),
    /// The agent has longer than it says; where that is worth telling, another notice does.
    #[error("the deadline was put off")]
    PutOff,
    /// Not in the roster yet, or not any more.
    #[error("{0} is not known here")]
    Missing(&'static str),
    /// The board is behind the log: it lost its memory and is being rebuilt.
    #[error("{0} is not on the board yet")]
    Behind(&'static str),
    #[error("the board did not answer")]
    Board(#[from] BoardError),
    #[error("not delivered")]
    Send(#[from] SendError),
    #[error("not delivered, and what follows from that was not done")]
    FollowUp(#[from] NotDone),
}

/// Delivers the notices of one channel.
pub(crate) struct Deliverer {
    pub(crate) looks: Looks,
    pub(crate) roster: Roster,
    pub(crate) carrier: Arc<dyn Carrier>,
    pub(crate) flood: Flood,
    pub(crate) turns: Turns,
    pub(crate) undelivered: Undelivered,
    pub(crate) meter: Meter,
    pub(crate) noted: Noted,
}

impl Handler for Deliverer {
    async fn handle(&self, delivery: Delivery) -> Outcome {
        let notice: Notice = match serde_json::from_slice(&delivery.body) {
            Ok(notice) => notice,
            Err(error) => {
                return Outcome::GiveUp(format!(
                    "the notice cannot be read by this build: {error}"
                ));
            }
        };
        // It was tried right away, and nothing is gained by hurrying.
        if let Some(wait) = wait(&delivery) {
            return Outcome::NotNow(wait);
        }
        let _turn = match self.turns.take(&notice.entity).await {
            Ok(turn) => turn,
            Err(NoTurn::Crowded(wait)) => {
                self.meter.count(Became::PutOff, Duration::ZERO);
                return Outcome::NotNow(wait);
            }
            Err(NoTurn::Stopping) => return Outcome::NotNow(Duration::ZERO),
        };
        let started = Instant::now();
        let mut sent =
            self.deliver(&notice, self.looks.see(&notice.entity, &notice.lead).await).await;
        if let Err(failed) = &mut sent {
            self.follow_up(&notice, failed).await;
        }
        let settled = settle(&notice, sent, delivery.deliveries);
        self.count(&notice, settled, started)
    }
}

/// What whoever tried it before wants to be waited for, at the first delivery.
fn wait(delivery: &Delivery) -> Option<Duration> {
    let asked = delivery.headers.get(notice::WAIT).filter(|_| delivery.deliveries <= 1)?;
    asked.as_str().parse().ok().map(Duration::from_millis)
}

/// A notice that was not sent, and the board's time if it is known.
struct Failed {
    now: Option<DateTime<Utc>>,
    /// The agent as they were known when it was handed over, if it came to that.
    to: Option<Arc<Agent>>,
    error: NotSent,
}

impl Failed {
    fn is_final(&self) -> bool {
        matches!(self.error, NotSent::Send(SendError::ForGood(_) | SendError::BadAddress(_)))
    }
}

impl Deliverer {
    /// Delivers without a detour over NOTIFY, if the channel has a turn for it
    /// soon. What goes wrong is left to whoever tries it from there, which is
    /// worth it after so long.
    pub(crate) async fn right_away(&self, notice: &Notice) -> Result<(), Duration> {
        let started = Instant::now();
        let _turn = self.turns.soon(&notice.entity, SOON).await.ok_or(Duration::ZERO)?;
        let sent = self.deliver(notice, self.looks.see(&notice.entity, &notice.lead).await).await;
        if sent.as_ref().is_err_and(Failed::is_final) {
            return Err(Duration::ZERO);
        }
        match self.count(notice, settle(notice, sent, 1), started) {
            Outcome::Done => Ok(()),
            Outcome::RetryIn(wait) | Outcome::NotNow(wait) => Err(wait),
            Outcome::GiveUp(_) => Err(Duration::ZERO),
        }
    }

    fn count(&self, notice: &Notice, settled: Settled, started: Instant) -> Outcome {
        let Settled { became, why, outcome } = settled;
        self.meter.count(became, started.elapsed());
        if let Some(became) = became.noted() {
            self.noted.note(notice, became, why.as_deref());
        }
        outcome
    }

    async fn deliver(&self, notice: &Notice, seen: Result<Seen, BoardError>) -> Result<(), Failed> {
        let seen = seen.map_err(|error| Failed { now: None, to: None, error: error.into() })?;
        let (now, at) = (seen.now, seen.at);
        let by_now = || now + delta(at.elapsed());
        let failed = |to, error| Failed { now: Some(by_now()), to, error };
        let told = self.told(notice, seen.lead, by_now()).map_err(|error| failed(None, error))?;
        let to = told.agent.clone();
        self.send(told, by_now()).await.map_err(|error| failed(Some(to), error))
    }

    /// What failed for good has consequences; without them it has not failed yet.
    async fn follow_up(&self, notice: &Notice, failed: &mut Failed) {
        if let (Some(now), Some(to), NotSent::Send(error)) = (failed.now, &failed.to, &failed.error)
            && let Err(not_done) = self.undelivered.follow_up(notice, to, error, now).await
        {
            failed.error = not_done.into();
        }
    }

    async fn send(&self, mut told: Told, now: DateTime<Utc>) -> Result<(), NotSent> {
        match self.flood.telling(&told, now) {
            Telling::Whole => {}
            Telling::OfMany => told.many = true,
            Telling::Hushed => return Err(NotSent::Obsolete("there are too many at once")),
        }
        self.carrier.send(&told, now).await?;
        let notice = &told.notice;
        debug!(lead.id = %notice.lead, agent.id = %notice.agent, channel = notice.channel.as_str(), "notice sent");
        Ok(())
    }

    /// Everything that the message needs, if it is still worth sending.
    fn told(
        &self,
        notice: &Notice,
        lead: Option<Arc<OnBoard>>,
        now: DateTime<Utc>,
    ) -> Result<Told, NotSent> {
        if lead.as_deref().is_some_and(|lead| is_put_off(notice, lead)) {
            return Err(NotSent::PutOff);
        }
        if let What::Offer { until, .. } = notice.what
            && until <= now
        {
            return Err(NotSent::Obsolete("the deadline is over"));
        }
        let view = self.roster.view(&notice.entity).ok_or(NotSent::Missing("the entity"))?;
        let agent = view.agents.get(&notice.agent).cloned().ok_or(NotSent::Missing("the agent"))?;
        let lead = lead.ok_or(NotSent::Behind("the lead"))?;
        still_worth(notice, &lead)?;
        Ok(Told { notice: notice.clone(), view, agent, lead, many: false })
    }
}

/// Whether who is told may answer for longer than the notice says.
fn is_put_off(notice: &Notice, lead: &OnBoard) -> bool {
    let What::Offer { round, until, .. } = notice.what else { return false };
    let now_is = &lead.now_is;
    let asked = notice.channel.is_a_room() || now_is.pending.contains(&notice.agent);
    asked && now_is.round == round && now_is.until > Some(until)
}

/// Offers are told while the agent may claim in that round, assignments while
/// the lead is the agent's. A board behind the notice has forgotten something
/// and is being repaired from the log.
fn still_worth(notice: &Notice, lead: &OnBoard) -> Result<(), NotSent> {
    let now_is = &lead.now_is;
    match notice.what {
        What::Offer { round, .. } if now_is.round < round => Err(NotSent::Behind("the round")),
        What::Offer { round, .. } if now_is.state != State::Offered || now_is.round != round => {
            Err(NotSent::Obsolete("the lead has moved on"))
        }
        What::Offer { .. }
            if !notice.channel.is_a_room() && !now_is.pending.contains(&notice.agent) =>
        {
            Err(NotSent::Obsolete("the agent has answered"))
        }
        What::Assigned { version } if lead.version < version => Err(NotSent::Behind("the version")),
        What::Assigned { .. } if now_is.agent.as_ref() != Some(&notice.agent) => {
            Err(NotSent::Obsolete("somebody else has the lead"))
        }
        What::Over { version, .. } | What::Missed { version, .. } if lead.version < version => {
            Err(NotSent::Behind("the version"))
        }
        What::Over { .. } if now_is.pending.contains(&notice.agent) => {
            Err(NotSent::Obsolete("the agent is asked again"))
        }
        What::Over { why, .. }
            if why != WhyOver::Yours
                && now_is.state == State::Assigned
                && now_is.agent.as_ref() == Some(&notice.agent) =>
        {
            Err(NotSent::Obsolete("the lead is the agent's by now"))
        }
        What::Offer { .. } | What::Assigned { .. } | What::Over { .. } | What::Missed { .. } => {
            Ok(())
        }
    }
}

/// What becomes of the notice after an attempt, and why.
struct Settled {
    became: Became,
    why: Option<String>,
    outcome: Outcome,
}

fn settle(notice: &Notice, sent: Result<(), Failed>, deliveries: i64) -> Settled {
    let Err(Failed { now, error, .. }) = sent else {
        return Settled { became: Became::Sent, why: None, outcome: Outcome::Done };
    };
    let asked = match &error {
        NotSent::Obsolete(why) => return obsolete(notice, why),
        NotSent::PutOff | NotSent::Send(SendError::ToldBefore(_)) => {
            return Settled { became: Became::Replaced, ..obsolete(notice, &reason(&error)) };
        }
        NotSent::Missing(what) if deliveries >= MOST_MISSES => return obsolete(notice, what),
        NotSent::Send(SendError::ForGood(why) | SendError::BadAddress(why)) => {
            return give_up(notice, why);
        }
        NotSent::Send(error) => error.asks(),
        NotSent::Missing(_) | NotSent::Behind(_) | NotSent::Board(_) | NotSent::FollowUp(_) => None,
    };
    let wait = match &error {
        // Nothing was tried, so it does not count as a try.
        NotSent::Send(SendError::LeftAlone { again_in, .. }) => {
            retry::spread(&notice.key(), deliveries, *again_in)
        }
        // No provider is to be spared, and everybody waits for the same.
        NotSent::Board(_) | NotSent::Behind(_) => retry::shortly(&notice.key(), deliveries),
        _ => retry::backoff(&notice.key(), deliveries),
    };
    let wait = asked.map_or(wait, |asked| asked.max(wait));
    let wait = match (&notice.what, now) {
        (What::Offer { until, .. }, Some(now))
            if asked.is_some_and(|asked| *until - now <= delta(asked)) =>
        {
            None
        }
        (What::Offer { until, .. }, Some(now)) => retry::before(*until, now, wait),
        (What::Assigned { .. } | What::Over { .. } | What::Missed { .. }, _)
            if deliveries >= MOST_ATTEMPTS =>
        {
            None
        }
        _ => Some(wait),
    };
    match wait {
        Some(wait) => {
            tell(notice, &error, wait);
            let outcome = Outcome::RetryIn(wait);
            Settled { became: Became::Retried, why: Some(reason(&error)), outcome }
        }
        None => give_up(notice, &format!("no time is left to try again: {}", reason(&error))),
    }
}

/// What keeps all notices waiting has been told of once already, where it was
/// found: a board that is away, and a provider that is left alone.
fn tell(notice: &Notice, error: &NotSent, wait: Duration) {
    let told_of = match error {
        NotSent::Board(error) => error.will_pass(),
        NotSent::Send(error) => matches!(error, SendError::LeftAlone { .. }),
        _ => false,
    };
    let (lead, agent, error) = (&notice.lead, &notice.agent, error as &dyn std::error::Error);
    if told_of {
        debug!(error, lead.id = %lead, agent.id = %agent, ?wait, "notice is tried again");
    } else {
        warn!(error, lead.id = %lead, agent.id = %agent, ?wait, "notice is tried again");
    }
}

fn delta(duration: Duration) -> chrono::TimeDelta {
    chrono::TimeDelta::from_std(duration).unwrap_or(chrono::TimeDelta::MAX)
}

fn reason(error: &NotSent) -> String {
    match error {
        NotSent::Send(error) => error.to_string(),
        other => other.to_string(),
    }
}

fn obsolete(notice: &Notice, why: &str) -> Settled {
    debug!(lead.id = %notice.lead, agent.id = %notice.agent, why, "notice is obsolete");
    Settled { became: Became::Obsolete, why: Some(why.to_owned()), outcome: Outcome::Done }
}

fn give_up(notice: &Notice, why: &str) -> Settled {
    warn!(lead.id = %notice.lead, agent.id = %notice.agent, why, "notice is set aside");
    let outcome = Outcome::GiveUp(why.to_owned());
    Settled { became: Became::Failed, why: Some(why.to_owned()), outcome }
}

#[cfg(test)]
mod tests {
    use tipoff_domain::Channel;

    use super::*;

    /// What is to become of an offer's notice that has failed so often.
    fn after(error: NotSent, deliveries: i64) -> Outcome {
        let notice = Notice {
            channel: Channel::Email,
            entity: "acme".parse().unwrap(),
            lead: format!("lead_{:032x}", 7).parse().unwrap(),
            agent: "ana".parse().unwrap(),
            what: What::Offer {
                round: 1,
                until: DateTime::<Utc>::MAX_UTC,
                route: None,
                restored: None,
            },
            over: Vec::new(),
        };
        settle(&notice, Err(Failed { now: None, to: None, error }), deliveries).outcome
    }

    #[test]
    fn nobody_waits_longer_than_a_short_offer_lasts_for_a_board_that_was_away() {
        let behind = || NotSent::Behind("the lead");
        let away = || NotSent::Board(BoardError::Shut { partition: tipoff_wire::Partition(1) });
        for deliveries in [3, 6, 100] {
            for error in [behind(), away()] {
                let outcome = after(error, deliveries);
                let Outcome::RetryIn(wait) = outcome else { panic!("{outcome:?}") };
                let most = Duration::from_secs(if deliveries <= 10 { 2 } else { 10 }) * 6 / 5;
                assert!(wait <= most, "{wait:?} after {deliveries}");
            }
        }
    }
}
