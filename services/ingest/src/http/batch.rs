//! `POST /v1/leads/batch`: one lead per line (NDJSON).
//!
//! The body is read as it comes. However it ends, the answer says what became
//! of every line, and sending all of it again does no harm.

mod lines;

use std::collections::HashSet;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use futures::StreamExt;
use futures::future::ready;
use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};
use tracing::warn;

use super::caller::Caller;
use super::{BodyTime, is_one_of};
use crate::intake::{Intake, Refusal, Sent, Taken};
use crate::pace::TooFast;
use crate::problem::Problem;
use crate::read::LARGEST;
use lines::{Ended, Line, MOST_LINES, lines};

/// Leads of one request that are on their way to JetStream at once: as many as
/// it writes with one sync.
const AT_ONCE: usize = 300;
/// And so many bytes of them; more than the largest lead.
const AT_ONCE_BYTES: u32 = 1024 * 1024;

const KINDS: [&str; 6] = [
    "application/x-ndjson",
    "application/ndjson",
    "application/jsonl",
    "application/x-jsonlines",
    "application/json",
    "text/plain",
];

pub(super) async fn post(
    State(intake): State<Arc<Intake>>,
    Extension(caller): Extension<Arc<Caller>>,
    Extension(time): Extension<BodyTime>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    if !is_one_of(&headers, &KINDS) {
        return Err(Problem::media_type("application/x-ndjson"));
    }
    let mut report = Report::default();
    let deadline = Instant::now() + time.batch;
    let room = Arc::new(Semaphore::new(AT_ONCE_BYTES as usize));
    let outcomes = lines(body.into_data_stream(), LARGEST)
        .enumerate()
        .map(|(index, line)| counted(line, index, &intake, &caller))
        .then(move |line| with_room(line, room.clone()))
        .scan(true, |open, line| {
            // Nothing is read after the first line that cannot be taken.
            let go_on = std::mem::replace(open, line.is_ok());
            ready(go_on.then_some(line))
        })
        .map(|line| {
            let (intake, caller) = (&intake, &caller);
            async move {
                let (line, _room) = line?;
                let outcome = take(intake, caller, &line).await;
                Ok((line.number, outcome))
            }
        });
    let mut outcomes = std::pin::pin!(outcomes.buffer_unordered(AT_ONCE));
    loop {
        match timeout_at(deadline, outcomes.next()).await {
            Ok(Some(Ok((number, outcome)))) => report.note(number, outcome),
            Ok(Some(Err(stop))) => report.stop = report.stop.or(Some(stop)),
            Ok(None) => break,
            Err(_) => {
                report.stop = Some(Stop::TooSlow);
                break;
            }
        }
        if report.unavailable {
            // The rest would fare no better, and the sender is waiting.
            break;
        }
    }
    report.answer()
}

/// Why a batch is not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    Ended(Ended),
    TooFast(TooFast),
    TooSlow,
}

/// Every line is a lead; the first was counted at the door.
fn counted(
    line: Result<Line, Ended>,
    index: usize,
    intake: &Intake,
    caller: &Caller,
) -> Result<Line, Stop> {
    let line = line.map_err(Stop::Ended)?;
    if index > 0 {
        intake.paces.take(caller.sender(), intake.now()).map_err(Stop::TooFast)?;
    }
    Ok(line)
}

/// Waits until so many bytes of other lines are done with.
async fn with_room(
    line: Result<Line, Stop>,
    room: Arc<Semaphore>,
) -> Result<(Line, Option<OwnedSemaphorePermit>), Stop> {
    let line = line?;
    let bytes = u32::try_from(line.text.len()).unwrap_or(AT_ONCE_BYTES);
    // It is never closed.
    let held = room.acquire_many_owned(bytes.min(AT_ONCE_BYTES)).await.ok();
    Ok((line, held))
}

