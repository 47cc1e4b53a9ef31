//! Where a lead stands for the agent whom a link was made for.

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::Serialize;
use tipoff_board::{Claim, OnBoard, Pass};
use tipoff_wire::event::{OfferState, State};
use tipoff_wire::link::ClaimLink;

/// What a page is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    Open,
    Yours,
    Taken,
    TooLate,
    Passed,
    Withdrawn,
    /// The agent has as many leads as they may have.
    Full,
    /// No link of ours, or a lead, agent or entity that is not there any more.
    Unknown,
    /// The board or the log is away; nothing can be said.
    Away,
}

impl Standing {
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::Open | Self::Yours | Self::Passed => StatusCode::OK,
            Self::Taken | Self::Full => StatusCode::CONFLICT,
            Self::TooLate | Self::Withdrawn => StatusCode::GONE,
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::Away => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// As the board stands. `now`: the board's time.
    pub(crate) fn of(link: &ClaimLink, lead: &OnBoard, now: DateTime<Utc>) -> Self {
        let after = &lead.now_is;
        if after.agent.as_ref() == Some(&link.agent) {
            return Self::Yours;
        }
        if after.state == State::Offered
            && after.pending.contains(&link.agent)
            && after.round == link.round
        {
            let in_time = after.until.is_none_or(|until| now < until);
            return if in_time { Self::Open } else { Self::TooLate };
        }
        let outcome = after
            .tried
            .iter()
            .rev()
            .find(|tried| tried.agent == link.agent)
            .map(|tried| tried.outcome);
        match outcome {
            Some(OfferState::Passed) => Self::Passed,
            Some(OfferState::Expired | OfferState::Pending) => Self::TooLate,
            // Whoever was faster gave it back.
            Some(OfferState::Lost) if after.state == State::Pooled => Self::Withdrawn,
            Some(OfferState::Lost) => Self::Taken,
            None if after.state == State::Assigned => Self::Taken,
            Some(OfferState::Withdrawn | OfferState::Claimed) | None => Self::Withdrawn,
        }
    }

    pub(crate) fn after_claim(answer: &Claim) -> Self {
        match answer {
            Claim::Won(_) | Claim::AlreadyYours(_) => Self::Yours,
            Claim::Taken => Self::Taken,
            Claim::TooLate => Self::TooLate,
            Claim::Passed => Self::Passed,
            Claim::Withdrawn | Claim::NotOffered => Self::Withdrawn,
            Claim::LimitReached => Self::Full,
            Claim::Unknown => Self::Unknown,
        }
    }

    pub(crate) fn after_pass(answer: Pass) -> Self {
        match answer {
            Pass::Passed => Self::Passed,
            Pass::AlreadyYours => Self::Yours,
            Pass::Taken => Self::Taken,
            Pass::TooLate => Self::TooLate,
            Pass::Withdrawn | Pass::NotOffered => Self::Withdrawn,
            Pass::Unknown => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn standing(after: &Value, now: &str) -> Standing {
        let link = ClaimLink {
            entity: "acme".parse().unwrap(),
            lead: "lead_1".parse().unwrap(),
            agent: "ana".parse().unwrap(),
            round: 2,
            until: "2026-11-22T09:45:00Z".parse().unwrap(),
        };
        let mut now_is = json!({"round": 2, "received_at": "2026-11-22T09:30:00Z", "t0": "2026-11-22T09:30:00Z",
            "reroutes": 0, "inquiries": 1, "until": "2026-11-22T09:45:00Z"});
        now_is.as_object_mut().unwrap().extend(after.as_object().unwrap().clone());
        let lead = OnBoard {
            id: link.lead.clone(),
            entity: link.entity.clone(),
            version: 2,
            now_is: serde_json::from_value(now_is).unwrap(),
            lead: tipoff_domain::Lead::default(),
        };
        Standing::of(&link, &lead, now.parse().unwrap())
    }

    const IN_TIME: &str = "2026-11-22T09:44:59.999Z";
    const AT_THE_DEADLINE: &str = "2026-11-22T09:45:00Z";

    #[test]
    fn an_offer_is_open_until_its_deadline_and_not_at_it() {
        let offered = json!({"state": "offered", "pending": ["ana"]});
        assert_eq!(standing(&offered, IN_TIME), Standing::Open);
        assert_eq!(standing(&offered, AT_THE_DEADLINE), Standing::TooLate);
    }

    #[test]
    fn a_link_of_an_earlier_round_is_not_open() {
        let again = json!({"state": "offered", "pending": ["ana"], "round": 5,
            "tried": [{"agent": "ana", "outcome": "expired"}, {"agent": "ana", "outcome": "pending"}]});
        assert_eq!(standing(&again, IN_TIME), Standing::TooLate);
    }

    #[test]
    fn a_lead_that_somebody_was_faster_with_and_gave_back_is_not_taken() {
        let tried = json!([{"agent": "ana", "outcome": "lost"}]);
        let rests = json!({"state": "pooled", "tried": tried});
        assert_eq!(standing(&rests, IN_TIME), Standing::Withdrawn);
        let asked = json!({"state": "offered", "pending": ["ben"], "tried": tried});
        assert_eq!(standing(&asked, IN_TIME), Standing::Taken);
    }

    #[test]
    fn what_became_of_the_offer_counts() {
        let tried = |outcome: &str| {
            let after = json!({"state": "assigned", "agent": "ben", "tried": [{"agent": "ana", "outcome": outcome}]});
            standing(&after, IN_TIME)
        };
        assert_eq!(tried("passed"), Standing::Passed);
        assert_eq!(tried("expired"), Standing::TooLate);
        assert_eq!(tried("lost"), Standing::Taken);
        assert_eq!(tried("withdrawn"), Standing::Withdrawn);
        assert_eq!(
            standing(&json!({"state": "assigned", "agent": "ana"}), AT_THE_DEADLINE),
            Standing::Yours
        );
    }
}
