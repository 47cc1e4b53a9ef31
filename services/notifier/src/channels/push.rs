//! Push, to browsers and to telephones with an app: the same notification by
//! the push service that each device has.

mod apns;
mod encryption;
mod fcm;
mod jwt;
mod options;
mod post;
mod shown;
mod token;
mod vapid;

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt, stream};
use ring::digest;
use serde::Serialize;
use tipoff_domain::{Agent, AgentId, Channel, EntityId, EntityView};
use tipoff_roster::{AppDevice, AppKind, Device, Roster};
use tipoff_wire::Trial;
use tipoff_wire::notice::What;
use tracing::warn;

use self::apns::Apns;
use self::fcm::Fcm;
pub use self::options::Options;
use self::post::Sender;
use self::shown::Shown;
use self::vapid::Vapid;
use super::{Opened, Parts, Settings, Unusable};
use crate::carrier::{Carrier, Pace, SendError};
use crate::letter::{Card, Writer};
use crate::lines::Lines;
use crate::seen::Told;
use crate::trial::Tested;

/// A lead that somebody has already is news for a day.
const ASSIGNED_LIVES: TimeDelta = TimeDelta::hours(24);
/// For so long it is worth saying that what is shown is over.
const OVER_LIVES: TimeDelta = TimeDelta::hours(1);
/// Devices of one agent called at once.
const AT_ONCE: usize = 8;
/// Whoever asked for a test looks at the device now; in seconds.
const TEST_LIVES: i64 = 600;

/// What a device shows.
#[derive(Debug, Serialize)]
struct Payload<'a> {
    title: String,
    body: String,
    url: String,
    /// `None`: it is about no lead.
    #[serde(skip_serializing_if = "Option::is_none")]
    lead: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    round: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<DateTime<Utc>>,
    /// A notification of the same tag is replaced.
    tag: String,
    /// What is shown is over: replaced without a sound.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    over: bool,
}

/// How a push service treats a message.
#[derive(Debug, Clone)]
struct Treatment {
    /// Whole seconds that the message is worth delivering; at least 1.
    ttl: i64,
    /// A later message of the same topic replaces one that was not delivered yet.
    topic: String,
}

/// Sends notices to the devices of agents.
struct Push {
    browsers: Sender,
    fcm: Option<Fcm>,
    apns: Option<Apns>,
    roster: Roster,
    writer: Arc<Writer>,
    shown: Shown,
    pace: Pace,
}

/// Web Push, signed by the deployment, and telephones where there is an account.
pub(super) fn open(parts: &Parts, settings: &Settings) -> Opened {
    let subject = settings
        .push
        .vapid_subject
        .clone()
        .unwrap_or_else(|| format!("mailto:{}", settings.email.mail_from.email));
    let vapid = Vapid::new(&parts.roster.deployment().vapid_key, subject)
        .map_err(Unusable::on(Channel::Push))?;
    let lines = || Lines::new(Channel::Push);
    let strangers = settings.strangers().map_err(Unusable::on(Channel::Push))?;
    let browsers = Sender::new(strangers, vapid, parts.clock.clone(), lines());
    let fcm = Fcm::open(&settings.push.fcm, lines());
    let apns = Apns::open(&settings.push.apns, lines());
    Ok(Some(Arc::new(Push {
        browsers,
        fcm: fcm.map_err(Unusable::on(Channel::Push))?,
        apns: apns.map_err(Unusable::on(Channel::Push))?,
        roster: parts.roster.clone(),
        writer: parts.writer.clone(),
        shown: Shown::default(),
        pace: settings.push.pace(),
    })))
}

#[async_trait]
impl Carrier for Push {
    fn channel(&self) -> Channel {
        Channel::Push
    }

    fn pace(&self) -> Pace {
        self.pace
    }

    fn reaches(&self, view: &EntityView, agent: &AgentId, _: &Agent) -> bool {
        self.devices(&view.id, agent).next().is_some()
    }

    fn takes_back(&self) -> bool {
        true
    }

    async fn send(&self, told: &Told, now: DateTime<Utc>) -> Result<(), SendError> {
        let (notice, key) = (&told.notice, told.notice.key());
        let devices = self.devices(&notice.entity, &notice.agent);
        let (done, open): (Vec<_>, Vec<_>) =
            devices.partition(|one| self.shown.has(&key, one.address()));
        let payload = self.payload(told, now)?;
        let treatment = Treatment { ttl: ttl(told, now), topic: topic(notice.lead.as_str()) };
        let posts: Vec<_> =
            open.iter().map(|one| self.post(one, &payload, &treatment, now)).collect();
        let answers: Vec<_> = stream::iter(posts).buffered(AT_ONCE).collect().await;
        let answered: Vec<(Device, Result<(), SendError>)> =
            open.into_iter().zip(answers).collect();
        self.forget_gone(&notice.entity, &notice.agent, &answered).await;
        verdict(done.len(), &answered, |address| self.shown.remember(&key, address))
    }

