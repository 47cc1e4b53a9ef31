//! Why a lead rests, and how it came to somebody.

use super::say;
use crate::lint::Message;
use crate::plan::{How, Otherwise};

/// Why a lead is in a pond or held.
pub fn rest(why: Otherwise) -> Message {
    let (en, es) = match why {
        Otherwise::NoRoute => ("no route matches it", "ninguna ruta coincide"),
        Otherwise::NoSource => (
            "it has no source, and no route takes those",
            "no tiene fuente, y ninguna ruta toma esos",
        ),
        Otherwise::NobodyEligible => (
            "routes match, but none has anybody who can take it",
            "hay rutas que coinciden, pero ninguna tiene a nadie que pueda tomarlo",
        ),
        Otherwise::Exhausted => {
            ("everybody was asked and nobody took it", "se preguntó a todos y nadie lo tomó")
        }
        Otherwise::ToPond => {
            ("the route sends its leads to a pond", "la ruta envía sus leads a una laguna")
        }
        Otherwise::TooManyReroutes => {
            ("it was routed anew too often", "se volvió a enrutar demasiadas veces")
        }
        Otherwise::Incomplete => (
            "nobody can be reached by what it tells: it waits with the admin",
            "no dice cómo contactar a la persona: espera con el administrador",
        ),
        Otherwise::NeedsAttention => (
            "what should become of it could not be worked out: an operator has to look into it",
            "no se pudo determinar qué hacer con él: un operador debe revisarlo",
        ),
        Otherwise::UntilOpening => ("it waits until its route opens", "espera a que abra su ruta"),
        Otherwise::NotAutomatic => (
            "it was typed in or imported: it waits until somebody sends it to routing",
            "se escribió o importó: espera a que alguien lo envíe al enrutamiento",
        ),
    };
    say(en, es)
}

/// How a lead came to whoever has it.
pub fn how(how: How) -> Message {
    let (en, es) = match how {
        How::Claimed => ("claimed the offer", "reclamó la oferta"),
        How::PoolClaimed => ("claimed it from the pool", "lo reclamó del fondo común"),
        How::Direct => ("got it: the route asks nobody", "lo recibió: la ruta no pregunta a nadie"),
        How::AssignToAgent => {
            ("got it: the route assigns to one agent", "lo recibió: la ruta asigna a un agente")
        }
        How::TimeoutAgent => (
            "got it: named for when the time is up",
            "lo recibió: designado para cuando vence el tiempo",
        ),
        How::Exhausted => (
            "got it: named for when nobody takes it",
            "lo recibió: designado para cuando nadie lo toma",
        ),
        How::AgentSite => {
            ("got it: it came from their own site", "lo recibió: llegó de su propio sitio")
        }
        How::Listing => ("got it: it is their listing", "lo recibió: es su propiedad listada"),
        How::Manual => ("was given it by a person", "lo recibió de una persona"),
        How::Returning => {
            ("got it: the person is theirs already", "lo recibió: la persona ya es suya")
        }
    };
    say(en, es)
}
