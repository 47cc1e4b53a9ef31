//! A person was forgotten: what streams keep of them goes.

use std::time::Duration;

use tipoff_board::Board;
use tipoff_runtime::Outcome;
use tipoff_wire::Event;
use tracing::{error, info};

/// Takes it away; what breaks off is done again.
pub(crate) async fn erase(board: &Board, event: &Event, wait: Duration) -> Outcome {
    match board.forget(&event.entity, &event.lead).await {
        Ok(forgotten) => {
            let (events, sent) = (forgotten.events, forgotten.sent);
            info!(lead.id = %event.lead, events, sent, "what streams kept of a person is gone");
            Outcome::Done
        }
        Err(error) => {
            error!(error = &error as &dyn std::error::Error, lead.id = %event.lead, "a person is not forgotten everywhere yet");
            Outcome::RetryIn(wait)
        }
    }
}
