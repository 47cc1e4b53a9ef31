//! What a test message carries: a link, and a code for those who cannot follow
//! one. Whoever comes back with either has read the message.

use chrono::{DateTime, Utc};
use ring::hmac;
use tipoff_domain::{AgentId, Channel, EntityId};

use super::{BadLink, Reader, open, put_text, seal};

/// Such a link claims nothing, and a claim link confirms nothing.
const CONFIRM: &[u8] = b"tipoff confirm\0";
/// A code is good from one to two of these, in seconds: half an hour at least.
const CODE_LIVES: i64 = 1_800;
const DIGITS: u32 = 1_000_000;

/// One address of one agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfirmLink {
    pub entity: EntityId,
    pub agent: AgentId,
    pub channel: Channel,
    /// The address's mark; another address needs another message.
    pub address: String,
    /// Exclusive.
    pub until: DateTime<Utc>,
}

impl ConfirmLink {
    /// As it stands in a URL. `secret`: see [`super::read_secret`].
    pub fn seal(&self, secret: &[u8]) -> String {
        let mut said = self.until.timestamp_millis().to_be_bytes().to_vec();
        self.put_names(&mut said);
        seal(CONFIRM, &said, secret)
    }

    fn put_names(&self, said: &mut Vec<u8>) {
        for name in [
            self.entity.as_str(),
            self.agent.as_str(),
            self.channel.as_str(),
            self.address.as_str(),
        ] {
            put_text(said, name);
        }
    }

    /// Reads what [`ConfirmLink::seal`] wrote; believes nothing that is not signed.
    pub fn open(text: &str, secret: &[u8]) -> Result<Self, BadLink> {
        let said = open(CONFIRM, text, secret)?;
        let mut reader = Reader(&said);
        let until = DateTime::from_timestamp_millis(i64::from_be_bytes(reader.chunk()?));
        let (entity, agent) = (reader.name()?, reader.name()?);
        let (channel, address): (String, String) = (reader.name()?, reader.name()?);
        let channel = Channel::ALL.into_iter().find(|one| one.as_str() == channel);
        let (until, channel) = (until.ok_or(BadLink::Garbled)?, channel.ok_or(BadLink::Garbled)?);
        reader.end(Self { entity, agent, channel, address, until })
    }

    /// Six digits that stand for the same, good for half an hour at least.
    pub fn code(&self, secret: &[u8], now: DateTime<Utc>) -> String {
        self.code_of(now.timestamp().div_euclid(CODE_LIVES), secret)
    }

    /// Whether it is a code that is still good.
    pub fn is_code(&self, code: &str, secret: &[u8], now: DateTime<Utc>) -> bool {
        let period = now.timestamp().div_euclid(CODE_LIVES);
        [period, period - 1].iter().any(|period| self.code_of(*period, secret) == code)
    }

    fn code_of(&self, period: i64, secret: &[u8]) -> String {
        let mut said = b"tipoff confirm code\0".to_vec();
        said.extend(period.to_be_bytes());
        self.put_names(&mut said);
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), &said);
        let first = tag.as_ref().first_chunk().expect("a SHA-256 tag is longer than that");
        format!("{:06}", u32::from_be_bytes(*first) % DIGITS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::{CallLink, ClaimLink};

    const SECRET: &[u8] = &[7; 32];

    fn link() -> ConfirmLink {
        ConfirmLink {
            entity: "acme".parse().unwrap(),
            agent: "ana".parse().unwrap(),
            channel: Channel::Sms,
            address: "00112233445566778899aabbccddeeff".to_owned(),
            until: at("2026-11-23T09:30:00.120Z"),
        }
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_link_opens_as_it_was_and_opens_nothing_else() {
        let sealed = link().seal(SECRET);
        assert_eq!(ConfirmLink::open(&sealed, SECRET), Ok(link()));
        assert_eq!(ClaimLink::open(&sealed, SECRET, |_| 0), Err(BadLink::Forged));
        assert_eq!(CallLink::open(&sealed, SECRET), Err(BadLink::Forged));
        assert!(ConfirmLink::open(&sealed, &[8; 32]).is_err());
    }

    #[test]
    fn a_code_is_good_for_half_an_hour_at_least_and_an_hour_at_most() {
        let code = link().code(SECRET, at("2026-11-22T09:29:59Z"));
        assert_eq!(code.len(), 6);
        for (now, good) in [
            ("2026-11-22T09:29:59Z", true),
            ("2026-11-22T09:59:59Z", true),
            ("2026-11-22T10:00:00Z", false),
        ] {
            assert_eq!(link().is_code(&code, SECRET, at(now)), good, "{now}");
        }
    }

    #[test]
    fn a_code_is_for_one_address_of_one_channel() {
        let now = at("2026-11-22T09:30:00Z");
        let code = link().code(SECRET, now);
        let others = [
            ConfirmLink { channel: Channel::Voice, ..link() },
            ConfirmLink { address: "ff".repeat(16), ..link() },
            ConfirmLink { agent: "ben".parse().unwrap(), ..link() },
        ];
        assert!(others.iter().all(|other| !other.is_code(&code, SECRET, now)));
    }
}
