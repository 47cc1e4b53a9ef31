//! Test messages as texts.

use chrono::{DateTime, TimeDelta, Utc};
use tipoff_letters::plain::one_line;
use tipoff_letters::{Facts, Occasion, Part, Piece, gsm_safe};
use tipoff_roster::mark;
use tipoff_wire::Trial;
use tipoff_wire::link::ConfirmLink;

use super::{Card, Letter, Writer};
use crate::carrier::SendError;
use crate::trial::Tested;

/// People read their mail tomorrow.
const LINK_LIVES: TimeDelta = TimeDelta::hours(24);

impl Writer {
    /// The e-mail that tests `address`.
    pub(crate) fn test_letter(
        &self,
        tested: &Tested,
        address: &str,
        now: DateTime<Utc>,
    ) -> Result<Letter, SendError> {
        let facts = self.test_facts(tested, address, now);
        Ok(Letter {
            subject: self.test(Part::Subject, tested, &facts)?,
            text: self.test(Part::Text, tested, &facts)?,
            html: self.test(Part::Html, tested, &facts)?,
        })
    }

    /// The notification that tests the device at `address`.
    pub(crate) fn test_card(
        &self,
        tested: &Tested,
        address: &str,
        now: DateTime<Utc>,
    ) -> Result<Card, SendError> {
        let facts = self.test_facts(tested, address, now);
        let title = self.test(Part::PushTitle, tested, &facts)?;
        let body = self.test(Part::PushBody, tested, &facts)?;
        Ok(Card { title: one_line(&title), body, url: facts.url })
    }

    /// The text message that tests `address`.
    pub(crate) fn test_sms(
        &self,
        tested: &Tested,
        address: &str,
        now: DateTime<Utc>,
    ) -> Result<String, SendError> {
        let facts = self.test_facts(tested, address, now);
        Ok(gsm_safe(self.test(Part::Sms, tested, &facts)?.trim()))
    }

    /// What the telephone provider asks about a call that tests `address`.
    pub(crate) fn test_call_url(
        &self,
        tested: &Tested,
        address: &str,
        now: DateTime<Utc>,
    ) -> String {
        let link = confirm_link(tested, address, now).seal(&self.link_secret);
        format!("{}/telephony/test/{link}", self.public_url)
    }

    fn test(&self, part: Part, tested: &Tested, facts: &Facts) -> Result<String, SendError> {
        let piece = Piece(Occasion::Test, part);
        self.fill_in(piece, &tested.trial.entity, tested.locale(), facts)
    }

    fn test_facts(&self, tested: &Tested, address: &str, now: DateTime<Utc>) -> Facts {
        let link = confirm_link(tested, address, now);
        Facts {
            lang: tested.locale().as_str().to_owned(),
            entity: one_line(&tested.view.entity.name),
            who: one_line(&tested.agent.name),
            url: format!("{}/confirm/{}", self.public_url, link.seal(&self.link_secret)),
            code: link.code(&self.link_secret, now),
            ..Facts::default()
        }
    }
}

fn confirm_link(tested: &Tested, address: &str, now: DateTime<Utc>) -> ConfirmLink {
    let Trial { channel, entity, agent, .. } = tested.trial.clone();
    ConfirmLink { entity, agent, channel, address: mark(address), until: now + LINK_LIVES }
}
