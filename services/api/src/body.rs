//! Reading requests: every refusal names the field at fault.

use std::marker::PhantomData;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

use crate::problem::Problem;

/// A JSON body.
#[derive(Debug)]
pub(crate) struct Sent<T>(pub(crate) T);

/// A JSON body that may be left out.
#[derive(Debug)]
pub(crate) struct MaybeSent<T>(pub(crate) T);

/// A configured thing as a JSON body. What a GET showed may be sent back as it
/// is: `id` must then be the one in the path, and what we add does not count.
#[derive(Debug)]
pub(crate) struct Document<T> {
    value: Value,
    id: Option<Value>,
    of: PhantomData<T>,
}

/// What we show beside a thing.
const SHOWN_BESIDE: [&str; 5] = ["version", "default", "warnings", "intake_url", "last_seen_at"];

impl<T: DeserializeOwned + Serialize> Document<T> {
    /// The thing, if it is the one that the path names.
    pub(crate) fn called(self, id: &str) -> Result<T, Problem> {
        match &self.id {
            None => self.unnamed(),
            Some(Value::String(given)) if given == id => self.unnamed(),
            Some(_) => Err(Problem::invalid_field(
                "/id",
                format!("leave it out, or give `{id}` as in the path"),
            )),
        }
    }

    /// The thing, whatever it is called: it is given a name.
    pub(crate) fn unnamed(self) -> Result<T, Problem> {
        let thing: T = read(self.value.clone())?;
        let written = serde_json::to_value(&thing).map_err(|_| Problem::internal())?;
        match by_position(&self.value, &written, String::new()) {
            Some(field) => Err(Problem::invalid_field(field, "must be an object, not a list")),
            None => Ok(thing),
        }
    }

    /// The document with something in it replaced.
    pub(crate) fn with(
        mut self,
        replace: impl FnOnce(&mut Value) -> Result<(), Problem>,
    ) -> Result<Self, Problem> {
        replace(&mut self.value)?;
        Ok(self)
    }
}

/// Where a list was taken for the fields of an object, in the order in which we
/// happen to declare them: what was read is an object there when it is written.
fn by_position(sent: &Value, written: &Value, field: String) -> Option<String> {
    match (sent, written) {
        (Value::Array(_), Value::Object(_)) => Some(field),
        (Value::Array(sent), Value::Array(written)) => {
            let mut both = sent.iter().zip(written).enumerate();
            both.find_map(|(place, (sent, written))| {
                by_position(sent, written, format!("{field}/{place}"))
            })
        }
        (Value::Object(sent), Value::Object(written)) => sent.iter().find_map(|(name, sent)| {
            by_position(sent, written.get(name)?, format!("{field}/{name}"))
        }),
        _ => None,
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Sent<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        read(parse(&bytes(request, state).await?)?).map(Self)
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for MaybeSent<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let bytes = bytes(request, state).await?;
        if bytes.trim_ascii().is_empty() {
            Ok(Self(T::default()))
        } else {
            read(parse(&bytes)?).map(Self)
        }
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Document<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let mut value = parse(&bytes(request, state).await?)?;
        let id = value.as_object_mut().and_then(|object| {
            object.retain(|name, _| !SHOWN_BESIDE.contains(&name.as_str()));
            object.remove("id")
        });
        Ok(Self { value, id, of: PhantomData })
    }
}

async fn bytes<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    let is_json = sent_as_json(request.headers());
    let bytes =
        Bytes::from_request(request, state).await.map_err(|refused| match refused.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "The body is too large")
                    .detail("a body may have 1 MB at most")
            }
            _ => Problem::bad_request("the body broke off; send it again"),
        })?;
    if is_json || bytes.is_empty() {
        return Ok(bytes);
    }
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", "The body is not JSON")
        .detail("send JSON, and say so with `Content-Type: application/json`"))
}

