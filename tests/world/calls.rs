//! Calling the API and the intake as somebody.

use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::Value;

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub etag: Option<String>,
    pub text: String,
}

impl Answer {
    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The answer, if it is what was expected.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }

    /// A text field of the body.
    #[track_caller]
    pub fn field(&self, name: &str) -> String {
        let body = self.json();
        body[name].as_str().unwrap_or_else(|| panic!("no `{name}` in {body}")).to_owned()
    }
}

/// Somebody with a key.
#[derive(Debug, Clone)]
pub struct Caller {
    pub(crate) http: Client,
    pub(crate) base: String,
    pub key: String,
}

impl Caller {
    /// Somebody with that key (or none) at a server.
    pub fn at(base: &str, key: &str) -> Self {
        let http = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { http, base: base.to_owned(), key: key.to_owned() }
    }

    /// The same server, as somebody else.
    pub fn with_key(&self, key: &str) -> Self {
        Self { key: key.to_owned(), ..self.clone() }
    }

    /// Where the server is.
    pub fn base_url(&self) -> String {
        self.base.clone()
    }

    /// Opens a page, as a browser would.
    pub async fn open(&self, path: &str) -> Page {
        let response = self.request(Method::GET, path).send().await.unwrap();
        let cookies = response.headers().get_all("set-cookie").iter();
        let pairs =
            cookies.filter_map(|cookie| cookie.to_str().ok()?.split(';').next().map(str::to_owned));
        let cookies = pairs.collect::<Vec<_>>().join("; ");
        Page {
            at: self.clone(),
            path: path.to_owned(),
            cookies,
            html: response.text().await.unwrap(),
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        answer(self.request(Method::PUT, path).json(body)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        answer(self.request(Method::POST, path).json(body)).await
    }

    /// A request that the story puts together itself.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        if self.key.is_empty() { request } else { request.bearer_auth(&self.key) }
    }
}

/// A page with forms on it, and the cookies that came with it.
#[derive(Debug, Clone)]
pub struct Page {
    at: Caller,
    path: String,
    cookies: String,
    pub html: String,
}

impl Page {
    /// Sends the form whose button says `action`, without any script.
    pub async fn press(&self, action: &str) -> Answer {
        let mut fields = self.hidden_fields();
        fields.retain(|(name, _)| name != "action");
        fields.push(("action".to_owned(), action.to_owned()));
        let request = self.at.request(Method::POST, &self.path).header("cookie", &self.cookies);
        answer(request.form(&fields)).await
    }

    /// Name and value of every hidden field, each name once.
    fn hidden_fields(&self) -> Vec<(String, String)> {
        let mut fields: Vec<(String, String)> = Vec::new();
        for input in self.html.split("<input").skip(1) {
            let tag = input.split('>').next().unwrap_or_default();
            let attribute = |name: &str| {
                let (_, from) = tag.split_once(&format!("{name}=\""))?;
                from.split('"').next().map(str::to_owned)
            };
            if let (Some("hidden"), Some(name), Some(value)) =
                (attribute("type").as_deref(), attribute("name"), attribute("value"))
                && !fields.iter().any(|(known, _)| *known == name)
            {
                fields.push((name, value));
            }
        }
        fields
    }
}

/// Sends it and reads everything that comes back.
pub async fn answer(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let etag = response.headers().get("etag").map(|etag| etag.to_str().unwrap().to_owned());
    Answer { status: response.status(), etag, text: response.text().await.unwrap() }
}
