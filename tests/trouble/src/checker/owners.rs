//! At most one owner at a time, and nobody is told otherwise.

use chrono::{DateTime, TimeDelta, Utc};
use tipoff_domain::{AgentId, LeadId};
use tipoff_wire::event::State;
use tipoff_wire::{Event, EventKind};

use super::{Case, Rule};
use crate::evidence::Logged;
use crate::history::{Asked, Said};

/// Clocks of one machine, read by different programs.
const SAME_CLOCK: TimeDelta = TimeDelta::milliseconds(5);

impl Case<'_> {
    pub(super) fn owners(&mut self) {
        let mut found = Vec::new();
        for (lead, story) in &self.leads.0 {
            for pair in story.windows(2) {
                let [before, after] = pair else { continue };
                if let Some(what) = wrong_hands(before, after) {
                    found.push((lead.clone(), what));
                }
            }
        }
        for (lead, what) in found {
            self.broke(Rule::OneOwner, &lead, what);
        }
        self.answers();
    }

    /// What agents and admins heard against what the log says.
    fn answers(&mut self) {
        let mut found = Vec::new();
        for call in &self.evidence.history {
            let Some(ended) = call.ended else { continue };
            match (&call.asked, &call.said) {
                (Asked::Claim { lead, agent }, Said::Won) => {
                    self.verdict.won += 1;
                    if !self.had_it(lead, agent, ended) {
                        let what =
                            format!("{agent} was told that they won, which is not in the log");
                        found.push((Rule::WonIsLogged, lead.clone(), what));
                    }
                }
                (Asked::Claim { lead, agent }, Said::AlreadyYours)
                | (Asked::Assign { lead, agent }, Said::Done)
                    if !self.had_it(lead, agent, ended) =>
                {
                    let what = format!("{agent} was told to have it, which is not in the log");
                    found.push((Rule::WonIsLogged, lead.clone(), what));
                }
                (Asked::Pass { lead, agent }, Said::Done)
                    if !self.did(lead, EventKind::Passed, agent, ended) =>
                {
                    let what =
                        format!("{agent} was told that they passed, which is not in the log");
                    found.push((Rule::DoneIsLogged, lead.clone(), what));
                }
                (Asked::Return { lead, agent }, Said::Done)
                    if !self.did(lead, EventKind::Returned, agent, ended) =>
                {
                    let what =
                        format!("{agent} was told that it went back, which is not in the log");
                    found.push((Rule::DoneIsLogged, lead.clone(), what));
                }
                (Asked::Show { lead }, Said::Owner(shown))
                    if !self.may_show(lead, shown.as_ref(), call.began, ended) =>
                {
                    let whom = shown.as_ref().map_or("nobody", AgentId::as_str);
                    let what =
                        format!("it was shown as had by {whom}, which the log does not know");
                    found.push((Rule::ShownIsLogged, lead.clone(), what));
                }
                _ => {}
            }
        }
        for (rule, lead, what) in found {
            self.broke(rule, &lead, what);
        }
    }

    /// Whether the log had it by then that the lead is the agent's.
    fn had_it(&self, lead: &LeadId, agent: &AgentId, by: DateTime<Utc>) -> bool {
        self.is_logged(lead, by, |event| {
            let given = matches!(event.kind, EventKind::Claimed | EventKind::Assigned);
            given && event.after.agent.as_ref() == Some(agent)
        })
    }

    /// Whether the log had it by then that the agent did that.
    fn did(&self, lead: &LeadId, what: EventKind, agent: &AgentId, by: DateTime<Utc>) -> bool {
        self.is_logged(lead, by, |event| {
            event.kind == what && event.by.as_deref() == Some(agent.as_str())
        })
    }

    fn is_logged(&self, lead: &LeadId, by: DateTime<Utc>, which: impl Fn(&Event) -> bool) -> bool {
        let in_time = |logged: &&&Logged| logged.stored <= by + SAME_CLOCK;
        self.leads.story(lead).iter().filter(in_time).any(|logged| which(&logged.event))
    }

    /// Whether somebody who looked in that stretch of time may have seen that.
    /// The board may be ahead of the log, but never behind it.
    fn may_show(
        &self,
        lead: &LeadId,
        shown: Option<&AgentId>,
        began: DateTime<Utc>,
        ended: DateTime<Utc>,
    ) -> bool {
        let story = self.leads.story(lead);
        let known = story.iter().rfind(|logged| logged.stored < began);
        let coming = story
            .iter()
            .filter(|logged| logged.stored >= began && logged.event.at <= ended + SAME_CLOCK);
        let nobody_yet = known.is_none() && shown.is_none();
        nobody_yet
            || known
                .into_iter()
                .chain(coming)
                .any(|logged| logged.event.after.agent.as_ref() == shown)
    }
}

/// What is wrong about this step, if it takes a lead from somebody or gives it
/// to somebody who could not have it.
fn wrong_hands(before: &Logged, after: &Logged) -> Option<String> {
    let (was, event) = (&before.event.after, &after.event);
    let now = event.after.agent.as_ref();
    if event.kind == EventKind::Claimed {
        let agent = event.agents.first()?;
        return match was.state {
            State::Offered if was.pending.contains(agent) => None,
            State::Pooled => None,
            State::Offered => Some(format!("{agent} claimed it without being asked")),
            _ => Some(match &was.agent {
                Some(owner) => format!("{agent} claimed what {owner} had"),
                None => format!("{agent} claimed what nobody could have"),
            }),
        };
    }
    let owner = was.agent.as_ref()?;
    if now == Some(owner) {
        return None;
    }
    let may = match event.kind {
        EventKind::Assigned => event.by.is_some(),
        EventKind::Returned | EventKind::Pooled | EventKind::Closed => true,
        _ => false,
    };
    (!may).then(|| format!("{owner} had it, and {} took it away", event.kind.as_str()))
}
