//! What can still be done about a lead that an agent let go.

use chrono::{DateTime, Utc};
use serde::Serialize;
use tipoff_board::OnBoard;
use tipoff_domain::{AgentId, EntityView};
use tipoff_wire::event::{OfferState, State};

use super::standing::Standing;
use crate::shown::is_in_reach;

/// A way back to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Way {
    /// It rests where they may claim it.
    Pool,
    /// Their pass can be taken back.
    Undo,
    /// They can ask to be asked again when nobody else is left (D-19).
    Again,
    /// They have asked for that.
    Queued,
}

impl Way {
    /// `now`: the board's time.
    pub(super) fn of(
        standing: Standing,
        lead: &OnBoard,
        view: &EntityView,
        agent: &AgentId,
        now: DateTime<Utc>,
    ) -> Option<Self> {
        let after = &lead.now_is;
        let let_go = matches!(standing, Standing::TooLate | Standing::Passed);
        let missed = let_go || matches!(standing, Standing::Withdrawn | Standing::Full);
        if after.state == State::Pooled {
            return (missed && is_in_reach(agent, after, Some(view))).then_some(Self::Pool);
        }
        if after.state != State::Offered || !let_go {
            return None;
        }
        let last = after.tried.iter().rev().find(|tried| tried.agent == *agent);
        let ran_out = after.pending.contains(agent) && after.until.is_some_and(|it| it <= now);
        let outcome = last.map(|tried| tried.outcome).filter(|_| !ran_out);
        let undoable = after.undo.iter().any(|pass| pass.agent == *agent && now < pass.until);
        match outcome {
            _ if after.again.contains(agent) => Some(Self::Queued),
            Some(OfferState::Passed) if undoable => Some(Self::Undo),
            Some(OfferState::Passed | OfferState::Expired) => Some(Self::Again),
            _ => ran_out.then_some(Self::Again),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn way(standing: Standing, after: &Value) -> Option<Way> {
        let entity = json!({"name": "Acme Realty", "kind": "team", "zone": "UTC"});
        let entity = serde_json::from_value(entity).unwrap();
        let mut view = EntityView::new("acme".parse().unwrap(), entity);
        let south = json!({"name": "South", "members": ["ben"]});
        view.ponds.insert("south".parse().unwrap(), serde_json::from_value(south).unwrap());
        let mut now_is = json!({"round": 1, "received_at": "2026-11-22T09:30:00Z", "t0": "2026-11-22T09:30:00Z",
            "reroutes": 0, "inquiries": 1});
        now_is.as_object_mut().unwrap().extend(after.as_object().unwrap().clone());
        let lead = OnBoard {
            id: "lead_1".parse().unwrap(),
            entity: "acme".parse().unwrap(),
            version: 2,
            now_is: serde_json::from_value(now_is).unwrap(),
            lead: tipoff_domain::Lead::default(),
        };
        let now = "2026-11-22T09:40:00Z".parse().unwrap();
        Way::of(standing, &lead, &view, &"ana".parse().unwrap(), now)
    }

    #[test]
    fn a_pass_can_be_taken_back_while_it_counts_and_asked_about_after_that() {
        let passed = |until: &str| {
            json!({"state": "offered", "tried": [{"agent": "ana", "outcome": "passed"}],
                "undo": [{"agent": "ana", "until": until}]})
        };
        let way = |until| way(Standing::Passed, &passed(until));
        assert_eq!(way("2026-11-22T09:40:00.001Z"), Some(Way::Undo));
        assert_eq!(way("2026-11-22T09:40:00Z"), Some(Way::Again));
    }

    #[test]
    fn who_was_too_late_may_ask_once_while_others_are_asked() {
        let unswept =
            json!({"state": "offered", "pending": ["ana"], "until": "2026-11-22T09:39:00Z"});
        assert_eq!(way(Standing::TooLate, &unswept), Some(Way::Again));
        let asked = json!({"state": "offered", "pending": ["ben"], "until": "2026-11-22T09:50:00Z",
            "tried": [{"agent": "ana", "outcome": "expired"}], "again": ["ana"]});
        assert_eq!(way(Standing::TooLate, &asked), Some(Way::Queued));
        assert_eq!(way(Standing::Taken, &json!({"state": "assigned", "agent": "ben"})), None);
    }

    #[test]
    fn what_rests_is_claimed_where_the_agent_may() {
        assert_eq!(way(Standing::TooLate, &json!({"state": "pooled"})), Some(Way::Pool));
        let south = json!({"state": "pooled", "pond": "south"});
        assert_eq!(way(Standing::TooLate, &south), None);
    }
}
