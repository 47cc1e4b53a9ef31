//! Every accepted lead is accounted for, once, and comes to rest.

use std::collections::{BTreeMap, BTreeSet};

use tipoff_domain::LeadId;
use tipoff_wire::event::State;

use super::{Broken, Case, Rule};
use crate::evidence::{Logged, unbroken};
use crate::history::{Asked, Said};

impl Case<'_> {
    pub(super) fn accounted(&mut self) {
        let mut by_key: BTreeMap<&str, Vec<LeadId>> = BTreeMap::new();
        for lead in self.leads.0.keys() {
            if let Some(key) = self.leads.key(lead) {
                by_key.entry(key).or_default().push(lead.clone());
            }
        }
        for (key, leads) in &by_key {
            if let [first, second, ..] = &leads[..] {
                self.broke(Rule::OneLeadPerKey, second, format!("{key} is also lead {first}"));
            }
        }
        self.accepted(&by_key);
        self.stories();
    }

    /// Whoever heard "accepted" has a lead in the log, under the id that they heard.
    fn accepted(&mut self, by_key: &BTreeMap<&str, Vec<LeadId>>) {
        let (mut sent, mut lost, mut other) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
        for call in &self.evidence.history {
            let Asked::Take { key } = &call.asked else { continue };
            sent.insert(key.as_str());
            let Said::Accepted(id) = &call.said else { continue };
            match (by_key.get(key.as_str()), id) {
                (None, _) => drop(lost.insert((key.clone(), id.clone()))),
                (Some(leads), Some(id)) if !leads.contains(id) => other.push((key, id.clone())),
                (Some(_), _) => {}
            }
        }
        for (key, lead) in lost {
            let what = "it was accepted and is not in the log".to_owned();
            self.verdict.broken.push(Broken {
                rule: Rule::NothingLost,
                lead,
                key: Some(key),
                what,
            });
        }
        for (key, id) in other {
            self.broke(
                Rule::OneLeadPerKey,
                &id,
                format!("{key} was answered with another lead's id"),
            );
        }
        for (key, leads) in by_key.iter().filter(|(key, _)| !sent.contains(*key)) {
            for lead in leads {
                self.broke(Rule::OneLeadPerKey, lead, format!("nobody ever sent {key}"));
            }
        }
    }

    /// Every version once and in order, and an end at which nobody is waited for.
    fn stories(&mut self) {
        let mut found = Vec::new();
        for (lead, story) in &self.leads.0 {
            for (expected, logged) in (1..).zip(story) {
                let version = logged.event.version;
                if version != expected {
                    let what = format!("version {version} stands where {expected} belongs");
                    found.push((Rule::OneStory, lead.clone(), what));
                    break;
                }
            }
            if let Some((rule, what)) = story.last().and_then(|last| self.unrest(last)) {
                found.push((rule, lead.clone(), what));
            }
        }
        for (rule, lead, what) in found {
            self.broke(rule, &lead, what);
        }
    }
    /// What is wrong about a lead that ends like that. Nobody holds leads on purpose here.
    fn unrest(&self, last: &Logged) -> Option<(Rule, String)> {
        let (after, ended) = (&last.event.after, self.evidence.ended);
        let until = after.until.unwrap_or(last.event.at);
        let lost = |is: &str| {
            Some((Rule::NothingLost, format!("it never came to rest, and is {is} still")))
        };
        match after.state {
            State::Held => lost("held"),
            State::Offered if until > ended => lost("on offer"),
            State::Offered => {
                let waited = unbroken(&self.evidence.outages, until, ended);
                let (round, ms) = (after.round, waited.num_milliseconds());
                (waited > self.allowed.late).then(|| {
                    let what = format!(
                        "the offer of round {round} never ended, {ms} ms after its deadline"
                    );
                    (Rule::NotLate, what)
                })
            }
            State::Assigned | State::Pooled | State::Closed => None,
        }
    }
}
