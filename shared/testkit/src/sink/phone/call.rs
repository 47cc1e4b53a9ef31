//! A telephone that rings, and what its owner does with it.

use std::time::Duration;

use tokio::sync::watch;

use super::twiml::{Asks, Dials, Heard, listen};
use super::{ACCOUNT, PhoneSink, TOKEN, sign};
use crate::sink::mailbox::PATIENCE;

/// How far a call has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RingState {
    Rings,
    Answered,
    /// Whoever ordered it has ended it.
    Ended,
}

/// A call as it was ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ring {
    pub sid: String,
    pub to: String,
    pub from: String,
    /// Whom to ask what to say.
    pub url: String,
    /// Whom to tell that it is over.
    pub status_callback: Option<String>,
    /// How long it rings.
    pub timeout: Duration,
    /// Whether machines are told from people.
    pub detects_machines: bool,
    pub state: RingState,
}

impl Ring {
    /// What the provider refuses it for, as a number of its errors.
    pub(super) fn read(form: &super::Fields, sid: String) -> Result<Self, u32> {
        let field = |name: &str| form.get(name).filter(|value| !value.is_empty()).cloned();
        let to = field("To").ok_or(21_201_u32)?;
        let from = field("From").ok_or(21_213_u32)?;
        if !super::is_number(&to) {
            return Err(21_211);
        }
        if !super::is_number(&from) {
            return Err(21_212);
        }
        let url = field("Url").filter(|url| url.starts_with("http")).ok_or(21_205_u32)?;
        let timeout = field("Timeout").map_or(Ok(60), |seconds| seconds.parse::<u64>());
        let timeout =
            timeout.ok().filter(|seconds| (1..=600).contains(seconds)).ok_or(21_220_u32)?;
        Ok(Self {
            sid,
            to,
            from,
            url,
            status_callback: field("StatusCallback"),
            timeout: Duration::from_secs(timeout),
            detects_machines: field("MachineDetection").is_some(),
            state: RingState::Rings,
        })
    }
}

/// A call, from the owner's side.
#[derive(Debug)]
pub struct Call {
    pub ring: Ring,
    http: reqwest::Client,
    rings: watch::Sender<Vec<Ring>>,
    asked: Option<Asks>,
    dialled: Option<Dials>,
}

impl PhoneSink {
    /// Waits until the telephone with this number rings for the `nth` time.
    pub async fn rings(&self, number: &str, nth: usize) -> Call {
        let mut rings = self.provider.rings.subscribe();
        let of = |rings: &Vec<Ring>| rings.iter().filter(|ring| ring.to == number).count() >= nth;
        let waited = tokio::time::timeout(PATIENCE, rings.wait_for(of)).await;
        let Ok(Ok(rings)) = waited else {
            panic!("{number} did not ring {nth} times within {PATIENCE:?}")
        };
        let ring = rings.iter().filter(|ring| ring.to == number).nth(nth - 1);
        let ring = ring.expect("it was counted").clone();
        let (http, rings) = (self.http.clone(), self.provider.rings.clone());
        Call { ring, http, rings, asked: None, dialled: None }
    }

    /// How often telephones have rung, all in all.
    pub fn rung(&self) -> usize {
        self.provider.rings.borrow().len()
    }

    /// Sends a text message to whoever listens at `url`; answers what is texted back.
    pub async fn text(&self, url: &str, from: &str, body: &str, sid: &str) -> Vec<String> {
        let fields = [("From", from), ("To", "+15125550100"), ("Body", body), ("MessageSid", sid)];
        let (status, xml) = post(&self.http, url, &fields).await;
        assert_eq!(status, 200, "{xml}");
        listen(&xml).messages
    }
}

impl Call {
    /// Picks up. Answers what is heard.
    pub async fn answer(&mut self) -> Heard {
        self.picked_up("human").await
    }

    /// A mailbox picks up.
    pub async fn machine_answers(&mut self) -> Heard {
        self.picked_up("machine_start").await
    }

