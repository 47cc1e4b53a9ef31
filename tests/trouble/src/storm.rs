//! One fault after the other while leads come in; then quiet; then the verdict.

use std::collections::BTreeMap;
use std::ops;
use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use tipoff_domain::{AgentId, EntityId};
use tipoff_runtime::past::{self, Begin, Range};
use tipoff_wire::{Event, Stream};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

use crate::checker::{Allowed, Verdict, check};
use crate::clients::Clients;
use crate::evidence::{Evidence, Logged, Outage, Told};
use crate::fault::Fault;
use crate::history::{Asked, Call, Said};
use crate::load::{Load, Phase};
use crate::memory::{Memory, Taken};
use crate::system::{Build, System};
use crate::team::{PROBED, Team, address};
use crate::watching::Watching;

/// Everything works again this long after a fault was mended, or never.
const RECOVERED_WITHIN: Duration = Duration::from_mins(1);
/// What was put off while something was broken has had its time by then.
const AFTERMATH: Duration = Duration::from_secs(1);
/// All leads come to rest within this: four agents, ten seconds each, and pauses between.
const QUIET_WITHIN: Duration = Duration::from_secs(150);
const LOOK_EVERY: Duration = Duration::from_millis(25);

/// How fast everything goes.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    pub leads_per_second: u32,
    /// How long a fault that lasts does so.
    pub hold: Duration,
    /// What everybody does follows from this.
    pub seed: u64,
}

/// What is done to the system.
#[derive(Debug, Clone)]
pub struct Plan {
    pub build: Build,
    /// In this order, each so many times.
    pub faults: Vec<(Fault, usize)>,
    /// Then so many more, at random moments: the next comes whether or not
    /// everything has recovered from the one before.
    pub kills: usize,
    /// The first process of every service is left alone, and its memory is watched.
    pub soak: bool,
    /// How long all is well before the next fault comes, at least and at most.
    pub pause: ops::Range<Duration>,
    pub pace: Pace,
    /// Begins again, in another order, until so much time has passed.
    pub at_least: Duration,
    pub allowed: Allowed,
}

impl Plan {
    /// When the next fault comes, and which process it is for.
    fn next(&self, dice: &mut ChaCha8Rng) -> (Duration, usize) {
        let pause = dice.random_range(self.pause.clone());
        let which = dice.random_range(0..64);
        (pause, if self.soak { 1 } else { which })
    }
}

/// What came of one fault.
#[derive(Debug, Clone, Default)]
pub struct Weathered {
    pub times: usize,
    /// Each time, from when it was mended until a lead went all the way through
    /// every process; `None`: it never did.
    pub recovered: Vec<Option<Duration>>,
    /// Services that ended by themselves.
    pub ended: Vec<&'static str>,
    /// Why it could not be carried through; the run ends there, and is judged up to then.
    pub failed: Option<String>,
}

impl Weathered {
    /// Whether everything was got over.
    fn is_well(&self) -> bool {
        self.failed.is_none() && self.recovered.iter().all(Option::is_some)
    }
}

/// A run and what was found.
#[derive(Debug)]
pub struct Outcome {
    pub weathered: BTreeMap<String, Weathered>,
    /// Names of the faults as they first came.
    pub order: Vec<String>,
    pub evidence: Evidence,
    pub verdict: Verdict,
    pub panics: Vec<String>,
    /// What those took who were left alone; nothing unless it was a soak.
    pub memory: Vec<Taken>,
    pub took: Duration,
}

impl Outcome {
    /// Whether every promise held.
    pub fn is_well(&self) -> bool {
        self.weathered.values().all(|one| one.is_well() && one.ended.is_empty())
            && self.verdict.broken.is_empty()
            && self.panics.is_empty()
    }
}

