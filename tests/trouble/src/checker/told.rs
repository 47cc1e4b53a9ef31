//! Whoever is asked is told, and nobody is told of what is over.

use std::collections::{BTreeMap, BTreeSet};
use std::iter::repeat_n;

use chrono::{DateTime, Utc};
use tipoff_domain::AgentId;
use tipoff_wire::EventKind;

use super::{Case, Rule};
use crate::evidence::{Logged, Told, unbroken};

impl Case<'_> {
    pub(super) fn told(&mut self) {
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
