//! Who and what an entity has no more: agents who left, ponds that were deleted.
//!
//! Every router follows the roster; whoever sweeps a partition sees to what was left
//! behind there (see [`crate::dismissal`]). What was planned before somebody left may
//! come to the board only after that, so a while later every router looks again for
//! those of whom it heard, whoever sweeps.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tipoff_domain::{AgentId, EntityId, EntityView, PondId};
use tipoff_roster::Roster;
use tipoff_runtime::Clock;

/// How long after something went it is looked for again: a Redis that stands still
/// keeps the plan of a router waiting for seconds.
const AGAIN: [TimeDelta; 2] = [TimeDelta::seconds(10), TimeDelta::minutes(1)];

/// An agent or a pond that an entity has no more.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Gone {
    Agent(AgentId),
    Pond(PondId),
}

/// The same, and of which entity.
pub(crate) type What = (EntityId, Gone);

/// All that is gone, and when we heard of it.
pub(crate) type Left = BTreeMap<What, DateTime<Utc>>;

/// Who and what was there when we last looked.
pub(crate) struct Staff {
    roster: Roster,
    clock: Clock,
    known: HashMap<EntityId, Arc<EntityView>>,
    /// Up to which version of the roster we know who left.
    version: u64,
    /// For what we look again, and how long after we heard that it is gone.
    again: Vec<(TimeDelta, (What, DateTime<Utc>))>,
}

impl Staff {
    pub(crate) fn new(roster: Roster, clock: Clock) -> Self {
        let (known, again) = (HashMap::new(), Vec::new());
        let mut staff = Self { roster, clock, known, version: 0, again };
        // What went before is found by looking over the partitions.
        staff.look();
        staff
    }

    /// What has gone since we last looked; agents also if they had not been there then.
    pub(crate) fn left(&mut self) -> Left {
        let (gone, heard) = (self.look(), self.clock.now());
        for after in AGAIN {
            self.again.extend(gone.iter().map(|what| (after, (what.clone(), heard))));
        }
        gone.into_iter().map(|what| (what, heard)).collect()
    }

    /// What went so long ago that we look again, unless it came back.
    pub(crate) fn left_before(&mut self) -> Left {
        let (now, all) = (self.clock.now(), std::mem::take(&mut self.again));
        let (due, later): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|(after, (_, heard))| *heard + *after <= now);
        self.again = later;
        due.into_iter().map(|(_, left)| left).filter(|(what, _)| self.is_gone(what)).collect()
    }

    fn is_gone(&self, (entity, gone): &What) -> bool {
        self.roster.view(entity).is_some_and(|view| gone.is_missing_in(&view))
    }

    fn look(&mut self) -> BTreeSet<What> {
        let (named, version) = self.roster.left_after(self.version);
        self.version = version;
        let named = named.into_iter().map(|(entity, agent)| (entity, Gone::Agent(agent)));
        let mut left: BTreeSet<What> = named.filter(|what| self.is_gone(what)).collect();
        // Nobody is named where a team moves away and takes its agents along.
        let entities = self.roster.entities();
        let views = entities.into_iter().filter_map(|id| self.roster.view(&id).map(|it| (id, it)));
        let now: HashMap<_, _> = views.collect();
        for (entity, before) in &self.known {
            let Some(view) = now.get(entity).filter(|view| !Arc::ptr_eq(view, before)) else {
                continue;
            };
            left.extend(missing(before, view).map(|gone| (entity.clone(), gone)));
        }
        self.known = now;
        left
    }
}

impl Gone {
    pub(crate) fn is_missing_in(&self, view: &EntityView) -> bool {
        match self {
            Self::Agent(agent) => !view.agents.contains_key(agent),
            Self::Pond(pond) => !view.ponds.contains_key(pond),
        }
    }
}

fn missing(before: &EntityView, now: &EntityView) -> impl Iterator<Item = Gone> {
    let agents = before.agents.keys().filter(|agent| !now.agents.contains_key(*agent));
    let ponds = before.ponds.keys().filter(|pond| !now.ponds.contains_key(*pond));
    agents.cloned().map(Gone::Agent).chain(ponds.cloned().map(Gone::Pond))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json};
    use tipoff_domain::Agent;
    use tipoff_roster::Expect;
    use tipoff_runtime::{Settings, connect};
    use tipoff_testkit::NatsServer;
    use tokio_util::sync::CancellationToken;

    use super::*;

    fn view(agents: &[&str], ponds: &[&str]) -> EntityView {
        let agent = |name: &&str| {
            let agent = json!({"name": name});
            let agent = from_value(agent).expect("a name is enough");
            (name.parse().expect("plain names"), Arc::new(agent))
        };
        let pond = |name: &&str| {
            let pond = json!({"name": name, "members": "all"});
            let pond = from_value(pond).expect("a name and members are enough");
            (name.parse().expect("plain names"), Arc::new(pond))
        };
        let entity = json!({"name": "Acme", "kind": "team", "zone": "UTC"});
        let entity = from_value(entity).expect("an entity");
        EntityView {
            agents: agents.iter().map(agent).collect(),
            ponds: ponds.iter().map(pond).collect(),
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
        let left = [office, team].map(|entity| (entity, Gone::Agent(ana.clone())));
        assert_eq!(
            staff.left().into_keys().collect::<Vec<_>>(),
            left,
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
        let gone = [office, team.clone()].map(|entity| (entity, Gone::Agent(ana.clone())));
        assert_eq!(left, Left::from(gone.map(|what| (what, clock.now()))));

        clock.advance(TimeDelta::seconds(9));
        assert!(staff.left_before().is_empty(), "it is too early");
        clock.advance(TimeDelta::seconds(1));
        assert_eq!(staff.left_before(), left, "and it is known since when they are gone");
        assert!(staff.left_before().is_empty(), "once for each time");
        roster.put_agent(&team, &ana, someone, Expect::Anything).await.unwrap();
        clock.advance(TimeDelta::minutes(1));
        assert!(staff.left_before().is_empty(), "she is back");
    }

    #[test]
    fn whatever_was_there_and_is_not_any_more_is_gone() {
        let before = view(&["ana", "ben"], &["lake", "north"]);
        let now = view(&["ben", "chloe"], &["north"]);
        let gone: Vec<Gone> = missing(&before, &now).collect();
        let ana = Gone::Agent("ana".parse().unwrap());
        assert_eq!(gone, [ana, Gone::Pond("lake".parse().unwrap())]);
    }
}
