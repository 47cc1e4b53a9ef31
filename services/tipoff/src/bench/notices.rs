//! Who was told: by the mails at our own relay, or by those that a system
//! which runs already has caught.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use tipoff_domain::LeadId;
use tipoff_testkit::sink::relay::Mails;

use super::system::System;

/// A mailbox keeps the last ten thousand messages.
const READABLE: usize = 8_000;

/// What is known about notices.
pub(super) enum Notices {
    /// Of our own relay.
    Counted(Mails),
    /// Leads that the caught mails are about.
    Caught(HashSet<LeadId>),
    /// Somebody else's relay has them.
    Unknown,
}

#[derive(Deserialize)]
struct Mailbox {
    messages: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    lead: Option<LeadId>,
}

impl Notices {
    /// So many at most, that is.
    pub(super) async fn of(system: &System, most: usize) -> anyhow::Result<Self> {
        let Some(there) = &system.elsewhere else {
            return Ok(Self::Counted(system.relay.mails()));
        };
        let Some(mailbox) = there.mailbox.as_ref().filter(|_| most <= READABLE) else {
            return Ok(Self::Unknown);
        };
        let answer = reqwest::get(format!("{mailbox}.json")).await?.error_for_status()?;
        let mailbox: Mailbox = serde_json::from_slice(&answer.bytes().await?)?;
        Ok(Self::Caught(mailbox.messages.into_iter().filter_map(|message| message.lead).collect()))
    }

    /// Leads that somebody was told of; `None`: nobody knows.
    pub(super) fn leads(&self) -> Option<HashSet<&LeadId>> {
        match self {
            Self::Counted(mails) => Some(mails.by_id.values().map(|mail| &mail.lead).collect()),
            Self::Caught(leads) => Some(leads.iter().collect()),
            Self::Unknown => None,
        }
    }

    /// When the last was told.
    pub(super) fn last(&self) -> Option<DateTime<Utc>> {
        self.mails()?.by_id.values().map(|mail| mail.at).max()
    }

    /// Those that we have seen ourselves.
    pub(super) fn mails(&self) -> Option<&Mails> {
        match self {
            Self::Counted(mails) => Some(mails),
            Self::Caught(_) | Self::Unknown => None,
        }
    }
}