async fn take(intake: &Intake, caller: &Caller, line: &Line) -> Result<Taken, Refusal> {
    let (source, body) = (caller.source.as_ref(), &line.text);
    let sent = Sent { entity: &caller.entity, source, key: None, at: intake.now(), body };
    let outcome = intake.accept(sent).await;
    match &outcome {
        Ok(_) | Err(Refusal::Mismatch) => {}
        Err(Refusal::Unreadable(unreadable)) => {
            intake.reject_quietly(caller.names(), unreadable, body).await;
        }
        Err(other) => {
            warn!(error = other as &dyn std::error::Error, "a lead of a batch is not accepted");
        }
    }
    outcome
}

/// What became of the lines.
#[derive(Default)]
struct Report {
    accepted: usize,
    duplicates: usize,
    rejected: usize,
    results: Vec<(usize, Value)>,
    stop: Option<Stop>,
    unavailable: bool,
}

impl Report {
    fn note(&mut self, line: usize, outcome: Result<Taken, Refusal>) {
        let result = match outcome {
            Ok(Taken { id, duplicate }) => {
                self.accepted += usize::from(!duplicate);
                self.duplicates += usize::from(duplicate);
                json!({"line": line, "id": id, "duplicate": duplicate})
            }
            Err(Refusal::Unreadable(unreadable)) => {
                self.rejected += 1;
                json!({"line": line, "errors": unreadable.problems()})
            }
            Err(_) => {
                self.unavailable = true;
                return;
            }
        };
        self.results.push((line, result));
    }

    fn answer(mut self) -> Result<Response, Problem> {
        self.results.sort_by_key(|(line, _)| *line);
        first_comes_first(&mut self.results);
        let results: Vec<Value> = self.results.into_iter().map(|(_, result)| result).collect();
        let problem = match self.stop {
            _ if self.unavailable => Problem::unavailable(),
            Some(Stop::Ended(Ended::TooManyLines)) => Problem::too_large(format!(
                "a batch has at most {MOST_LINES} lines; send the others in another"
            )),
            Some(Stop::Ended(Ended::TooManyBytes)) => Problem::too_large(
                "a batch has at most 16 MB; send the lines without a result in another",
            ),
            Some(Stop::Ended(Ended::Interrupted)) => Problem::interrupted(),
            Some(Stop::TooFast(error)) => Problem::too_fast(&error),
            Some(Stop::TooSlow) => Problem::too_slow(),
            None => {
                let Self { accepted, duplicates, rejected, .. } = self;
                let counts = json!({
                    "accepted": accepted, "duplicates": duplicates, "rejected": rejected, "results": results,
                });
                return Ok(Json(counts).into_response());
            }
        };
        let counted = problem.with("accepted", self.accepted).with("duplicates", self.duplicates);
        Err(counted.with("rejected", self.rejected).with("results", results))
    }
}

/// Lines that say the same are on their way at once, and any of them may be the
/// one that was written down. The first of them is the lead, the others repeat it.
fn first_comes_first(results: &mut [(usize, Value)]) {
    let written: HashSet<Value> = results
        .iter()
        .filter(|(_, result)| result["duplicate"] == false)
        .map(|(_, result)| result["id"].clone())
        .collect();
    let mut seen = HashSet::new();
    for (_, result) in results.iter_mut().filter(|(_, result)| written.contains(&result["id"])) {
        result["duplicate"] = json!(!seen.insert(result["id"].clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_lines_that_say_the_same_the_first_is_the_lead() {
        let line = |id: &str, duplicate: bool| json!({"id": id, "duplicate": duplicate});
        let mut results = vec![
            (1, line("a", true)),
            (2, line("b", true)),
            (3, json!({"errors": []})),
            (4, line("a", false)),
            (5, line("b", true)),
        ];
        first_comes_first(&mut results);
        let duplicates: Vec<_> =
            results.iter().map(|(_, result)| result["duplicate"].clone()).collect();
        assert_eq!(duplicates, [json!(false), json!(true), json!(null), json!(true), json!(true)]);
    }
}
