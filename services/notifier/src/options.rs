//! Settings of the notifier. Each is a flag and an environment variable.

use std::path::PathBuf;

use clap::Args;
use lettre::message::Mailbox;
use reqwest::Url;
use secrecy::SecretString;

/// How agents are told.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub struct Options {
    /// Mail relay: smtp://, smtp+starttls:// or smtps://, with user:password@
    /// where it wants them. Without one nobody is told by e-mail.
    #[arg(long, env = "TIPOFF_SMTP_URL", hide_env_values = true)]
    pub smtp_url: Option<SecretString>,
    /// Whom mails come from.
    #[arg(long, env = "TIPOFF_MAIL_FROM", default_value = "Tipoff <tipoff@localhost>")]
    pub mail_from: Mailbox,
    /// PEM file with certificates to trust besides this machine's, for a relay
    /// with a certificate of your own.
    #[arg(long, env = "TIPOFF_SMTP_CA")]
    pub smtp_ca: Option<PathBuf>,
    /// Connections to the mail relay, and mails handed over at once.
    #[arg(long, env = "TIPOFF_SMTP_CONNECTIONS", default_value_t = 8)]
    pub smtp_connections: usize,
    /// How long the mail relay may take over one mail, in seconds.
    #[arg(long, env = "TIPOFF_SMTP_TIMEOUT_SECONDS", default_value_t = 30)]
    pub smtp_timeout_seconds: u64,
    /// Push messages sent at once.
    #[arg(long, env = "TIPOFF_PUSH_IN_FLIGHT", default_value_t = 64)]
    pub push_in_flight: usize,
    /// Whom a push service may write to about us, as in mailto:ops@example.com;
    /// the sender of mails if left out.
    #[arg(long, env = "TIPOFF_VAPID_SUBJECT")]
    pub vapid_subject: Option<String>,
    /// Events turned into notices at once.
    #[arg(long, env = "TIPOFF_NOTIFIER_IN_FLIGHT", default_value_t = 64)]
    pub notifier_in_flight: usize,
    /// Where agents reach the api: what claim links begin with.
    #[arg(
        id = "notifier_public_url",
        long = "notifier-public-url",
        env = "TIPOFF_PUBLIC_URL",
        default_value = "http://127.0.0.1:7080"
    )]
    pub public_url: Url,
}
