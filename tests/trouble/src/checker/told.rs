//! Whoever is asked is told, and nobody is told of what is over, or of what is not theirs.

use std::collections::{BTreeMap, BTreeSet};
use std::iter::repeat_n;

use chrono::{DateTime, Utc};
use tipoff_domain::{AgentId, LeadId};
use tipoff_wire::EventKind;

use super::{Broken, Case, Rule, SAME_CLOCK};
use crate::evidence::{Logged, Told, unbroken};

impl Case<'_> {
    pub(super) fn told(&mut self) {
        self.told_what_is_so();
        self.told_in_time();
    }

    /// Every notice is of something that the log had, and came to the agent whom it is for.
    fn told_what_is_so(&mut self) {
        let mut found = Vec::new();
        for told in &self.evidence.told {
            let Some(about) = About::of(&told.notice) else {
                found.push((
                    None,
                    format!("a notice that nobody knows, `{}`, was told", told.notice),
                ));
                continue;
            };
            let story = self.leads.story(&about.lead);
            let known = story.iter().find(|logged| about.is_of(logged));
            let Some(known) = known.filter(|known| known.stored <= told.at + SAME_CLOCK) else {
                let what =
                    format!("{} was told of {} before the log knew", about.agent, about.what);
                found.push((Some(about.lead), what));
                continue;
            };
            let entity = self.evidence.addresses.get(&known.event.entity);
            if entity.and_then(|entity| entity.get(&about.agent)) != Some(&told.to) {
                let what = format!("{} was told at another address than theirs", about.agent);
                found.push((Some(about.lead), what));
            }
        }
        for (lead, what) in found {
            let key = lead.as_ref().and_then(|lead| self.leads.key(lead)).map(str::to_owned);
            self.verdict.broken.push(Broken { rule: Rule::NotToldOthers, lead, key, what });
        }
    }

    fn told_in_time(&mut self) {
        let mut arrivals: BTreeMap<&str, Vec<&Told>> = BTreeMap::new();
        for told in &self.evidence.told {
            arrivals.entry(of_offer(&told.notice)).or_default().push(told);
        }
        let (mut found, mut repeated) = (Vec::new(), Vec::new());
        for (lead, story) in &self.leads.0 {
            for (number, logged) in story
                .iter()
                .enumerate()
                .filter(|(_, logged)| logged.event.kind == EventKind::Offered)
            {
                let round = logged.event.after.round;
                for offer in &logged.event.offers {
                    let asked = format!("n:{lead}:{round}:{}:email", offer.agent);
                    let came = arrivals.get(asked.as_str()).map_or(&[][..], Vec::as_slice);
                    let over = over(&story[number + 1..], &offer.agent, round)
                        .unwrap_or(self.evidence.ended);
                    let stood =
                        unbroken(&self.evidence.silences, logged.stored, over.min(offer.until));
                    if came.is_empty() && stood > self.allowed.told_within {
                        let what = format!("{} was never told of round {round}", offer.agent);
                        found.push((Rule::Told, lead.clone(), what));
                    }
                    let key = self.leads.key(lead).map(str::to_owned);
                    repeated.extend(repeat_n(key, repeats(came)));
                    let late = came.iter().any(|told| {
                        unbroken(&self.evidence.silences, over, told.at) > self.allowed.crossing
                    });
                    if late {
                        let what =
                            format!("{} was told of round {round} when it was over", offer.agent);
                        found.push((Rule::NotToldAfterwards, lead.clone(), what));
                    }
                }
            }
        }
        self.verdict.repeated = repeated;
        for (rule, lead, what) in found {
            self.broke(rule, &lead, what);
        }
    }
}

/// What a notice is about, by what it is called (`Notice::key`).
struct About<'a> {
    lead: LeadId,
    /// `1`, an offer of that round; `v7`, `o7`, `m7`, what the event of that version says.
    what: &'a str,
    agent: AgentId,
    /// Of an offer, in ms.
    until: Option<i64>,
}

impl<'a> About<'a> {
    fn of(notice: &'a str) -> Option<Self> {
        let parts: Vec<&str> = notice.split(':').collect();
        let (lead, what, agent, until) = match parts[..] {
            ["n", lead, what, agent, _] => (lead, what, agent, None),
            ["n", lead, what, agent, _, until] => (lead, what, agent, Some(until.parse().ok()?)),
            _ => return None,
        };
        Some(Self { lead: lead.parse().ok()?, what, agent: agent.parse().ok()?, until })
    }

    /// Whether that event is what it speaks of.
    fn is_of(&self, logged: &Logged) -> bool {
        let (event, after) = (&logged.event, &logged.event.after);
        match self.until {
            Some(until) => {
                after.round.to_string() == self.what
                    && after.pending.contains(&self.agent)
                    && after.until.is_some_and(|has| has.timestamp_millis() == until)
            }
            None => self.what.get(1..) == Some(&event.version.to_string()),
        }
    }
}

/// What a notice of an offer is called but for its deadline: whoever is told that this
/// was put off is told of the same offer.
fn of_offer(notice: &str) -> &str {
    notice.rsplit_once(':').map_or(notice, |(offer, _)| offer)
}

/// How many of the notices had come before.
fn repeats(came: &[&Told]) -> usize {
    let different: BTreeSet<&str> = came.iter().map(|told| told.notice.as_str()).collect();
    came.len() - different.len()
}

/// When the agent's offer was over, as the log learnt it.
fn over(rest: &[&Logged], agent: &AgentId, round: u32) -> Option<DateTime<Utc>> {
    let ends = |logged: &&&Logged| {
        let after = &logged.event.after;
        after.round != round || !after.pending.contains(agent)
    };
    rest.iter().find(ends).map(|logged| logged.stored)
}
