//! Notices as texts: what may be told of a lead, put into templates.

mod trial;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use reqwest::Url;
use tipoff_domain::{AgentId, EntityId, Locale};
use tipoff_letters::plain::{joined, one_line, shortened};
use tipoff_letters::words::{Args, args, say};
use tipoff_letters::{BadTexts, Facts, Occasion, Part, Piece, Texts, gsm_safe, times};
use tipoff_wire::event::State;
use tipoff_wire::link::{About, CallLink, ClaimLink, ReturnMark};
use tipoff_wire::notice::{What, WhyOver};
use tipoff_wire::{Notice, code};
use tracing::{error, warn};

use crate::carrier::SendError;
use crate::seen::{self, Told};

/// Longest body of a push notification, in characters.
const PUSH_BODY: usize = 240;
/// Longest post to a room, in characters: ours fit with the longest names, and an
/// entity's own templates know an end.
const POST: usize = 1_000;
/// Names that a room is told before it is only told how many more there are.
const MOST_NAMES: usize = 5;

/// An e-mail's texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Letter {
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
}

/// The texts of a notification, and what it opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Card {
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) url: String,
}

/// What is posted to a room, and a button below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Post {
    pub(crate) text: String,
    pub(crate) url: String,
    pub(crate) button: String,
}

/// The own template of an entity for a piece, if it has one.
pub(crate) type Own = dyn Fn(&EntityId, Piece, Locale) -> Option<Arc<str>> + Send + Sync;

/// Writes notices.
pub(crate) struct Writer {
    texts: Texts,
    own: Box<Own>,
    public_url: String,
    /// Whether others than this machine can reach it.
    public: bool,
    link_secret: Vec<u8>,
}

impl Writer {
    /// Links begin with `public_url`, which stands in mails as it is.
    pub(crate) fn new(
        public_url: &Url,
        link_secret: Vec<u8>,
        own: Box<Own>,
    ) -> Result<Self, BadTexts> {
        let host = public_url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let here = host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
        let public = !here && host != "localhost";
        let public_url = public_url.as_str().trim_end_matches('/').to_owned();
        Ok(Self { texts: Texts::new()?, own, public_url, public, link_secret })
    }

    /// The e-mail for a notice, as of `now` on the board's clock.
    pub(crate) fn letter(&self, told: &Told, now: DateTime<Utc>) -> Result<Letter, SendError> {
        let facts = self.facts(told, now, To::Reader);
        Ok(Letter {
            subject: self.write(Part::Subject, told, &facts)?,
            text: self.write(Part::Text, told, &facts)?,
            html: self.write(Part::Html, told, &facts)?,
        })
    }

    /// The notification for a notice.
    pub(crate) fn card(&self, told: &Told, now: DateTime<Utc>) -> Result<Card, SendError> {
        let facts = self.facts(told, now, To::Anybody);
        let title = self.write(Part::PushTitle, told, &facts)?;
        let body = self.write(Part::PushBody, told, &facts)?;
        Ok(Card { title: one_line(&title), body: shortened(&body, PUSH_BODY), url: facts.url })
    }

    /// The text message for a notice.
    pub(crate) fn sms(&self, told: &Told, now: DateTime<Utc>) -> Result<String, SendError> {
        let facts = self.facts(told, now, To::Reader);
        Ok(gsm_safe(self.write(Part::Sms, told, &facts)?.trim()))
    }

    /// What a room is told; the link claims nothing, as many read it.
    pub(crate) fn post(&self, told: &Told, now: DateTime<Utc>) -> Result<Post, SendError> {
        let told = &told.for_a_room();
        let facts = Facts {
            agents: names(told),
            url: self.bell_url(),
            ..self.facts(told, now, To::Anybody)
        };
        let text = shortened(&joined(&self.write(Part::Chat, told, &facts)?), POST);
        Ok(Post { text, url: facts.url, button: say(told.locale(), "chat-open", &Args::new()) })
    }

    fn write(&self, part: Part, told: &Told, facts: &Facts) -> Result<String, SendError> {
        let occasion = match told.notice.what {
            What::Offer { .. } => Occasion::Offer,
            What::Assigned { .. } if told.many => Occasion::Many,
            What::Assigned { .. } => Occasion::Assigned,
            What::Over { .. } => Occasion::Over,
            What::Missed { .. } => Occasion::Missed,
        };
        self.fill_in(Piece(occasion, part), &told.notice.entity, told.locale(), facts)
    }

    fn fill_in(
        &self,
        piece: Piece,
        entity: &EntityId,
        locale: Locale,
        facts: &Facts,
    ) -> Result<String, SendError> {
        let own = (self.own)(entity, piece, locale);
        let written = self.texts.write(piece, locale, own.as_deref(), facts);
        let written = match (written, own) {
            (Err(failed), Some(_)) => {
                warn!(error = &failed as &dyn std::error::Error, entity.id = %entity, "an entity's own template cannot be filled in: ours is taken");
                self.texts.write(piece, locale, None, facts)
            }
            (written, _) => written,
        };
        written.map_err(|failed| {
            error!(error = &failed as &dyn std::error::Error, "a notice cannot be written");
            SendError::ForGood("its template cannot be filled in; see the log".to_owned())
        })
    }

