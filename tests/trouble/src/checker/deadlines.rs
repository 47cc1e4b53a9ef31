//! No deadline early, none missed, and no claim after one.

use tipoff_wire::EventKind;
use tipoff_wire::event::State;

use super::{Case, Rule};
use crate::evidence::{Logged, unbroken};

impl Case<'_> {
    pub(super) fn deadlines(&mut self) {
        let (mut found, mut lateness) = (Vec::new(), Vec::new());
        for (lead, story) in &self.leads.0 {
            for pair in story.windows(2) {
                let [before, after] = pair else { continue };
                if let Some(what) = early(before, after) {
                    found.push((Rule::NotEarly, lead.clone(), what));
                }
                let (was, event) = (&before.event.after, &after.event);
                let Some(until) = was.until.filter(|_| event.kind == EventKind::Expired) else {
                    continue;
                };
                let late = unbroken(&self.evidence.outages, until, event.at);
                lateness.push((self.leads.key(lead).map(str::to_owned), late));
                if late > self.allowed.late {
                    let what = format!(
                        "the offer of round {} ended {} ms late",
                        was.round,
                        late.num_milliseconds()
                    );
                    found.push((Rule::NotLate, lead.clone(), what));
                }
            }
        }
        self.verdict.lateness = lateness;
        for (rule, lead, what) in found {
            self.broke(rule, &lead, what);
        }
    }
}

/// What is wrong, if an offer ended too early, was shortened, or was claimed too late.
fn early(before: &Logged, after: &Logged) -> Option<String> {
    let (was, event) = (&before.event.after, &after.event);
    let until = was.until.filter(|_| was.state == State::Offered)?;
    let by = (event.at - until).num_milliseconds();
    match event.kind {
        EventKind::Expired if by < 0 => {
            Some(format!("the offer of round {} ended {} ms early", was.round, -by))
        }
        EventKind::Claimed if by >= 0 => Some(format!("it was claimed {by} ms after the deadline")),
        EventKind::Extended if event.after.until < Some(until) => {
            Some(format!("the deadline of round {} was moved forward", was.round))
        }
        _ => None,
    }
}
