//! Taking back what a route has out (D-23).

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use tipoff_board::{Board, BoardError, OnBoard, Withdrawal, Withdrawn};
use tipoff_domain::LeadId;

use super::refusal::conflict;
use crate::Api;
use crate::access::Caller;
use crate::body::In;
use crate::names::RoutePath;
use crate::problem::Problem;
use crate::schema;

/// Leads whose offers are taken back at once.
const AT_ONCE: usize = 32;

/// Take back the open offers of a route
///
/// For admins, of a route that is paused, closed or deleted: offers that are out stay claimable until their
/// deadline unless they are taken back here. The leads go on at once.
#[utoipa::path(post, path = "/v1/entities/{entity}/routes/{id}/withdraw", tag = "routes", params(RoutePath),
    responses((status = 200, body = schema::TakenBack)))]
pub(crate) async fn withdraw_offers(
    State(api): State<Api>,
    caller: Caller,
    In(RoutePath { entity, id }): In<RoutePath>,
) -> Result<Json<Value>, Problem> {
    caller.admin_of(&entity)?;
    let view = api.entity_view(&entity)?;
    if view.route(&id).is_some_and(|route| route.admits(api.clock.now()).is_ok()) {
        return Err(conflict(
            "route_active",
            "The route is active",
            "pause it first; otherwise it would make the same offers again",
        ));
    }
    let mut out: BTreeMap<LeadId, OnBoard> = BTreeMap::new();
    for agent in view.agents.keys() {
        let offers = api.board.offers_to(&entity, agent).await?;
        let of_route = |lead: &OnBoard| lead.now_is.route.as_ref() == Some(&id);
        out.extend(offers.into_iter().filter(of_route).map(|lead| (lead.id.clone(), lead)));
    }
    let withdrawing = out.into_values().map(|lead| all_of_round(&api.board, lead));
    let withdrawn = stream::iter(withdrawing).buffer_unordered(AT_ONCE);
    let withdrawn: Vec<usize> = withdrawn.try_collect().await?;
    let leads = withdrawn.iter().filter(|offers| **offers > 0).count();
    Ok(Json(json!({ "offers": withdrawn.iter().sum::<usize>(), "leads": leads })))
}

/// Answers how many offers were open.
async fn all_of_round(board: &Board, lead: OnBoard) -> Result<usize, BoardError> {
    let (round, why, mut offers) = (Some(lead.now_is.round), Withdrawal::Route, 0);
    for agent in &lead.now_is.pending {
        let withdrawn = board.withdraw(&lead.entity, &lead.id, agent, round, why).await?;
        offers += usize::from(withdrawn == Withdrawn::Done);
    }
    Ok(offers)
}
