//! From the board to the report.

use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use tipoff_board::{Board, BoardError};
use tipoff_domain::report::{Bounds, Case, Count, Report};
use tipoff_domain::{EntityView, Origin};
use tipoff_wire::After;

/// What became of the leads that came in within `bounds`.
pub async fn report(
    board: &Board,
    view: &EntityView,
    bounds: Bounds,
) -> Result<Report, BoardError> {
    let from = bounds.from.unwrap_or(DateTime::UNIX_EPOCH);
    let until = bounds.until.unwrap_or(DateTime::<Utc>::MAX_UTC);
    let mut chunks = std::pin::pin!(board.standings(&view.id, from, until));
    let mut count = Count::new();
    while let Some(chunk) = chunks.try_next().await? {
        for stands in chunk {
            let mut case = case(stands.now_is);
            if case.asks_for_origin() {
                let lead = board.lead(&view.id, &stands.id).await?;
                case.origin = lead.map(|lead| lead.lead.origin).unwrap_or_default();
            }
            count.add(&case);
        }
    }
    Ok(count.report(view))
}

/// A lead that came by itself, as most do.
fn case(now_is: After) -> Case {
    Case {
        state: now_is.state,
        origin: Origin::Automatic,
        route: now_is.route,
        agent: now_is.agent,
        how: now_is.how,
        tried: now_is.tried,
        pending: now_is.pending,
        first_agents: now_is.first_agents,
        from_pond: now_is.from_pond.is_some(),
        released: now_is.released.is_some() || now_is.until.is_some(),
        is_inquiry: now_is.duplicate_of.is_some(),
    }
}
