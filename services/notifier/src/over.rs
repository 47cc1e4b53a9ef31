//! Whose offer or lead an event takes away, so that what was told of it can be taken back.

use tipoff_domain::AgentId;
use tipoff_domain::plan::How;
use tipoff_wire::event::OfferState;
use tipoff_wire::notice::{What, WhyOver};
use tipoff_wire::{Event, EventKind};

/// Whom an event names, but for who did it: nobody is told of what they did themselves.
pub(crate) fn not_by_themselves(event: &Event) -> impl Iterator<Item = &AgentId> {
    event.agents.iter().filter(|agent| event.by.as_deref() != Some(agent.as_str()))
}

/// Those who need not look at this lead any more, and why.
pub(crate) fn over(event: &Event) -> Vec<(&AgentId, What)> {
    let round = event.round.unwrap_or(event.after.round);
    let what = |why| What::Over { round, version: event.version, why };
    let named = |why| event.agents.iter().map(|agent| (agent, what(why))).collect();
    match event.kind {
        EventKind::Passed => named(WhyOver::Passed),
        EventKind::Expired => named(WhyOver::Expired),
        // Also to those who gave it back themselves: they were told that it is theirs.
        EventKind::Withdrawn | EventKind::Returned => named(WhyOver::Withdrawn),
        EventKind::Closed => {
            not_by_themselves(event).map(|agent| (agent, what(WhyOver::Withdrawn))).collect()
        }
        EventKind::Assigned => {
            event.from.iter().map(|agent| (agent, what(WhyOver::Withdrawn))).collect()
        }
        // From the pool nobody was asked.
        EventKind::Claimed if event.after.how == Some(How::Claimed) => {
            let lost = event.after.tried.iter().filter(|one| one.outcome == OfferState::Lost);
            let mut over: Vec<(&AgentId, What)> = named(WhyOver::Yours);
            over.extend(lost.map(|one| (&one.agent, what(WhyOver::Taken))));
            over
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn event(kind: &str, agents: &Value, after: &Value) -> Event {
        let mut whole = json!({"state": "offered", "round": 3, "reroutes": 0, "inquiries": 1,
            "received_at": "2026-11-22T09:30:00Z", "t0": "2026-11-22T09:30:00Z"});
        whole.as_object_mut().unwrap().extend(after.as_object().unwrap().clone());
        let event = json!({"id": "1-0", "type": kind, "at": "2026-11-22T09:30:00Z", "entity": "acme",
            "lead": "lead_1", "version": 5, "round": 3, "agents": agents, "after": whole});
        serde_json::from_value(event).unwrap()
    }

    fn whose(event: &Event) -> Vec<(&str, WhyOver)> {
        let why = |what| match what {
            What::Over { round: 3, version: 5, why } => why,
            other => panic!("{other:?}"),
        };
        over(event).into_iter().map(|(agent, what)| (agent.as_str(), why(what))).collect()
    }

    #[test]
    fn a_claim_ends_the_offers_of_all_who_were_asked() {
        let tried = json!([{"agent": "ana", "outcome": "claimed"}, {"agent": "ben", "outcome": "lost"},
            {"agent": "dana", "outcome": "passed"}]);
        let claimed =
            event("lead.claimed", &json!(["ana"]), &json!({"how": "claimed", "tried": tried}));
        assert_eq!(whose(&claimed), [("ana", WhyOver::Yours), ("ben", WhyOver::Taken)]);
    }

    #[test]
    fn a_claim_from_the_pool_ends_no_offer() {
        let tried = json!([{"agent": "ben", "outcome": "lost"}]);
        let after = json!({"how": "pool_claimed", "tried": tried});
        assert!(whose(&event("lead.claimed", &json!(["ana"]), &after)).is_empty());
    }

    #[test]
    fn passing_running_out_and_withdrawal_end_the_offers_of_those_named() {
        for (kind, why) in [
            ("lead.passed", WhyOver::Passed),
            ("lead.expired", WhyOver::Expired),
            ("offer.withdrawn", WhyOver::Withdrawn),
        ] {
            assert_eq!(whose(&event(kind, &json!(["ana"]), &json!({}))), [("ana", why)]);
        }
        assert!(whose(&event("lead.offered", &json!([]), &json!({}))).is_empty());
    }

    #[test]
    fn a_lead_is_taken_from_whoever_had_it() {
        let gone = [("ana", WhyOver::Withdrawn)];
        for kind in ["lead.returned", "lead.closed"] {
            assert_eq!(whose(&event(kind, &json!(["ana"]), &json!({}))), gone);
        }
        let mut assigned = event("lead.assigned", &json!(["ben"]), &json!({"state": "assigned"}));
        assert!(whose(&assigned).is_empty(), "nobody had it");
        assigned.from = Some("ana".parse().unwrap());
        assert_eq!(whose(&assigned), gone);
    }

    #[test]
    fn whoever_closed_a_lead_of_theirs_knows() {
        let mut closed = event("lead.closed", &json!(["ana"]), &json!({"state": "closed"}));
        closed.by = Some("ana".to_owned());
        assert!(whose(&closed).is_empty());
    }
}
