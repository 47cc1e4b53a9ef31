//! Whoever is refused is refused for how things stood, and nobody is answered with an error
//! of ours. What may or may not have been done is no refusal: it is asked again.

use tipoff_domain::AgentId;
use tipoff_wire::EventKind;

use super::{Broken, Case, Rule};
use crate::history::{Asked, Call, Said};

/// What somebody hears who came after somebody else, or after the end.
const HOW_IT_STOOD: [&str; 9] = [
    "passed",
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
                && (code != "taken" || self.was_taken(call))
                && (code != "passed" || self.had_passed(call));
            if !is_fine {
                let what = format!("{:?} was refused: {code}", call.asked);
                let lead = call.asked.lead().cloned();
                let key = call.asked.key().map(str::to_owned);
                self.verdict.broken.push(Broken { rule: Rule::RefusedForAReason, lead, key, what });
            }
        }
    }

    /// Whether who claims it let it go before.
    fn had_passed(&self, call: &Call) -> bool {
        let (Some(lead), Asked::Claim { agent, .. }) = (call.asked.lead(), &call.asked) else {
            return false;
        };
        self.leads.story(lead).iter().any(|logged| {
            let event = &logged.event;
            event.kind == EventKind::Passed && event.by.as_deref() == Some(agent.as_str())
        })
    }

    /// Whether it was ever somebody else's. When that was, the board decides, which may be ahead
    /// of the log, and whose clock may be ahead of ours.
    fn was_taken(&self, call: &Call) -> bool {
        let Some(lead) = call.asked.lead() else { return true };
        let others = |owner: &AgentId| match &call.asked {
            Asked::Claim { agent, .. } | Asked::Pass { agent, .. } => owner != agent,
            _ => true,
        };
        let mut owners =
            self.leads.story(lead).iter().filter_map(|logged| logged.event.after.agent.as_ref());
        owners.any(others)
    }
}
