//! `try`: what would become of one lead, at any instant, by these routes or others.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use tipoff_board::{Board, BoardError, in_play};
use tipoff_domain::explain::{self, Words};
use tipoff_domain::model::turns::Turns;
use tipoff_domain::plan::{Otherwise, Plan, Rest, Step, Then, channels_for};
use tipoff_domain::{AgentId, Arrival, EntityView, Lead, LenderId, Route, plan};
use utoipa::ToSchema;

use super::schema;
use crate::Api;
use crate::access::Caller;
use crate::body::{In, Sent};
use crate::names::InEntity;
use crate::problem::Problem;

/// A lead to try, as a source would send it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"lead": {"source": "zillow", "kind": "buyer", "emails": ["dana@example.com"]}, "at": "2026-12-24T22:00:00Z"}))]
pub(crate) struct TryWanted {
    #[schema(value_type = Value)]
    lead: Lead,
    /// Now, if left out.
    #[serde(default, deserialize_with = "crate::instant::in_reach")]
    at: Option<DateTime<Utc>>,
    /// These routes instead of the entity's own.
    #[schema(value_type = Option<Vec<crate::schema::Route>>)]
    routes: Option<Vec<Route>>,
    /// As if somebody had sent it to routing, where it was typed in.
    #[serde(default)]
    sent: bool,
}

/// Try a lead against the routes
///
/// Tells what would become of it: every route and why it takes it or not, every agent and why they get it or not, whose turn it is now, and how they would be told. Limits count with what agents have had up to now. Nothing is changed and nobody is told; a draw falls as it may.
#[utoipa::path(post, path = "/v1/entities/{entity}/try", tag = "insight", params(InEntity),
    request_body = TryWanted, responses((status = 200, body = schema::Tried)))]
pub(crate) async fn try_lead(
    State(api): State<Api>,
    caller: Caller,
    In(InEntity { entity }): In<InEntity>,
    Sent(wanted): Sent<TryWanted>,
) -> Result<Json<Value>, Problem> {
    caller.admin_of(&entity)?;
    let view = api.drafted(&entity, wanted.routes)?;
    let now = wanted.at.unwrap_or_else(|| api.clock.now());
    let arrival = Arrival { sent: wanted.sent, ..Arrival::of(&wanted.lead) };
    Ok(Json(attempt(&api.board, &view, arrival, now).await?))
}

/// What would become of a lead at `now`, by the routes of `view`, with turns and
/// limits as they are: the answer of `POST /v1/entities/{entity}/try`.
pub async fn attempt(
    board: &Board,
    view: &EntityView,
    arrival: Arrival<'_>,
    now: DateTime<Utc>,
) -> Result<Value, BoardError> {
    let plan = planned(board, arrival, view, now).await?;
    let turns = in_play(board.turns(&view.id).await?);
    Ok(shown(plan, turns, view, now))
}

/// The plan as the board would carry it out now, limits included.
async fn planned(
    board: &Board,
    arrival: Arrival<'_>,
    view: &EntityView,
    now: DateTime<Utc>,
) -> Result<Plan, BoardError> {
    let mut full = Vec::new();
    loop {
        let mut dice = plan::dice(*b"what if a lead like this came in");
        let mut planned = plan(&Arrival { full: &full, ..arrival }, view, now, &mut dice);
        let at_limit = board.at_limit(&view.id, &planned.limits()).await?;
        // Every time somebody more, so this comes to an end.
        if at_limit.is_empty() || planned.leave_out(&at_limit) {
            return Ok(planned);
        }
        full.extend(at_limit);
    }
}

fn shown(plan: Plan, mut turns: Turns, view: &EntityView, now: DateTime<Utc>) -> Value {
    let mut decision = plan.decision;
    let outcome = match plan.then {
        Then::Hold(why) => json!({ "then": "held", "why": why, "message": explain::rest(why) }),
        Then::Wait(until) => {
            let why = Otherwise::UntilOpening;
            json!({ "then": "waits", "until": until, "why": why, "message": explain::rest(why) })
        }
        Then::Pool(Rest { why, pond, route, .. }) => {
            let message = explain::rest(why);
            json!({ "then": "pooled", "why": why, "pond": pond, "route": route, "message": message })
        }
        Then::Step(step) => {
            let picked = turns.pick(&step, &step.candidates, now);
            let (chosen, by) = picked.unwrap_or((Vec::new(), step.by));
            decision.settle(&chosen, by);
            let along = turns.send_along(step.route.as_ref(), step.marks.as_ref());
            step_shown(&step, &chosen, &along, view, now)
        }
    };
    let words = Words::of(view);
    json!({
        "at": now, "outcome": outcome,
        "routes": words.routes(&decision), "candidates": words.candidates(&decision, None),
    })
}

fn step_shown(
    step: &Step,
    chosen: &[AgentId],
    along: &[LenderId],
    view: &EntityView,
    now: DateTime<Utc>,
) -> Value {
    let route = step.route.as_ref().and_then(|id| view.route(id));
    let told = |id: &AgentId| {
        let agent = view.agents.get(id);
        let channels = agent.map(|agent| {
            let mut may = channels_for(agent, route.map(AsRef::as_ref), view, now);
            may.retain(|channel| view.counts(id, *channel));
            may
        });
        json!({ "agent": id, "name": agent.map(|agent| &agent.name), "channels": channels })
    };
    json!({
        "then": if step.assign.is_some() { "assigned" } else { "offered" },
        "how": step.assign, "route": step.route, "title": route.map(|route| &route.title),
        "agents": chosen.iter().map(told).collect::<Vec<_>>(),
        "seconds": step.assign.is_none().then(|| step.window.num_seconds()),
        "tags": step.marks.as_ref().map(|marks| &marks.tags),
        "smart_plan": step.marks.as_ref().and_then(|marks| marks.smart_plan.as_ref()),
        "along": along,
    })
}
