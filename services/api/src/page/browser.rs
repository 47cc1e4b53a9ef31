//! What a page needs to know of the browser, and tells it.

use axum::extract::Query;
use axum::http::{HeaderMap, HeaderValue, header};
use tipoff_domain::Locale;

use super::seal::{cookie_name, read_cookie};
use crate::Api;
use crate::names::Language;

const LONGEST_COOKIE_LIFE: u32 = 86_400;

/// A browser that asks for one page.
pub(super) struct Browser {
    token: String,
    /// The mark in its cookie.
    pub(super) mark: Option<String>,
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

    pub(super) fn cookie(&self, mark: &str) -> String {
        let name = cookie_name(&self.token);
        let secure = if self.secure { "; Secure" } else { "" };
        format!("{name}={mark}; HttpOnly; SameSite=Strict; Max-Age={LONGEST_COOKIE_LIFE}{secure}")
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
pub(super) fn protect(
    headers: &mut HeaderMap,
    csp_nonce: &str,
    lang: &'static str,
    cookie: Option<String>,
) {
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{csp_nonce}'; script-src 'nonce-{csp_nonce}'; img-src data:; \
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