fn sent_as_json(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(header::CONTENT_TYPE) else { return true };
    let kind = kind.to_str().unwrap_or_default().to_ascii_lowercase();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

fn parse(bytes: &[u8]) -> Result<Value, Problem> {
    serde_json::from_slice(bytes).map_err(|bad| {
        let (line, column) = (bad.line(), bad.column());
        Problem::bad_request(format!("the body is not JSON: look at line {line}, column {column}"))
    })
}

fn read<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    // A list would be taken for the fields in the order in which we declare them.
    if !value.is_object() {
        return Err(Problem::invalid_field("", "must be one JSON object"));
    }
    serde_path_to_error::deserialize(value).map_err(|bad| {
        let mut pointer = pointer(bad.path());
        let said = bad.inner().to_string();
        if let Some(name) = named(&said).filter(|name| !pointer.ends_with(&format!("/{name}"))) {
            pointer.push('/');
            pointer.push_str(name);
        }
        Problem::invalid_field(pointer, explain(&said))
    })
}

/// A JSON pointer (RFC 6901).
fn pointer(path: &serde_path_to_error::Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => {
                pointer.push('/');
                pointer.push_str(&index.to_string());
            }
            Segment::Map { key } => {
                pointer.push('/');
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

/// The field that serde speaks of. Where alternatives are tried one after the
/// other, it is only in the text.
fn named(said: &str) -> Option<&str> {
    let after =
        said.strip_prefix("missing field `").or_else(|| said.strip_prefix("unknown field `"))?;
    after.split_once('`').map(|(name, _)| name)
}

/// In the words of the thing where serde only knows that no alternative fits.
fn explain(said: &str) -> String {
    let wanted = match said.strip_prefix("data did not match any variant of untagged enum ") {
        Some("Hours") => {
            "write `all`, a window such as {\"from\":\"09:00\",\"to\":\"17:00\"}, or a list of windows"
        }
        Some("DateRanges") => {
            "write a range such as {\"from\":\"2026-12-24\",\"to\":\"2026-12-26\"}, or a list of ranges"
        }
        Some("Recipients") => "write `all`, or a list of agents",
        Some("Sources") => "write `any`, `all`, or a list of sources",
        Some(_) => "cannot be read",
        None if said.starts_with("missing field") => "is missing",
        None => return said.to_owned(),
    };
    wanted.to_owned()
}

/// The names in the path.
#[derive(Debug)]
pub(crate) struct In<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for In<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(names)) => Ok(Self(names)),
            Err(refused) => Err(Problem::bad_request(format!(
                "the path cannot be read: {}",
                refused.body_text()
            ))),
        }
    }
}

