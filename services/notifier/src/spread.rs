//! What happened to a lead → one notice per agent and channel.
//!
//! Few notices are delivered right here, while the event is in hand. Where many
//! are to be told, where a channel has no turn soon, or where it did not work,
//! they are written to NOTIFY: a channel in trouble holds up nobody but itself.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_nats::HeaderMap;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use futures::stream::{self, StreamExt, TryStreamExt};
use tipoff_board::{Board, BoardError};
use tipoff_domain::{AgentId, Channel, EntityView, channels_for};
use tipoff_roster::Roster;
use tipoff_runtime::{Clock, Delivery, Handler, Outcome, PublishError, Publisher};
use tipoff_wire::event::{self, State};
use tipoff_wire::notice::{WAIT, What};
use tipoff_wire::{Event, EventKind, Notice, subject};
use tracing::{debug, error, warn};

use crate::carrier::Carrier;
use crate::deliver::Deliverer;
use crate::erase::erase;
use crate::over::{not_by_themselves, over};
use crate::retry;
use crate::undelivered::Undelivered;

/// Notices on their way at once: a Jump Ball asks thousands.
const AT_ONCE: usize = 256;
/// As many as follow from an event are delivered right away: all channels of one agent, and rooms.
const FEW: usize = 8;
/// Offers that nobody can be told of, withdrawn at once.
const WITHDRAWN_AT_ONCE: usize = 16;
/// An event this old is read from a log that somebody goes through again, and
/// the board is asked first.
const OLD: TimeDelta = TimeDelta::minutes(1);
/// Nobody is told any more what they have had for so long.
const STALE: TimeDelta = TimeDelta::hours(24);
/// After so long it was seen or forgotten that an offer is over.
const OVER: TimeDelta = TimeDelta::hours(1);
/// Nobody hears of less time than this: where gap follows gap, everybody would hear of
/// each. An offer for the whole of which nobody was there is put off by as long again.
const MORE_TIME: TimeDelta = TimeDelta::seconds(10);
/// So often may an entity be missing here that is there elsewhere.
const MOST_MISSES: i64 = 5;

/// Turns events into notices.
pub(crate) struct Spreader {
    pub(crate) publisher: Publisher,
    pub(crate) board: Board,
    pub(crate) roster: Roster,
    pub(crate) clock: Clock,
    pub(crate) undelivered: Undelivered,
    /// For each channel that this deployment can deliver over.
    pub(crate) deliverers: Vec<Arc<Deliverer>>,
    /// Whether notices may be delivered while their event is in hand.
    pub(crate) right_away: bool,
}

/// What follows from an event.
struct Telling {
    notices: Vec<Notice>,
    /// Who is asked although nothing reaches them.
    unreachable: Vec<AgentId>,
}

/// How an agent can be told.
struct Ways {
    /// What the rules leave, at the instant of the event.
    may: Vec<Channel>,
    /// Those of them that this deployment has and that reach the agent.
    found: Vec<Channel>,
}

/// Whoever has to be told of anything is told of these; and who is to be forgotten is.
const TOLD: [EventKind; 11] = [
    EventKind::Offered,
    EventKind::Extended,
    EventKind::Assigned,
    EventKind::Claimed,
    EventKind::Passed,
    EventKind::Expired,
    EventKind::Withdrawn,
    EventKind::Restored,
    EventKind::Returned,
    EventKind::Closed,
    EventKind::Erased,
];

impl Handler for Spreader {
    async fn handle(&self, delivery: Delivery) -> Outcome {
        let event = match read(&delivery) {
            Ok(Some(event)) => event,
            Ok(None) => return Outcome::Done,
            Err(error) => {
                return Outcome::GiveUp(format!("the event cannot be read by this build: {error}"));
            }
        };
        let wait = retry::soon(&event.id, delivery.deliveries);
        if event.kind == EventKind::Erased {
            return erase(&self.board, &event, wait).await;
        }
        let Some(view) = self.roster.view(&event.entity) else {
            warn!(entity.id = %event.entity, lead.id = %event.lead, "nobody can be told: the entity is not known here");
            return if delivery.deliveries < MOST_MISSES {
                Outcome::RetryIn(wait)
            } else {
                Outcome::Done
            };
        };
        if self.is_history(&event).await {
            debug!(lead.id = %event.lead, version = event.version, "event is history");
            return Outcome::Done;
        }
        let telling = self.telling(&event, &view);
        // A channel that dawdles does not keep a lead with somebody whom nothing reaches.
        let (told, passed_over) =
            tokio::join!(self.tell(telling.notices), self.pass_over(&event, telling.unreachable));
        if let Err(error) = told {
            error!(error = &error as &dyn std::error::Error, lead.id = %event.lead, "notices not published");
            return Outcome::RetryIn(wait);
        }
        if let Err(error) = passed_over {
            error!(error = &error as &dyn std::error::Error, lead.id = %event.lead, "agents whom nothing reaches were not passed over");
            return Outcome::RetryIn(wait);
        }
        Outcome::Done
    }
}

