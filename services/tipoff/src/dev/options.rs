//! The services' own settings, as a private system wants them. What stands in
//! the environment is for real systems and does not count here.

use anyhow::Context;
use tipoff_testkit::sink::phone::{ACCOUNT, TOKEN};

pub(super) fn router() -> tipoff_router::Options {
    tipoff_router::Options::default()
}

pub(super) fn ingest() -> tipoff_ingest::Options {
    tipoff_ingest::Options::default()
}

/// Mail goes to the sink at `smtp`; links in it lead to `public_url`.
pub(crate) fn notifier(smtp: &str, public_url: &str) -> anyhow::Result<tipoff_notifier::Options> {
    let email = tipoff_notifier::email::Options {
        smtp_url: Some(smtp.to_owned().into()),
        mail_from: "Tipoff <tipoff@example.com>".parse().context("the sender of mails")?,
        smtp_timeout_seconds: 10,
        ..Default::default()
    };
    Ok(tipoff_notifier::Options {
        // The sinks, and whoever tries webhooks out, listen on this machine.
        channels: tipoff_notifier::Settings {
            email,
            any_push_endpoint: true,
            ..Default::default()
        },
        webhooks: tipoff_notifier::WebhookOptions { webhooks_inside: true, ..Default::default() },
        public_url: public_url.parse().context("the address of claim links")?,
        ..Default::default()
    })
}

/// The account at the telephone sink.
pub(super) fn phone(sink: &str) -> anyhow::Result<tipoff_notifier::PhoneOptions> {
    Ok(tipoff_notifier::PhoneOptions {
        phone_url: sink.parse().context("the address of the telephone sink")?,
        phone_account: Some(ACCOUNT.to_owned()),
        phone_token: Some(TOKEN.into()),
        phone_from: Some("+15125550100".to_owned()),
        messaging_service: None,
    })
}

/// The sinks listen on this machine, so any endpoint will do.
pub(super) fn api(intake: &str, public_url: &str) -> tipoff_api::Options {
    let telephony = tipoff_api::TelephonyOptions {
        public_url: public_url.to_owned(),
        phone_token: Some(TOKEN.into()),
    };
    tipoff_api::Options {
        intake_url: intake.to_owned(),
        any_push_endpoint: true,
        webhooks_inside: true,
        telephony,
        ..tipoff_api::Options::default()
    }
}
