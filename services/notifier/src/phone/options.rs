//! Settings of the telephone provider, for text messages and calls alike.

use clap::Args;
use reqwest::Url;
use secrecy::SecretString;

const TWILIO: &str = "https://api.twilio.com";

/// The account that texts and calls, and the number that agents see.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub struct Options {
    /// Where the provider takes messages and calls: Twilio, or anybody who speaks its dialect.
    #[arg(long, env = "TIPOFF_PHONE_URL", default_value = TWILIO)]
    pub phone_url: Url,
    /// The account's name, as in ACxxxxxxxx; nobody is texted or called if left out.
    #[arg(long, env = "TIPOFF_PHONE_ACCOUNT")]
    pub phone_account: Option<String>,
    /// The account's secret token.
    #[arg(long, env = "TIPOFF_PHONE_TOKEN", hide_env_values = true)]
    pub phone_token: Option<SecretString>,
    /// The number that texts and calls come from, as in +15125550100.
    #[arg(long, env = "TIPOFF_PHONE_FROM")]
    pub phone_from: Option<String>,
    /// A messaging service that texts come from, in place of the number.
    #[arg(long, env = "TIPOFF_MESSAGING_SERVICE")]
    pub messaging_service: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            phone_url: Url::parse(TWILIO).expect("this is an address"),
            phone_account: None,
            phone_token: None,
            phone_from: None,
            messaging_service: None,
        }
    }
}
