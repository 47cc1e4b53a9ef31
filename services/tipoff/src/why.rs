//! `tipoff trace --why`: every decision of a lead in words.

use tipoff_domain::explain::{NoticeSaid, Words};
use tipoff_domain::{AgentId, Notified};
use tipoff_wire::Event;

/// The decisions of these events, oldest first, and what became of notices.
/// `agent`: as that agent is told.
pub(crate) fn render(
    events: &[Event],
    notices: &[Notified],
    words: &Words,
    agent: Option<&AgentId>,
) -> String {
    let Some(why) = tipoff_api::why(events, notices, words, agent) else { return String::new() };
    let mut text = why.message.map(|message| format!("{}\n\n", message.en)).unwrap_or_default();
    for hop in &why.hops {
        let head = format!("{}  {}\n", hop.at.format("%H:%M:%S%.3f"), hop.kind.as_str());
        let routes = hop.routes.iter().map(|route| &route.message);
        let candidates = hop.candidates.iter().map(|candidate| &candidate.message);
        let reasons = hop.message.iter().chain(routes).chain(candidates).chain(&hop.others);
        text.push_str(&head);
        text.extend(reasons.map(|reason| format!("    {}\n", reason.en)));
    }
    let said = |NoticeSaid { notice, message, .. }: &NoticeSaid| {
        format!("{}  {}\n", notice.at.format("%H:%M:%S%.3f"), message.en)
    };
    text.extend(why.notices.iter().map(said));
    text
}
