//! What is said to those who ask for what cannot be.

use axum::http::StatusCode;
use tipoff_board::OnBoard;
use tipoff_domain::LeadId;

use crate::problem::Problem;

pub(crate) fn no_lead(lead: &LeadId) -> Problem {
    Problem::not_found(&format!("lead `{lead}`"))
}

pub(crate) fn conflict(code: &'static str, title: &'static str, detail: &str) -> Problem {
    Problem::new(StatusCode::CONFLICT, code, title).detail(detail)
}

fn gone(code: &'static str, title: &'static str, detail: &str) -> Problem {
    Problem::new(StatusCode::GONE, code, title).detail(detail)
}

pub(super) fn taken() -> Problem {
    conflict(
        "taken",
        "Somebody else has it",
        "another agent has this lead; there is nothing left to do",
    )
}

/// The same with who was first, and when: in a pond everybody may know (D-25).
pub(super) fn taken_by(lead: &OnBoard) -> Problem {
    let agent = lead.now_is.agent.as_ref().map(ToString::to_string);
    let since = lead.now_is.since.map(|since| since.to_rfc3339());
    taken().member("agent", agent).member("since", since)
}

pub(super) fn too_late() -> Problem {
    gone(
        "too_late",
        "The deadline is over",
        "the claim deadline of this offer is over; ask for another chance, or look for the lead in the pool",
    )
}

pub(super) fn withdrawn() -> Problem {
    gone(
        "withdrawn",
        "The offer was taken back",
        "this offer does not count any more; look at your offers",
    )
}

pub(super) fn not_offered() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "not_offered", "It was not offered to you")
        .detail("only agents who were offered this lead can answer")
}

pub(super) fn already_yours() -> Problem {
    conflict(
        "already_yours",
        "You have this lead",
        "send it back to the pool with `/return` instead",
    )
}

pub(super) fn not_yours() -> Problem {
    conflict("not_yours", "It is not yours", "only the agent who has a lead can do that")
}
