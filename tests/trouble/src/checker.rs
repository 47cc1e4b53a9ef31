//! Whether the promises held, from the history and the log alone.
//!
//! Every rule stands in a file of its own and says what it found broken, with
//! the lead and what contradicts what. The figures beside them (how late, how
//! often told) are no promises by themselves.

mod accounted;
mod deadlines;
mod owners;
mod refusals;
mod told;
mod turns;

use std::collections::BTreeMap;
use std::fmt;

use chrono::TimeDelta;
use tipoff_domain::LeadId;
use tipoff_wire::EventKind;

use crate::evidence::{Evidence, Logged};

/// Clocks of one machine, read by different programs.
const SAME_CLOCK: TimeDelta = TimeDelta::milliseconds(5);

/// A promise, as far as one can see from outside whether it held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// Every lead that was accepted is in the log, and comes to rest (G1).
    NothingLost,
    /// One lead per key (G2).
    OneLeadPerKey,
    /// The log of a lead has every version once, in order.
    OneStory,
    /// At most one owner at a time, unless a person or a rule moved it on (G3).
    OneOwner,
    /// What an agent was told they won is in the log, before they were told (G3).
    WonIsLogged,
    /// A pass or a return that was confirmed is in the log, before it was confirmed.
    DoneIsLogged,
    /// Whoever is refused is refused for how things stood, and not by an error of ours.
    RefusedForAReason,
    /// What an admin is shown is what the log says (G3).
    ShownIsLogged,
    /// No offer ends before its deadline, and none is claimed after it (G4).
    NotEarly,
    /// Every deadline fires, and soon (G4).
    NotLate,
    /// Whose turn it is goes round the list (G5).
    FairTurns,
    /// Whoever is asked is told (G6).
    Told,
    /// Nobody is told of an offer that is long over (G6).
    NotToldAfterwards,
    /// Nobody hears of what is not theirs, or is not so (G7).
    NotToldOthers,
}

/// A promise that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    pub rule: Rule,
    pub lead: Option<LeadId>,
    /// The key that the lead was sent with, where it is known.
    pub key: Option<String>,
    pub what: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.rule, self.what)?;
        if let Some(lead) = &self.lead {
            write!(f, "   lead {lead}")?;
        }
        self.key.as_ref().map_or(Ok(()), |key| write!(f, "   sent as {key}"))
    }
}

/// A deadline that fired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fired {
    pub key: Option<String>,
    /// How late, outages taken away.
    pub late: TimeDelta,
    /// Nothing was broken from the deadline until then, so nothing was taken away.
    pub undisturbed: bool,
}

/// What the checker found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    pub broken: Vec<Broken>,
    pub fired: Vec<Fired>,
    /// Notices that came more than once, by the lead's key.
    pub repeated: Vec<Option<String>>,
    /// Claims that somebody was told they won.
    pub won: usize,
}

/// How much the real world is granted.
#[derive(Debug, Clone, Copy)]
pub struct Allowed {
    /// A deadline fires so late at most, outages not counted.
    pub late: TimeDelta,
    /// An offer that stood so long, outages not counted, was told.
    pub told_within: TimeDelta,
    /// A notice may cross with the end of its offer by so much.
    pub crossing: TimeDelta,
}

impl Default for Allowed {
    fn default() -> Self {
        Self {
            late: TimeDelta::seconds(1),
            told_within: TimeDelta::seconds(5),
            crossing: TimeDelta::seconds(1),
        }
    }
}

/// Looks at everything.
pub fn check(evidence: &Evidence, allowed: Allowed) -> Verdict {
    let mut case =
        Case { evidence, allowed, leads: Leads::of(evidence), verdict: Verdict::default() };
    case.accounted();
    case.owners();
    case.refusals();
    case.deadlines();
    case.turns();
    case.told();
    case.verdict
}

struct Case<'a> {
    evidence: &'a Evidence,
    allowed: Allowed,
    leads: Leads<'a>,
    verdict: Verdict,
}

impl Case<'_> {
    fn broke(&mut self, rule: Rule, lead: &LeadId, what: String) {
        let key = self.leads.key(lead).map(str::to_owned);
        self.verdict.broken.push(Broken { rule, lead: Some(lead.clone()), key, what });
    }
}

/// The log by lead, each in the log's order.
struct Leads<'a>(BTreeMap<LeadId, Vec<&'a Logged>>);

impl<'a> Leads<'a> {
    fn of(evidence: &'a Evidence) -> Self {
        let mut leads: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for logged in &evidence.log {
            leads.entry(logged.event.lead.clone()).or_default().push(logged);
        }
        for story in leads.values_mut() {
            story.sort_by_key(|logged| logged.sequence);
        }
        Self(leads)
    }

    fn story(&self, lead: &LeadId) -> &[&'a Logged] {
        self.0.get(lead).map_or(&[], Vec::as_slice)
    }

    /// The key that the lead was sent with.
    fn key(&self, lead: &LeadId) -> Option<&'a str> {
        let story = self.0.get(lead)?;
        story.iter().find_map(|logged| {
            let own = logged.event.kind == EventKind::Received;
            logged.event.payload.as_ref().filter(|_| own)?.get("external_id")?.as_str()
        })
    }
}
