//! Settings of e-mail.

use std::path::PathBuf;

use clap::Args;
use lettre::Address;
use lettre::message::Mailbox;
use secrecy::SecretString;

use crate::carrier::Pace;

/// Connections to the relay unless told otherwise.
const CONNECTIONS: usize = 8;
const TIMEOUT_SECONDS: u64 = 30;

/// How mail goes out.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub struct Options {
    /// Mail relay: smtp://, smtp+starttls:// or smtps://, with user:password@
    /// where it wants them. Without one nobody is told by e-mail.
    #[arg(long, env = "TIPOFF_SMTP_URL", hide_env_values = true)]
    pub smtp_url: Option<SecretString>,
    /// Whom mails come from.
    #[arg(long, env = "TIPOFF_MAIL_FROM", default_value_t = from())]
    pub mail_from: Mailbox,
    /// Where mails that cannot be delivered come back to; whom they come from if left out.
    /// Whoever gets them there passes them on with `tipoff returned-mail`.
    #[arg(long, env = "TIPOFF_MAIL_RETURNS")]
    pub mail_returns: Option<Address>,
    /// PEM file with certificates to trust besides this machine's, for a relay
    /// with a certificate of your own.
    #[arg(long, env = "TIPOFF_SMTP_CA")]
    pub smtp_ca: Option<PathBuf>,
    /// Connections to the mail relay, and mails handed over at once.
    #[arg(long, env = "TIPOFF_SMTP_CONNECTIONS", default_value_t = CONNECTIONS)]
    pub smtp_connections: usize,
    /// How long the mail relay may take over one mail, in seconds.
    #[arg(long, env = "TIPOFF_SMTP_TIMEOUT_SECONDS", default_value_t = TIMEOUT_SECONDS)]
    pub smtp_timeout_seconds: u64,
    /// Mails that each notifier sends per second, at most; 0: as many as the relay takes.
    #[arg(long, env = "TIPOFF_EMAIL_PER_SECOND", default_value_t = 0)]
    pub email_per_second: u32,
}

fn from() -> Mailbox {
    let address = Address::new("tipoff", "localhost").expect("this is an address");
    Mailbox::new(Some("Tipoff".to_owned()), address)
}

impl Default for Options {
    fn default() -> Self {
        Self {
            smtp_url: None,
            mail_from: from(),
            mail_returns: None,
            smtp_ca: None,
            smtp_connections: CONNECTIONS,
            smtp_timeout_seconds: TIMEOUT_SECONDS,
            email_per_second: 0,
        }
    }
}

/// A file that the settings name cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("TIPOFF_SMTP_CA={} cannot be read", path.display())]
pub(super) struct Unreadable {
    path: PathBuf,
    source: std::io::Error,
}

impl Options {
    pub(super) fn authorities(&self) -> Result<Option<Vec<u8>>, Unreadable> {
        let read = |path: &PathBuf| {
            std::fs::read(path).map_err(|source| Unreadable { path: path.clone(), source })
        };
        self.smtp_ca.as_ref().map(read).transpose()
    }

    pub(super) fn pace(&self) -> Pace {
        // While some are handed over, others are looked up and written.
        Pace::new(self.smtp_connections.saturating_mul(4), self.email_per_second)
    }
}
