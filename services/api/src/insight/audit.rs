//! The standing audit, on demand.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use tipoff_board::{Found, Looked};
use tipoff_domain::EntityId;

use super::schema;
use crate::Api;
use crate::access::Caller;
use crate::body::Asked;
use crate::problem::Problem;

/// Leads looked at in one request.
const MOST: usize = 50_000;

/// What to look at.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Part {
    /// From this entity on, by name.
    #[param(value_type = Option<String>)]
    entity: Option<EntityId>,
    /// Leads that came in from then on; `next.from` of the part before.
    #[serde(default, deserialize_with = "crate::instant::in_reach")]
    from: Option<DateTime<Utc>>,
}

/// Look for leads that are not in order
///
/// Every lead that is not closed waits for exactly one thing: a deadline, a pond, an admin or its agent. For operators; the routers look by themselves once a minute. Where there is much, `next` tells how to go on.
#[utoipa::path(get, path = "/v1/audit", tag = "insight", params(Part),
    responses((status = 200, body = schema::Audited)))]
pub(crate) async fn audit(
    State(api): State<Api>,
    caller: Caller,
    Asked(part): Asked<Part>,
) -> Result<Json<Value>, Problem> {
    caller.operator()?;
    let mut entities = api.roster.entities();
    entities.sort_unstable();
    let from = part.entity.map(|entity| (entity, part.from.unwrap_or(DateTime::UNIX_EPOCH)));
    let (mut examined, mut faults) = (0, Vec::new());
    let look = |looked: Looked| {
        examined += looked.examined;
        faults.extend(looked.found);
    };
    let next = api.board.audit_part(&entities, from, MOST, look).await?;
    if let Some((entity, from)) = next {
        return Ok(Json(shown(examined, &faults, json!({"entity": entity, "from": from}))));
    }
    for partition in tipoff_wire::Partition::all(api.roster.deployment().partitions) {
        faults.extend(api.board.idle_reservations(partition).await?);
    }
    Ok(Json(shown(examined, &faults, Value::Null)))
}

#[expect(clippy::needless_pass_by_value, reason = "it is written out here and now")]
fn shown(examined: usize, faults: &[Found], next: Value) -> Value {
    let one = |Found { entity, lead, fault }: &Found| json!({ "entity": entity, "lead": lead, "fault": fault });
    let listed: Vec<Value> = faults.iter().map(one).collect();
    json!({ "examined": examined, "in_order": faults.is_empty(), "faults": listed, "next": next })
}
