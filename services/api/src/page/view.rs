//! Everything that one page shows.

use super::facts::{Deadline, Fact, Link, emails, facts, first_name, phones};
use super::standing::Standing;
use super::texts::say;
use super::way::Way;
use crate::shown::{guarded, previewed};
use chrono::{DateTime, Utc};
use serde::Serialize;
use tipoff_board::OnBoard;
use tipoff_domain::{AgentId, EntityView, Locale};

/// What the template is given.
#[derive(Debug, Serialize)]
pub(super) struct View {
    pub(super) standing: Standing,
    /// The key of the standing's texts, as in `too-late`.
    pub(super) texts: &'static str,
    pub(super) lead: Option<LeadView>,
}

/// What a page says of the lead.
#[derive(Debug, Serialize)]
pub(super) struct LeadView {
    agent: String,
    entity: String,
    title: String,
    deadline: Option<Deadline>,
    facts: Vec<Fact>,
    message: Option<String>,
    /// Only where the lead is the agent's.
    contact: Option<Contact>,
    way: Option<Way>,
}

#[derive(Debug, Serialize)]
struct Contact {
    name: String,
    phones: Vec<Link>,
    emails: Vec<Link>,
}

impl View {
    /// A page about no lead at all.
    pub(super) fn bare(standing: Standing) -> Self {
        let texts = match standing {
            Standing::Open => "open",
            Standing::Yours => "yours",
            Standing::Taken => "taken",
            Standing::TooLate => "too-late",
            Standing::Passed => "passed",
            Standing::Withdrawn => "withdrawn",
            Standing::Full => "full",
            Standing::Unknown => "unknown",
            Standing::Away => "away",
        };
        Self { standing, texts, lead: None }
    }

    /// Whether there is anything left to answer.
    pub(super) fn asks(&self) -> bool {
        let way = self.lead.as_ref().and_then(|lead| lead.way);
        self.standing == Standing::Open || way.is_some_and(|way| way != Way::Queued)
    }
}

impl LeadView {
    pub(super) fn new(
        standing: Standing,
        lead: &OnBoard,
        view: &EntityView,
        agent: &AgentId,
        now: DateTime<Utc>,
        locale: Locale,
    ) -> Self {
        let yours = standing == Standing::Yours;
        let (shown, source) = if yours {
            (lead.lead.clone(), lead.now_is.source.clone())
        } else {
            let (shown, source) = previewed(lead, Some(view));
            (guarded(&shown), source)
        };
        let source = source.and_then(|source| view.sources.get(&source));
        let until = lead.now_is.until.filter(|_| standing == Standing::Open);
        let dollars = view.entity.country == "US";
        let contact = yours.then(|| Contact {
            name: shown.name.display().unwrap_or_default(),
            phones: phones(&shown),
            emails: emails(&shown),
        });
        let title = match first_name(&shown.name) {
            Some(name) => say(locale, "lead-of", [("name", name)]),
            None => say(locale, "lead-without-name", []),
        };
        let known = view.agents.get(agent);
        let zone = known.map_or(view.entity.zone, |agent| agent.zone_in(view.entity.zone));
        Self {
            agent: known.map_or_else(|| agent.to_string(), |agent| agent.name.clone()),
            entity: view.entity.name.clone(),
            title,
            deadline: until.map(|until| Deadline::new(until, now, zone, locale)),
            facts: facts(&shown, source.map(|source| source.name.clone()), dollars, locale),
            message: shown.message.clone().filter(|message| !message.trim().is_empty()),
            contact,
            way: Way::of(standing, lead, view, agent, now),
        }
    }
}

#[cfg(test)]
mod tests;