    fn facts(&self, told: &Told, now: DateTime<Utc>, to: To) -> Facts {
        let facts = match (&told.notice.what, to) {
            (What::Assigned { .. }, To::Reader) => seen::everything(told),
            // It is about agents.
            (What::Missed { .. }, _) => Facts::default(),
            _ => seen::before_claiming(told),
        };
        let (locale, view) = (told.locale(), &told.view);
        let facts = Facts {
            lang: locale.as_str().to_owned(),
            entity: one_line(&view.entity.name),
            agents: one_line(&told.agent.name),
            url: self.bell_url(),
            ..facts
        };
        match &told.notice.what {
            &What::Offer { round, until, .. } => Facts {
                left: times::span(locale, until - now),
                until: times::moment(locale, told.agent.zone_in(view.entity.zone), until, now),
                url: self.claim_url(told, round, until),
                code: code::short(&told.notice.lead, round),
                ..facts
            },
            What::Assigned { .. } if told.many => facts,
            // Nothing is left to accept: the link leads to the lead itself.
            What::Assigned { .. } => {
                let url = self.claim_url(told, told.lead.now_is.round, now);
                Facts { how: how(told), url, ..facts }
            }
            What::Over { why, .. } => Facts { why: as_word(*why).to_owned(), ..facts },
            What::Missed { misses, .. } => missed(told, misses, facts),
        }
    }

    /// Where the telephone provider comes back to about this notice; `None` where
    /// it cannot, as we are not on the open internet.
    pub(crate) fn phone_url(&self, told: &Told, by: &str, with: &str) -> Option<String> {
        self.public.then(|| format!("{}/{with}", self.telephony_url(told, by)))
    }

    /// What the telephone provider comes back to about a call (`voice`) or a
    /// text message (`sms`).
    pub(crate) fn telephony_url(&self, told: &Told, what: &str) -> String {
        let Notice { entity, lead, agent, .. } = told.notice.clone();
        let about = match told.notice.what {
            What::Offer { round, until, .. } => About::Offer { round, until },
            What::Assigned { .. } | What::Over { .. } | What::Missed { .. } => About::Assigned,
        };
        let link = CallLink { entity, lead, agent, about }.seal(&self.link_secret);
        format!("{}/telephony/{what}/{link}", self.public_url)
    }

    /// By which a mail is known when it comes back.
    pub(crate) fn seal(&self, mark: &ReturnMark) -> String {
        mark.seal(&self.link_secret)
    }

    fn bell_url(&self) -> String {
        format!("{}/bell", self.public_url)
    }

    fn claim_url(&self, told: &Told, round: u32, until: DateTime<Utc>) -> String {
        let notice = &told.notice;
        let (entity, lead, agent) =
            (notice.entity.clone(), notice.lead.clone(), notice.agent.clone());
        let link = ClaimLink { entity, lead, agent, round, until };
        format!("{}/c/{}", self.public_url, link.seal(&self.link_secret, told.agent.link_series))
    }
}

/// Who may come to see a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum To {
    Reader,
    /// A lock screen is read by whoever is near.
    Anybody,
}

/// Of all who are asked, or of the one who has it; of many only the first few.
fn names(told: &Told) -> String {
    let pending = &told.lead.now_is.pending;
    if told.lead.now_is.state != State::Offered || pending.is_empty() {
        return one_line(&told.agent.name);
    }
    let known = pending.iter().filter_map(|agent| told.view.agents.get(agent));
    let mut names: Vec<String> =
        known.take(MOST_NAMES).map(|agent| one_line(&agent.name)).collect();
    if pending.len() > MOST_NAMES {
        names.push(format!("+{}", pending.len() - MOST_NAMES));
    }
    names.join(", ")
}

/// The first few of those who missed offers, by name, and a line about each.
fn missed(told: &Told, misses: &BTreeMap<AgentId, u32>, facts: Facts) -> Facts {
    let name = |agent: &AgentId| {
        let known = told.view.agents.get(agent);
        known.map_or_else(|| agent.to_string(), |known| one_line(&known.name))
    };
    let pauses =
        |count: u32| told.view.entity.missed_offers.as_ref().is_some_and(|rule| rule.pauses(count));
    let line = |(agent, count): (&AgentId, &u32)| {
        let key = if pauses(*count) { "missed-and-paused" } else { "missed-offers" };
        let about = args([("name", name(agent).into()), ("n", (*count).into())]);
        say(told.locale(), key, &about)
    };
    let mut who: Vec<String> = misses.keys().take(MOST_NAMES).map(name).collect();
    if misses.len() > MOST_NAMES {
        who.push(format!("+{}", misses.len() - MOST_NAMES));
    }
    Facts { who: who.join(", "), missed: misses.iter().map(line).collect(), ..facts }
}

fn how(told: &Told) -> String {
    let how = told.lead.now_is.how.and_then(|how| serde_json::to_value(how).ok());
    how.as_ref().and_then(|how| how.as_str()).unwrap_or_default().to_owned()
}

fn as_word(why: WhyOver) -> &'static str {
    match why {
        WhyOver::Taken => "taken",
        WhyOver::Yours => "yours",
        WhyOver::Passed => "passed",
        WhyOver::Expired => "expired",
        WhyOver::Withdrawn => "withdrawn",
    }
}

#[cfg(test)]
mod tests;