/// Runs the plan; `tell` hears how it goes.
pub async fn run(plan: &Plan, tell: impl Fn(&str)) -> anyhow::Result<Outcome> {
    let began = Instant::now();
    let system = System::start(&plan.build).await?;
    let mut storm = Storm::over(&system, plan.pace)?;
    let memory = Memory::default();
    let evidence = tokio::select! {
        evidence = storm.carry_out(plan, began, &tell) => evidence?,
        () = memory.watch(&system), if plan.soak => anyhow::bail!("nobody watches for ever"),
    };
    let verdict = check(&evidence, plan.allowed);
    let (panics, memory) = (system.panics().await, memory.taken());
    let Storm { weathered, order, .. } = storm;
    Ok(Outcome { weathered, order, evidence, verdict, panics, memory, took: began.elapsed() })
}

/// A system under load, and what was taken down about it so far.
pub struct Storm<'a> {
    pub clients: Clients,
    pub watching: Watching,
    system: &'a System,
    load: Load,
    phase: Phase,
    hold: Duration,
    weathered: BTreeMap<String, Weathered>,
    order: Vec<String>,
    evidence: Evidence,
    /// Since when something has been broken that nobody has seen recovered yet.
    broken: Option<(DateTime<Utc>, Vec<Fault>)>,
}

/// Every so many kills, everything must have recovered.
const LOOK_AFTER: usize = 5;

impl<'a> Storm<'a> {
    /// Leads begin to come in.
    pub fn over(system: &'a System, pace: Pace) -> anyhow::Result<Self> {
        let System { nats, clock, intakes, apis, teams, .. } = system;
        let clients = Clients::new(nats, clock, intakes, apis)?;
        let (sender, events) = mpsc::unbounded_channel();
        let watching = Watching::start(nats.clone(), sender);
        let phase = Phase::default();
        phase.set(&Fault::Nothing.to_string());
        let load = Load::start(&clients, clock, teams, pace, phase.clone(), events);
        let in_turns = teams.iter().filter(|team| team.in_turns);
        let turns = in_turns.map(|team| (team.route.clone(), team.agents.clone())).collect();
        let evidence = Evidence { turns, addresses: addresses(teams), ..Evidence::default() };
        let (weathered, order) = (BTreeMap::new(), Vec::new());
        Ok(Self {
            system,
            clients,
            watching,
            load,
            phase,
            hold: pace.hold,
            weathered,
            order,
            evidence,
            broken: None,
        })
    }

