//! One agent on the telephone about one lead: who they are, how the lead stands
//! for them, and what the call's turns sound like.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tipoff_board::{BoardError, FollowUp, OnBoard};
use tipoff_domain::{Agent, EntityView, Locale};
use tipoff_wire::link::{About, CallLink, ClaimLink};
use tracing::warn;

use super::call::{Deed, Line, Question, Then, Turn};
use super::twiml::Twiml;
use crate::Api;
use crate::page::{Standing, first_name, say};
use crate::work::follow_up::{later_today, moment};

/// The two ends of a call.
pub(super) struct Talk {
    pub(super) link: CallLink,
    view: Arc<EntityView>,
    agent: Arc<Agent>,
    /// The provider's name of the call: asking twice in one call is asking once.
    sid: String,
    /// Where the provider comes back to.
    base: String,
    /// The number that the agent was called from.
    from: Option<String>,
}

/// How a lead stands for the agent, as far as it could be found out.
pub(super) struct Found {
    pub(super) standing: Standing,
    pub(super) left: Option<TimeDelta>,
    pub(super) lead: Option<OnBoard>,
}

impl Found {
    fn bare(standing: Standing) -> Self {
        Self { standing, left: None, lead: None }
    }

    /// A number that can be dialled.
    pub(super) fn number(&self) -> Option<&str> {
        let phones = self.lead.iter().flat_map(|lead| &lead.lead.phones);
        phones.map(String::as_str).find(|phone| is_dialled(phone))
    }
}

