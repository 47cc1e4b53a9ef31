//! The Lead Routing Stats Report, as JSON and as a table.

mod build;
mod sheet;

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tipoff_domain::report::{AgentRow, Range, Report};
use tipoff_domain::{AgentId, EntityId, EntityView};

use super::schema;
use crate::Api;
use crate::access::Caller;
use crate::body::{Asked, In};
use crate::names::InEntity;
use crate::problem::Problem;

pub use build::report;
pub use sheet::sheet;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Word {
    /// Since the first of the month.
    #[default]
    Month,
    Year,
    All,
    Custom,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format {
    #[default]
    Json,
    Csv,
}

/// Which time, and how it is written.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// `month` (to date, if left out), `year` (to date), `all` or `custom`.
    #[param(value_type = Option<String>)]
    range: Option<Word>,
    /// First day, in the entity's zone.
    from: Option<NaiveDate>,
    /// Last day, included.
    to: Option<NaiveDate>,
    /// `json` (if left out) or `csv`.
    #[param(value_type = Option<String>)]
    format: Option<Format>,
}

impl Wanted {
    fn range(&self) -> Result<(Word, Range), Problem> {
        let dated = self.from.is_some() || self.to.is_some();
        let word = self.range.unwrap_or(if dated { Word::Custom } else { Word::Month });
        let range = match word {
            Word::Custom if !dated => {
                return Err(Problem::invalid_field("/from", "give `from`, `to` or both"));
            }
            Word::Custom => Range::Custom { from: self.from, to: self.to },
            _ if dated => {
                let only = "goes with `range=custom` only";
                return Err(Problem::invalid_field("/range", only));
            }
            Word::Month => Range::Month,
            Word::Year => Range::Year,
            Word::All => Range::All,
        };
        Ok((word, range))
    }
}

/// The Lead Routing Stats Report
///
/// What became of the leads received in that time, per agent and per route, as it stands now. Only leads that came through routing are counted, Assign to Agent among them. `identities` is the check: every sum counted in two ways.
#[utoipa::path(get, path = "/v1/entities/{entity}/report", tag = "insight", params(InEntity, Wanted),
    responses((status = 200, content((schema::Report = "application/json"), (String = "text/csv")))))]
pub(crate) async fn get_report(
    State(api): State<Api>,
    caller: Caller,
    In(InEntity { entity }): In<InEntity>,
    Asked(wanted): Asked<Wanted>,
) -> Result<Response, Problem> {
    caller.admin_of(&entity)?;
    let view = api.drafted(&entity, None)?;
    let (word, range) = wanted.range()?;
    let now = api.clock.now();
    let bounds = range
        .bounds(now, view.entity.zone)
        .map_err(|upside_down| Problem::invalid_field("/to", upside_down.to_string()))?;
    let report = report(&api.board, &view, bounds).await?;
    let agents: Vec<AgentId> = report.agents.iter().map(|row| row.agent.clone()).collect();
    let misses = api.board.misses(&entity, &agents).await?;
    match wanted.format.unwrap_or_default() {
        Format::Csv => download(&report, &entity, word, now),
        Format::Json => {
            let shown = json!({
                "entity": entity, "zone": view.entity.zone, "range": word, "at": now,
                "from": bounds.from, "until": bounds.until,
                "totals": report.totals, "routes": report.routes,
                "agents": linked(&report, &misses, &view)?, "identities": report.identities,
            });
            Ok(Json(shown).into_response())
        }
    }
}

/// Every agent's row, with what they missed last and where to change what comes to them.
fn linked(
    report: &Report,
    misses: &BTreeMap<AgentId, u32>,
    view: &EntityView,
) -> Result<Vec<Value>, Problem> {
    let row = |row: &AgentRow| {
        let mut shown = serde_json::to_value(row).map_err(|_| Problem::internal())?;
        shown["missed_in_a_row"] = json!(misses.get(&row.agent).unwrap_or(&0));
        shown["links"] = links(&view.id, &row.agent);
        Ok(shown)
    };
    report.agents.iter().map(row).collect()
}

fn links(entity: &EntityId, agent: &AgentId) -> Value {
    let at = format!("/v1/entities/{entity}/agents/{agent}");
    json!({
        "pause": format!("{at}/pause"), "resume": format!("{at}/resume"),
        "limits": format!("{at}/limits"),
    })
}

fn download(
    report: &Report,
    entity: &EntityId,
    word: Word,
    now: DateTime<Utc>,
) -> Result<Response, Problem> {
    let text = sheet(report).map_err(|_| Problem::internal())?;
    let word = serde_json::to_value(word).map_err(|_| Problem::internal())?;
    let name = format!(
        "lead-routing-{entity}-{}-{}.csv",
        word.as_str().unwrap_or_default(),
        now.format("%Y-%m-%d")
    );
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, text).into_response())
}
