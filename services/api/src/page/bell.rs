//! The page of the bell: an agent's open offers with the time left, as they come
//! and go. What it shows, its script asks the API for with the agent's key; the
//! page itself is the same for everybody.

use std::collections::BTreeMap;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tipoff_domain::Locale;
use tracing::error;

use super::browser::{Browser, Frame};
use super::texts::say;
use super::{BELL, WORKER};
use crate::Api;
use crate::body::In;
use crate::names::Language;
use crate::problem::Problem;

const MANIFEST: &str = include_str!("../../templates/app.webmanifest");
const ICON: &str = include_str!("../../templates/icon.svg");
/// What the page's script says.
const WORDS: [&str; 27] = [
    "bell-heading",
    "bell-lead",
    "bell-signed-out",
    "bell-refused",
    "bell-not-agent",
    "bell-starting",
    "bell-away",
    "bell-for",
    "bell-some",
    "bell-none",
    "bell-new",
    "bell-claim",
    "bell-yours",
    "bell-taken",
    "bell-passed",
    "bell-expired",
    "bell-withdrawn",
    "bell-asking",
    "bell-not-allowed",
    "bell-tested",
    "bell-subscribed",
    "bell-push-failed",
    "bell-push-silent",
    "bell-no-push",
    "bell-home-screen",
    "time-left",
    "days-left",
];

#[derive(Serialize)]
struct View {
    words: BTreeMap<&'static str, String>,
}

impl View {
    fn of_page(locale: Locale) -> Self {
        let said = |key| match key {
            "days-left" => say(locale, key, [("days", "#".to_owned()), ("clock", "~".to_owned())]),
            key => say(locale, key, []),
        };
        Self { words: WORDS.into_iter().map(|key| (key, said(key))).collect() }
    }

    fn of_worker(locale: Locale) -> Self {
        Self { words: ["claim", "pass"].map(|key| (key, say(locale, key, []))).into() }
    }
}

/// The page of the bell
///
/// For agents, who sign in there with their key. Shows what they may claim and for how long, live, and lets a
/// browser be notified.
#[utoipa::path(get, path = "/bell", tag = "claim page", security(()), params(Language),
    responses((status = 200, content_type = "text/html", body = String)))]
pub(crate) async fn show_bell(
    State(api): State<Api>,
    language: Result<Query<Language>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let browser = Browser::of("", language.ok(), &headers);
    let locale = browser.locale(None);
    let mut frame = browser.frame(&api.pages, locale, false)?;
    frame.live = true;
    api.pages.answer(StatusCode::OK, BELL, frame, &View::of_page(locale))
}

/// What the page of the bell is made of
///
/// `worker.js` shows notifications, `app.webmanifest` and `icon.svg` put the page on a home screen.
#[utoipa::path(get, path = "/bell/{file}", tag = "claim page", security(()),
    params(("file" = String, Path, description = "`worker.js`, `app.webmanifest` or `icon.svg`"), Language),
    responses((status = 200, description = "the file")))]
pub(crate) async fn bell_file(
    State(api): State<Api>,
    In(file): In<String>,
    language: Result<Query<Language>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (kind, text) = match file.as_str() {
        "worker.js" => {
            let locale = Browser::of("", language.ok(), &headers).locale(None);
            let written = api.pages.write(WORKER, &Frame::new(locale), &View::of_worker(locale));
            let written = written.map_err(|error| {
                error!(error = &error as &dyn std::error::Error, "the worker cannot be written");
                Problem::internal()
            })?;
            ("text/javascript; charset=utf-8", written)
        }
        "app.webmanifest" => ("application/manifest+json", MANIFEST.to_owned()),
        "icon.svg" => ("image/svg+xml", ICON.to_owned()),
        _ => return Err(Problem::not_found(&format!("file `{file}`"))),
    };
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    let mut response = (headers, text).into_response();
    let scope = HeaderName::from_static("service-worker-allowed");
    response.headers_mut().insert(scope, HeaderValue::from_static("/bell"));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::super::Pages;
    use super::*;

    fn pages() -> Pages {
        Pages::new("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
    }

    #[test]
    fn the_page_brings_all_that_it_needs_and_says_everything_in_both_languages() {
        for (locale, word) in [(Locale::En, "Claim or pass"), (Locale::Es, "Reclamar o rechazar")] {
            let page = pages().write(BELL, &Frame::new(locale), &View::of_page(locale)).unwrap();
            assert!(page.len() < 30_000, "{} bytes", page.len());
            assert!(page.contains(word) && !page.contains("{{"), "{page}");
            assert!(page.contains(&format!("<html lang=\"{}\">", locale.as_str())));
            for outside in ["http://", "https://", "src=", "@import", "style=\"", "onclick"] {
                assert!(!page.contains(outside), "it reaches for {outside}");
            }
            // Every word that the script asks for is there.
            for asked in page.split("say['").skip(1).filter_map(|rest| rest.split_once("']")) {
                assert!(WORDS.contains(&asked.0), "{}", asked.0);
            }
        }
    }

    #[test]
    fn the_worker_speaks_the_language_it_was_asked_for() {
        let worker =
            |locale| pages().write(WORKER, &Frame::new(locale), &View::of_worker(locale)).unwrap();
        for (locale, claim) in [(Locale::En, "Claim"), (Locale::Es, "Reclamar")] {
            let worker = worker(locale);
            assert!(worker.contains(&format!("\"{claim}\"")), "{worker}");
        }
    }
}
