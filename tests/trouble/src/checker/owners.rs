//! At most one owner at a time, and nobody is told otherwise.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use tipoff_domain::{AgentId, LeadId};
use tipoff_wire::EventKind;
use tipoff_wire::event::State;

use super::{Case, Rule, SAME_CLOCK};
use crate::evidence::Logged;
use crate::history::{Asked, Call, Said};

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
        let first = self.asked_first();
        let calls = self.evidence.history.iter();
        let found: Vec<_> = calls
            .filter_map(|call| {
                let (lead, ended) = (call.asked.lead()?, call.ended?);
                let since = first.get(&call.asked).copied().unwrap_or(call.began);
                let (rule, what) = self.untrue(call, since, ended)?;
                Some((rule, lead.clone(), what))
            })
            .collect();
        let claims = self.evidence.history.iter().filter(|call| call.ended.is_some());
        self.verdict.won = claims.filter(|call| call.said == Said::Won).count();
        for (rule, lead, what) in found {
            self.broke(rule, &lead, what);
        }
    }

    /// What is wrong about an answer to what was asked since then for the first time.
    fn untrue(
        &self,
        call: &Call,
        since: DateTime<Utc>,
        ended: DateTime<Utc>,
    ) -> Option<(Rule, String)> {
        let did = |lead, what, agent| self.did(lead, what, agent, since, ended);
        let (rule, what) = match (&call.asked, &call.said) {
            (Asked::Claim { lead, agent }, Said::Won) if !did(lead, EventKind::Claimed, agent) => {
                (Rule::WonIsLogged, format!("{agent} was told that they won"))
            }
            (Asked::Claim { lead, agent }, Said::AlreadyYours)
            | (Asked::Assign { lead, agent }, Said::Done)
                if !self.had_it(lead, agent, since, ended) =>
            {
                (Rule::WonIsLogged, format!("{agent} was told to have it"))
            }
            (Asked::Pass { lead, agent }, Said::Done) if !did(lead, EventKind::Passed, agent) => {
                (Rule::DoneIsLogged, format!("{agent} was told that they passed"))
            }
            (Asked::Return { lead, agent }, Said::Done)
                if !did(lead, EventKind::Returned, agent) =>
            {
                (Rule::DoneIsLogged, format!("{agent} was told that it went back"))
            }
            (Asked::Show { lead }, Said::Owner(shown))
                if !self.may_show(lead, shown.as_ref(), call.began, ended) =>
            {
                let whom = shown.as_ref().map_or("nobody", AgentId::as_str);
                (Rule::ShownIsLogged, format!("it was shown as had by {whom}"))
            }
            _ => return None,
        };
        Some((rule, format!("{what}, which is not in the log")))
    }

    /// When each thing was asked for the first time: whoever gets no clear answer asks again.
    fn asked_first(&self) -> HashMap<&Asked, DateTime<Utc>> {
        let mut first = HashMap::new();
        for call in &self.evidence.history {
            first.entry(&call.asked).or_insert(call.began);
        }
        first
    }

    /// Whether by the log the lead was the agent's at some moment between the two.
    fn had_it(
        &self,
        lead: &LeadId,
        agent: &AgentId,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> bool {
        let story = self.leads.story(lead);
        story.iter().enumerate().any(|(number, logged)| {
            let over = story.get(number + 1).map(|next| next.stored);
            logged.event.after.agent.as_ref() == Some(agent)
                && logged.stored <= to + SAME_CLOCK
                && over.is_none_or(|over| over >= from - SAME_CLOCK)
        })
    }

    /// Whether the log learnt between the two that the agent did that.
    fn did(
        &self,
        lead: &LeadId,
        what: EventKind,
        agent: &AgentId,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> bool {
        self.leads.story(lead).iter().any(|logged| {
            logged.event.kind == what
                && logged.event.by.as_deref() == Some(agent.as_str())
                && logged.stored >= from - SAME_CLOCK
                && logged.stored <= to + SAME_CLOCK
        })
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
