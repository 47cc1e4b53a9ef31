use std::sync::Arc;

use axum::Form;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use tipoff_board::{BoardError, OnBoard};
use tipoff_domain::{EntityView, Locale};
use tipoff_wire::link::ClaimLink;
use tracing::warn;
use utoipa::ToSchema;

use super::TEMPLATE;
use super::browser::Browser;
use super::standing::Standing;
use super::view::{LeadView, View};
use crate::Api;
use crate::body::In;
use crate::names::Language;
use crate::problem::Problem;

/// What the page's forms send.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct Answer {
    /// `claim`, `pass`; for a lead that was let go `pool` to claim it there, `undo` a pass, `again` to be asked again.
    action: String,
    /// From the page.
    #[serde(default)]
    nonce: String,
}

/// The claim page of a link
///
/// Shows where the lead stands and changes nothing, however often it is fetched.
#[utoipa::path(get, path = "/c/{token}", tag = "claim page", security(()),
    params(("token" = String, Path, description = "from the message"), Language),
    responses((status = 200, content_type = "text/html", body = String),
        (status = 404, content_type = "text/html", body = String),
        (status = 409, content_type = "text/html", body = String),
        (status = 410, content_type = "text/html", body = String),
        (status = 503, content_type = "text/html", body = String)))]
pub(crate) async fn show_page(
    State(api): State<Api>,
    In(token): In<String>,
    language: Result<Query<Language>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let visit = Visit::new(&api, &token, language.ok(), &headers);
    let view = visit.look(&api, None).await;
    visit.answer(&api, &view, false)
}

/// Answer on the claim page of a link
///
/// Only from a form of the page itself, in the browser that was shown it.
#[utoipa::path(post, path = "/c/{token}", tag = "claim page", security(()),
    params(("token" = String, Path, description = "from the message"), Language),
    request_body(content = Answer, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, content_type = "text/html", body = String),
        (status = 404, content_type = "text/html", body = String),
        (status = 409, content_type = "text/html", body = String),
        (status = 410, content_type = "text/html", body = String),
        (status = 503, content_type = "text/html", body = String)))]
pub(crate) async fn answer_page(
    State(api): State<Api>,
    In(token): In<String>,
    language: Result<Query<Language>, QueryRejection>,
    headers: HeaderMap,
    answer: Result<Form<Answer>, FormRejection>,
) -> Result<Response, Problem> {
    let visit = Visit::new(&api, &token, language.ok(), &headers);
    let act = answer.ok().and_then(|Form(answer)| visit.accepts(&api, &answer));
    let Some(act) = act else {
        let view = visit.look(&api, None).await;
        return visit.answer(&api, &view, true);
    };
    let view = match visit.act(&api, act).await {
        Ok(standing) => visit.look(&api, standing).await,
        Err(failed) => away(&failed),
    };
    visit.answer(&api, &view, false)
}

fn away(failed: &BoardError) -> View {
    warn!(error = failed as &dyn std::error::Error, "a claim page could not be answered");
    View::bare(Standing::Away)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Claim,
    Pass,
    ClaimFromPool,
    Undo,
    Again,
}

/// So long after its deadline a link still opens: the agent comes back to the lead by it.
const LIVES: TimeDelta = TimeDelta::days(90);

fn is_old(link: &ClaimLink, now: DateTime<Utc>) -> bool {
    now - link.until > LIVES
}

/// One request for one link.
struct Visit {
    link: Option<ClaimLink>,
    view: Option<Arc<EntityView>>,
    locale: Locale,
    browser: Browser,
}

impl Visit {
    fn new(api: &Api, token: &str, language: Option<Query<Language>>, headers: &HeaderMap) -> Self {
        let mut named = None;
        let link = api.pages.open(token, |link| {
            let view = api.roster.view(&link.entity);
            named = view.and_then(|view| Some((view.agents.get(&link.agent)?.clone(), view)));
            named.as_ref().map_or(0, |(agent, _)| agent.link_series)
        });
        let link = link.filter(|link| !is_old(link, api.clock.now()));
        // A link goes with its agent: whoever left the entity sees nothing any more.
        let (agent, view) = named.filter(|_| link.is_some()).unzip();
        let own = agent
            .as_ref()
            .zip(view.as_ref())
            .map(|(agent, view)| agent.locale.unwrap_or(view.entity.locale));
        let browser = Browser::of(token, language, headers);
        let locale = browser.locale(own);
        Self { link: link.filter(|_| agent.is_some()), view, locale, browser }
    }

