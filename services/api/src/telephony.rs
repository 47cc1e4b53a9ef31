//! What telephones send us: keys that were pressed in a call, text messages,
//! and what became of both. Everything is signed by the telephone provider.

mod call;
mod codes;
mod heard;
mod numbers;
mod said;
mod signature;
mod signed;
pub(crate) mod status;
mod talk;
pub(crate) mod text;
mod texter;
pub(crate) mod trial;
mod twiml;
pub(crate) mod voice;

use async_nats::jetstream::Context;
use chrono::{DateTime, Utc};
use clap::Args;
use secrecy::SecretString;
use tipoff_runtime::Nats;
use tipoff_wire::link::read_secret;
use tracing::error;

pub use self::heard::Forgetful;
use self::heard::Heard;
use self::numbers::Numbers;

/// How the telephone provider reaches us, and how it is known.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub struct Options {
    /// Where the telephone provider reaches this API; what it signs begins with it.
    #[arg(
        id = "api_public_url",
        long = "api-public-url",
        env = "TIPOFF_PUBLIC_URL",
        default_value = "http://127.0.0.1:7080"
    )]
    pub public_url: String,
    /// The secret token of the account at the telephone provider. Left out, nothing is taken from telephones.
    #[arg(
        id = "api_phone_token",
        long = "api-phone-token",
        env = "TIPOFF_PHONE_TOKEN",
        hide_env_values = true
    )]
    pub phone_token: Option<SecretString>,
}

impl Default for Options {
    fn default() -> Self {
        Self { public_url: "http://127.0.0.1:7080".to_owned(), phone_token: None }
    }
}

/// What the handlers here need beyond the rest.
#[derive(Debug)]
pub(crate) struct Telephony {
    /// The account's, with which the provider signs; without it nothing is believed.
    token: Option<SecretString>,
    /// Where the provider reaches us.
    public_url: String,
    secret: Vec<u8>,
    heard: Heard,
    numbers: Numbers,
}

/// Makes what the API remembers in NATS, for an API whose user may not.
pub async fn make_memory(nats: &Nats) -> Result<(), Forgetful> {
    heard::open(&nats.jetstream).await.map(drop)
}

/// Codes of test messages that may be tried for one channel of one agent, in half
/// an hour: of a million, none is found so.
const MOST_GUESSES: u8 = 5;
const GUESSES_COUNT: i64 = 1_800;

impl Telephony {
    /// Whether somebody may try one more code; else in how many seconds they may.
    pub(crate) async fn may_guess(
        &self,
        whose: &str,
        now: DateTime<Utc>,
    ) -> Result<Result<(), i64>, Forgetful> {
        let (period, gone) =
            (now.timestamp().div_euclid(GUESSES_COUNT), now.timestamp().rem_euclid(GUESSES_COUNT));
        let may = self.heard.may_try(&format!("guess:{whose}:{period}"), MOST_GUESSES).await?;
        Ok(if may { Ok(()) } else { Err(GUESSES_COUNT - gone) })
    }

    /// `link_secret`: as the deployment keeps it.
    pub(crate) fn new(options: &Options, link_secret: &str, jetstream: Context) -> Self {
        let secret = read_secret(link_secret).unwrap_or_else(|bad| {
            error!(error = &bad as &dyn std::error::Error, "no call can be answered");
            Vec::new()
        });
        Self {
            token: options.phone_token.clone(),
            public_url: options.public_url.trim_end_matches('/').to_owned(),
            secret,
            heard: Heard::new(jetstream),
            numbers: Numbers::default(),
        }
    }
}
