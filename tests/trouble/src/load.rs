//! A steady load: sources send leads, agents claim, pass, dawdle and press
//! twice, admins look and meddle. What everybody does follows from the seed.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tipoff_domain::{AgentId, LeadId};
use tipoff_runtime::Clock;
use tipoff_wire::{Event, EventKind, partition::fnv1a};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clients::Clients;
use crate::storm::Pace;
use crate::team::{PROBED, Team};

/// What the next leads are named after: the fault that is on.
#[derive(Debug, Clone, Default)]
pub struct Phase(Arc<Mutex<String>>);

impl Phase {
    pub fn set(&self, name: &str) {
        name.clone_into(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn get(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Everybody who does something.
pub struct Load {
    sending: CancellationToken,
    tasks: TaskTracker,
}

#[derive(Clone)]
struct Crowd {
    clients: Clients,
    clock: Clock,
    teams: Arc<Vec<Team>>,
    seed: u64,
    tasks: TaskTracker,
    /// No more leads come; whoever is asked from now on claims, so that there is an end.
    over: CancellationToken,
}

impl Load {
    /// Sources send leads at that pace; agents act on what `events` says.
    pub fn start(
        clients: &Clients,
        clock: &Clock,
        teams: &[Team],
        pace: Pace,
        phase: Phase,
        events: mpsc::UnboundedReceiver<Event>,
    ) -> Self {
        let (sending, tasks) = (CancellationToken::new(), TaskTracker::new());
        let crowd = Crowd {
            clients: clients.clone(),
            clock: clock.clone(),
            teams: Arc::new(teams.to_vec()),
            seed: pace.seed,
            tasks: tasks.clone(),
            over: sending.clone(),
        };
        tasks.spawn(crowd.clone().send(pace.leads_per_second, phase));
        // Ends with the events, and not with the load: agents act until the end.
        tokio::spawn(crowd.act(events));
        Self { sending, tasks }
    }

    /// No more leads from now on.
    pub fn stop_sending(&self) {
        self.sending.cancel();
    }

    /// Whether nobody is doing anything.
    pub fn is_idle(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Waits until everybody has done what they began.
    pub async fn finished(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Crowd {
    async fn send(self, per_second: u32, phase: Phase) {
        let mut beat = interval(Duration::from_secs(1) / per_second.max(1));
        beat.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let teams: Vec<usize> =
            (0..self.teams.len()).filter(|at| self.teams[*at].entity != *PROBED).collect();
        for number in 0_usize.. {
            if self.over.run_until_cancelled(beat.tick()).await.is_none() {
                return;
            }
            let (crowd, at) = (self.clone(), teams[number % teams.len()]);
            let key = format!("{}-{number:06}", phase.get());
            self.tasks.spawn(async move {
                let team = &crowd.teams[at];
                // Every third lead goes straight to the bus.
                if number % 3 == 2 {
                    crowd.clients.publish(team, &key).await
                } else {
                    crowd.clients.send(team, &key, number).await
                }
            });
        }
    }

    async fn act(self, mut events: mpsc::UnboundedReceiver<Event>) {
        while let Some(event) = events.recv().await {
            let Some(at) = self
                .teams
                .iter()
                .position(|team| team.entity == event.entity && team.entity != *PROBED)
            else {
                continue;
            };
            match event.kind {
                EventKind::Offered => self.answer(at, &event),
                EventKind::Pooled | EventKind::Returned => self.take_from_pool(at, &event),
                EventKind::Claimed | EventKind::Assigned => self.meddle(at, &event),
                _ => {}
            }
        }
    }

    /// A number below 1,000 that follows from the seed.
    fn dice(&self, lead: &LeadId, what: &str, number: u64) -> u64 {
        fnv1a(format!("{}|{lead}|{what}|{number}", self.seed).as_bytes()) % 1_000
    }

    fn soon(&self, lead: &LeadId, what: &str) -> Duration {
        Duration::from_millis(20 + self.dice(lead, what, 0) * 2)
    }

    /// Of ten who are asked four claim, one presses twice, one passes, one
    /// claims at the deadline's very moment, and three let it lie.
    fn answer(&self, at: usize, event: &Event) {
        let Some(round) = event.round else { return };
        for offer in &event.offers {
            let (crowd, lead, agent, until) =
                (self.clone(), event.lead.clone(), offer.agent.clone(), offer.until);
            let mood = self.dice(&lead, agent.as_str(), u64::from(round)) / 100;
            let mood = if self.over.is_cancelled() { 0 } else { mood };
            let pause = self.soon(&lead, agent.as_str());
            self.tasks.spawn(async move {
                let (team, first) = (&crowd.teams[at], usize::from(mood.is_multiple_of(2)));
                let claim = |first| crowd.clients.claim(team, &lead, &agent, Some(round), first);
                match mood {
                    0..=3 => {
                        sleep(pause).await;
                        claim(first).await;
                    }
                    4 => {
                        sleep(pause).await;
                        tokio::join!(claim(0), claim(1));
                    }
                    5 => {
                        sleep(pause).await;
                        crowd.clients.pass(team, &lead, &agent, round, first).await;
                    }
                    6 => {
                        let left = (until - crowd.clock.now()).to_std().unwrap_or_default();
                        sleep(left).await;
                        claim(first).await;
                    }
                    _ => {}
                }
            });
        }
    }

    /// Half of what rests is taken, by whoever of two is faster.
    fn take_from_pool(&self, at: usize, event: &Event) {
        if self.dice(&event.lead, "pool", event.version) < 500 {
            return;
        }
        let (crowd, lead) = (self.clone(), event.lead.clone());
        let version = usize::try_from(event.version).unwrap_or_default();
        let pause = self.soon(&lead, "pool");
        self.tasks.spawn(async move {
            sleep(pause).await;
            let team = &crowd.teams[at];
            // Whoever takes it once more after it came back asks something new, at the same door.
            let door = |agent: usize| agent + crowd.clients.doors() * version;
            let take = |agent: usize| {
                crowd.clients.claim(team, &lead, &team.agents[agent], None, door(agent))
            };
            tokio::join!(take(1), take(2));
        });
    }

    /// An admin looks at every fourth lead that somebody has just got and gives
    /// a few of them to others; some agents send theirs back.
    fn meddle(&self, at: usize, event: &Event) {
        let Some(owner) = event.after.agent.clone().filter(|_| !self.over.is_cancelled()) else {
            return;
        };
        let (dice, pause) =
            (self.dice(&event.lead, "meddle", event.version), self.soon(&event.lead, "meddle"));
        let (crowd, lead) = (self.clone(), event.lead.clone());
        self.tasks.spawn(async move {
            sleep(pause).await;
            crowd.do_something(at, &lead, &owner, dice).await;
        });
    }

    async fn do_something(&self, at: usize, lead: &LeadId, owner: &AgentId, dice: u64) {
        let (team, first) = (&self.teams[at], usize::from(dice.is_multiple_of(2)));
        match dice {
            0..250 => drop(self.clients.look(team, lead, first).await),
            250..300 => drop(self.clients.assign(team, lead, &team.agents[3], first).await),
            300..380 => drop(self.clients.give_back(team, lead, owner, first).await),
            _ => {}
        }
    }
}
