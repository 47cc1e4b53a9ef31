//! What last month's leads would have done under other routes.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use tipoff_board::{Board, BoardError, OnBoard, in_play};
use tipoff_domain::instant::in_reach;
use tipoff_domain::lint::{Code, lint};
use tipoff_domain::plan::How;
use tipoff_domain::simulate::{Answers, Past, simulate};
use tipoff_domain::{EntityId, Route};
use tipoff_wire::event::Released;
use utoipa::ToSchema;

use super::schema;
use crate::Api;
use crate::access::Caller;
use crate::body::{In, Sent};
use crate::names::InEntity;
use crate::problem::Problem;

/// Leads read at once.
const PAGE: usize = 500;
/// More would take longer than anybody waits.
const MOST_LEADS: usize = 20_000;
const MOST_PLAYED: u64 = 400_000;
const LAST_DAYS: u32 = 30;
/// Leads before the first one that tell whose turn it was then.
pub const LOOK_BACK: usize = 200;

/// What to simulate.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"last_days": 30, "runs": 20, "answers": {"others": 0.8, "agents": {"ana": 0}}}))]
pub(crate) struct SimulateWanted {
    /// When the first lead came in, or later.
    #[serde(deserialize_with = "crate::instant::in_reach")]
    from: Option<DateTime<Utc>>,
    /// Exclusive; now, if left out.
    #[serde(deserialize_with = "crate::instant::in_reach")]
    to: Option<DateTime<Utc>>,
    /// Instead of `from`; 30 if neither is given.
    last_days: Option<u32>,
    /// These routes instead of the entity's own.
    #[schema(value_type = Option<Vec<crate::schema::Route>>)]
    routes: Option<Vec<Route>>,
    /// How often the time is played; 20 if left out.
    runs: Option<u32>,
    /// How often agents claim what they are offered, from 0 to 1: always, if left out. And `after` how long, as in `5m`: as long as each took in truth, if left out.
    #[schema(value_type = Value)]
    answers: Answers,
}

impl SimulateWanted {
    fn time(&self, now: DateTime<Utc>) -> Result<(DateTime<Utc>, DateTime<Utc>), Problem> {
        let to = self.to.unwrap_or(now);
        let from = match (self.from, self.last_days) {
            (Some(_), Some(_)) => {
                let twice = "give either `from` or `last_days`";
                return Err(Problem::invalid_field("/last_days", twice));
            }
            (Some(from), None) => from,
            (None, days) => {
                let days = TimeDelta::days(i64::from(days.unwrap_or(LAST_DAYS)));
                let from = to.checked_sub_signed(days).and_then(|from| in_reach(from).ok());
                from.ok_or_else(|| Problem::invalid_field("/last_days", "reaches beyond 1970"))?
            }
        };
        if from < to {
            Ok((from, to))
        } else {
            Err(Problem::invalid_field("/to", "must be later than `from`"))
        }
    }

    fn runs(&self, leads: usize) -> Result<u32, Problem> {
        let runs = self.runs.unwrap_or(20);
        let most = (MOST_PLAYED / (leads.max(1) as u64)).clamp(1, 1_000);
        if (1..=most).contains(&u64::from(runs)) {
            return Ok(runs);
        }
        let said = format!("{leads} leads can be played 1 to {most} times");
        Err(Problem::invalid_field("/runs", said))
    }
}

/// Simulate a time that has passed under other routes
///
/// Plays the leads that really came in then through a draft of the routes, or through those there are, and tells who would have got how many. Turns go on from what they were then, as far as the log tells, agents take as long to answer as they took, and limits on open leads do not count. Nothing is changed.
#[utoipa::path(post, path = "/v1/entities/{entity}/simulate", tag = "insight", params(InEntity),
    request_body = SimulateWanted, responses((status = 200, body = schema::Simulated)))]
pub(crate) async fn simulate_routes(
    State(api): State<Api>,
    caller: Caller,
    In(InEntity { entity }): In<InEntity>,
    Sent(mut wanted): Sent<SimulateWanted>,
) -> Result<Json<Value>, Problem> {
    caller.admin_of(&entity)?;
    let view = api.drafted(&entity, wanted.routes.take())?;
    let now = api.clock.now();
    let (from, to) = wanted.time(now)?;
    if !wanted.answers.make_sense() {
        return Err(Problem::invalid_field("/answers", "rates lie between 0 and 1"));
    }
    let past = past(&api.board, &entity, (from, to), MOST_LEADS, |_| ()).await?;
    if past.len() >= MOST_LEADS {
        let most = format!("more than {MOST_LEADS} leads came in then; ask for a shorter time");
        return Err(Problem::invalid_field("/from", most));
    }
    let runs = wanted.runs(past.len())?;
    let turns = in_play(api.board.turns_at(&entity, from, LOOK_BACK).await?);
    let played = tokio::task::spawn_blocking(move || {
        let outcome = simulate(&view, &past, &wanted.answers, &turns, runs, |_| ());
        let uncovered = [Code::UncoveredHours, Code::PartlyCoveredHours, Code::SourceNowhere];
        let mut cover = lint(&view, now);
        cover.retain(|finding| uncovered.contains(&finding.code));
        json!({ "from": from, "to": to, "outcome": outcome, "uncovered": cover })
    });
    Ok(Json(played.await.map_err(|_| Problem::internal())?))
}

/// The leads that came in then, oldest first; `most` at most. `read` hears how
/// many were read so far.
pub async fn past(
    board: &Board,
    entity: &EntityId,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    most: usize,
    read: impl Fn(usize),
) -> Result<Vec<Past>, BoardError> {
    let mut past = Vec::new();
    // Latest first, from the first lead before `to` on.
    let mut after = Some(format!("{}.", to.timestamp_millis()));
    while let Some(edge) = after {
        let page = board.leads(entity, Some(&edge), PAGE).await?;
        let earlier = page.leads.last().is_none_or(|lead| lead.now_is.received_at < from);
        let wanted = page
            .leads
            .into_iter()
            .filter(|lead| lead.now_is.received_at >= from && lead.now_is.duplicate_of.is_none());
        past.extend(wanted.map(as_past));
        read(past.len());
        after = page.next.filter(|_| !earlier && past.len() < most);
    }
    past.truncate(most);
    past.sort_by_key(|lead: &Past| lead.at);
    Ok(past)
}

fn as_past(lead: OnBoard) -> Past {
    let now_is = lead.now_is;
    // Later rounds began later than the log of one lead says here.
    let in_time = now_is.how == Some(How::Claimed) && now_is.round == 1;
    let took = now_is.since.zip(now_is.first_offer).filter(|_| in_time);
    Past {
        at: now_is.t0,
        sent: now_is.released == Some(Released::Sent),
        agent: now_is.agent,
        took: took.map(|(since, first)| since - first),
        lead: lead.lead,
    }
}
