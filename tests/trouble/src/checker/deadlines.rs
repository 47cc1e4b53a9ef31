//! No deadline early, none missed, none put off without a reason, and nobody acts after one.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use tipoff_wire::EventKind;
use tipoff_wire::event::State;

use super::{Case, Fired, Rule};
use crate::evidence::{Logged, is_disturbed, unbroken};

/// Whoever breaks something is not the first to notice, and not the last.
const SLACK: TimeDelta = TimeDelta::seconds(1);

impl Case<'_> {
    pub(super) fn deadlines(&mut self) {
        let (mut found, mut fired) = (Vec::new(), Vec::new());
        for (lead, story) in &self.leads.0 {
            // How long each round's offer is by itself.
            let mut lengths = BTreeMap::new();
            for logged in story {
                let (event, after) = (&logged.event, &logged.event.after);
                if let Some(until) = after.until.filter(|_| event.kind == EventKind::Offered) {
                    lengths.insert(after.round, until - event.at);
                }
            }
            for pair in story.windows(2) {
                let [before, after] = pair else { continue };
                if let Some(what) = early(before, after) {
                    found.push((Rule::NotEarly, lead.clone(), what));
                }
                let length = lengths.get(&before.event.after.round).copied();
                if let Some(what) = self.put_off(before, after, length.unwrap_or_default()) {
                    found.push((Rule::NotLate, lead.clone(), what));
                }
                let Some(one) = self.fired(before, after) else { continue };
                if one.late > self.allowed.late {
                    let (round, ms) = (before.event.after.round, one.late.num_milliseconds());
                    let what = format!("the offer of round {round} ended {ms} ms late");
                    found.push((Rule::NotLate, lead.clone(), what));
                }
                fired.push(one);
            }
        }
        self.verdict.fired = fired;
        for (rule, lead, what) in found {
            self.broke(rule, &lead, what);
        }
    }

    /// The deadline that fired with this step, if one did.
    fn fired(&self, before: &Logged, after: &Logged) -> Option<Fired> {
        let event = &after.event;
        let until = before.event.after.until.filter(|_| event.kind == EventKind::Expired)?;
        let outages = &self.evidence.outages;
        Some(Fired {
            key: self.leads.key(&event.lead).map(str::to_owned),
            late: unbroken(outages, until, event.at),
            undisturbed: !is_disturbed(outages, until, event.at),
        })
    }

    /// What is wrong, if a deadline was put off too late, by more than something was broken, or
    /// all in all by more than its offer's own length.
    fn put_off(&self, before: &Logged, after: &Logged, length: TimeDelta) -> Option<String> {
        let (was, event) = (&before.event.after, &after.event);
        let until = was.until.filter(|_| event.kind == EventKind::Extended)?;
        let ms = |state: Option<i64>| TimeDelta::milliseconds(state.unwrap_or_default());
        let (so_far, all) = (ms(was.put_off_ms), ms(event.after.put_off_ms));
        let (outages, late) = (&self.evidence.outages, self.allowed.late);
        let what = format!("the deadline of round {} was put off", was.round);
        let waited = unbroken(outages, until, event.at);
        if waited > late {
            return Some(format!("{what} {} ms late", waited.num_milliseconds()));
        }
        // Before that moment, and before it had waited for its turn to be put off, all was broken.
        let more = all - so_far;
        let fine = unbroken(outages, event.at - late - more, event.at) - late;
        if fine > SLACK {
            let (more, fine) = (more.num_milliseconds(), fine.num_milliseconds());
            return Some(format!("{what} by {more} ms, for {fine} of which nothing was broken"));
        }
        let all_ms = all.num_milliseconds();
        (all > length).then(|| format!("{what} by {all_ms} ms, more than its offer was to last"))
    }
}

/// What is wrong, if an offer ended too early or was shortened, or somebody acted on it too late.
fn early(before: &Logged, after: &Logged) -> Option<String> {
    let (was, event) = (&before.event.after, &after.event);
    let until = was.until.filter(|_| was.state == State::Offered && !was.pending.is_empty())?;
    let by = (event.at - until).num_milliseconds();
    let (round, kind) = (was.round, event.kind);
    match kind {
        EventKind::Expired if by < 0 => {
            Some(format!("the offer of round {round} ended {} ms early", -by))
        }
        EventKind::Claimed | EventKind::Passed if by >= 0 => {
            Some(format!("{} came {by} ms after the deadline", kind.as_str()))
        }
        EventKind::Extended if event.after.until < Some(until) => {
            Some(format!("the deadline of round {round} was moved forward"))
        }
        // Whoever is asked must have answered, or let it run out, before it goes on.
        EventKind::Offered | EventKind::Pooled => {
            Some(format!("{} came while the offer of round {round} stood", kind.as_str()))
        }
        _ => None,
    }
}