/// `None`: an event of which nobody is told, or of a later release. Its header
/// says which it is.
fn read(delivery: &Delivery) -> Result<Option<Event>, serde_json::Error> {
    let told = |kind: &str| EventKind::from_header(kind).is_some_and(|kind| TOLD.contains(&kind));
    if delivery.headers.get(event::TYPE).is_some_and(|kind| !told(kind.as_str())) {
        return Ok(None);
    }
    let event: Event = serde_json::from_slice(&delivery.body)?;
    Ok(Some(event).filter(|event| TOLD.contains(&event.kind)))
}

impl Spreader {
    /// Whether the event is long over. The clock here only decides whether to
    /// ask; what still counts, the board knows.
    async fn is_history(&self, event: &Event) -> bool {
        let age = self.clock.now() - event.at;
        match event.kind {
            EventKind::Offered | EventKind::Extended | EventKind::Restored => {}
            EventKind::Assigned => return age > STALE,
            _ => return age > OVER,
        }
        if age < OLD {
            return false;
        }
        match self.board.time(&event.entity).await {
            Ok(now) => event.after.until.is_none_or(|until| until <= now),
            Err(_) => false,
        }
    }

    fn telling(&self, event: &Event, view: &EntityView) -> Telling {
        let told: Vec<(&AgentId, What)> = match event.kind {
            EventKind::Offered => offered(event),
            EventKind::Extended => put_off(event),
            EventKind::Restored => restored(event),
            EventKind::Assigned => [assigned(event), over(event)].concat(),
            _ => over(event),
        };
        let mut notices = self.notices_to_rooms(told.first(), event, view);
        let mut unreachable = Vec::new();
        for (agent, what) in told {
            let channels = match what {
                What::Over { .. } => self.channels_that_take_back(agent, event, view),
                What::Offer { restored: Some(_), .. } => {
                    self.channels_to_correct(agent, event, view)
                }
                What::Offer { .. } | What::Assigned { .. } | What::Missed { .. } => {
                    let Some(ways) = self.ways_to(agent, event, view) else { continue };
                    let asked = matches!(what, What::Offer { .. });
                    if asked && self.is_unreachable(agent, &ways, view) {
                        unreachable.push(agent.clone());
                    }
                    ways.found
                }
            };
            notices.extend(notices_to(agent, &what, &channels, event));
        }
        notices.extend(self.notices_of_misses(event, view));
        Telling { notices, unreachable }
    }

    /// Those who look after the entity hear of whoever lets one offer after the
    /// other run out, in ways that wake nobody.
    fn notices_of_misses(&self, event: &Event, view: &EntityView) -> Vec<Notice> {
        let Some(rule) = &view.entity.missed_offers else { return Vec::new() };
        let counts = event.misses.iter().filter(|(_, count)| rule.tells(**count));
        let misses: BTreeMap<AgentId, u32> =
            counts.map(|(agent, count)| (agent.clone(), *count)).collect();
        if misses.is_empty() {
            return Vec::new();
        }
        let what = What::Missed { version: event.version, misses };
        let tell = |admin: &AgentId| {
            let channels = self.reaching(admin, view, |one| one.channel().is_silent());
            notices_to(admin, &what, &channels, event).collect::<Vec<_>>()
        };
        view.entity.admins.iter().flat_map(tell).collect()
    }

    /// A room hears once, whoever and however many are told.
    fn notices_to_rooms(
        &self,
        first: Option<&(&AgentId, What)>,
        event: &Event,
        view: &EntityView,
    ) -> Vec<Notice> {
        let told = first.filter(|(_, what)| is_news(what));
        let Some((agent, what)) = told else { return Vec::new() };
        let Some(known) = view.agents.get(*agent) else { return Vec::new() };
        let route = event.route.as_ref().and_then(|id| view.route(id));
        let hears = |one: &&Arc<dyn Carrier>| {
            let channel = one.channel();
            channel.is_a_room()
                && route.is_none_or(|route| route.channels.contains(&channel))
                && view.entity.is_open(event.at)
                && one.reaches(view, agent, known)
        };
        let notice = |one: &Arc<dyn Carrier>| Notice {
            channel: one.channel(),
            entity: event.entity.clone(),
            lead: event.lead.clone(),
            agent: (*agent).clone(),
            what: what.clone(),
            over: Vec::new(),
        };
        self.carriers().filter(hears).map(notice).collect()
    }

