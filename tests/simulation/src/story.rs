//! One story after the other: so many steps at random, then quiet, then the verdict.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tipoff_domain::model::Standing;
use tipoff_domain::standing::State;

use crate::board::Board;
use crate::log::{Log, Number};
use crate::office::Office;
use crate::promises::{Broken, SOMETIMES, Seen};
use crate::work::{CatchUp, Job, Stage, Task};

/// What can be left out, to see that it is missed.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Nobody is told before the log has it.
    pub log_first: bool,
    /// The log takes only what follows on what it has.
    pub in_order: bool,
}

impl Rules {
    /// As they are.
    pub const ALL: Self = Self { log_first: true, in_order: true };
}

/// What came of it.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    pub steps: u64,
    pub stories: u64,
    pub leads: u64,
    pub broken: Vec<Broken>,
    seen: Seen,
}

impl Outcome {
    /// What must happen sometimes, and how often it did.
    pub fn sometimes(&self) -> Vec<(&'static str, u64)> {
        SOMETIMES.iter().map(|what| (*what, self.seen.0.get(what).copied().unwrap_or(0))).collect()
    }

    /// What must happen sometimes, and never did.
    pub fn never(&self) -> Vec<&'static str> {
        self.sometimes()
            .into_iter()
            .filter(|(_, times)| *times == 0)
            .map(|(what, _)| what)
            .collect()
    }
}

/// Steps of one story; a new one begins with nothing.
const STORY: u64 = 20_000;
/// No story takes longer than this to come to rest.
const QUIET: u64 = 2_000_000;
const PROCESSES: usize = 4;
/// More leads than this are not on their way at a time.
const MOST_LEADS: usize = 40;

/// Stories until so many steps were taken; the first has that seed, the next one more.
pub fn play(seed: u64, steps: u64, rules: Rules) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome::default();
    let office = Office::open()?;
    for seed in seed.. {
        let mut story = Story::begin(&office, seed, rules, &mut outcome);
        story.unfold(STORY.min(steps));
        story.come_to_rest();
        story.judge();
        outcome.stories += 1;
        if outcome.steps >= steps || !outcome.broken.is_empty() {
            break;
        }
    }
    Ok(outcome)
}

pub(crate) struct Story<'a> {
    pub(crate) office: &'a Office,
    seed: u64,
    pub(crate) rules: Rules,
    outcome: &'a mut Outcome,
    pub(crate) dice: ChaCha8Rng,
    pub(crate) now: DateTime<Utc>,
    /// No more faults, and nobody acts any more.
    is_quiet: bool,
    pub(crate) names: u64,
    next_lead: Number,
    /// What sources still want to hear "accepted" of.
    sending: BTreeSet<Number>,
    accepted: BTreeSet<Number>,
    /// LEADS, and what of it routers have acknowledged.
    leads: BTreeSet<Number>,
    pub(crate) acknowledged: BTreeSet<Number>,
    delivered: BTreeMap<Number, u32>,
    pub(crate) board: Board,
    /// The board as it was a while ago.
    before: Board,
    pub(crate) log: Log,
    pub(crate) tasks: Vec<Task>,
    catching_up: Vec<CatchUp>,
}

impl<'a> Story<'a> {
    fn begin(office: &'a Office, seed: u64, rules: Rules, outcome: &'a mut Outcome) -> Self {
        Self {
            office,
            seed,
            rules,
            outcome,
            dice: ChaCha8Rng::seed_from_u64(seed),
            now: DateTime::UNIX_EPOCH,
            is_quiet: false,
            names: 0,
            next_lead: 0,
            sending: BTreeSet::new(),
            accepted: BTreeSet::new(),
            leads: BTreeSet::new(),
            acknowledged: BTreeSet::new(),
            delivered: BTreeMap::new(),
            board: Board::default(),
            before: Board::default(),
            log: Log::default(),
            tasks: Vec::new(),
            catching_up: Vec::new(),
        }
    }

    fn unfold(&mut self, steps: u64) {
        for _ in 0..steps {
            self.outcome.steps += 1;
            match self.dice.random_range(0..1_000) {
                0..600 => self.go_on(),
                600..660 => self.send(),
                660..740 => self.act(),
                740..820 => self.deliver(),
                820..880 => self.sweep(),
                880..900 => self.ship(),
                900..920 => drop(self.look_for_what_was_overlooked()),
                920..970 => self.catch_up(),
                970..990 => self.now += TimeDelta::milliseconds(self.dice.random_range(0..4_000)),
                990..996 => self.kill(),
                996 => self.before = self.board.clone(),
                997 => self.come_back_as_before(),
                998 if self.chance(10) => self.come_back_empty(),
                _ => self.now += TimeDelta::milliseconds(1),
            }
        }
    }