    /// What is to be done, if the answer comes from a page that this browser was shown.
    fn accepts(&self, api: &Api, answer: &Answer) -> Option<Act> {
        if !self.browser.was_shown(api, &answer.nonce) {
            return None;
        }
        match answer.action.as_str() {
            "claim" => Some(Act::Claim),
            "pass" => Some(Act::Pass),
            "pool" => Some(Act::ClaimFromPool),
            "undo" => Some(Act::Undo),
            "again" => Some(Act::Again),
            _ => None,
        }
    }

    /// Whoever presses again wishes it again, so a press is never taken for a retry of
    /// one before; twice in a row it finds done what it asks. Answers where that leaves
    /// the agent; `None`: wherever the board now says.
    async fn act(&self, api: &Api, act: Act) -> Result<Option<Standing>, BoardError> {
        let Some(link) = &self.link else { return Ok(Some(Standing::Unknown)) };
        let ClaimLink { entity, lead, agent, round, .. } = link;
        let request = "";
        let claim = async |round| {
            let answer = api.claim(entity, lead, agent, round, request).await?;
            Ok::<_, BoardError>(Some(Standing::after_claim(&answer)))
        };
        match act {
            Act::Claim => claim(Some(*round)).await,
            Act::ClaimFromPool => claim(None).await,
            Act::Pass => {
                let passed = api.pass(entity, lead, agent, Some(*round), None, request).await?;
                Ok(Some(Standing::after_pass(passed)))
            }
            Act::Undo => api.board.undo_pass(entity, lead, agent, request).await.map(|_| None),
            Act::Again => {
                api.board.another_chance(entity, lead, agent, request).await.map(|_| None)
            }
        }
    }

    /// Where the lead stands; `decided`: what the board just said.
    async fn look(&self, api: &Api, decided: Option<Standing>) -> View {
        let (Some(link), Some(view)) = (&self.link, &self.view) else {
            return View::bare(Standing::Unknown);
        };
        match self.read(api, link, view, decided).await {
            Ok((Some(lead), now, decided)) => self.view(link, view, &lead, now, decided),
            Ok((None, ..)) => View::bare(Standing::Unknown),
            Err(failed) => away(&failed),
        }
    }

    /// The lead, the board's time, and what is to be said of it instead of what
    /// the board shows.
    async fn read(
        &self,
        api: &Api,
        link: &ClaimLink,
        view: &EntityView,
        decided: Option<Standing>,
    ) -> Result<(Option<OnBoard>, DateTime<Utc>, Option<Standing>), BoardError> {
        let ClaimLink { entity, lead: id, agent, .. } = link;
        let (lead, now) = (api.board.lead(entity, id).await?, api.board.time(entity).await?);
        // A Jump Ball holds no place, so the limit is said before anybody presses (D-22).
        let unsaid = lead.as_ref().filter(|_| decided.is_none()).filter(|lead| {
            lead.now_is.jump_ball && Standing::of(link, lead, now) == Standing::Open
        });
        let (Some(_), Some(known)) = (unsaid, view.agents.get(agent)) else {
            return Ok((lead, now, decided));
        };
        let caps = known.caps(api.clock.now(), view.entity.zone, view.entity.week_starts);
        let full = !caps.is_empty() && !api.board.has_room(entity, id, agent, &caps).await?;
        Ok((lead, now, full.then_some(Standing::Full)))
    }

    fn view(
        &self,
        link: &ClaimLink,
        entity: &EntityView,
        lead: &OnBoard,
        now: DateTime<Utc>,
        decided: Option<Standing>,
    ) -> View {
        let found = Standing::of(link, lead, now);
        let standing = match decided {
            // Contact details are shown to whoever has the lead now, not to whoever had it a moment ago.
            None | Some(Standing::Yours) => found,
            Some(decided) => decided,
        };
        let mut view = View::bare(standing);
        view.lead = Some(LeadView::new(standing, lead, entity, &link.agent, now, self.locale));
        view
    }

    fn answer(&self, api: &Api, view: &View, press_again: bool) -> Result<Response, Problem> {
        let mut frame = self.browser.frame(&api.pages, self.locale, view.asks())?;
        frame.press_again = press_again;
        let mut response = api.pages.answer(view.standing.status(), TEMPLATE, frame, view)?;
        if view.standing == Standing::Away {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        Ok(response)
    }
}