    /// Whoever is asked and cannot be told is not waited for.
    async fn pass_over(&self, event: &Event, unreachable: Vec<AgentId>) -> Result<(), BoardError> {
        let round = event.round.unwrap_or(event.after.round);
        let withdrawing = stream::iter(unreachable).map(|agent| async move {
            self.undelivered.roll_on(&event.entity, &event.lead, &agent, round).await
        });
        withdrawing.buffer_unordered(WITHDRAWN_AT_ONCE).try_collect().await
    }

    /// Whether nothing that this deployment has reaches the agent, or nothing
    /// but the bell does since the other channels do not count.
    fn is_unreachable(&self, agent: &AgentId, ways: &Ways, view: &EntityView) -> bool {
        let Ways { may, found } = ways;
        let carried = self.carriers().any(|one| may.contains(&one.channel()));
        let only_the_bell = found.iter().all(|channel| *channel == Channel::InApp);
        let any_does_not_count = || may.iter().any(|channel| !view.counts(agent, *channel));
        (found.is_empty() && carried) || (only_the_bell && any_does_not_count())
    }

    /// `None`: there is no such agent any more.
    fn ways_to(&self, agent: &AgentId, event: &Event, view: &EntityView) -> Option<Ways> {
        let Some(known) = view.agents.get(agent) else {
            warn!(agent.id = %agent, "cannot be told: not an agent of the entity any more");
            return None;
        };
        let route = event.route.as_ref().and_then(|id| view.route(id));
        let may = channels_for(known, route.map(Arc::as_ref), view, event.at);
        let found = self.reaching(agent, view, |one| may.contains(&one.channel()));
        if found.is_empty() {
            warn!(agent.id = %agent, "cannot be told: no channel reaches them");
        }
        Some(Ways { may, found })
    }

    /// Nobody's telephone rings where the route calls nobody.
    fn channels_that_take_back(
        &self,
        agent: &AgentId,
        event: &Event,
        view: &EntityView,
    ) -> Vec<Channel> {
        let route = event.route.as_ref().and_then(|id| view.route(id));
        let calls = route.is_none_or(|route| route.channels.contains(&Channel::Voice));
        self.reaching(agent, view, |one| {
            one.takes_back() && (calls || one.channel() != Channel::Voice)
        })
    }

    /// Whoever took a pass back knows that they are asked again: what was told
    /// of the pass is put right, and nobody is called or written to.
    fn channels_to_correct(
        &self,
        agent: &AgentId,
        event: &Event,
        view: &EntityView,
    ) -> Vec<Channel> {
        let Some(Ways { may, .. }) = self.ways_to(agent, event, view) else { return Vec::new() };
        self.reaching(agent, view, |one| {
            let channel = one.channel();
            one.takes_back() && channel != Channel::Voice && may.contains(&channel)
        })
    }

    /// Those of the channels that have an address of the agent and count.
    fn reaching(
        &self,
        agent: &AgentId,
        view: &EntityView,
        which: impl Fn(&dyn Carrier) -> bool,
    ) -> Vec<Channel> {
        let Some(known) = view.agents.get(agent) else { return Vec::new() };
        let reaches = |one: &&Arc<dyn Carrier>| {
            known.channels.contains(&one.channel())
                && which(one.as_ref())
                && one.reaches(view, agent, known)
                && view.counts(agent, one.channel())
        };
        self.carriers().filter(reaches).map(|one| one.channel()).collect()
    }

    /// All are seen to, also when one of them cannot be written down.
    async fn tell(&self, notices: Vec<Notice>) -> Result<(), PublishError> {
        let few = self.right_away && notices.len() <= FEW;
        let telling = stream::iter(notices).map(|notice| async move {
            match self.deliverer(notice.channel).filter(|_| few) {
                Some(deliverer) => match deliverer.right_away(&notice).await {
                    Ok(()) => Ok(()),
                    Err(wait) => self.write_down(&notice, wait).await,
                },
                None => self.write_down(&notice, Duration::ZERO).await,
            }
        });
        telling.buffer_unordered(AT_ONCE).fold(Ok(()), |all, one| async { all.and(one) }).await
    }

