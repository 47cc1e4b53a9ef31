//! Whoever is asked is told, and nobody is told of what is over.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use tipoff_domain::AgentId;
use tipoff_wire::EventKind;

use super::{Case, Rule};
use crate::evidence::{Logged, unbroken};

impl Case<'_> {
    pub(super) fn told(&mut self) {
        let mut arrivals: BTreeMap<&str, Vec<DateTime<Utc>>> = BTreeMap::new();
        for told in &self.evidence.told {
            arrivals.entry(&told.notice).or_default().push(told.at);
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
                    let notice = format!("n:{lead}:{round}:{}:email", offer.agent);
                    let came = arrivals.get(notice.as_str()).map_or(&[][..], Vec::as_slice);
                    let over = over(&story[number + 1..], &offer.agent, round)
                        .unwrap_or(self.evidence.ended);
                    let stood =
                        unbroken(&self.evidence.silences, logged.stored, over.min(offer.until));
                    if came.is_empty() && stood > self.allowed.told_within {
                        let what = format!("{} was never told of round {round}", offer.agent);
                        found.push((Rule::Told, lead.clone(), what));
                    }
                    repeated.extend(
                        came.iter().skip(1).map(|_| self.leads.key(lead).map(str::to_owned)),
                    );
                    let late = came.iter().any(|at| {
                        unbroken(&self.evidence.silences, over, *at) > self.allowed.crossing
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

/// When the agent's offer was over, as the log learnt it.
fn over(rest: &[&Logged], agent: &AgentId, round: u32) -> Option<DateTime<Utc>> {
    let ends = |logged: &&&Logged| {
        let after = &logged.event.after;
        after.round != round || !after.pending.contains(agent)
    };
    rest.iter().find(ends).map(|logged| logged.stored)
}