fn is_dialled(phone: &str) -> bool {
    let digits = phone.strip_prefix('+').unwrap_or_default();
    (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

impl Talk {
    /// `None`: the link is not ours, or its agent has left.
    pub(super) fn open(api: &Api, token: &str, sid: &str, from: &str) -> Option<Self> {
        let phone = &api.telephony;
        if phone.secret.is_empty() {
            return None;
        }
        let link = CallLink::open(token, &phone.secret).ok()?;
        let view = api.roster.view(&link.entity)?;
        let agent = view.agents.get(&link.agent)?.clone();
        let base = format!("{}/telephony/voice/{token}", phone.public_url);
        let from = Some(from).filter(|from| is_dialled(from)).map(str::to_owned);
        Some(Self { link, view, agent, sid: sid.to_owned(), base, from })
    }

    pub(super) fn offer(&self) -> bool {
        matches!(self.link.about, About::Offer { .. })
    }

    /// How the lead stands now.
    pub(super) async fn look(&self, api: &Api) -> Found {
        self.read(api).await.unwrap_or_else(|failed| Found::bare(away(&failed)))
    }

    async fn read(&self, api: &Api) -> Result<Found, BoardError> {
        let CallLink { entity, lead, agent, about } = &self.link;
        let Some(on_board) = api.board.lead(entity, lead).await? else {
            return Ok(Found::bare(Standing::Unknown));
        };
        let now = api.board.time(entity).await?;
        let standing = match *about {
            About::Offer { round, until } => {
                let (entity, lead, agent) = (entity.clone(), lead.clone(), agent.clone());
                Standing::of(&ClaimLink { entity, lead, agent, round, until }, &on_board, now)
            }
            About::Assigned if on_board.now_is.agent.as_ref() == Some(agent) => Standing::Yours,
            About::Assigned => Standing::Taken,
        };
        let left = on_board.now_is.until.map(|until| until - now);
        Ok(Found { standing, left, lead: Some(on_board) })
    }

    /// Does it, and says how the lead stands afterwards. Doing it twice in one
    /// call is doing it once.
    pub(super) async fn act(&self, api: &Api, deed: Deed) -> Found {
        let done = self.try_to(api, deed).await;
        match done {
            Ok(Some(standing)) if standing != Standing::Yours => Found::bare(standing),
            Ok(_) => self.look(api).await,
            Err(failed) => Found::bare(away(&failed)),
        }
    }

    async fn try_to(&self, api: &Api, deed: Deed) -> Result<Option<Standing>, BoardError> {
        let CallLink { entity, lead, agent, about } = &self.link;
        let About::Offer { round, .. } = *about else { return self.follow_up(api, deed).await };
        Ok(match deed {
            Deed::Claim => {
                let request = self.request("claim");
                let claim = api.claim(entity, lead, agent, Some(round), &request).await?;
                Some(Standing::after_claim(&claim))
            }
            Deed::Decline => {
                let request = self.request("pass");
                let pass = api.pass(entity, lead, agent, Some(round), None, &request).await?;
                Some(Standing::after_pass(pass))
            }
            Deed::FollowUp | Deed::Connect => return self.follow_up(api, deed).await,
        })
    }

    /// The provider may ask the same twice; one call may ask for several things.
    fn request(&self, verb: &str) -> String {
        format!("call:{verb}:{}", self.sid)
    }

    async fn follow_up(&self, api: &Api, deed: Deed) -> Result<Option<Standing>, BoardError> {
        let CallLink { entity, lead, agent, .. } = &self.link;
        if deed != Deed::FollowUp {
            // Whoever asks to be connected is working it.
            api.board.worked(entity, lead, agent).await?;
            return Ok(None);
        }
        let due = self.due(api.clock.now());
        let request = self.request("follow-up");
        let noted = api.board.follow_up(entity, lead, Some(agent), due, None, &request).await?;
        Ok(Some(match noted {
            FollowUp::Noted => Standing::Yours,
            FollowUp::NotYours => Standing::Taken,
            FollowUp::Unknown => Standing::Unknown,
        }))
    }

    fn due(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        later_today(now, self.agent.zone_in(self.view.entity.zone))
    }

    /// What the provider is told.
    pub(super) fn perform(&self, turn: &Turn, found: &Found, now: DateTime<Utc>) -> String {
        let locale = self.locale();
        let said = turn.lines.iter().fold(Twiml::default(), |said, line| {
            said.say(locale, &self.sentence(*line, found, now))
        });
        match turn.then {
            Then::HangUp => said.hang_up(),
            Then::Connect => match found.number() {
                Some(number) => {
                    let back = format!("{}/dialled", self.base);
                    said.dial(number, self.from.as_deref(), &back)
                }
                None => said.hang_up(),
            },
            Then::Ask { question, times, wait } => {
                let (step, said) = match question {
                    Question::Accept => ("accept", said),
                    Question::Next => ("next", said.say(locale, &say(locale, "call-next", []))),
                };
                let back = format!("{}/{step}?times={times}", self.base);
                Twiml::default().gather(&back, wait.num_seconds().max(1), &said)
            }
        }
        .finish()
    }

    fn locale(&self) -> Locale {
        self.agent.locale.unwrap_or(self.view.entity.locale)
    }

    fn sentence(&self, line: Line, found: &Found, now: DateTime<Utc>) -> String {
        let locale = self.locale();
        let plain = |key| say(locale, key, []);
        let entity = || [("entity", self.view.entity.name.clone())];
        match line {
            Line::Offered => say(locale, "call-offered", entity()),
            Line::Assigned => say(locale, "call-assigned", entity()),
            Line::Accepted => plain("call-accepted"),
            Line::Declined => plain("call-declined"),
            Line::Ended(standing) => plain(ending(standing)),
            Line::NoAnswer => plain("call-no-answer"),
            Line::NoSuchKey => plain("call-no-such-key"),
            Line::Hint => {
                let name = self.agent.name.split_whitespace().next().unwrap_or_default();
                say(locale, "call-hint", [("name", name.to_owned())])
            }
            Line::Connecting => {
                let lead = found.lead.as_ref().and_then(|lead| first_name(&lead.lead.name));
                let lead = lead.unwrap_or_else(|| plain("call-the-lead"));
                say(locale, "call-connecting", [("lead", lead)])
            }
            Line::NoNumber => plain("call-no-number"),
            Line::NotReached => plain("call-not-reached"),
            Line::FollowUpSet => {
                let zone = self.agent.zone_in(self.view.entity.zone);
                let time = moment(self.due(now), now, zone, locale);
                say(locale, "call-follow-up-set", [("time", time)])
            }
            Line::Goodbye => plain("call-goodbye"),
        }
    }
}

fn ending(standing: Standing) -> &'static str {
    match standing {
        Standing::Taken | Standing::Yours => "call-taken",
        Standing::TooLate | Standing::Open => "call-too-late",
        Standing::Passed => "call-passed",
        Standing::Withdrawn => "call-withdrawn",
        Standing::Full => "call-full",
        Standing::Unknown => "call-unknown",
        Standing::Away => "call-away",
    }
}

fn away(failed: &BoardError) -> Standing {
    warn!(error = failed as &dyn std::error::Error, "a call could not be answered");
    Standing::Away
}

/// The call of a link that means nothing any more.
pub(super) fn out_of_date() -> String {
    let sentence = say(Locale::En, "call-unknown", []);
    Twiml::default().say(Locale::En, &sentence).hang_up().finish()
}
