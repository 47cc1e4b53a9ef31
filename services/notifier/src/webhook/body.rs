//! What an endpoint is told: the event as everybody sees it, with contact
//! details only where that is allowed.

use serde_json::json;
use tipoff_board::Board;
use tipoff_wire::Event;

/// The body, as it is signed and sent. The lead itself goes along only with
/// `contact`; where the event does not hold it, the board does.
pub(super) async fn body(board: &Board, mut event: Event, contact: bool) -> String {
    if !contact {
        event = event.without_payload();
    } else if event.payload.is_none() {
        let lead = board.lead(&event.entity, &event.lead).await;
        event.payload = lead.ok().flatten().and_then(|lead| serde_json::to_value(lead.lead).ok());
    }
    json!({"type": event.kind.as_str(), "timestamp": event.at, "data": event}).to_string()
}