/// What follows the `?`.
#[derive(Debug)]
pub(crate) struct Asked<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(asked)) => Ok(Self(asked)),
            Err(refused) => Err(Problem::bad_request(refused.body_text())),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;
    use tipoff_domain::{Agent, Entity, Route};

    use super::*;

    async fn refusal<T>(body: &str) -> Value
    where
        T: DeserializeOwned + Serialize + std::fmt::Debug,
    {
        let request = Request::builder().body(axum::body::Body::from(body.to_owned())).unwrap();
        let document = Document::<T>::from_request(request, &()).await;
        let problem = document.and_then(Document::unnamed).unwrap_err();
        let response = axum::response::IntoResponse::into_response(problem);
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    async fn field_of<T>(body: &str) -> String
    where
        T: DeserializeOwned + Serialize + std::fmt::Debug,
    {
        refusal::<T>(body).await["errors"][0]["field"].as_str().unwrap_or_default().to_owned()
    }

    #[tokio::test]
    async fn the_field_at_fault_is_named_wherever_it_hides() {
        assert_eq!(field_of::<Agent>(r#"{"name":"Ana","nmae":1}"#).await, "/nmae");
        assert_eq!(field_of::<Agent>(r#"{"email":null}"#).await, "/name");
        assert_eq!(
            field_of::<Agent>(r#"{"name":"Ana","channels":["email","fax"]}"#).await,
            "/channels/1"
        );
        assert_eq!(
            field_of::<Entity>(r#"{"name":"Acme","kind":"team","zone":"Mars/Olympus"}"#).await,
            "/zone"
        );
        let route = |part: &str| {
            format!(r#"{{"title":"All","strategy":{{"kind":"random","agents":"all"}},{part}}}"#)
        };
        assert_eq!(field_of::<Route>(&route(r#""claim_within":"soon""#)).await, "/claim_within");
        assert_eq!(
            field_of::<Route>(&route(r#""criteria":{"colour":"red"}"#)).await,
            "/criteria/colour"
        );
        assert_eq!(
            field_of::<Route>(&route(r#""schedule":{"zone":"UTC","hours":{"from":"9"}}"#)).await,
            "/schedule/hours"
        );
        let strategy = r#"{"title":"All","strategy":{"kind":"random","agents":"all","odd":1}}"#;
        assert_eq!(field_of::<Route>(strategy).await, "/strategy/odd");
        let strategy = r#"{"title":"All","strategy":{"kind":"random"}}"#;
        assert_eq!(field_of::<Route>(strategy).await, "/strategy/agents");
    }

    #[tokio::test]
    async fn broken_json_is_found_by_line_and_column() {
        let said = refusal::<Agent>("{\n  \"name\": }").await;
        assert_eq!(
            (&said["status"], &said["code"]),
            (&Value::from(400), &Value::from("bad_request"))
        );
        assert!(said["detail"].as_str().unwrap().contains("line 2"));
    }

    #[tokio::test]
    async fn what_a_get_showed_may_be_sent_back() {
        let body = r#"{"id":"ana","version":3,"name":"Ana"}"#;
        let request = || Request::builder().body(axum::body::Body::from(body)).unwrap();
        let sent = Document::<Agent>::from_request(request(), &()).await.unwrap();
        assert_eq!(sent.called("ana").unwrap().name, "Ana");
        let sent = Document::<Agent>::from_request(request(), &()).await.unwrap();
        assert!(sent.called("ben").is_err());
    }

    #[tokio::test]
    async fn a_list_is_not_taken_for_the_fields_of_an_object() {
        assert_eq!(refusal::<Agent>(r#"["Ana"]"#).await["errors"][0]["field"], "");
        let body = axum::body::Body::from("[1]");
        let route = |part: &str| {
            format!(r#"{{"title":"All","strategy":{{"kind":"random","agents":"all"}},{part}}}"#)
        };
        for (part, field) in [
            (r#""timeout":["45m","ana"]"#, "/timeout"),
            (r#""schedule":["UTC",["mon"],"all",null]"#, "/schedule"),
            (r#""criteria":[["zillow"]]"#, "/criteria"),
            (r#""schedule":{"zone":"UTC","hours":["09:00","17:00"]}"#, "/schedule/hours"),
            (r#""schedule":{"zone":"UTC","hours":[["09:00","17:00"]]}"#, "/schedule/hours"),
            (r#""criteria":{"price":[1,2]}"#, "/criteria/price"),
        ] {
            let found = field_of::<Route>(&route(part)).await;
            assert!(found.starts_with(field), "{part}: {found}");
        }
        let limits = r#"{"name":"Ana","limits":[[5,"day"]]}"#;
        assert_eq!(field_of::<Agent>(limits).await, "/limits/0");
        let claim = MaybeSent::<Vec<u32>>::from_request(Request::new(body), &()).await;
        assert!(claim.is_err());
    }

    #[tokio::test]
    async fn a_form_is_not_taken_for_json() {
        let request = Request::builder()
            .header("content-type", "application/x-www-form-urlencoded")
            .body(axum::body::Body::from("name=Ana"))
            .unwrap();
        let refused = Sent::<Value>::from_request(request, &()).await.unwrap_err();
        assert_eq!(axum::response::IntoResponse::into_response(refused).status(), 415);
    }
}