    fn come_to_rest(&mut self) {
        self.is_quiet = true;
        for _ in 0..QUIET {
            self.outcome.steps += 1;
            if !self.tasks.is_empty() {
                self.go_on();
            } else if !self.board.is_open() || !self.catching_up.is_empty() {
                self.catch_up();
            } else if !self.sending.is_empty() {
                self.send();
            } else if self.leads.len() > self.acknowledged.len() {
                self.deliver();
            } else if !self.board.with_unsent().is_empty() {
                self.ship();
            } else if self.look_for_what_was_overlooked() {
            } else if self.is_waiting() {
                self.now += TimeDelta::seconds(1);
                self.sweep();
            } else {
                return;
            }
        }
        self.broke("it never comes to rest".to_owned());
    }

    /// Everything that was accepted has come to rest, and the board stands as the log says.
    fn judge(&mut self) {
        self.outcome.leads += self.accepted.len() as u64;
        for lead in self.accepted.clone() {
            let Some(last) = self.log.last(lead) else {
                self.broke(format!("lead {lead} was accepted and is not in the log"));
                continue;
            };
            let logged = last.after.lead(&crate::board::name(lead));
            if self.board.standing(lead) != logged {
                self.broke(format!("lead {lead} stands otherwise than the log says"));
            }
        }
    }

    pub(crate) fn broke(&mut self, what: String) {
        let broken = Broken { seed: self.seed, step: self.outcome.steps, what };
        self.outcome.broken.push(broken);
    }

    pub(crate) fn see(&mut self, what: &'static str) {
        self.outcome.seen.note(what);
    }

    pub(crate) fn chance(&mut self, of_a_hundred: u32) -> bool {
        self.dice.random_range(0..100) < of_a_hundred
    }

    fn one_of<T: Clone>(&mut self, all: &[T]) -> Option<T> {
        if all.is_empty() {
            return None;
        }
        Some(all[self.dice.random_range(0..all.len())].clone())
    }

    /// Whether the question is lost, and whether the answer is.
    pub(crate) fn network(&mut self) -> (bool, bool) {
        if self.is_quiet {
            return (false, false);
        }
        let (question, answer) = (self.chance(4), self.chance(4));
        if question {
            self.see("a question was lost");
        } else if answer {
            self.see("an answer was lost");
        }
        (question, answer)
    }

    fn is_waiting(&self) -> bool {
        let waits =
            |lead: &Number| self.board.standing(*lead).is_some_and(|is| is.state == State::Offered);
        self.board.leads().iter().any(waits)
    }

    fn send(&mut self) {
        let open = self.leads.len() - self.acknowledged.len() + self.sending.len();
        if !self.is_quiet && open < MOST_LEADS && self.chance(50) {
            self.sending.insert(self.next_lead);
            self.next_lead += 1;
        }
        let sending: Vec<_> = self.sending.iter().copied().collect();
        let Some(lead) = self.one_of(&sending) else { return };
        let (question_lost, answer_lost) = self.network();
        if question_lost {
            return;
        }
        // The id follows from the key: the second time it is a duplicate.
        if !self.leads.insert(lead) {
            self.see("a lead was sent twice");
        }
        if !answer_lost {
            self.sending.remove(&lead);
            self.accepted.insert(lead);
        }
    }

    fn begin_task(&mut self, lead: Number, job: Job) {
        let process = self.dice.random_range(0..PROCESSES);
        let server = self.board.server;
        let stage = Stage::Decide;
        self.tasks.push(Task { process, lead, job, stage, server, tries: 0 });
    }

    fn deliver(&mut self) {
        let open: Vec<_> = self.leads.difference(&self.acknowledged).copied().collect();
        let Some(lead) = self.one_of(&open) else { return };
        let times = self.delivered.entry(lead).or_default();
        *times += 1;
        if *times == 2 {
            self.see("a lead was delivered twice");
        }
        self.begin_task(lead, Job::Place);
    }

