//! Web Push: encrypted for one browser, signed by this deployment.

mod encryption;
mod post;
mod reach;
mod shown;
mod vapid;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use futures::future::join_all;
use ring::digest;
use serde::Serialize;
use tipoff_roster::{PushSubscription, Roster};
use tipoff_wire::notice::What;
use tracing::warn;

pub(crate) use self::post::{Answer, Sender};
pub(crate) use self::shown::Shown;
pub(crate) use self::vapid::{BadVapidKey, Vapid};
use crate::deliver::{SendError, Transport};
use crate::letter::Writer;
use crate::seen::Told;

/// A lead that somebody has already is news for a day.
const ASSIGNED_LIVES: TimeDelta = TimeDelta::hours(24);

/// What the service worker shows.
#[derive(Debug, Serialize)]
struct Payload<'a> {
    title: String,
    body: String,
    url: String,
    lead: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    round: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<DateTime<Utc>>,
    /// A notification of the same tag is replaced.
    tag: String,
}

/// How a push service treats a message.
#[derive(Debug, Clone)]
pub(crate) struct Treatment {
    /// Whole seconds that the message is worth delivering; at least 1.
    pub(crate) ttl: i64,
    /// A later message of the same topic replaces one that was not delivered yet.
    pub(crate) topic: String,
}

/// Sends notices to the browsers of agents.
pub(crate) struct Push {
    pub(crate) sender: Sender,
    pub(crate) roster: Roster,
    pub(crate) writer: Arc<Writer>,
    pub(crate) shown: Shown,
}

impl Transport for Push {
    async fn send(&self, told: &Told, now: DateTime<Utc>) -> Result<(), SendError> {
        let (notice, key) = (&told.notice, told.notice.key());
        let browsers = self.roster.push_subscriptions(&notice.entity, &notice.agent);
        let (done, open): (Vec<_>, Vec<_>) =
            browsers.into_iter().partition(|one| self.shown.has(&key, &one.endpoint));
        let payload =
            serde_json::to_vec(&self.payload(told, now)).expect("a payload is plain data");
        let treatment = Treatment { ttl: ttl(told, now), topic: topic(notice.lead.as_str()) };
        let answers =
            join_all(open.iter().map(|one| self.sender.post(one, &payload, &treatment))).await;
        let answered: Vec<(PushSubscription, Answer)> = open.into_iter().zip(answers).collect();
        self.forget_gone(told, &answered).await;
        verdict(done.len(), &answered, |endpoint| self.shown.remember(&key, endpoint))
    }
}

impl Push {
    fn payload<'a>(&self, told: &'a Told, now: DateTime<Utc>) -> Payload<'a> {
        let card = self.writer.card(told, now);
        let (round, until) = match told.notice.what {
            What::Offer { round, until, .. } => (Some(round), Some(until)),
            What::Assigned { .. } => (None, None),
        };
        let lead = told.notice.lead.as_str();
        Payload {
            title: card.title,
            body: card.body,
            url: card.url,
            lead,
            round,
            until,
            tag: topic(lead),
        }
    }

    async fn forget_gone(&self, told: &Told, answered: &[(PushSubscription, Answer)]) {
        let notice = &told.notice;
        for (browser, _) in answered.iter().filter(|(_, answer)| *answer == Answer::Gone) {
            let removed = self
                .roster
                .remove_push_subscription(&notice.entity, &notice.agent, &browser.endpoint)
                .await;
            if let Err(error) = removed {
                // It will be found gone again next time.
                warn!(error = &error as &dyn std::error::Error, agent.id = %notice.agent, "push subscription not removed");
            }
        }
    }
}

/// Sent if a browser has it and none needs another try.
fn verdict(
    done: usize,
    answered: &[(PushSubscription, Answer)],
    remember: impl Fn(&str),
) -> Result<(), SendError> {
    let mut told = done > 0;
    let mut wait: Option<(String, Option<Duration>)> = None;
    let mut refused = None;
    for (browser, answer) in answered {
        match answer {
            Answer::Taken => told = true,
            Answer::Gone => {}
            Answer::Refused(why) => refused = Some(why),
            Answer::NotNow { why, after } => {
                let longest = wait.as_ref().and_then(|(_, before)| *before).max(*after);
                wait = Some((why.clone(), longest));
            }
        }
        if *answer == Answer::Taken && answered.len() > 1 {
            remember(&browser.endpoint);
        }
    }
    match (wait, refused) {
        (Some((why, after)), _) => Err(SendError::NotNow { why, after }),
        (None, _) if told => Ok(()),
        (None, Some(why)) => Err(SendError::ForGood(why.clone())),
        (None, None) => Err(SendError::ForGood(
            "no browser of this agent takes push messages any more".to_owned(),
        )),
    }
}

/// Whole seconds left, at least one: with 0 a browser that is not connected
/// right now gets nothing.
fn ttl(told: &Told, now: DateTime<Utc>) -> i64 {
    let left = match told.notice.what {
        What::Offer { until, .. } => until - now,
        What::Assigned { .. } => ASSIGNED_LIVES,
    };
    left.num_seconds().max(1)
}

/// 32 characters of Base64url that stand for the lead and tell nothing about it.
fn topic(lead: &str) -> String {
    let hash = digest::digest(&digest::SHA256, lead.as_bytes());
    URL_SAFE_NO_PAD.encode(&hash.as_ref()[..24])
}
