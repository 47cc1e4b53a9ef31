//! "Why not me?": one sentence about one agent and one lead.

use serde::{Deserialize, Serialize};

use super::say;
use crate::lint::Message;
use crate::standing::{OfferState, Tried};
use crate::{AgentId, CandidateVerdict, Decision, RouteVerdict};

/// Why an agent has a lead or not, in a word for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    HasIt,
    /// May claim it now.
    Asked,
    Passed,
    Expired,
    /// Somebody else was faster.
    Lost,
    Withdrawn,
    /// Considered on a route that had the lead, but not asked.
    NotChosen,
    /// Not on any route that had it.
    NotOnRoute,
    /// No route had it.
    NoRoute,
}

/// Why `agent` has the lead or not: `tried` and `pending` as they are now,
/// `decisions` all that were made, in order; `owner` whoever has it.
pub fn why_not(
    agent: &AgentId,
    owner: Option<&AgentId>,
    pending: &[AgentId],
    tried: &[Tried],
    decisions: &[&Decision],
) -> (Answer, Message) {
    if owner == Some(agent) {
        return (Answer::HasIt, say("this lead is yours", "este lead es tuyo"));
    }
    if pending.contains(agent) {
        return (Answer::Asked, say("you can claim it now", "puedes reclamarlo ahora"));
    }
    if let Some(tried) = tried.iter().rev().find(|tried| tried.agent == *agent) {
        return outcome(tried.outcome);
    }
    let mut considered = decisions.iter().rev().flat_map(|decision| &decision.candidates);
    if let Some(considered) = considered.find(|candidate| candidate.agent == *agent) {
        return (Answer::NotChosen, you(considered.verdict));
    }
    if decisions.iter().any(|decision| !decision.others.candidates.is_empty()) {
        return (
            Answer::NotChosen,
            say(
                "you were not asked; on a route with so many agents, only the first are named",
                "no se te preguntó; en una ruta con tantos agentes, solo se nombra a los primeros",
            ),
        );
    }
    let routes = || decisions.iter().flat_map(|decision| &decision.routes);
    let took = [RouteVerdict::Matched, RouteVerdict::TookOver, RouteVerdict::NobodyEligible];
    if routes().any(|route| took.contains(&route.verdict)) {
        return (
            Answer::NotOnRoute,
            say(
                "you are not on the route that had this lead",
                "no estás en la ruta que tuvo este lead",
            ),
        );
    }
    (Answer::NoRoute, say("no route had this lead", "ninguna ruta tuvo este lead"))
}

fn outcome(outcome: OfferState) -> (Answer, Message) {
    match outcome {
        OfferState::Pending => {
            (Answer::Asked, say("you can claim it now", "puedes reclamarlo ahora"))
        }
        OfferState::Claimed => (
            Answer::Withdrawn,
            say(
                "you claimed it, and it has moved on since",
                "lo reclamaste, y desde entonces pasó a otro",
            ),
        ),
        OfferState::Passed => (Answer::Passed, say("you passed on it", "lo rechazaste")),
        OfferState::Expired => (
            Answer::Expired,
            say("your time to claim it ran out", "se te acabó el tiempo para reclamarlo"),
        ),
        OfferState::Lost => {
            (Answer::Lost, say("another agent claimed it first", "otro agente lo reclamó antes"))
        }
        OfferState::Withdrawn => {
            (Answer::Withdrawn, say("your offer was taken back", "tu oferta fue retirada"))
        }
    }
}

/// What became of the reader.
fn you(verdict: CandidateVerdict) -> Message {
    let (en, es) = match verdict {
        CandidateVerdict::Chosen => ("you were asked", "se te preguntó"),
        CandidateVerdict::Eligible => (
            "you could have had it, but it was another agent's turn or draw",
            "podías tenerlo, pero era el turno o el sorteo de otro agente",
        ),
        CandidateVerdict::Paused => {
            ("an admin had paused you", "un administrador te tenía en pausa")
        }
        CandidateVerdict::Away => ("you had paused yourself", "te habías puesto en pausa"),
        CandidateVerdict::PausedOnRoute => (
            "an admin had paused you on this route",
            "un administrador te tenía en pausa en esta ruta",
        ),
        CandidateVerdict::QuietHours => {
            ("it came in your quiet hours", "llegó en tus horas de silencio")
        }
        CandidateVerdict::Tried => {
            ("you had been offered it before", "ya lo habías recibido antes")
        }
        CandidateVerdict::AtLimit => (
            "you had as many leads as your limits allow",
            "tenías tantos leads como permiten tus límites",
        ),
        CandidateVerdict::NotAMember => {
            ("you were no longer an agent here", "ya no eras agente aquí")
        }
        CandidateVerdict::NoChannel => {
            ("none of the route's channels reach you", "ningún canal de la ruta llega a ti")
        }
        CandidateVerdict::NoWeight => ("your weight on the route is 0", "tu peso en la ruta es 0"),
    };
    say(en, es)
}
