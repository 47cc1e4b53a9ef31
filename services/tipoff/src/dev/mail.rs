//! The mailbox: what would have been sent, on pages that anybody can read.

use std::sync::LazyLock;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use chrono::Local;
use futures::{Stream, StreamExt};
use minijinja::{Environment, context};
use serde::Serialize;
use tipoff_testkit::sink::{Caught, Mailbox};
use tokio_stream::wrappers::WatchStream;
use tokio_util::sync::CancellationToken;
use tracing::error;

/// Where the list is.
pub(super) const PATH: &str = "/dev/mail";
/// As many as anybody scrolls through.
const SHOWN: usize = 200;

static PAGES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut pages = Environment::new();
    for (name, page) in [
        ("frame.html", include_str!("mail/frame.html")),
        ("list.html", include_str!("mail/list.html")),
        ("message.html", include_str!("mail/message.html")),
    ] {
        pages.add_template(name, page).expect("a test renders every page");
    }
    pages
});

#[derive(Clone)]
struct Pages {
    mailbox: Mailbox,
    stop: CancellationToken,
}

/// The list, one message, all as JSON, and a stream that says when there is more.
pub(super) fn pages(mailbox: Mailbox, stop: CancellationToken) -> Router {
    Router::new()
        .route(PATH, get(list))
        .route("/dev/mail.json", get(json))
        .route("/dev/mail/live", get(live))
        .route("/dev/mail/{number}", get(message))
        .with_state(Pages { mailbox, stop })
}

/// A message as the JSON tells it.
#[derive(Serialize)]
struct Told {
    channel: String,
    to: String,
    lead: Option<String>,
    subject: String,
    text: String,
    html: Option<String>,
    links: Vec<String>,
}

impl From<Caught> for Told {
    fn from(caught: Caught) -> Self {
        let Caught { channel, to, lead, subject, text, html, links, .. } = caught;
        Self { channel, to, lead, subject, text, html, links }
    }
}

/// Everything caught, oldest first.
async fn json(State(pages): State<Pages>) -> Json<serde_json::Value> {
    let messages: Vec<Told> = pages.mailbox.caught().into_iter().map(Told::from).collect();
    Json(serde_json::json!({ "messages": messages }))
}

/// Newest first; a message's number is its place among all, from 1.
async fn list(State(pages): State<Pages>) -> Response {
    let caught = pages.mailbox.caught();
    let total = caught.len();
    let row = |(index, caught): (usize, Caught)| {
        let at = time(&caught);
        context! { number => index + 1, channel => caught.channel, to => caught.to, subject => caught.subject, at }
    };
    let rows: Vec<_> = caught.into_iter().enumerate().rev().take(SHOWN).map(row).collect();
    render("list.html", context! { total, rows })
}

async fn message(State(pages): State<Pages>, Path(number): Path<usize>) -> Response {
    let caught = pages.mailbox.caught();
    let (older, newer) = (number > 1, number < caught.len());
    let Some(found) = number.checked_sub(1).and_then(|index| caught.into_iter().nth(index)) else {
        return (StatusCode::NOT_FOUND, render("message.html", context! { number }))
            .into_response();
    };
    let at = time(&found);
    let message = context! {
        number, found => true, channel => found.channel, to => found.to, subject => found.subject, lead => found.lead,
        text => found.text, html => found.html.as_deref().map(in_new_tabs), links => found.links, headers => found.headers, at, older, newer,
    };
    render("message.html", message)
}

/// Links of a mail open beside the mailbox, not inside it.
fn in_new_tabs(html: &str) -> String {
    const BASE: &str = r#"<base target="_blank">"#;
    match html.split_once("<head>") {
        Some((before, after)) => format!("{before}<head>{BASE}{after}"),
        None => format!("{BASE}{html}"),
    }
}

fn time(caught: &Caught) -> String {
    caught.at.with_timezone(&Local).format("%H:%M:%S").to_string()
}

fn render(page: &str, context: minijinja::Value) -> Response {
    match PAGES.get_template(page).and_then(|page| page.render(context)) {
        Ok(text) => Html(text).into_response(),
        Err(error) => {
            error!(
                error = &error as &dyn std::error::Error,
                page, "a mailbox page cannot be shown"
            );
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Says how many there are, whenever that changes.
async fn live(
    State(pages): State<Pages>,
) -> Sse<impl Stream<Item = Result<Event, std::convert::Infallible>>> {
    let counts = WatchStream::from_changes(pages.mailbox.subscribe());
    let events = counts.map(|caught| Ok(Event::default().data(caught.len().to_string())));
    Sse::new(events.take_until(pages.stop.cancelled_owned())).keep_alive(KeepAlive::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served() -> (Mailbox, Pages) {
        let mailbox = Mailbox::default();
        let pages = Pages { mailbox: mailbox.clone(), stop: CancellationToken::new() };
        (mailbox, pages)
    }

    async fn text(response: Response) -> (StatusCode, String) {
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn an_empty_mailbox_has_a_page_and_no_message() {
        let (_, pages) = served();
        let (status, listed) = text(list(State(pages.clone())).await).await;
        assert_eq!(status, StatusCode::OK);
        assert!(listed.contains("Nothing yet"), "{listed}");
        assert_eq!(
            text(message(State(pages.clone()), Path(1)).await).await.0,
            StatusCode::NOT_FOUND
        );
        assert_eq!(text(message(State(pages), Path(0)).await).await.0, StatusCode::NOT_FOUND);
    }
}
