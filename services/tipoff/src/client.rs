//! Asking the API from the command line.

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Method, RequestBuilder, StatusCode, Url};
use serde_json::Value;
use tipoff_domain::EntityId;

use crate::exit::{Unavailable, Usage};

const PATIENCE: Duration = Duration::from_mins(1);

/// Where the API is, and who asks.
#[derive(Debug, clap::Args)]
pub(crate) struct Caller {
    /// Where the API is
    #[arg(long, global = true, env = "TIPOFF_API", default_value = "http://127.0.0.1:7080")]
    api: String,
    /// An admin key of the entity, or the operator's
    #[arg(long, global = true, env = "TIPOFF_KEY", hide_env_values = true)]
    key: Option<String>,
    /// Which entity; only needed with the operator's key
    #[arg(long, global = true, env = "TIPOFF_ENTITY")]
    entity: Option<EntityId>,
}

impl Caller {
    /// What the API answers; a refusal is told as it puts it.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Value> {
        self.send(method, path, |request| match body {
            Some(body) => request.json(body),
            None => request,
        })
        .await
    }

    /// The same, of what is no JSON.
    pub(crate) async fn ask_about(
        &self,
        path: &str,
        kind: &'static str,
        body: Vec<u8>,
    ) -> anyhow::Result<Value> {
        let with_body = |request: RequestBuilder| request.header(CONTENT_TYPE, kind).body(body);
        self.send(Method::POST, path, with_body).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        with_body: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> anyhow::Result<Value> {
        let address = format!("{}{path}", self.api.trim_end_matches('/'));
        let mut url = Url::parse(&address)
            .map_err(|error| Usage(format!("{} is not an address: {error}", self.api)))?;
        if let Some(entity) = &self.entity {
            url.query_pairs_mut().append_pair("entity", entity.as_str());
        }
        let nobody = || Usage("say who asks: give --key, or set TIPOFF_KEY".to_owned());
        let key = self.key.as_deref().ok_or_else(nobody)?;
        let client = Client::builder().timeout(PATIENCE).build()?;
        let request = with_body(client.request(method, url).bearer_auth(key));
        let silent = |_| Unavailable {
            what: format!("the API does not answer at {}", self.api),
            remedy: "start it, or say where it is with --api",
        };
        let answer = request.send().await.map_err(silent)?;
        let (status, text) = (answer.status(), answer.text().await.map_err(silent)?);
        let said: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
        if status.is_success() {
            return Ok(said);
        }
        let refusal = refusal(&said).unwrap_or_else(|| format!("the API answered {status}"));
        if passes(status) {
            return Err(Unavailable { what: refusal, remedy: "try again later" }.into());
        }
        Err(Usage(refusal).into())
    }
}

/// Whether the same question may be answered later.
pub(crate) fn passes(status: StatusCode) -> bool {
    status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS
}

/// The problem's detail, and the fields at fault.
fn refusal(problem: &Value) -> Option<String> {
    let detail = problem["detail"].as_str().or(problem["title"].as_str())?;
    let fields = problem["errors"].as_array().into_iter().flatten().filter_map(|one| {
        Some(format!("\n  {} {}", one["field"].as_str()?, one["message"].as_str()?))
    });
    Some(format!("{detail}{}", fields.collect::<String>()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_refusal_names_the_fields_at_fault() {
        let problem = json!({"title": "No", "detail": "one field cannot be accepted",
            "errors": [{"field": "/url", "message": "must begin with https"}]});
        let said = "one field cannot be accepted\n  /url must begin with https";
        assert_eq!(refusal(&problem).as_deref(), Some(said));
        assert_eq!(refusal(&Value::Null), None);
    }
}
