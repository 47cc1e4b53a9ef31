//! Versions: `ETag` on what is shown, `If-Match` and `If-None-Match` on edits.

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tipoff_roster::Expect;

use crate::Api;
use crate::problem::Problem;

/// On what an edit is based, as its headers say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Basis {
    Anything,
    Absent,
    /// `If-Match: *`: whatever is there, but something.
    Present,
    Version(u64),
}

impl Basis {
    fn read(headers: &HeaderMap) -> Result<Self, Problem> {
        match (one(headers, &header::IF_MATCH)?, one(headers, &header::IF_NONE_MATCH)?) {
            (None, None) => Ok(Self::Anything),
            (None, Some("*")) => Ok(Self::Absent),
            (Some("*"), None) => Ok(Self::Present),
            (Some(tag), None) => version(tag).map(Self::Version).ok_or_else(|| {
                Problem::bad_request(
                    "`If-Match` takes one version as `ETag` showed it, such as \"7\", or *",
                )
            }),
            (None, Some(_)) => Err(Problem::bad_request(
                "on an edit, `If-None-Match` takes only *: create, never replace",
            )),
            (Some(_), Some(_)) => {
                Err(Problem::bad_request("give either `If-Match` or `If-None-Match`"))
            }
        }
    }

    /// What the roster is to expect; `current` is what stands there now.
    pub(crate) fn expect(self, what: &str, current: Option<u64>) -> Result<Expect, Problem> {
        match self {
            Self::Anything => Ok(Expect::Anything),
            Self::Absent => Ok(Expect::Absent),
            Self::Version(version) if current.is_some() => Ok(Expect::Version(version)),
            Self::Present if current.is_some() => Ok(Expect::Anything),
            Self::Version(_) | Self::Present => {
                Err(Problem::version_mismatch(format!("{what} does not exist"), 0))
            }
        }
    }

    /// The same for what an edit does not create: 404 unless a condition says more.
    pub(crate) fn must_exist(self, what: &str, current: Option<u64>) -> Result<Expect, Problem> {
        match (self, current) {
            (Self::Anything | Self::Absent, None) => Err(Problem::not_found(what)),
            _ => self.expect(what, current),
        }
    }
}

fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => match value.to_str() {
            Ok(text) => Ok(Some(text.trim())),
            Err(_) => Err(Problem::bad_request(format!("`{name}` cannot be read"))),
        },
        (Some(_), Some(_)) => {
            Err(Problem::bad_request(format!("`{name}` is there more than once")))
        }
    }
}

/// Proxies that compress mark a tag as weak; the version is the same.
fn version(tag: &str) -> Option<u64> {
    let digits = tag.strip_prefix("W/").unwrap_or(tag).strip_prefix('"')?.strip_suffix('"')?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

impl FromRequestParts<Api> for Basis {
    type Rejection = Problem;

    /// Whoever names a version has seen it, perhaps through another process: what the edit
    /// leaves as it is must be at least as new here.
    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let basis = Self::read(&parts.headers)?;
        match basis {
            Self::Version(version) if !api.roster.is_seen(version).await => {
                let what = format!("version {version} is not known here: look again and repeat");
                Err(Problem::version_mismatch(what, 0))
            }
            _ => Ok(basis),
        }
    }
}

/// Something and its version, as it is shown.
pub(crate) struct Versioned<T> {
    pub(crate) status: StatusCode,
    pub(crate) version: u64,
    pub(crate) body: T,
}

impl<T> Versioned<T> {
    pub(crate) fn ok(version: u64, body: T) -> Self {
        Self { status: StatusCode::OK, version, body }
    }

    /// 201 for what is new, 200 for what was replaced.
    pub(crate) fn edited(created: bool, version: u64, body: T) -> Self {
        let status = if created { StatusCode::CREATED } else { StatusCode::OK };
        Self { status, version, body }
    }
}

impl<T: Serialize> IntoResponse for Versioned<T> {
    fn into_response(self) -> Response {
        (self.status, [(header::ETAG, format!("\"{}\"", self.version))], Json(self.body))
            .into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basis(pairs: &[(&'static str, &'static str)]) -> Result<Basis, Problem> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::from_static(name), value.parse().unwrap());
        }
        Basis::read(&headers)
    }

    #[test]
    fn conditions_are_read_as_they_are_written() {
        assert_eq!(basis(&[]).unwrap(), Basis::Anything);
        assert_eq!(basis(&[("if-match", "\"7\"")]).unwrap(), Basis::Version(7));
        assert_eq!(basis(&[("if-match", "W/\"7\"")]).unwrap(), Basis::Version(7));
        assert_eq!(basis(&[("if-match", "*")]).unwrap(), Basis::Present);
        assert_eq!(basis(&[("if-none-match", "*")]).unwrap(), Basis::Absent);
    }

    #[test]
    fn conditions_that_make_no_sense_are_refused() {
        let bad = [
            vec![("if-match", "7")],
            vec![("if-match", "\"seven\"")],
            vec![("if-match", "\"-1\"")],
            vec![("if-match", "\"7\", \"8\"")],
            vec![("if-match", "\"\"")],
            vec![("if-match", "\"99999999999999999999\"")],
            vec![("if-match", "\"7\""), ("if-match", "\"8\"")],
            vec![("if-none-match", "\"7\"")],
            vec![("if-match", "\"7\""), ("if-none-match", "*")],
        ];
        for pairs in bad {
            assert!(basis(&pairs).is_err(), "{pairs:?}");
        }
    }

    #[test]
    fn a_star_asks_for_something_to_be_there() {
        assert_eq!(Basis::Present.expect("agent `ana`", Some(3)).unwrap(), Expect::Anything);
        assert!(Basis::Present.expect("agent `ana`", None).is_err());
        assert!(Basis::Version(3).expect("agent `ana`", None).is_err());
    }
}
