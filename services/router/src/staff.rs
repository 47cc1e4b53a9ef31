//! Agents who are no longer there: what is on offer to them is taken back and
//! rolls on at once (D-23).
//!
//! Every router follows the roster; whoever sweeps a partition acts for it. A
//! router that takes a partition over looks once at all who are asked there, so
//! nobody who left in between is missed. A plan from before somebody left may
//! come to the board only after that, so a while later every router looks again
//! for those of whom it heard, whoever sweeps. Two who act on the same agent do
//! no harm: the second finds nothing.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tipoff_board::{Board, BoardError, Withdrawal};
use tipoff_domain::{AgentId, EntityId, EntityView};
use tipoff_roster::Roster;
use tipoff_runtime::{Backoff, Clock};
use tipoff_wire::Partition;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

/// How long after somebody left what is on offer to them is looked for again: a
/// Redis that stands still keeps the plan of a router waiting for seconds.
const AGAIN: [TimeDelta; 2] = [TimeDelta::seconds(10), TimeDelta::minutes(1)];

/// An agent of an entity.
type Who = (EntityId, AgentId);

/// Who was there when we last looked.
pub(crate) struct Staff {
    roster: Roster,
    clock: Clock,
    known: HashMap<EntityId, Arc<EntityView>>,
    /// Up to which version of the roster we know who left.
    version: u64,
    /// For whom we look again, and when.
    again: Vec<(DateTime<Utc>, Who)>,
}

impl Staff {
    pub(crate) fn new(roster: Roster, clock: Clock) -> Self {
        let (known, again) = (HashMap::new(), Vec::new());
        let mut staff = Self { roster, clock, known, version: 0, again };
        // Whoever left before is found by looking over the partitions.
        staff.look();
        staff
    }

    /// Who has left since we last looked, also if they had not been there then.
    pub(crate) fn left(&mut self) -> BTreeSet<Who> {
        let (left, now) = (self.look(), self.clock.now());
        for after in AGAIN {
            self.again.extend(left.iter().map(|who| (now + after, who.clone())));
        }
        left
    }

    /// Who left so long ago that we look again, unless they came back.
    pub(crate) fn left_before(&mut self) -> BTreeSet<Who> {
        let (now, all) = (self.clock.now(), std::mem::take(&mut self.again));
        let (due, later): (Vec<_>, Vec<_>) = all.into_iter().partition(|(at, _)| *at <= now);
        self.again = later;
        due.into_iter().map(|(_, who)| who).filter(|who| self.is_gone(who)).collect()
    }

    fn is_gone(&self, (entity, agent): &Who) -> bool {
        self.roster.view(entity).is_some_and(|view| !view.agents.contains_key(agent))
    }

    fn look(&mut self) -> BTreeSet<Who> {
        let (named, version) = self.roster.left_after(self.version);
        self.version = version;
        let mut left: BTreeSet<_> = named.into_iter().filter(|who| self.is_gone(who)).collect();
        // Nobody is named where a team moves away and takes its agents along.
        let entities = self.roster.entities();
        let views = entities.into_iter().filter_map(|id| self.roster.view(&id).map(|it| (id, it)));
        let now: HashMap<_, _> = views.collect();
        for (entity, before) in &self.known {
            let Some(view) = now.get(entity).filter(|view| !Arc::ptr_eq(view, before)) else {
                continue;
            };
            left.extend(missing(before, view).map(|agent| (entity.clone(), agent.clone())));
        }
        self.known = now;
        left
    }
}

fn missing<'a>(before: &'a EntityView, now: &EntityView) -> impl Iterator<Item = &'a AgentId> {
    before.agents.keys().filter(|agent| !now.agents.contains_key(*agent))
}

/// Takes back what is on offer to those who left.
#[derive(Clone)]
pub(crate) struct Dismissal {
    pub(crate) board: Board,
    pub(crate) roster: Roster,
}

impl Dismissal {
    /// Everything that is on offer to `agent`, however long it takes to reach the board.
    pub(crate) async fn dismiss(&self, entity: EntityId, agent: AgentId, stop: CancellationToken) {
        let what = || {
            let (board, entity, agent) = (self.board.clone(), entity.clone(), agent.clone());
            async move { board.withdraw_all_of(&entity, &agent, Withdrawal::AgentGone).await }
        };
        if let Some(count) = until_done(what, &stop).await
            && count > 0
        {
            info!(entity.id = %entity, agent.id = %agent, offers = count, "took back what was on offer to an agent who left");
        }
    }

    /// The same for everybody who is asked in a partition and is not there any more.
    pub(crate) async fn look_over(&self, partition: Partition, stop: CancellationToken) {
        let asked = || {
            let board = self.board.clone();
            async move { board.asked(partition).await }
        };
        let Some(asked) = until_done(asked, &stop).await else { return };
        for (entity, agent) in asked {
            let Some(view) = self.roster.view(&entity) else { continue };
            if !view.agents.contains_key(&agent) {
                self.dismiss(entity, agent, stop.clone()).await;
            }
        }
    }
}

