//! The page that a test message leads to: pressing its button confirms that the
//! message was read. Looking at it confirms nothing, as mail scanners look too.

use std::sync::Arc;

use axum::Form;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use tipoff_domain::EntityView;
use tipoff_wire::link::ConfirmLink;
use utoipa::ToSchema;

use super::CONFIRM;
use super::browser::Browser;
use crate::Api;
use crate::body::In;
use crate::names::Language;
use crate::problem::Problem;

/// What the page's form sends.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct Confirmation {
    /// From the page.
    #[serde(default)]
    nonce: String,
}

/// How it stands with the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Stands {
    Open,
    Done,
    /// Too old, or of an address that is not the agent's any more.
    Stale,
    Unknown,
}

/// Everything that the page shows.
#[derive(Serialize)]
struct View {
    stands: Stands,
    about: Option<About>,
}

#[derive(Serialize)]
struct About {
    entity: String,
    agent: String,
    channel: &'static str,
}

/// The page of a test message
///
/// Confirms nothing, however often it is fetched.
#[utoipa::path(get, path = "/confirm/{token}", tag = "claim page", security(()),
    params(("token" = String, Path, description = "from the test message"), Language),
    responses((status = 200, content_type = "text/html", body = String),
        (status = 404, content_type = "text/html", body = String),
        (status = 410, content_type = "text/html", body = String)))]
pub(crate) async fn show_confirmation(
    State(api): State<Api>,
    In(token): In<String>,
    language: Result<Query<Language>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let visit = Visit::new(&api, &token, Browser::of(&token, language.ok(), &headers));
    visit.answer(&api, visit.look(&api), false)
}

/// Confirm that a test message was read
///
/// Only from the form of the page itself, in the browser that was shown it.
#[utoipa::path(post, path = "/confirm/{token}", tag = "claim page", security(()),
    params(("token" = String, Path, description = "from the test message"), Language),
    request_body(content = Confirmation, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, content_type = "text/html", body = String),
        (status = 404, content_type = "text/html", body = String),
        (status = 410, content_type = "text/html", body = String)))]
pub(crate) async fn confirm(
    State(api): State<Api>,
    In(token): In<String>,
    language: Result<Query<Language>, QueryRejection>,
    headers: HeaderMap,
    sent: Result<Form<Confirmation>, FormRejection>,
) -> Result<Response, Problem> {
    let visit = Visit::new(&api, &token, Browser::of(&token, language.ok(), &headers));
    let shown = sent.is_ok_and(|Form(sent)| visit.browser.was_shown(&api, &sent.nonce));
    let (Some((link, _)), Stands::Open, true) = (&visit.link, visit.look(&api), shown) else {
        return visit.answer(&api, visit.look(&api), !shown);
    };
    let stands = if api.confirm(link).await? { Stands::Done } else { Stands::Stale };
    visit.answer(&api, stands, false)
}

/// One request for one link.
struct Visit {
    link: Option<(ConfirmLink, Arc<EntityView>)>,
    browser: Browser,
}

impl Visit {
    fn new(api: &Api, token: &str, browser: Browser) -> Self {
        let open = || {
            let link = ConfirmLink::open(token, api.pages.secret()?).ok()?;
            let view = api.roster.view(&link.entity)?;
            view.agents.contains_key(&link.agent).then_some((link, view))
        };
        Self { link: open(), browser }
    }

    fn look(&self, api: &Api) -> Stands {
        match &self.link {
            None => Stands::Unknown,
            Some((link, _)) if link.until <= api.clock.now() => Stands::Stale,
            Some((link, _)) if api.present_address(link).is_none() => Stands::Stale,
            Some(_) => Stands::Open,
        }
    }

    fn answer(&self, api: &Api, stands: Stands, press_again: bool) -> Result<Response, Problem> {
        let known = self.link.as_ref().and_then(|(link, view)| {
            let agent = view.agents.get(&link.agent)?;
            let (entity, channel) = (view.entity.name.clone(), link.channel.as_str());
            let locale = agent.locale.unwrap_or(view.entity.locale);
            Some((About { entity, agent: agent.name.clone(), channel }, locale))
        });
        let (about, own) = known.unzip();
        let status = match stands {
            Stands::Open | Stands::Done => StatusCode::OK,
            Stands::Stale => StatusCode::GONE,
            Stands::Unknown => StatusCode::NOT_FOUND,
        };
        let asks = stands == Stands::Open;
        let mut frame = self.browser.frame(&api.pages, self.browser.locale(own), asks)?;
        frame.press_again = press_again;
        api.pages.answer(status, CONFIRM, frame, &View { stands, about })
    }
}