    /// For whoever delivers over its channel, after that wait.
    async fn write_down(&self, notice: &Notice, wait: Duration) -> Result<(), PublishError> {
        let (key, subject) = (notice.key(), subject::notify(notice.channel, &notice.entity));
        let mut headers = HeaderMap::new();
        if !wait.is_zero() {
            headers.insert(WAIT, wait.as_millis().to_string().as_str());
        }
        let body = Bytes::from(serde_json::to_vec(notice).expect("a notice is plain data"));
        self.publisher.publish(subject, &key, None, headers, body).await.map(drop)
    }

    fn deliverer(&self, channel: Channel) -> Option<&Arc<Deliverer>> {
        self.deliverers.iter().find(|one| one.carrier.channel() == channel)
    }

    fn carriers(&self) -> impl Iterator<Item = &Arc<dyn Carrier>> {
        self.deliverers.iter().map(|one| &one.carrier)
    }
}

/// The same over each of `channels`.
fn notices_to<'a>(
    agent: &'a AgentId,
    what: &'a What,
    channels: &'a [Channel],
    event: &'a Event,
) -> impl Iterator<Item = Notice> + 'a {
    channels.iter().map(|channel| Notice {
        channel: *channel,
        entity: event.entity.clone(),
        lead: event.lead.clone(),
        agent: agent.clone(),
        what: what.clone(),
        over: channels.to_vec(),
    })
}

fn offered(event: &Event) -> Vec<(&AgentId, What)> {
    let round = event.round.unwrap_or(event.after.round);
    let what = |until| What::Offer { round, until, route: event.route.clone(), restored: None };
    event.offers.iter().map(|offer| (&offer.agent, what(offer.until))).collect()
}

/// Whoever still waits has longer: some were not told before, as the notifier was away
/// as well. Nobody is told that they have longer to work what is theirs.
fn put_off(event: &Event) -> Vec<(&AgentId, What)> {
    let after = &event.after;
    let asks =
        |until: &DateTime<Utc>| after.state == State::Offered && *until - event.at >= MORE_TIME;
    let Some(until) = after.until.filter(asks) else { return Vec::new() };
    let what =
        || What::Offer { round: after.round, until, route: after.route.clone(), restored: None };
    after.pending.iter().map(|agent| (agent, what())).collect()
}

/// Those who passed are asked again, in the same round and until the same deadline.
fn restored(event: &Event) -> Vec<(&AgentId, What)> {
    let after = &event.after;
    let Some(until) = after.until else { return Vec::new() };
    let (round, restored) = (after.round, Some(event.version));
    let what = || What::Offer { round, until, route: after.route.clone(), restored };
    event.agents.iter().map(|agent| (agent, what())).collect()
}

/// Whether it is more than a correction of what was told before.
fn is_news(what: &What) -> bool {
    !matches!(what, What::Over { .. } | What::Offer { restored: Some(_), .. })
}

fn assigned(event: &Event) -> Vec<(&AgentId, What)> {
    not_by_themselves(event)
        .map(|agent| (agent, What::Assigned { version: event.version }))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// At half past nine a deadline was put off.
    fn put_off_by(after: &Value) -> Event {
        let mut whole = json!({"state": "offered", "round": 3, "reroutes": 0, "inquiries": 1,
            "received_at": "2026-11-22T09:00:00Z", "t0": "2026-11-22T09:00:00Z",
            "pending": ["ana", "ben"], "until": "2026-11-22T09:45:00Z"});
        whole.as_object_mut().unwrap().extend(after.as_object().unwrap().clone());
        let event = json!({"id": "1-0", "type": "offer.extended", "at": "2026-11-22T09:30:00Z",
            "entity": "acme", "lead": "lead_1", "version": 5, "agents": ["ana"], "after": whole});
        serde_json::from_value(event).unwrap()
    }

    #[test]
    fn all_who_are_still_asked_hear_of_the_new_deadline() {
        let until = "2026-11-22T09:45:00Z".parse().unwrap();
        let event = put_off_by(&json!({}));
        let told = put_off(&event);
        let whom: Vec<&str> = told.iter().map(|(agent, _)| agent.as_str()).collect();
        assert_eq!(whom, ["ana", "ben"]);
        let offer = What::Offer { round: 3, until, route: None, restored: None };
        assert!(told.iter().all(|(_, what)| *what == offer), "{told:?}");
    }

    #[test]
    fn nobody_hears_of_a_moment_more_or_of_more_time_for_what_is_theirs() {
        let a_moment = json!({"until": "2026-11-22T09:30:09.999Z"});
        assert!(put_off(&put_off_by(&a_moment)).is_empty());
        let theirs = json!({"state": "assigned", "agent": "ana", "pending": [], "until": null,
            "act_by": "2026-11-22T10:00:00Z"});
        assert!(put_off(&put_off_by(&theirs)).is_empty());
    }
}