    /// Waits until whoever ordered the call has ended it.
    pub async fn stops(&self) {
        let mut rings = self.rings.subscribe();
        let over = |rings: &Vec<Ring>| {
            rings.iter().any(|one| one.sid == self.ring.sid && one.state == RingState::Ended)
        };
        let waited = tokio::time::timeout(PATIENCE, rings.wait_for(over)).await;
        assert!(waited.is_ok(), "{} rings on and on", self.ring.to);
    }

    /// Whether it rings, was answered or was ended.
    pub fn state(&self) -> RingState {
        let rings = self.rings.borrow();
        let ring = rings.iter().find(|one| one.sid == self.ring.sid);
        ring.map_or(RingState::Ended, |ring| ring.state)
    }

    async fn picked_up(&mut self, by: &str) -> Heard {
        self.rings.send_modify(|rings| {
            if let Some(ring) = rings.iter_mut().find(|one| one.sid == self.ring.sid) {
                ring.state = RingState::Answered;
            }
        });
        let url = self.ring.url.clone();
        let by = if self.ring.detects_machines { vec![("AnsweredBy", by)] } else { Vec::new() };
        self.ask(&url, &by).await
    }

    /// Presses a key when a question was heard.
    pub async fn press(&mut self, key: char) -> Heard {
        let asked = self.asked.take().expect("a question was heard before");
        self.ask(&asked.action, &[("Digits", &key.to_string())]).await
    }

    /// Lets a question pass.
    pub async fn say_nothing(&mut self) -> Heard {
        let asked = self.asked.take().expect("a question was heard before");
        assert!(asked.on_empty, "the provider would go on with the next verb");
        self.ask(&asked.action, &[("Digits", "")]).await
    }

    /// The lead who was dialled talked (`completed`), or not (`no-answer`, `busy`).
    pub async fn dialled(&mut self, status: &str) -> Heard {
        let dialled = self.dialled.take().expect("somebody was dialled before");
        self.ask(&dialled.action, &[("DialCallStatus", status)]).await
    }

    /// Hangs up; the provider tells so. Answers what it was told back.
    pub async fn hang_up(self) -> Option<u16> {
        self.ended(&[("CallStatus", "completed")]).await
    }

    /// The call never came about. `network`: what the telephone network said.
    pub async fn fails(self, network: &str) -> Option<u16> {
        self.ended(&[("CallStatus", "failed"), ("SipResponseCode", network)]).await
    }

    async fn ended(self, fields: &[(&str, &str)]) -> Option<u16> {
        let url = self.ring.status_callback.clone()?;
        Some(self.send(&url, fields).await.0)
    }

    async fn ask(&mut self, url: &str, fields: &[(&str, &str)]) -> Heard {
        let (status, xml) = self.send(url, fields).await;
        assert_eq!(status, 200, "{xml}");
        let heard = listen(&xml);
        (self.asked, self.dialled) = (heard.asks.clone(), heard.dials.clone());
        heard
    }

    /// One request of the provider, signed.
    pub async fn send(&self, url: &str, fields: &[(&str, &str)]) -> (u16, String) {
        let Ring { sid, to, from, .. } = &self.ring;
        let mut all = vec![
            ("AccountSid", ACCOUNT),
            ("CallSid", sid.as_str()),
            ("CallStatus", "in-progress"),
            ("From", from.as_str()),
            ("To", to.as_str()),
        ];
        all.retain(|(name, _)| !fields.iter().any(|(given, _)| given == name));
        all.extend(fields);
        post(&self.http, url, &all).await
    }
}

async fn post(http: &reqwest::Client, url: &str, fields: &[(&str, &str)]) -> (u16, String) {
    let signature = sign(TOKEN, url, fields);
    let request = http.post(url).header("X-Twilio-Signature", signature).form(fields);
    let answer = request.send().await.expect("whoever was named listens");
    (answer.status().as_u16(), answer.text().await.unwrap_or_default())
}
