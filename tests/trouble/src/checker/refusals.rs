//! Whoever is refused is refused for how things stood, and nobody is answered with an error
//! of ours. What may or may not have been done is no refusal: it is asked again.

use tipoff_domain::{AgentId, LeadId};

use super::{Broken, Case, Rule};
use crate::history::{Asked, Call, Said};

/// What somebody hears who came after somebody else, or after the end.
const HOW_IT_STOOD: [&str; 8] = [
    "already_yours",
    "taken",
    "too_late",
    "withdrawn",
    "not_offered",
    "not_yours",
    "in_pool",
    "closed",
];

impl Case<'_> {
    pub(super) fn refusals(&mut self) {
        for call in &self.evidence.history {
            let Said::No(code) = &call.said else { continue };
            let is_fine = !matches!(call.asked, Asked::Take { .. })
                && HOW_IT_STOOD.contains(&code.as_str())
                && (code != "taken" || self.was_taken(call));
            if !is_fine {
                let what = format!("{:?} was refused: {code}", call.asked);
                let (lead, key) = (lead(&call.asked).cloned(), key(&call.asked));
                self.verdict.broken.push(Broken { rule: Rule::RefusedForAReason, lead, key, what });
            }
        }
    }

    /// Whether it was ever somebody else's. When that was, the board decides, which may be ahead
    /// of the log, and whose clock may be ahead of ours.
    fn was_taken(&self, call: &Call) -> bool {
        let Some(lead) = lead(&call.asked) else { return true };
        let others = |owner: &AgentId| match &call.asked {
            Asked::Claim { agent, .. } | Asked::Pass { agent, .. } => owner != agent,
            _ => true,
        };
        let mut owners =
            self.leads.story(lead).iter().filter_map(|logged| logged.event.after.agent.as_ref());
        owners.any(others)
    }
}

fn lead(asked: &Asked) -> Option<&LeadId> {
    match asked {
        Asked::Take { .. } => None,
        Asked::Claim { lead, .. }
        | Asked::Pass { lead, .. }
        | Asked::Show { lead }
        | Asked::Assign { lead, .. }
        | Asked::Return { lead, .. } => Some(lead),
    }
}

fn key(asked: &Asked) -> Option<String> {
    match asked {
        Asked::Take { key } => Some(key.clone()),
        _ => None,
    }
}
