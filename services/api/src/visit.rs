//! What the edge learns of a request from its handler: who asked, about which
//! entity, and how much more they may ask. What was done by right of
//! administration is written into the trail before it is answered.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{MatchedPath, RawPathParams, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use tipoff_domain::EntityId;
use tipoff_roster::{Access, Role};
use tipoff_runtime::{pace as paces, trail};
use tipoff_wire::trail::{By, Deed};
use tracing::error;

use crate::Api;
use crate::edge::RequestName;
use crate::pace::{self, Left, TooFast};
use crate::problem::Problem;

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

    /// The handler has let the caller administer that entity.
    pub(crate) fn about(&self, entity: &EntityId) {
        self.lock().entity = Some(entity.clone());
    }

    fn lock(&self) -> MutexGuard<'_, Learned> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asked by nobody in particular, or changing nothing: not for the trail.
fn is_a_deed(method: &Method, path: &str, status: StatusCode) -> bool {
    let changes = *method != Method::GET && *method != Method::HEAD;
    let only_looks = ["/try", "/lint", "/simulate"].iter().any(|end| path.ends_with(end));
    // Looking people up is worth knowing of.
    let looks_somebody_up = path.ends_with("/export");
    status.is_success() && (changes && !only_looks || looks_somebody_up)
}

/// Says with every answer how much more may be asked, and keeps the trail.
pub(crate) async fn attend(State(api): State<Api>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let visit = Visit::default();
    parts.extensions.insert(visit.clone());
    let method = parts.method.clone();
    let path = parts.extensions.get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let to = names(&mut parts, &api).await;
    let name = parts.extensions.get::<RequestName>().cloned();
    let mut response = next.run(Request::from_parts(parts, body)).await;
    let Learned { who, entity, left } = std::mem::take(&mut *visit.lock());
    pace::say(response.headers_mut(), &left);
    let (Some(path), Some(who)) = (path, who) else { return response };
    if !matches!(who.role, Role::Operator | Role::Admin)
        || !is_a_deed(&method, &path, response.status())
    {
        return response;
    }
    let by = By { role: who.role.as_str().to_owned(), key: Some(who.key_id), agent: who.agent };
    let named = to.get("entity").and_then(|entity| entity.parse().ok());
    let entity = entity.or(named).or(who.entity);
    let request = name.map(|RequestName(name)| name);
    let what = format!("{method} {path}");
    let deed = Deed { at: api.clock.now(), entity, by, what, to, request };
    if let Err(failed) = trail::write(&api.publisher, &deed, &api.fresh_id()).await {
        error!(error = &failed as &dyn std::error::Error, deed = ?deed, "it was done, but the trail does not say so");
    }
    response
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