/// Tries until it works. `None`: `stop` was cancelled before.
async fn until_done<T, F: Future<Output = Result<T, BoardError>>>(
    what: impl Fn() -> F,
    stop: &CancellationToken,
) -> Option<T> {
    let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(2));
    loop {
        match stop.run_until_cancelled(what()).await? {
            Ok(done) => return Some(done),
            Err(error) => {
                error!(
                    error = &error as &dyn std::error::Error,
                    "what is on offer to agents who left is not taken back yet, trying again"
                );
            }
        }
        if !backoff.wait(stop).await {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json};
    use tipoff_domain::Agent;
    use tipoff_roster::Expect;
    use tipoff_runtime::{Settings, connect};
    use tipoff_testkit::NatsServer;

    use super::*;

    fn view(agents: &[&str]) -> EntityView {
        let agent = |name: &&str| {
            let agent = json!({"name": name});
            let agent = from_value(agent).expect("a name is enough");
            (name.parse().expect("plain names"), Arc::new(agent))
        };
        let entity = json!({"name": "Acme", "kind": "team", "zone": "UTC"});
        let entity = from_value(entity).expect("an entity");
        EntityView {
            agents: agents.iter().map(agent).collect(),
            ..EntityView::new("acme".parse().expect("a name"), entity)
        }
    }

    /// A team, the office above it, and somebody to come and go.
    async fn office() -> (NatsServer, Roster, EntityId, EntityId, Agent) {
        let (server, stop) = (NatsServer::start().await.unwrap(), CancellationToken::new());
        let settings = Settings::at(server.url(), "redis://127.0.0.1:1");
        let nats = connect::nats(&settings, "router", &stop).await.unwrap();
        let roster = Roster::open(&nats, 4, 1, stop).await.unwrap();
        let names = |name: &str| -> EntityId { name.parse().unwrap() };
        let entity = |kind: &str, parent: Value| {
            let entity = json!({"name": "Acme", "kind": kind, "zone": "UTC", "parent": parent});
            from_value(entity).unwrap()
        };
        let (office, team) = (names("office"), names("team"));
        roster.put_entity(&office, entity("office", Value::Null), Expect::Absent).await.unwrap();
        roster.put_entity(&team, entity("team", json!("office")), Expect::Absent).await.unwrap();
        (server, roster, office, team, from_value(json!({"name": "Ana"})).unwrap())
    }

    fn nine() -> Clock {
        Clock::held_at("2040-06-01T09:00:00Z".parse().unwrap())
    }

    /// Its offers would stand until their deadlines.
    #[tokio::test]
    async fn whoever_comes_and_leaves_between_two_looks_has_left() {
        let (_server, roster, office, team, someone) = office().await;
        let (mut staff, ana) = (Staff::new(roster.clone(), nine()), "ana".parse().unwrap());
        roster.put_agent(&team, &ana, someone, Expect::Absent).await.unwrap();
        roster.delete_agent(&team, &ana, Expect::Anything).await.unwrap();
        let left = [(office, ana.clone()), (team, ana)];
        assert_eq!(
            staff.left(),
            BTreeSet::from(left),
            "the team's agents are the office's as well"
        );
        assert!(staff.left().is_empty(), "they are named once");
    }

    /// What was planned before they left may come to the board later.
    #[tokio::test]
    async fn whoever_left_is_looked_for_again_unless_they_came_back() {
        let (_server, roster, office, team, someone) = office().await;
        let (clock, ana) = (nine(), "ana".parse().unwrap());
        let mut staff = Staff::new(roster.clone(), clock.clone());
        roster.put_agent(&team, &ana, someone.clone(), Expect::Absent).await.unwrap();
        roster.delete_agent(&team, &ana, Expect::Anything).await.unwrap();
        let left = staff.left();
        assert_eq!(left, BTreeSet::from([(office, ana.clone()), (team.clone(), ana.clone())]));

        clock.advance(TimeDelta::seconds(9));
        assert!(staff.left_before().is_empty(), "it is too early");
        clock.advance(TimeDelta::seconds(1));
        assert_eq!(staff.left_before(), left);
        assert!(staff.left_before().is_empty(), "once for each time");
        roster.put_agent(&team, &ana, someone, Expect::Anything).await.unwrap();
        clock.advance(TimeDelta::minutes(1));
        assert!(staff.left_before().is_empty(), "she is back");
    }

    #[test]
    fn whoever_was_there_and_is_not_any_more_has_left() {
        let (before, now) = (view(&["ana", "ben"]), view(&["ben", "chloe"]));
        let left: Vec<_> = missing(&before, &now).map(AgentId::as_str).collect();
        assert_eq!(left, ["ana"]);
    }
}
