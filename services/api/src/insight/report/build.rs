//! From the board to the report.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use tipoff_board::{Board, BoardError};
use tipoff_domain::report::{Bounds, Case, Count, Report};
use tipoff_domain::{EntityId, EntityView, LeadId, Origin};
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
        let cases = chunk.into_iter().map(|stands| (stands.id, case(stands.now_is)));
        let (ask, told): (Vec<_>, Vec<_>) = cases.partition(|(_, case)| case.asks_for_origin());
        let origins = origins(board, &view.id, &ask).await?;
        for (id, mut case) in ask {
            case.origin = origins.get(&id).copied().unwrap_or_default();
            count.add(&case);
        }
        for (_, case) in &told {
            count.add(case);
        }
    }
    Ok(count.report(view))
}

/// Where these came from, which stands in what the source sent.
async fn origins(
    board: &Board,
    entity: &EntityId,
    of: &[(LeadId, Case)],
) -> Result<BTreeMap<LeadId, Origin>, BoardError> {
    let leads: Vec<LeadId> = of.iter().map(|(lead, _)| lead.clone()).collect();
    let found = board.leads_named(entity, &leads).await?;
    Ok(found.into_iter().map(|found| (found.id, found.lead.origin)).collect())
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
