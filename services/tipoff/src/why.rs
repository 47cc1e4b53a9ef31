//! `tipoff trace --why`: every decision of a lead in words.

use tipoff_domain::AgentId;
use tipoff_domain::explain::Words;
use tipoff_wire::Event;

/// The decisions of these events, oldest first. `agent`: as that agent is told.
pub(crate) fn render(events: &[Event], words: &Words, agent: Option<&AgentId>) -> String {
    let Some(why) = tipoff_api::why(events, words, agent) else { return String::new() };
    let mut text = why.message.map(|message| format!("{}\n\n", message.en)).unwrap_or_default();
    for hop in &why.hops {
        text.push_str(&format!("{}  {}\n", hop.at.format("%H:%M:%S%.3f"), hop.kind.as_str()));
        if let Some(message) = &hop.message {
            text.push_str(&format!("    {}\n", message.en));
        }
        for route in &hop.routes {
            text.push_str(&format!("    {}\n", route.message.en));
        }
        for candidate in &hop.candidates {
            text.push_str(&format!("    {}\n", candidate.message.en));
        }
    }
    text
}