    /// Each device is told apart from the others by what it opens.
    async fn test(&self, tested: &Tested, now: DateTime<Utc>) -> Result<(), SendError> {
        let Trial { entity, agent, .. } = &tested.trial;
        let key = tested.trial.key();
        let tag = topic(&key);
        let treatment = Treatment { ttl: TEST_LIVES, topic: tag.clone() };
        let posts = self.devices(entity, agent).filter(|one| !self.shown.has(&key, one.address()));
        let posts = posts.map(|device| {
            let (tag, treatment) = (tag.clone(), &treatment);
            async move {
                let sent = self.post_test(&device, tested, tag, treatment, now).await;
                (device, sent)
            }
        });
        let answered: Vec<(Device, Result<(), SendError>)> =
            stream::iter(posts).buffered(AT_ONCE).collect().await;
        self.forget_gone(entity, agent, &answered).await;
        verdict(0, &answered, |address| self.shown.remember(&key, address))
    }
}

impl Push {
    /// Those of the agent's devices that this deployment has a way to.
    fn devices(
        &self,
        entity: &EntityId,
        agent: &AgentId,
    ) -> impl Iterator<Item = Device> + use<'_> {
        self.roster.devices(entity, agent).into_iter().filter(|device| match device {
            Device::Browser(_) => true,
            Device::App(AppDevice { kind: AppKind::Fcm, .. }) => self.fcm.is_some(),
            Device::App(AppDevice { kind: AppKind::Apns, .. }) => self.apns.is_some(),
        })
    }

    async fn post(
        &self,
        device: &Device,
        payload: &Payload<'_>,
        treatment: &Treatment,
        now: DateTime<Utc>,
    ) -> Result<(), SendError> {
        match (device, &self.fcm, &self.apns) {
            (Device::Browser(browser), _, _) => {
                let plain = serde_json::to_vec(payload).expect("a payload is plain data");
                self.browsers.post(browser, &plain, treatment).await
            }
            (Device::App(AppDevice { kind: AppKind::Fcm, token }), Some(fcm), _) => {
                fcm.post(token, payload, treatment, now).await
            }
            (Device::App(AppDevice { kind: AppKind::Apns, token }), _, Some(apns)) => {
                apns.post(token, payload, treatment, now).await
            }
            (Device::App(_), _, _) => {
                Err(SendError::ForGood("there is no way to this device any more".to_owned()))
            }
        }
    }

    fn payload<'a>(&self, told: &'a Told, now: DateTime<Utc>) -> Result<Payload<'a>, SendError> {
        let card = self.writer.card(told, now)?;
        let (round, until) = match told.notice.what {
            What::Offer { round, until, .. } => (Some(round), Some(until)),
            What::Assigned { .. } | What::Over { .. } | What::Missed { .. } => (None, None),
        };
        let lead = told.notice.lead.as_str();
        Ok(Payload {
            title: card.title,
            body: card.body,
            url: card.url,
            lead: Some(lead),
            round,
            until,
            tag: topic(lead),
            over: matches!(told.notice.what, What::Over { .. }),
        })
    }

    async fn post_test(
        &self,
        device: &Device,
        tested: &Tested,
        tag: String,
        treatment: &Treatment,
        now: DateTime<Utc>,
    ) -> Result<(), SendError> {
        let Card { title, body, url } = self.writer.test_card(tested, device.address(), now)?;
        let payload =
            Payload { title, body, url, lead: None, round: None, until: None, tag, over: false };
        self.post(device, &payload, treatment, now).await
    }

    async fn forget_gone(
        &self,
        entity: &EntityId,
        agent: &AgentId,
        answered: &[(Device, Result<(), SendError>)],
    ) {
        let gone =
            answered.iter().filter(|(_, sent)| matches!(sent, Err(SendError::BadAddress(_))));
        for (device, _) in gone {
            let removed =
                self.roster.remove_push_subscription(entity, agent, device.address()).await;
            if let Err(error) = removed {
                // It will be found gone again next time.
                warn!(error = &error as &dyn std::error::Error, agent.id = %agent, "push subscription not removed");
            }
        }
    }
}

/// Sent if a device has it and none needs another try.
fn verdict(
    done: usize,
    answered: &[(Device, Result<(), SendError>)],
    remember: impl Fn(&str),
) -> Result<(), SendError> {
    let mut told = done > 0;
    let mut again: Option<SendError> = None;
    let mut refused = None;
    for (device, sent) in answered {
        match sent {
            Ok(()) => {
                told = true;
                if answered.len() > 1 {
                    remember(device.address());
                }
            }
            Err(SendError::BadAddress(_)) => {}
            Err(SendError::ForGood(_)) => refused = Some(sent.clone()),
            Err(error) if again.as_ref().is_none_or(|other| other.asks() < error.asks()) => {
                again = Some(error.clone());
            }
            Err(_) => {}
        }
    }
    match (again, refused) {
        (Some(error), _) => Err(error),
        (None, _) if told => Ok(()),
        (None, Some(refused)) => refused,
        (None, None) => Err(SendError::ForGood(
            "no device of this agent takes push messages any more".to_owned(),
        )),
    }
}

/// Whole seconds left, at least one: with 0 a browser that is not connected
/// right now gets nothing.
fn ttl(told: &Told, now: DateTime<Utc>) -> i64 {
    let left = match told.notice.what {
        What::Offer { until, .. } => until - now,
        What::Assigned { .. } | What::Missed { .. } => ASSIGNED_LIVES,
        What::Over { .. } => OVER_LIVES,
    };
    left.num_seconds().max(1)
}

/// 32 characters of Base64url that stand for the lead and tell nothing about it.
fn topic(lead: &str) -> String {
    let hash = digest::digest(&digest::SHA256, lead.as_bytes());
    URL_SAFE_NO_PAD.encode(&hash.as_ref()[..24])
}
