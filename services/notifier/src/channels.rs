//! The channels. A new one is a folder beside these and a line in each of the
//! two lists here.
//!
//! It implements [`Carrier`], reads its own settings, and sends through
//! [`Lines`](crate::lines::Lines), so that a provider in trouble is left alone.
//! Everything else is done for it: its own consumer of NOTIFY, fair turns
//! between entities, its rate limit, retries inside the deadline, dead letters,
//! figures.

pub mod email;
mod in_app;
pub mod push;
mod room;
pub mod sms;
pub mod voice;

use std::sync::Arc;

use clap::Args;
use clap::builder::FalseyValueParser;
use tipoff_board::Board;
use tipoff_domain::Channel;
use tipoff_roster::Roster;
use tipoff_runtime::{Clock, Nats};

use crate::carrier::Carrier;
use crate::http;
use crate::letter::Writer;
use crate::phone;
use crate::strangers::Strangers;

/// Settings of every channel.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
pub struct Settings {
    #[command(flatten)]
    pub email: email::Options,
    #[command(flatten)]
    pub push: push::Options,
    #[command(flatten)]
    pub phone: phone::Options,
    #[command(flatten)]
    pub sms: sms::Options,
    #[command(flatten)]
    pub voice: voice::Options,
    /// Send to browsers and rooms at any address, also inside the own network, and over http.
    /// For trials only.
    #[arg(id = "notifier_any_push_endpoint", long = "notifier-any-push-endpoint", env = "TIPOFF_ANY_PUSH_ENDPOINT", value_parser = FalseyValueParser::new())]
    pub any_push_endpoint: bool,
}

impl Settings {
    /// Whoever calls the addresses of browsers and rooms.
    fn strangers(&self) -> Result<Strangers, reqwest::Error> {
        Strangers::new(self.any_push_endpoint, http::PATIENCE)
    }
}

/// The channels that this deployment has.
pub(crate) fn open(parts: &Parts, settings: &Settings) -> Result<Vec<Arc<dyn Carrier>>, Unusable> {
    let opened = [
        email::open(parts, &settings.email)?,
        push::open(parts, settings)?,
        sms::open(parts, &settings.phone, &settings.sms)?,
        voice::open(parts, settings)?,
        in_app::open(parts)?,
        room::open(parts, settings, Channel::Slack)?,
        room::open(parts, settings, Channel::Teams)?,
    ];
    Ok(opened.into_iter().flatten().collect())
}

/// What channels are made of.
pub(crate) struct Parts {
    pub(crate) nats: Nats,
    pub(crate) board: Board,
    pub(crate) roster: Roster,
    pub(crate) clock: Clock,
    pub(crate) writer: Arc<Writer>,
}

/// A channel, or `None` where its settings are left out.
pub(crate) type Opened = Result<Option<Arc<dyn Carrier>>, Unusable>;

/// A channel cannot work as it is set.
#[derive(Debug, thiserror::Error)]
#[error("the channel `{}` cannot work as it is set", channel.as_str())]
pub struct Unusable {
    channel: Channel,
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl Unusable {
    /// For `map_err`: what is wrong, with the channel's name.
    pub(crate) fn on<E>(channel: Channel) -> impl Fn(E) -> Self
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        move |source| Self { channel, source: source.into() }
    }
}
