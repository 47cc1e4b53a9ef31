//! What catches everything that would go out: a mail server, push services, a
//! telephone provider, chats.

use std::net::Ipv4Addr;

use anyhow::Context;
use tempfile::TempDir;
use tipoff_testkit::sink::{
    ApnsSink, FcmSink, Mailbox, PhoneSink, PushSink, RoomSink, SmtpSink, apns,
};

use super::options;

/// All of them, gone with the value.
pub(super) struct Sinks {
    smtp: SmtpSink,
    phone: PhoneSink,
    pub(super) push: PushSink,
    pub(super) fcm: FcmSink,
    pub(super) apns: ApnsSink,
    pub(super) rooms: RoomSink,
    /// The files by which push services know us.
    keys: TempDir,
}

impl Sinks {
    pub(super) async fn start(mailbox: &Mailbox) -> anyhow::Result<Self> {
        let (to, at) = (|| mailbox.clone(), || (Ipv4Addr::LOCALHOST, 0).into());
        let started = async {
            Ok::<_, std::io::Error>(Self {
                smtp: SmtpSink::start(to(), at()).await?,
                push: PushSink::start(to(), at()).await?,
                phone: PhoneSink::start(to(), at()).await?,
                fcm: FcmSink::start(to(), at()).await?,
                apns: ApnsSink::start(to(), at()).await?,
                rooms: RoomSink::start(to(), at()).await?,
                keys: tempfile::tempdir()?,
            })
        };
        started.await.context("what catches messages could not start")
    }

    /// The notifier's settings, all of them leading to here; links lead to `public_url`.
    pub(super) fn notifier(&self, public_url: &str) -> anyhow::Result<tipoff_notifier::Options> {
        let mut notifying = options::notifier(&self.smtp.url(), public_url)?;
        notifying.channels.phone = options::phone(&self.phone.base_url())?;
        let push = &mut notifying.channels.push;
        let (account, key) = (self.keys.path().join("fcm.json"), self.keys.path().join("apns.p8"));
        let written = std::fs::write(&account, self.fcm.account_json())
            .and_then(|()| std::fs::write(&key, self.apns.key_pem()));
        written.context("the keys of the sinks could not be written")?;
        push.fcm.fcm_account = Some(account);
        push.fcm.fcm_url =
            self.fcm.base_url().parse().context("the address of the Firebase sink")?;
        push.apns.apns_key = Some(key);
        push.apns.apns_key_id = Some(apns::KEY_ID.to_owned());
        push.apns.apns_team = Some(apns::TEAM.to_owned());
        push.apns.apns_topic = Some(apns::TOPIC.to_owned());
        push.apns.apns_url = self.apns.base_url().parse().context("the address of Apple's sink")?;
        Ok(notifying)
    }
}