    async fn carry_out(
        &mut self,
        plan: &Plan,
        began: Instant,
        tell: &impl Fn(&str),
    ) -> anyhow::Result<Evidence> {
        let (mut dice, mut faults) =
            (ChaCha8Rng::seed_from_u64(plan.pace.seed), plan.faults.clone());
        'storm: loop {
            for (fault, times) in &faults {
                for _ in 0..*times {
                    let (pause, which) = plan.next(&mut dice);
                    sleep(pause).await;
                    if !self.weather(*fault, which, tell).await {
                        break 'storm;
                    }
                }
            }
            if began.elapsed() >= plan.at_least {
                break;
            }
            faults.sort_by_key(|_| dice.random::<u32>());
        }
        if self.is_well() {
            self.kill_at_random(plan.kills, &mut dice, tell).await;
        }
        tell("quiet");
        self.quiet().await
    }

    fn is_well(&self) -> bool {
        self.weathered.values().all(Weathered::is_well)
    }

    /// Kills processes at random, so many times, the next one often before
    /// everybody has got over the one before.
    async fn kill_at_random(&mut self, times: usize, dice: &mut ChaCha8Rng, tell: &impl Fn(&str)) {
        let kills = Fault::kills();
        for number in 1..=times {
            sleep(Duration::from_millis(dice.random_range(0..1_000))).await;
            let (fault, which) =
                (kills[dice.random_range(0..kills.len())], dice.random_range(0..64));
            if number % LOOK_AFTER == 0 || number == times {
                tell(&format!("{number} of {times} kills"));
                if !self.weather(fault, which, tell).await {
                    break;
                }
            } else if !self.break_in_passing(fault, which, tell).await {
                break;
            }
        }
    }

    /// One fault, without looking how it is got over; `false`: it could not be carried through.
    async fn break_in_passing(&mut self, fault: Fault, dice: usize, tell: &impl Fn(&str)) -> bool {
        let (name, now) = (fault.to_string(), self.system.clock.now());
        self.begin(&name);
        self.broken.get_or_insert_with(|| (now, Vec::new())).1.push(fault);
        self.carry_through(fault, dice, tell).await.is_some()
    }

    /// Breaks it and mends it again; answers who ended by themselves, and nothing if it could
    /// not be carried through. What was seen until then is judged all the same.
    async fn carry_through(
        &mut self,
        fault: Fault,
        dice: usize,
        tell: &impl Fn(&str),
    ) -> Option<Vec<&'static str>> {
        let carried = async {
            fault.happen(self.system, self.hold, dice).await?;
            self.system.revive().await
        };
        let carried = carried.await;
        let name = fault.to_string();
        let one = self.weathered.entry(name.clone()).or_default();
        one.times += 1;
        match carried {
            Ok(ended) => {
                one.ended.extend(&ended);
                Some(ended)
            }
            Err(why) => {
                tell(&format!("{name}   COULD NOT BE CARRIED THROUGH: {why:#}"));
                one.failed = Some(format!("{why:#}"));
                None
            }
        }
    }

    /// From now on leads are named after it.
    fn begin(&mut self, name: &str) {
        if !self.order.iter().any(|known| known == name) {
            self.order.push(name.to_owned());
        }
        self.phase.set(name);
    }

    /// One fault, from the moment it happens until everything works again;
    /// `false`: it never does.
    pub async fn weather(&mut self, fault: Fault, dice: usize, tell: &impl Fn(&str)) -> bool {
        let name = fault.to_string();
        self.begin(&name);
        let number = self.weathered.get(&name).map_or(0, |before| before.times);
        let (from, mut faults) =
            self.broken.take().unwrap_or_else(|| (self.system.clock.now(), Vec::new()));
        faults.push(fault);
        let Some(ended) = self.carry_through(fault, dice, tell).await else {
            self.broke_from(from, &faults);
            return false;
        };
        let mended = Instant::now();
        let through =
            timeout(RECOVERED_WITHIN, self.all_the_way(&format!("{name}-p{number}x"))).await;
        let recovered = through.is_ok_and(|through| through.is_ok()).then(|| mended.elapsed());
        self.broke_from(from, &faults);
        let also = if ended.is_empty() {
            String::new()
        } else {
            format!("   ended: {}", ended.join(", "))
        };
        tell(&match recovered {
            Some(took) => format!("{name}   all well after {:.1} s{also}", took.as_secs_f64()),
            None => format!("{name}   NOT WELL after {} s{also}", RECOVERED_WITHIN.as_secs()),
        });
        self.weathered.entry(name).or_default().recovered.push(recovered);
        recovered.is_some()
    }

    /// Takes down what was broken from then until now.
    fn broke_from(&mut self, from: DateTime<Utc>, faults: &[Fault]) {
        let to = self.system.clock.now() + AFTERMATH;
        if faults.iter().any(|fault| fault.delays_deadlines()) {
            self.evidence.outages.push(Outage { from, to });
        }
        if faults.iter().any(|fault| fault.silences()) {
            self.evidence.silences.push(Outage { from, to });
        }
    }

    /// A lead through every intake and every api: taken in, offered, told, claimed. And no
    /// team's partition is shut for any api: a large board opens one after the other.
    pub async fn all_the_way(&self, key: &str) -> anyhow::Result<()> {
        let (through, ()) = tokio::join!(self.probes(key), self.all_open());
        through
    }

    async fn all_open(&self) {
        let doors = 0..self.clients.doors();
        let all = self.system.teams.iter().flat_map(|team| doors.clone().map(move |at| (team, at)));
        let open = all.map(async |(team, door)| {
            while !self.clients.is_shown(team, door).await {
                sleep(LOOK_EVERY).await;
            }
        });
        futures::future::join_all(open).await;
    }

    async fn probes(&self, key: &str) -> anyhow::Result<()> {
        let System { teams, intakes, apis, relay, .. } = self.system;
        let team = teams.iter().find(|team| team.entity == *PROBED).context("nobody to probe")?;
        let ways = (0..intakes.len().max(apis.len())).map(async |number| {
            let key = format!("{key}{number}");
            self.clients.send(team, &key, number).await;
            let seen = self.watching.until(&key, |seen| !seen.last.offers.is_empty()).await?;
            let (lead, round) = (&seen.lead, seen.last.after.round);
            let agent = &seen.last.offers.first().context("an offer to nobody")?.agent;
            while !relay.has(&format!("<n.{lead}.{round}.{agent}.email.")) {
                sleep(LOOK_EVERY).await;
            }
            let said = self.clients.claim(team, lead, agent, Some(round), number).await;
            anyhow::ensure!(said == Said::Won, "a claim was answered {said:?}");
            anyhow::Ok(())
        });
        futures::future::try_join_all(ways).await.map(drop)
    }

    /// No more leads; waits until every one has come to rest, and collects what there is to see.
    pub async fn quiet(&mut self) -> anyhow::Result<Evidence> {
        self.load.stop_sending();
        let resting = async {
            while !self.at_rest() {
                sleep(LOOK_EVERY * 8).await;
            }
            self.load.finished().await;
        };
        // What has not come to rest by then is for the checker to find.
        timeout(QUIET_WITHIN, resting).await.ok();
        let mut evidence = std::mem::take(&mut self.evidence);
        evidence.ended = self.system.clock.now();
        evidence.forgot = self.system.forgotten.all();
        evidence.history = self.clients.recorder().history();
        evidence.log = log(self.system).await?;
        let mails = self.system.relay.mails();
        let told = mails.arrivals.into_iter();
        evidence.told =
            told.map(|mail| Told { notice: notice(&mail.id), to: mail.to, at: mail.at }).collect();
        Ok(evidence)
    }

    /// Whether every accepted lead is known to the log and nobody is waited for.
    fn at_rest(&self) -> bool {
        let is_known = |call: &Call| match (&call.asked, &call.said) {
            (Asked::Take { key }, Said::Accepted(_)) => self.watching.knows(key),
            _ => true,
        };
        // What costs most is asked last.
        self.load.is_idle()
            && self.watching.waiting().0 == 0
            && self.clients.recorder().all(is_known)
    }
}

