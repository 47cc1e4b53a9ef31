//! Why a lead went where it went.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::route::Inactive;
use crate::{AgentId, Criterion, RouteId};

/// What became of a route when a lead was held against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RouteVerdict {
    Matched,
    /// Matches, but another route comes first (D-3).
    Outranked,
    /// Matches, but none of its agents can take the lead now (D-4).
    NobodyEligible,
    /// Closed now, and the lead waits until it opens (D-16, `after_close: hold`).
    Waits,
    /// Takes over what another route could not give to anybody.
    TookOver,
    Paused,
    Dates,
    Schedule,
    Sources,
    Hashtags,
    Kinds,
    PropertyTypes,
    Areas,
    Mls,
    Price,
}

impl From<Inactive> for RouteVerdict {
    fn from(inactive: Inactive) -> Self {
        match inactive {
            Inactive::Paused => Self::Paused,
            Inactive::Dates => Self::Dates,
            Inactive::Schedule => Self::Schedule,
        }
    }
}

impl From<Criterion> for RouteVerdict {
    fn from(criterion: Criterion) -> Self {
        match criterion {
            Criterion::Sources => Self::Sources,
            Criterion::Hashtags => Self::Hashtags,
            Criterion::Kinds => Self::Kinds,
            Criterion::PropertyTypes => Self::PropertyTypes,
            Criterion::Areas => Self::Areas,
            Criterion::Mls => Self::Mls,
            Criterion::Price => Self::Price,
        }
    }
}

/// A route and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteConsidered {
    pub route: RouteId,
    pub verdict: RouteVerdict,
}

/// What became of an agent on the chosen route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CandidateVerdict {
    Chosen,
    /// Could have had it, but it was somebody else's turn or draw.
    Eligible,
    /// By an admin, on all routes.
    Paused,
    /// By an admin, on this route.
    PausedOnRoute,
    /// By themselves, for a time.
    Away,
    /// Does not want to be woken now (D-17).
    QuietHours,
    /// Already offered this lead (D-5).
    Tried,
    /// Has as many leads as their limits allow (D-20).
    AtLimit,
    /// On the route, but no longer an agent of the entity.
    NotAMember,
    NoChannel,
    /// A weight of 0 is never drawn (D-9).
    NoWeight,
}

/// How the chosen agent was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    Turn,
    Draw,
    Weight,
    JumpBall,
    Assignment,
    Timeout,
    Exhausted,
    AgentSite,
    /// The agent of the listing that the lead is about (D-24).
    Listing,
    /// Nobody is asked outside of office hours (D-18).
    OfficeHours,
    /// Had it before, and asked for another chance (D-19).
    AnotherChance,
    /// Was owed a lead for one that was worth nothing.
    Credit,
    /// Has the person already (D-30 c).
    Returning,
}

/// An agent and what became of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Considered {
    pub agent: AgentId,
    pub verdict: CandidateVerdict,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<By>,
}

/// So many routes and so many candidates stand in an event by name.
pub const MOST_NAMED: usize = 20;

/// Those that an event does not name: how many, by what became of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Others {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub routes: BTreeMap<RouteVerdict, usize>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub candidates: BTreeMap<CandidateVerdict, usize>,
}

impl Others {
    fn is_nobody(&self) -> bool {
        self.routes.is_empty() && self.candidates.is_empty()
    }
}

/// Every route considered and the first criterion that failed, every candidate
/// of the chosen route and why they were chosen or skipped.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<RouteConsidered>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<Considered>,
    /// Of a decision that was shortened.
    #[serde(default, skip_serializing_if = "Others::is_nobody")]
    pub others: Others,
}

impl Decision {
    /// Marks who would have been eligible, but is at a limit (D-20).
    pub fn leave_out(&mut self, at_limit: &[AgentId]) {
        for candidate in &mut self.candidates {
            if candidate.verdict == CandidateVerdict::Eligible
                && at_limit.contains(&candidate.agent)
            {
                candidate.verdict = CandidateVerdict::AtLimit;
            }
        }
    }

    /// Marks whom the board chose among the eligible. The planner orders the
    /// candidates; whose turn it is, only the board knows.
    pub fn settle(&mut self, chosen: &[AgentId], by: By) {
        for agent in chosen {
            let candidate = self.candidates.iter_mut().find(|one| one.agent == *agent);
            match candidate {
                Some(candidate) => {
                    candidate.verdict = CandidateVerdict::Chosen;
                    candidate.by = Some(by);
                }
                None => self.settle_other(agent, by),
            }
        }
    }

