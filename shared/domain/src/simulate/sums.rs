//! Many plays of the same past, added up.

use std::collections::BTreeMap;

use chrono::{Datelike, Timelike};
use serde::{Deserialize, Serialize};

use super::{Answers, End, Fate, Past, play};
use crate::model::turns::Turns;
use crate::plan::{Otherwise, dice};
use crate::schedule::Day;
use crate::{AgentId, EntityView, RouteId};

/// What came to an agent, per play.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AgentShare {
    pub agent: Option<AgentId>,
    /// Leads they got, on average.
    pub leads: f64,
    /// Of all leads that anybody got, in percent.
    pub share: f64,
    /// The fewest and the most in one play.
    pub least: u64,
    pub most: u64,
    pub first_offers: f64,
    pub missed: f64,
    /// Leads of that time that they have in truth.
    pub really: u64,
    /// On average more than in truth, or less.
    pub difference: f64,
}

/// What came to a route, per play.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RouteShare {
    /// `null`: no route took them.
    pub route: Option<RouteId>,
    pub title: Option<String>,
    pub leads: f64,
}

/// What a simulation found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    pub leads: usize,
    pub runs: u32,
    pub agents: Vec<AgentShare>,
    pub routes: Vec<RouteShare>,
    /// Went to nobody because no route, or nobody on one, could take them; per play.
    pub unmatched: f64,
    /// Were offered, and nobody took them; per play.
    pub exhausted: f64,
    /// Went to a pond by a route; per play.
    pub to_ponds: f64,
    pub held: f64,
    /// The hours of the week (entity's zone) of the unmatched, as in `sat 14:00`.
    pub unmatched_hours: BTreeMap<String, f64>,
    /// Leads that somebody else got than in truth; per play.
    pub changed_hands: f64,
}

#[derive(Default)]
struct Sum {
    total: u64,
    least: Option<u64>,
    most: u64,
    first: u64,
    missed: u64,
}

#[derive(Default)]
struct Sums {
    agents: BTreeMap<AgentId, Sum>,
    routes: BTreeMap<Option<RouteId>, u64>,
    unmatched: u64,
    exhausted: u64,
    to_ponds: u64,
    held: u64,
    hours: BTreeMap<String, u64>,
    changed: u64,
}

/// Plays `past`, in order of time, `runs` times. `turns`: what routes remembered
/// when it began. `after_run` hears how many are done.
pub fn simulate(
    view: &EntityView,
    past: &[Past],
    answers: &Answers,
    turns: &Turns,
    runs: u32,
    mut after_run: impl FnMut(u32),
) -> Outcome {
    let runs = runs.max(1);
    let mut sums = Sums::default();
    for run in 0..runs {
        let mut seed = [0; 32];
        seed[..4].copy_from_slice(&run.to_le_bytes());
        let fates = play(view, past, answers, turns.clone(), dice(seed));
        sums.add(view, past, &fates);
        after_run(run + 1);
    }
    sums.outcome(view, past, runs)
}

impl Sums {
    fn add(&mut self, view: &EntityView, past: &[Past], fates: &[Fate]) {
        let mut got: BTreeMap<&AgentId, u64> = view.agents.keys().map(|id| (id, 0)).collect();
        for (past, fate) in past.iter().zip(fates) {
            *self.routes.entry(fate.route.clone()).or_default() += 1;
            self.note_end(view, past, fate);
            for agent in &fate.first {
                self.agents.entry(agent.clone()).or_default().first += 1;
            }
            for agent in &fate.missed {
                self.agents.entry(agent.clone()).or_default().missed += 1;
            }
            if let Some(agent) = fate.agent() {
                *got.entry(agent).or_default() += 1;
            }
            self.changed += u64::from(fate.agent() != past.agent.as_ref());
        }
        for (agent, count) in got {
            let sum = self.agents.entry(agent.clone()).or_default();
            sum.total += count;
            sum.most = sum.most.max(count);
            sum.least = Some(sum.least.map_or(count, |least| least.min(count)));
        }
    }

    fn note_end(&mut self, view: &EntityView, past: &Past, fate: &Fate) {
        match fate.end {
            End::Pooled(Otherwise::ToPond) => self.to_ponds += 1,
            End::Pooled(_) if !fate.asked.is_empty() => self.exhausted += 1,
            End::Pooled(_) => {
                self.unmatched += 1;
                *self.hours.entry(hour_of(view, past)).or_default() += 1;
            }
            End::Held(_) => self.held += 1,
            End::Open | End::Claimed { .. } | End::Assigned { .. } => {}
        }
    }

    fn outcome(self, view: &EntityView, past: &[Past], runs: u32) -> Outcome {
        let each = |count: u64| mean(count, runs);
        let given: u64 = self.agents.values().map(|sum| sum.total).sum();
        let share = |(agent, sum): (AgentId, Sum)| {
            let really = past.iter().filter(|past| past.agent.as_ref() == Some(&agent)).count();
            let really = really as u64;
            AgentShare {
                leads: each(sum.total),
                share: if given == 0 { 0.0 } else { percent(sum.total, given) },
                least: sum.least.unwrap_or(0),
                most: sum.most,
                first_offers: each(sum.first),
                missed: each(sum.missed),
                really,
                difference: rounded(each(sum.total) - mean(really, 1)),
                agent: Some(agent),
            }
        };
        let routes = self.routes.into_iter().map(|(route, count)| RouteShare {
            title: route.as_ref().and_then(|id| view.route(id)).map(|route| route.title.clone()),
            route,
            leads: each(count),
        });
        Outcome {
            leads: past.len(),
            runs,
            routes: routes.collect(),
            unmatched: each(self.unmatched),
            exhausted: each(self.exhausted),
            to_ponds: each(self.to_ponds),
            held: each(self.held),
            unmatched_hours: self.hours.into_iter().map(|(at, n)| (at, each(n))).collect(),
            changed_hands: each(self.changed),
            agents: self.agents.into_iter().map(share).collect(),
        }
    }
}

/// As in `sat 14:00`.
fn hour_of(view: &EntityView, past: &Past) -> String {
    let local = past.at.with_timezone(&view.entity.zone);
    let day = serde_json::to_value(Day::of(local.weekday())).unwrap_or_default();
    format!("{} {:02}:00", day.as_str().unwrap_or_default(), local.hour())
}

#[expect(clippy::cast_precision_loss, reason = "leads are fewer than 2^52")]
fn mean(count: u64, runs: u32) -> f64 {
    rounded(count as f64 / f64::from(runs))
}

#[expect(clippy::cast_precision_loss, reason = "leads are fewer than 2^52")]
fn percent(part: u64, whole: u64) -> f64 {
    rounded(100.0 * part as f64 / whole as f64)
}

/// To hundredths: nobody reads more.
fn rounded(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}