    fn sweep(&mut self) {
        if !self.board.is_open() {
            return;
        }
        for lead in self.board.leads() {
            let is_moving =
                self.tasks.iter().any(|task| task.lead == lead && task.job == Job::MoveOn);
            if self.board.is_due(lead, self.now) && (!is_moving || self.chance(5)) {
                self.begin_task(lead, Job::MoveOn);
            }
        }
    }

    fn ship(&mut self) {
        let left = self.board.with_unsent();
        if let Some(lead) = self.one_of(&left) {
            self.begin_task(lead, Job::Ship);
        }
    }

    /// Reads LEADS and EVENTS, whatever any consumer has come to. Answers whether
    /// anything was found.
    fn look_for_what_was_overlooked(&mut self) -> bool {
        if !self.board.is_open() {
            return false;
        }
        for lead in self.log.leads() {
            let Some(last) = self.log.last(lead).cloned() else { continue };
            let waits = !self.board.unsent(lead).is_empty();
            if self.board.logged(lead) < last.to && !waits && self.board.put_back(&last) {
                self.see("what was overlooked was found");
                return true;
            }
        }
        false
    }

    /// An agent does something about a lead as the log shows it, which may be over by now.
    fn act(&mut self) {
        let leads = self.log.leads();
        // The newest are looked at most.
        let newest = &leads[leads.len().saturating_sub(12)..];
        let Some(lead) = self.one_of(newest) else { return };
        let Some(is) = self.as_told(lead) else { return };
        let agents = self.office.agents.clone();
        let Some(somebody) = self.one_of(&agents) else { return };
        let asked = self.one_of(&is.pending).unwrap_or_else(|| somebody.clone());
        let job = match (is.state, self.dice.random_range(0..10)) {
            (State::Offered, 0..5) => Job::Claim { agent: asked, round: Some(is.round) },
            (State::Offered, 5..7) => Job::Pass { agent: asked, round: is.round },
            (State::Offered, _) => Job::Claim { agent: somebody, round: Some(is.round) },
            (State::Assigned, 0..2) => match is.agent {
                Some(agent) => Job::Return { agent },
                None => return,
            },
            (State::Assigned, 2..5) => {
                Job::Claim { agent: is.agent.unwrap_or(somebody), round: Some(is.round) }
            }
            (State::Assigned, _) => Job::Claim { agent: somebody, round: Some(is.round) },
            (State::Pooled, 0..4) => Job::Claim { agent: somebody, round: None },
            _ => return,
        };
        self.begin_task(lead, job);
    }

    /// A little while ago, at times: mails take their time.
    fn as_told(&mut self, lead: Number) -> Option<Standing> {
        let story = self.log.story(lead);
        let back = self.dice.random_range(0..4_usize).saturating_sub(2);
        let change = story.get(story.len().checked_sub(1 + back.min(story.len() - 1))?)?;
        change.after.lead(&crate::board::name(lead)).cloned()
    }

    fn kill(&mut self) {
        let process = self.dice.random_range(0..PROCESSES);
        let before = self.tasks.len() + self.catching_up.len();
        self.tasks.retain(|task| task.process != process);
        self.catching_up.retain(|task| task.process != process);
        if before > self.tasks.len() + self.catching_up.len() {
            self.see("a process died");
        }
    }

    fn come_back_as_before(&mut self) {
        let server = self.board.server + 1;
        self.board = self.before.clone().on(server);
        self.see("the board came back without its last changes");
    }

    fn come_back_empty(&mut self) {
        let server = self.board.server + 1;
        self.board = Board::default().on(server);
        self.before = self.board.clone();
        self.see("the board came back empty");
    }

    fn catch_up(&mut self) {
        if self.catching_up.is_empty() && !self.board.is_open() {
            let process = self.dice.random_range(0..PROCESSES);
            let (server, left) = (self.board.server, self.log.leads());
            self.catching_up.push(CatchUp { process, server, left });
        }
        let Some(task) = self.catching_up.first_mut() else { return };
        if let Some(lead) = task.left.pop() {
            if task.server == self.board.server
                && let Some(last) = self.log.last(lead)
            {
                self.board.put_back(last);
            }
            return;
        }
        // Another server has taken its place meanwhile: then it was for nothing.
        if task.server == self.board.server {
            self.board.open_on = Some(task.server);
        }
        self.catching_up.remove(0);
    }
}
