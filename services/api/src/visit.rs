//! What the edge learns of a request from its handler: who asked, about which
//! entity, and how much more they may ask. What was done by right of
//! administration is written into the trail before it is answered.
//!
//! Whoever asks may hang up at any moment, also when half of it is done. So what
//! may change something is done, and written down, in a task of its own that
//! ends whether or not anybody waits for it.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::{MatchedPath, RawPathParams, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use tipoff_domain::EntityId;
use tipoff_roster::{Access, Role};
use tipoff_runtime::{Backoff, PublishError, pace as paces, trail};
use tipoff_wire::trail::{By, Deed};
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;
use tracing::{Instrument, error};

use crate::Api;
use crate::edge::{self, RequestName};
use crate::pace::{self, Left, TooFast};
use crate::problem::Problem;
use crate::seats::{Seat, Size};

/// A deed that could not be written is tried so often again, with pauses that
/// grow to the longest one: for some ten minutes.
const TRIES: usize = 24;
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What is being done, whoever waits for it. It comes with every request, so that
/// whoever serves them can let it end before stopping.
#[derive(Debug, Clone, Default)]
pub(crate) struct InHand(pub(crate) TaskTracker);

/// What is learned. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Visit(Arc<Mutex<Learned>>);

#[derive(Debug, Default)]
struct Learned {
    who: Option<Access>,
    entity: Option<EntityId>,
    left: Left,
}

impl Visit {
    pub(crate) fn by(&self, access: &Access, left: Left) {
        let mut learned = self.lock();
        learned.who = Some(access.clone());
        learned.left = left;
    }

    /// The handler has let the caller act in that entity.
    pub(crate) fn about(&self, entity: &EntityId) {
        self.lock().entity = Some(entity.clone());
    }

    fn lock(&self) -> MutexGuard<'_, Learned> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn may_change(method: &Method) -> bool {
    *method != Method::GET && *method != Method::HEAD
}

/// Refused, or changing nothing: not for the trail.
fn is_a_deed(method: &Method, path: &str, status: StatusCode) -> bool {
    let only_looks = ["/try", "/lint", "/simulate"].iter().any(|end| path.ends_with(end));
    let changes = may_change(method) && !only_looks;
    // Looking people up is worth knowing of.
    let looks_somebody_up = path.ends_with("/export");
    // What failed on our side may have been done all the same.
    let failed = status.is_server_error();
    status.is_success() && (changes || looks_somebody_up) || failed && changes
}

/// As in `POST /v1/leads/{id}/assign`, with the status behind it where that
/// leaves open whether it was done.
fn in_words(method: &Method, path: &str, status: StatusCode) -> String {
    if status.is_server_error() {
        return format!("{method} {path} ({})", status.as_u16());
    }
    format!("{method} {path}")
}

/// Gives every request a seat, says with every answer how much more may be asked, and
/// keeps the trail.
pub(crate) async fn attend(
    State(api): State<Api>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if !may_change(request.method()) {
        let _seat = api.seats.take(request.uri().path(), Size::Small).await?;
        return Ok(look(&api, request, next).await);
    }
    let size = edge::size(&request);
    let mut request = edge::in_time(request);
    if size == Size::Small {
        request = edge::whole(request).await?;
    }
    let seat = api.seats.take(request.uri().path(), size).await?;
    let in_hand = request.extensions().get::<InHand>().cloned().unwrap_or_default();
    let (answer, answered) = oneshot::channel();
    let work = to_the_end(api, request, next, answer, seat);
    in_hand.0.spawn(work.in_current_span());
    Ok(answered.await.unwrap_or_else(|_| Problem::internal().into_response()))
}

async fn look(api: &Api, request: Request, next: Next) -> Response {
    let (response, deed) = handled(api, request, next).await;
    if let Some(deed) = deed
        && let Err(failed) = trail::write(&api.publisher, &deed, &api.fresh_id()).await
    {
        not_in_the_trail(&deed, &failed);
    }
    response
}

async fn to_the_end(
    api: Api,
    request: Request,
    next: Next,
    answer: oneshot::Sender<Response>,
    seat: Option<Seat>,
) {
    let (response, deed) = handled(&api, request, next).await;
    let Some(deed) = deed else {
        // Whoever asked may have hung up.
        answer.send(response).ok();
        return;
    };
    let name = api.fresh_id();
    let written = trail::write(&api.publisher, &deed, &name).await;
    answer.send(response).ok();
    // The trail may be away for minutes.
    drop(seat);
    if let Err(failed) = written {
        write_later(&api, &deed, &name, failed).await;
    }
}

