//! Somebody who texts: an agent of one entity or of several.

use std::sync::Arc;

use tipoff_board::{BoardError, OnBoard};
use tipoff_domain::{Agent, AgentId, Channel, EntityId, EntityView, Lead, Locale};
use tipoff_letters::gsm_safe;
use tipoff_letters::plain::{one_line, without_contact};
use tipoff_roster::{Reach, Works};
use tracing::error;

use super::codes::{is_meant, with_codes};
use crate::Api;
use crate::page::{Standing, say};
use crate::shown::previewed;

/// The longest list that is read on a telephone.
const MOST_LISTED: usize = 8;

/// What one number is in each entity.
pub(super) struct Texter {
    roles: Vec<Role>,
}

/// An agent of an entity.
struct Role {
    entity: EntityId,
    id: AgentId,
    view: Arc<EntityView>,
    agent: Arc<Agent>,
}

/// An offer, and whom it is made to.
type Open<'a> = (&'a Role, OnBoard);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Claim,
    Pass,
}

impl Texter {
    /// `None`: nobody has this number.
    pub(super) fn of(api: &Api, number: &str) -> Option<Self> {
        let role = |(entity, id): (EntityId, AgentId)| {
            let view = api.roster.view(&entity)?;
            let agent = view.agents.get(&id)?.clone();
            Some(Role { entity, id, view, agent })
        };
        let found = api.telephony.numbers.of(&api.roster, number);
        let roles: Vec<Role> = found.into_iter().filter_map(role).collect();
        (!roles.is_empty()).then_some(Self { roles })
    }

    fn locale(&self) -> Locale {
        let locale = |role: &Role| role.agent.locale.unwrap_or(role.view.entity.locale);
        self.roles.first().map(locale).unwrap_or_default()
    }

