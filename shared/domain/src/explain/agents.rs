//! What became of an agent.

use super::say;
use crate::CandidateVerdict;
use crate::decision::By;
use crate::lint::Message;

/// What became of an agent. Without a name: "another agent".
pub fn candidate(name: Option<&str>, verdict: CandidateVerdict, by: Option<By>) -> Message {
    let (english, spanish) = match (verdict, by) {
        (CandidateVerdict::Chosen, Some(by)) => chosen(by),
        (verdict, _) => words(verdict),
    };
    let (who, quien) = (name.unwrap_or("another agent"), name.unwrap_or("otro agente"));
    say(format!("{who} {english}"), format!("{quien} {spanish}"))
}

pub(super) fn words(verdict: CandidateVerdict) -> (&'static str, &'static str) {
    match verdict {
        CandidateVerdict::Chosen => ("is chosen", "resulta elegido"),
        CandidateVerdict::Eligible => (
            "could have had it, but it was somebody else's turn or draw",
            "podía tenerlo, pero era el turno o el sorteo de otro",
        ),
        CandidateVerdict::Paused => ("is paused by an admin", "está en pausa por un administrador"),
        CandidateVerdict::Away => ("has paused", "se ha puesto en pausa"),
        CandidateVerdict::PausedOnRoute => {
            ("is paused on this route", "está en pausa en esta ruta")
        }
        CandidateVerdict::QuietHours => ("has quiet hours now", "tiene ahora horas de silencio"),
        CandidateVerdict::Tried => ("was offered this lead before", "ya recibió este lead antes"),
        CandidateVerdict::AtLimit => (
            "has as many leads as their limits allow",
            "tiene tantos leads como permiten sus límites",
        ),
        CandidateVerdict::NotAMember => ("is no longer an agent here", "ya no es agente aquí"),
        CandidateVerdict::NoChannel => {
            ("is reached by none of the route's channels", "no tiene ningún canal de la ruta")
        }
        CandidateVerdict::NoWeight => {
            ("has a weight of 0 and is never drawn", "tiene peso 0 y nunca sale en el sorteo")
        }
    }
}

fn chosen(by: By) -> (&'static str, &'static str) {
    match by {
        By::Turn => ("is chosen: it is their turn", "resulta elegido: es su turno"),
        By::Draw => ("is chosen: drawn at random", "resulta elegido: por sorteo"),
        By::Weight => ("is chosen by weight", "resulta elegido según los pesos"),
        By::JumpBall => (
            "is asked together with others; the first has it",
            "recibe la oferta junto con otros; gana el primero",
        ),
        By::Assignment => {
            ("is chosen: the route assigns to them", "resulta elegido: la ruta le asigna")
        }
        By::Timeout => (
            "gets it: named for when the time is up",
            "lo recibe: designado para cuando vence el tiempo",
        ),
        By::Exhausted => (
            "gets it: named for when nobody takes it",
            "lo recibe: designado para cuando nadie lo toma",
        ),
        By::AgentSite => ("gets it: it is their own site", "lo recibe: es su propio sitio"),
        By::Listing => {
            ("is chosen: it is their listing", "resulta elegido: es su propiedad listada")
        }
        By::OfficeHours => (
            "gets it: nobody is asked outside office hours",
            "lo recibe: fuera del horario de oficina no se pregunta a nadie",
        ),
        By::AnotherChance => {
            ("is asked again: they wanted another chance", "recibe otra oportunidad: la pidió")
        }
        By::Credit => ("is chosen: they were owed a lead", "resulta elegido: se le debía un lead"),
        By::Returning => {
            ("gets it: the person is theirs already", "lo recibe: la persona ya es suya")
        }
    }
}
