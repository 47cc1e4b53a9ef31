//! A request of the telephone provider, once its signature was checked.

use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use secrecy::ExposeSecret;
use tracing::warn;

use super::signature::{Fields, is_genuine};
use crate::Api;
use crate::problem::Problem;

/// The fields that the provider sent.
#[derive(Debug)]
pub(crate) struct Signed(Fields);

impl Signed {
    /// Empty where there is none.
    pub(super) fn field(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    }
}

impl FromRequest<Api> for Signed {
    type Rejection = Problem;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Problem> {
        let Some(token) = &api.telephony.token else {
            return Err(Problem::not_found("telephony")
                .detail("no account at a telephone provider is set: see TIPOFF_PHONE_TOKEN"));
        };
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let url = format!("{}{path}", api.telephony.public_url);
        let signature = request.headers().get("x-twilio-signature");
        let signature =
            signature.and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let axum::Form(fields) = axum::Form::<Fields>::from_request(request, api)
            .await
            .map_err(|_| Problem::bad_request("the form cannot be read"))?;
        if is_genuine(token.expose_secret(), &url, &fields, &signature) {
            return Ok(Self(fields));
        }
        warn!("a request to the telephony endpoints is not signed by the telephone provider");
        Err(forged())
    }
}

fn forged() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "bad_signature", "The signature does not fit").detail(
        "only the telephone provider may call this; check TIPOFF_PHONE_TOKEN and TIPOFF_PUBLIC_URL",
    )
}

/// TwiML, as an answer.
#[derive(Debug)]
pub(crate) struct Spoken(pub(super) String);

impl IntoResponse for Spoken {
    fn into_response(self) -> Response {
        let headers = [("content-type", "text/xml; charset=utf-8"), ("cache-control", "no-store")];
        (headers, self.0).into_response()
    }
}
