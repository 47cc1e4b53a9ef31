//! What became of a route.

use super::say;
use crate::RouteVerdict;
use crate::lint::Message;

/// What became of the route called `title`, with the first thing that failed.
pub fn route(title: &str, verdict: RouteVerdict) -> Message {
    let (en, es) = words(verdict);
    say(format!("“{title}” {en}"), format!("“{title}” {es}"))
}

pub(super) fn words(verdict: RouteVerdict) -> (&'static str, &'static str) {
    match verdict {
        RouteVerdict::Matched => ("matches and takes the lead", "coincide y toma el lead"),
        RouteVerdict::Outranked => {
            ("matches, but another route comes first", "coincide, pero otra ruta va antes")
        }
        RouteVerdict::NobodyEligible => (
            "matches, but none of its agents can take the lead now",
            "coincide, pero ninguno de sus agentes puede tomar el lead ahora",
        ),
        RouteVerdict::Waits => (
            "is closed now, and the lead waits until it opens",
            "está cerrada ahora, y el lead espera a que abra",
        ),
        RouteVerdict::TookOver => (
            "takes over what another route could not give to anybody",
            "asume lo que otra ruta no pudo dar a nadie",
        ),
        RouteVerdict::Paused => ("is paused", "está en pausa"),
        RouteVerdict::Dates => ("is not active on this date", "no está activa en esta fecha"),
        RouteVerdict::Schedule => ("is closed at this hour", "está cerrada a esta hora"),
        RouteVerdict::Sources => ("does not take this source", "no toma esta fuente"),
        RouteVerdict::Hashtags => ("wants another hashtag", "pide otra etiqueta"),
        RouteVerdict::Kinds => ("wants another kind of lead", "pide otro tipo de lead"),
        RouteVerdict::PropertyTypes => {
            ("wants another property type", "pide otro tipo de propiedad")
        }
        RouteVerdict::Areas => ("wants another area", "pide otra zona"),
        RouteVerdict::Mls => ("wants another MLS number", "pide otro número MLS"),
        RouteVerdict::Price => ("wants another price", "pide otro precio"),
    }
}