fn addresses(teams: &[Team]) -> BTreeMap<EntityId, BTreeMap<AgentId, String>> {
    let of = |team: &Team| {
        let all = team.agents.iter().map(|agent| (agent.clone(), address(&team.entity, agent)));
        (team.entity.clone(), all.collect())
    };
    teams.iter().map(of).collect()
}

/// EVENTS whole, but for what the checker has no use for: a million leads must fit into memory.
pub async fn log(system: &System) -> anyhow::Result<Vec<Logged>> {
    let name = Stream::Events.name();
    let until = system.nats.jetstream.get_stream(name).await?.cached_info().state.last_sequence;
    // With a filter JetStream would look all subjects through for every part of the answer.
    let all = Range { filters: Vec::new(), from: Begin::Behind(0), until, bodies: true };
    let (_, found) = past::range(&system.nats, name, all).await?;
    let mut found = std::pin::pin!(found);
    let mut log = Vec::new();
    while let Some(stored) = found.try_next().await? {
        log.push(logged(&stored)?);
    }
    Ok(log)
}

fn logged(stored: &past::Stored) -> anyhow::Result<Logged> {
    let mut event: Event = serde_json::from_slice(&stored.body)?;
    event.decision = None;
    event.payload = event.payload.map(|payload| json!({"external_id": payload["external_id"]}));
    Ok(Logged { sequence: stored.sequence, stored: stored.at, event })
}

/// `n:lead_1:1:ana:email:17` of `<n.lead_1.1.ana.email.17@example.com>`.
fn notice(message_id: &str) -> String {
    let id = message_id.trim_start_matches('<');
    id.split('@').next().unwrap_or_default().replace('.', ":")
}
