//! The telephone provider, in the dialect of Twilio, which others speak too:
//! text messages and calls are made by a form that is posted to it.

mod options;
mod verdict;

use reqwest::header::HeaderMap;
use reqwest::{Client, RequestBuilder, StatusCode, Url};
use serde::Deserialize;

pub use self::options::Options;
use self::verdict::refused;
use crate::carrier::SendError;
use crate::http;
use crate::lines::Lines;

const PROVIDER: &str = "the telephone provider";

/// The fields of a form.
pub(crate) type Form = Vec<(&'static str, String)>;

/// An account at the provider.
#[derive(Debug)]
pub(crate) struct Phone {
    client: Client,
    lines: Lines,
    host: String,
    account_url: String,
    account: String,
    token: secrecy::SecretString,
}

/// What was made: a message or a call.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Made {
    pub(crate) sid: String,
}

/// Why the provider refused, in its own numbers.
#[derive(Debug, Default, Deserialize)]
struct Refusal {
    #[serde(default)]
    code: Option<u32>,
}

impl Phone {
    /// `None`: the settings name no account.
    pub(crate) fn open(options: &Options, lines: Lines) -> Result<Option<Self>, reqwest::Error> {
        let (Some(account), Some(token)) = (&options.phone_account, &options.phone_token) else {
            return Ok(None);
        };
        let base = options.phone_url.as_str().trim_end_matches('/');
        Ok(Some(Self {
            client: http::client()?,
            lines,
            host: host(&options.phone_url),
            account_url: format!("{base}/2010-04-01/Accounts/{account}"),
            account: account.clone(),
            token: token.clone(),
        }))
    }

    /// Makes a message (`Messages.json`) or a call (`Calls.json`). `key`: the
    /// same for every attempt, for providers that understand it.
    pub(crate) async fn make(&self, what: &str, form: &Form, key: &str) -> Result<Made, SendError> {
        let request = self.request(what, form).header("I-Twilio-Idempotency-Token", key);
        let making = async {
            let answer =
                request.send().await.map_err(|error| http::unreachable(PROVIDER, &error))?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            let body = answer.bytes().await.map_err(|error| http::unreachable(PROVIDER, &error))?;
            judge(status, &headers, &body)
        };
        self.lines.over(&self.host, making).await
    }

    /// Lets a telephone ring no more. A call that was answered, or is over, goes
    /// on as it was.
    pub(crate) async fn stop_ringing(&self, call: &str) -> Result<(), SendError> {
        let form = vec![("Status", "canceled".to_owned())];
        let request = self.request(&format!("Calls/{call}.json"), &form);
        let stopping = async {
            let answer =
                request.send().await.map_err(|error| http::unreachable(PROVIDER, &error))?;
            match http::judge(PROVIDER, answer.status(), answer.headers()) {
                // It does not ring any more.
                Ok(()) | Err(SendError::ForGood(_)) => Ok(()),
                in_trouble => in_trouble,
            }
        };
        self.lines.over(&self.host, stopping).await
    }

    fn request(&self, what: &str, form: &Form) -> RequestBuilder {
        use secrecy::ExposeSecret;
        self.client
            .post(format!("{}/{what}", self.account_url))
            .basic_auth(&self.account, Some(self.token.expose_secret()))
            .form(form)
    }
}

fn host(url: &Url) -> String {
    url.host_str().unwrap_or("the telephone provider").to_owned()
}

/// The body of an answer names the number, so nothing of it is repeated but
/// the code.
fn judge(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Result<Made, SendError> {
    if status.is_success() {
        let made = serde_json::from_slice(body);
        return made
            .map_err(|_| SendError::trouble(format!("{PROVIDER} answered something unreadable")));
    }
    let Refusal { code } = serde_json::from_slice(body).unwrap_or_default();
    let by_status = http::judge(PROVIDER, status, headers);
    // It says how long a pause it wants where its number does not.
    let asks = by_status.as_ref().is_err_and(|error| error.asks().is_some());
    if let Some(error) = code.and_then(refused).filter(|_| !asks) {
        return Err(error);
    }
    match (by_status, code) {
        (Err(SendError::ForGood(why)), Some(code)) => {
            Err(SendError::ForGood(format!("{why}, error {code}")))
        }
        (Err(error), _) => Err(error),
        (Ok(()), _) => Err(SendError::trouble(format!("{PROVIDER} answered {status}"))),
    }
}