    /// The same with one of those whom a shortened decision only counts.
    fn settle_other(&mut self, agent: &AgentId, by: By) {
        let others = &mut self.others.candidates;
        let Some(eligible) = others.get_mut(&CandidateVerdict::Eligible) else { return };
        *eligible -= 1;
        others.retain(|_, count| *count > 0);
        if self.candidates.len() > MOST_NAMED {
            *others.entry(CandidateVerdict::Chosen).or_default() += 1;
            return;
        }
        let verdict = CandidateVerdict::Chosen;
        self.candidates.push(Considered { agent: agent.clone(), verdict, by: Some(by) });
    }

    /// As it stands in an event: so that what a lead costs does not grow with
    /// what is configured, it names the routes that count and the first others,
    /// and the first candidates. The whole of it can be worked out again.
    pub fn shortened(&self) -> Self {
        let counts = |route: &RouteConsidered| {
            matches!(route.verdict, RouteVerdict::Matched | RouteVerdict::TookOver)
        };
        let mut room =
            MOST_NAMED.saturating_sub(self.routes.iter().filter(|one| counts(one)).count());
        let mut short = Self { others: self.others.clone(), ..Self::default() };
        for route in &self.routes {
            if counts(route) {
                short.routes.push(route.clone());
            } else if room > 0 {
                room -= 1;
                short.routes.push(route.clone());
            } else {
                *short.others.routes.entry(route.verdict).or_default() += 1;
            }
        }
        let (named, others) = self.candidates.split_at(MOST_NAMED.min(self.candidates.len()));
        short.candidates.extend_from_slice(named);
        for candidate in others {
            *short.others.candidates.entry(candidate.verdict).or_default() += 1;
        }
        short
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agent(number: usize) -> AgentId {
        format!("agent{number}").parse().unwrap()
    }

    /// 500 routes of which the last matches, 100 agents of whom every second can have it.
    fn large() -> Decision {
        let verdict =
            |number| if number == 499 { RouteVerdict::Matched } else { RouteVerdict::Areas };
        let routes = (0..500).map(|number| RouteConsidered {
            route: format!("route_{number}").parse().unwrap(),
            verdict: verdict(number),
        });
        let verdict = |number: usize| match number % 2 {
            0 => CandidateVerdict::Eligible,
            _ => CandidateVerdict::Paused,
        };
        let candidates = (0..100).map(|number| Considered {
            agent: agent(number),
            verdict: verdict(number),
            by: None,
        });
        Decision {
            routes: routes.collect(),
            candidates: candidates.collect(),
            ..Decision::default()
        }
    }

    #[test]
    fn a_large_decision_names_what_counts_and_counts_the_others() {
        let short = large().shortened();
        assert_eq!((short.routes.len(), short.candidates.len()), (MOST_NAMED, MOST_NAMED));
        assert_eq!(short.routes.last().unwrap().verdict, RouteVerdict::Matched);
        assert_eq!(short.others.routes, BTreeMap::from([(RouteVerdict::Areas, 480)]));
        let others = [(CandidateVerdict::Eligible, 40), (CandidateVerdict::Paused, 40)];
        assert_eq!(short.others.candidates, BTreeMap::from(others));
        let read: Decision = serde_json::from_str(&serde_json::to_string(&short).unwrap()).unwrap();
        assert_eq!(read, short);
    }

    #[test]
    fn whoever_is_chosen_among_the_others_is_named() {
        let mut short = large().shortened();
        short.settle(&[agent(0), agent(98)], By::Turn);
        let chosen = short.candidates.iter().filter(|one| one.verdict == CandidateVerdict::Chosen);
        let chosen: Vec<_> = chosen.map(|one| one.agent.clone()).collect();
        assert_eq!(chosen, [agent(0), agent(98)]);
        assert_eq!(short.others.candidates[&CandidateVerdict::Eligible], 39);
        short.settle(&[agent(96), agent(94)], By::JumpBall);
        assert_eq!(
            short.others.candidates[&CandidateVerdict::Chosen],
            2,
            "who are offered it stands beside"
        );
    }

    #[test]
    fn a_small_decision_stays_as_it_is() {
        let mut small = large();
        small.routes.truncate(MOST_NAMED);
        small.candidates.truncate(MOST_NAMED);
        assert_eq!(small.shortened(), small);
    }
}