/// What is away when an outcome is unknown is often what the trail is written to.
async fn write_later(api: &Api, deed: &Deed, name: &str, mut failed: PublishError) {
    let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
    for _ in 0..TRIES {
        let goes_on = backoff.wait(&api.stop).await;
        match trail::write(&api.publisher, deed, name).await {
            Ok(()) => return,
            Err(again) => failed = again,
        }
        if !goes_on {
            break;
        }
    }
    not_in_the_trail(deed, &failed);
}

fn not_in_the_trail(deed: &Deed, failed: &PublishError) {
    error!(error = failed as &dyn std::error::Error, deed = ?deed, "it was done, or may have been, but the trail does not say so");
}

/// The answer, and what the trail is to say of it.
async fn handled(api: &Api, request: Request, next: Next) -> (Response, Option<Deed>) {
    let (mut parts, body) = request.into_parts();
    let visit = Visit::default();
    parts.extensions.insert(visit.clone());
    let method = parts.method.clone();
    let path = parts.extensions.get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let to = names(&mut parts, api).await;
    let name = parts.extensions.get::<RequestName>().cloned();
    let handling = AssertUnwindSafe(next.run(Request::from_parts(parts, body))).catch_unwind();
    let mut response = handling.await.unwrap_or_else(edge::after_panic);
    let Learned { who, entity, left } = std::mem::take(&mut *visit.lock());
    pace::say(response.headers_mut(), &left);
    let (Some(path), Some(who)) = (path, who) else { return (response, None) };
    let status = response.status();
    if !matches!(who.role, Role::Operator | Role::Admin) || !is_a_deed(&method, &path, status) {
        return (response, None);
    }
    let by = By { role: who.role.as_str().to_owned(), key: Some(who.key_id), agent: who.agent };
    let named = to.get("entity").and_then(|entity| entity.parse().ok());
    let entity = entity.or(named).or(who.entity);
    let request = name.map(|RequestName(name)| name);
    let what = in_words(&method, &path, status);
    let deed = Deed { at: api.clock.now(), entity, by, what, to, request };
    (response, Some(deed))
}

/// The names in the path; a claim link is none.
async fn names(parts: &mut axum::http::request::Parts, api: &Api) -> BTreeMap<String, String> {
    use axum::extract::FromRequestParts;
    let Ok(params) = RawPathParams::from_request_parts(parts, api).await else {
        return BTreeMap::new();
    };
    let params = params.iter().filter(|(name, _)| *name != "token");
    params.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

impl Problem {
    pub(crate) fn too_fast(error: &TooFast) -> Self {
        let TooFast { whose, allowed, wait } = error;
        let seconds = paces::whole_seconds(*wait);
        let what = match *whose {
            "claims" => "claims of this agent",
            "entity" => "requests to this entity",
            _ => "requests with this key",
        };
        let detail = format!(
            "{what} may be {} per second, a minute's worth at once; come again in {seconds} s",
            allowed.per_second
        );
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too_fast", "Too many requests")
            .detail(detail)
            .header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASSIGN: &str = "/v1/leads/{id}/assign";
    const EXPORT: &str = "/v1/leads/{id}/export";

    fn deed(method: &Method, path: &str, status: u16) -> bool {
        is_a_deed(method, path, StatusCode::from_u16(status).unwrap())
    }

    #[test]
    fn what_was_done_or_may_have_been_is_a_deed_and_what_was_refused_is_none() {
        for status in [200, 201, 204, 500, 503] {
            assert!(deed(&Method::POST, ASSIGN, status), "{status}");
        }
        for status in [400, 403, 404, 409, 412, 429] {
            assert!(!deed(&Method::POST, ASSIGN, status), "{status}");
        }
        assert!(!deed(&Method::POST, "/v1/entities/{entity}/lint", 503));
        assert!(deed(&Method::GET, EXPORT, 200) && !deed(&Method::GET, EXPORT, 503));
        assert!(!deed(&Method::GET, "/v1/entities/{entity}", 200));
    }

    #[test]
    fn what_leaves_open_whether_it_was_done_is_told_with_its_status() {
        let told = |status| in_words(&Method::POST, ASSIGN, status);
        assert_eq!(told(StatusCode::OK), "POST /v1/leads/{id}/assign");
        let unknown = told(StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(unknown, "POST /v1/leads/{id}/assign (503)");
    }
}
