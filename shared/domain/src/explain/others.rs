//! Those that a decision does not name: how many, and what became of them.

use super::say;
use super::{agents, routes};
use crate::Decision;
use crate::lint::Message;

/// One sentence for each thing that became of routes and of agents whom the
/// decision only counts.
pub fn others(decision: &Decision) -> Vec<Message> {
    let counted = |count: usize,
                   (one, many): (&str, &str),
                   (uno, varios): (&str, &str),
                   words: (&str, &str)| {
        let (what, que) = if count == 1 { (one, uno) } else { (many, varios) };
        say(
            format!("{count} more {what}: each {}", words.0),
            format!("{count} {que} más: cada una {}", words.1),
        )
    };
    let of_routes = decision.others.routes.iter().map(|(verdict, count)| {
        counted(*count, ("route", "routes"), ("ruta", "rutas"), routes::words(*verdict))
    });
    let of_agents = decision.others.candidates.iter().map(|(verdict, count)| {
        counted(*count, ("agent", "agents"), ("persona", "personas"), agents::words(*verdict))
    });
    of_routes.chain(of_agents).collect()
}
