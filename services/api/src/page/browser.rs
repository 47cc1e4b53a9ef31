//! What a page needs to know of the browser, and tells it.

use axum::extract::Query;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde::Serialize;
use tipoff_domain::Locale;
use tracing::error;

use super::Pages;
use super::seal::{cookie_name, read_cookie};
use crate::Api;
use crate::names::Language;
use crate::problem::Problem;

const LONGEST_COOKIE_LIFE: u32 = 86_400;

/// A browser that asks for one page.
pub(super) struct Browser {
    token: String,
    /// The mark in its cookie.
    mark: Option<String>,
    asked: Option<Locale>,
    preferred: Option<Locale>,
    /// Whether it came by TLS, as far as a proxy tells.
    secure: bool,
}

impl Browser {
    /// `token`: of the page's link.
    pub(super) fn of(token: &str, language: Option<Query<Language>>, headers: &HeaderMap) -> Self {
        let text =
            |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let cookies = text(header::COOKIE).unwrap_or_default();
        Self {
            token: token.to_owned(),
            mark: read_cookie(cookies, &cookie_name(token)).map(str::to_owned),
            asked: language.and_then(|Query(language)| read_locale(language.lang.as_deref()?)),
            preferred: text(header::ACCEPT_LANGUAGE).and_then(read_locale),
            secure: headers.get("x-forwarded-proto").is_some_and(|proto| proto == "https"),
        }
    }

    /// The language of the page; `own`: the reader's, if they are known.
    pub(super) fn locale(&self, own: Option<Locale>) -> Locale {
        self.asked.or(own).or(self.preferred).unwrap_or_default()
    }

    /// Whether an answer comes from a page that this browser was shown.
    pub(super) fn was_shown(&self, api: &Api, nonce: &str) -> bool {
        self.mark.as_deref().is_some_and(|mark| api.pages.seal.fits(nonce, mark, &self.token))
    }

    /// What goes round a page for this browser. `asks`: whether it has a form, which
    /// is answered from this browser alone.
    pub(super) fn frame(
        &self,
        pages: &Pages,
        locale: Locale,
        asks: bool,
    ) -> Result<Frame, Problem> {
        let fresh = || pages.seal.fresh().ok_or_else(Problem::internal);
        let mut frame = Frame::new(locale);
        frame.csp_nonce = fresh()?;
        if asks {
            let mark = self.mark.clone().map_or_else(fresh, Ok)?;
            frame.nonce = pages.seal.nonce(&mark, &self.token);
            frame.cookie = Some(self.cookie(&mark));
        }
        Ok(frame)
    }

    fn cookie(&self, mark: &str) -> String {
        let name = cookie_name(&self.token);
        let secure = if self.secure { "; Secure" } else { "" };
        format!("{name}={mark}; HttpOnly; SameSite=Strict; Max-Age={LONGEST_COOKIE_LIFE}{secure}")
    }
}

/// What every page is given.
#[derive(Debug, Serialize)]
pub(super) struct Frame {
    lang: &'static str,
    other_lang: &'static str,
    /// Of the style and the script.
    pub(super) csp_nonce: String,
    /// Of the forms; empty where there is nothing to answer.
    pub(super) nonce: String,
    /// Whether an answer came that did not fit a page of ours.
    pub(super) press_again: bool,
    /// Whether its script asks the API, and nobody else, for more.
    #[serde(skip)]
    pub(super) live: bool,
    #[serde(skip)]
    cookie: Option<String>,
}

impl Frame {
    pub(super) fn new(locale: Locale) -> Self {
        let other = match locale {
            Locale::En => Locale::Es,
            Locale::Es => Locale::En,
        };
        Self {
            lang: locale.as_str(),
            other_lang: other.as_str(),
            csp_nonce: String::new(),
            nonce: String::new(),
            press_again: false,
            live: false,
            cookie: None,
        }
    }
}

/// A frame and what stands in it.
#[derive(Serialize)]
struct Framed<'a, V> {
    #[serde(flatten)]
    frame: &'a Frame,
    #[serde(flatten)]
    view: &'a V,
}

impl Pages {
    /// A page as text.
    pub(super) fn write(
        &self,
        page: &str,
        frame: &Frame,
        view: &impl Serialize,
    ) -> Result<String, minijinja::Error> {
        self.render(page, &Framed { frame, view })
    }

    /// A page as an answer.
    pub(super) fn answer(
        &self,
        status: StatusCode,
        page: &str,
        frame: Frame,
        view: &impl Serialize,
    ) -> Result<Response, Problem> {
        let written = self.write(page, &frame, view).map_err(|error| {
            error!(error = &error as &dyn std::error::Error, page, "a page cannot be rendered");
            Problem::internal()
        })?;
        let mut response = (status, Html(written)).into_response();
        protect(response.headers_mut(), frame);
        Ok(response)
    }
}

fn read_locale(text: &str) -> Option<Locale> {
    match text.get(..2)?.to_ascii_lowercase().as_str() {
        "en" => Some(Locale::En),
        "es" => Some(Locale::Es),
        _ => None,
    }
}

/// Kept by nobody, framed by nobody, loading nothing from elsewhere.
fn protect(headers: &mut HeaderMap, frame: Frame) {
    let Frame { csp_nonce, lang, cookie, live, .. } = frame;
    let ours =
        if live { " connect-src 'self'; worker-src 'self'; manifest-src 'self';" } else { "" };
    let images = if live { "'self' data:" } else { "data:" };
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{csp_nonce}'; script-src 'nonce-{csp_nonce}'; img-src {images};{ours} \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    let fixed = [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
        (header::CONTENT_LANGUAGE, lang),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    for (name, value) in
        [(header::CONTENT_SECURITY_POLICY, Some(policy)), (header::SET_COOKIE, cookie)]
    {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            headers.insert(name, value);
        }
    }
}