    /// In letters that fit a text message.
    pub(super) fn say<const N: usize>(
        &self,
        key: &str,
        arguments: [(&'static str, String); N],
    ) -> String {
        gsm_safe(&say(self.locale(), key, arguments))
    }

    pub(super) fn stopped(&self, api: &Api) -> bool {
        let stopped = |role: &Role| {
            let reach = api.roster.reach(&role.entity, &role.id, Channel::Sms);
            reach.is_some_and(|reach| reach.works == Works::Stopped)
        };
        self.roles.iter().all(stopped)
    }

    /// No more text messages, wherever they work.
    pub(super) async fn stop(&self, api: &Api) -> String {
        self.note(api, |phone| Reach::stopped(phone, api.clock.now()), "sms-stopped").await
    }

    pub(super) async fn start(&self, api: &Api) -> String {
        self.note(api, |phone| Reach::confirmed(phone, api.clock.now()), "sms-started").await
    }

    /// The code of a test message: text messages reach them.
    pub(super) async fn confirm(&self, api: &Api, code: &str) -> String {
        let mut said = self.say("sms-no-such-code", [("code", code.to_owned())]);
        for role in &self.roles {
            let addresses = api.roster.addresses(&role.entity, &role.id, Channel::Sms);
            let guessed = api.guess(&role.entity, &role.id, Channel::Sms, &addresses, code).await;
            let Ok(guessed) = guessed else { return self.say("sms-away", []) };
            let Some(link) = guessed else { continue };
            match api.confirm(&link).await {
                Ok(true) => said = self.say("sms-confirmed", []),
                Ok(false) => {}
                Err(error) => {
                    error!(error = &error as &dyn std::error::Error, agent.id = %role.id, "what an agent texted was not noted");
                    return self.say("sms-away", []);
                }
            }
        }
        said
    }

    async fn note(&self, api: &Api, reach: impl Fn(&str) -> Reach, done: &'static str) -> String {
        for role in &self.roles {
            let Some(phone) = role.agent.phone.as_deref() else { continue };
            let noted =
                api.roster.put_reach(&role.entity, &role.id, Channel::Sms, reach(phone)).await;
            if let Err(error) = noted {
                error!(error = &error as &dyn std::error::Error, agent.id = %role.id, "what an agent texted was not noted");
                return self.say("sms-away", []);
            }
        }
        self.say(done, [])
    }

    pub(super) async fn list(&self, api: &Api) -> Result<String, BoardError> {
        let open = self.open(api).await?;
        Ok(if open.is_empty() { self.say("sms-nothing-open", []) } else { self.which(open) })
    }

    pub(super) async fn claim(
        &self,
        api: &Api,
        code: Option<&str>,
        sid: &str,
    ) -> Result<String, BoardError> {
        self.answer(api, Wish::Claim, code, sid).await
    }

    pub(super) async fn pass(
        &self,
        api: &Api,
        code: Option<&str>,
        sid: &str,
    ) -> Result<String, BoardError> {
        self.answer(api, Wish::Pass, code, sid).await
    }

    async fn answer(
        &self,
        api: &Api,
        wish: Wish,
        code: Option<&str>,
        sid: &str,
    ) -> Result<String, BoardError> {
        let open = self.open(api).await?;
        let mut meant: Vec<Open<'_>> = open
            .into_iter()
            .filter(|(_, lead)| code.is_none_or(|code| is_meant(lead, code)))
            .collect();
        match (meant.pop(), code) {
            (Some(only), _) if meant.is_empty() => self.act(api, wish, &only, sid).await,
            (Some(last), _) => {
                meant.push(last);
                Ok(self.which(meant))
            }
            (None, Some(code)) => Ok(self.say("sms-no-such-code", [("code", code.to_owned())])),
            (None, None) => Ok(self.say("sms-nothing-open", [])),
        }
    }

    async fn act(
        &self,
        api: &Api,
        wish: Wish,
        (role, lead): &Open<'_>,
        sid: &str,
    ) -> Result<String, BoardError> {
        let (request, round) = (format!("sms:{sid}"), Some(lead.now_is.round));
        let standing = match wish {
            Wish::Claim => {
                let claim = api.claim(&role.entity, &lead.id, &role.id, round, &request).await?;
                Standing::after_claim(&claim)
            }
            Wish::Pass => {
                let pass =
                    api.pass(&role.entity, &lead.id, &role.id, round, None, &request).await?;
                Standing::after_pass(pass)
            }
        };
        Ok(self.outcome(standing, wish, role, lead))
    }

    fn outcome(&self, standing: Standing, wish: Wish, role: &Role, lead: &OnBoard) -> String {
        let key = match standing {
            Standing::Yours => "sms-yours",
            Standing::Passed if wish == Wish::Pass => "sms-passed",
            Standing::Passed => "sms-already-passed",
            Standing::Taken => "sms-taken",
            Standing::TooLate | Standing::Open => "sms-too-late",
            Standing::Withdrawn => "sms-withdrawn",
            Standing::Full => "sms-full",
            Standing::Unknown | Standing::Away => "sms-unknown",
        };
        let lead = match standing {
            Standing::Yours => whole(lead, &self.called(&lead.lead)),
            _ => self.name(role, lead),
        };
        self.say(key, [("lead", lead)])
    }

    /// What may be claimed now, the most urgent first.
    async fn open(&self, api: &Api) -> Result<Vec<Open<'_>>, BoardError> {
        let mut open = Vec::new();
        for role in &self.roles {
            let now = api.board.time(&role.entity).await?;
            let offers = api.board.offers_to(&role.entity, &role.id).await?;
            let still = |lead: &OnBoard| lead.now_is.until.is_none_or(|until| now < until);
            open.extend(offers.into_iter().filter(still).map(|lead| (role, lead)));
        }
        open.sort_by_key(|(_, lead)| lead.now_is.until);
        Ok(open)
    }

    /// Each with the code that says which.
    fn which(&self, open: Vec<Open<'_>>) -> String {
        let mut lines = vec![self.say("sms-which", [])];
        let listed = with_codes(open, |(_, lead)| lead).into_iter().take(MOST_LISTED);
        lines.extend(
            listed.map(|(code, (role, lead))| format!("{code} {}", self.name(role, &lead))),
        );
        gsm_safe(&lines.join("\n"))
    }

    /// How a lead is called before it is theirs.
    fn name(&self, role: &Role, lead: &OnBoard) -> String {
        self.called(&previewed(lead, Some(&role.view)).0)
    }

    /// Without contact details.
    fn called(&self, asked: &Lead) -> String {
        let address = || asked.property.as_ref()?.address.clone();
        let name = asked.name.display().or_else(address);
        name.map_or_else(|| self.say("sms-somebody", []), |name| one_line(&without_contact(&name)))
    }
}

/// Everything to get in touch.
fn whole(lead: &OnBoard, name: &str) -> String {
    let phones = lead.lead.phones.iter().take(1);
    let emails = lead.lead.emails.iter().take(1);
    let ways: Vec<String> = phones.chain(emails).map(|way| one_line(way)).collect();
    let all: Vec<&str> = std::iter::once(name).chain(ways.iter().map(String::as_str)).collect();
    all.join(", ")
}
