//! Claim links: who may answer for which offer, without signing in.
//!
//! A link is a few bytes and a signature over them, both in Base64url. It holds
//! no contact details and no secret, and it does not decide anything: the board
//! is asked about the round that the link names. An expired link still opens,
//! so that the page can explain (D-33).

mod call;
mod confirm;
mod returned;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use ring::hmac;
use tipoff_domain::{AgentId, EntityId, LeadId};

pub use self::call::{About, CallLink};
pub use self::confirm::ConfirmLink;
pub use self::returned::ReturnMark;

/// The layout below. Another layout is another number, and the old one stays
/// readable for as long as such links may be in somebody's mailbox.
const VERSION: u8 = 1;
const SIGNATURE: usize = 16;
const LEAD_PREFIX: &str = "lead_";
/// What a signature is for: a link of one kind opens no other.
const CLAIM: &[u8] = b"tipoff claim link\0";
/// The same for links of a series behind the first, whose number follows.
const CLAIM_IN_SERIES: &[u8] = b"tipoff claim link of a series\0";

/// One agent's way to answer for one offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimLink {
    pub entity: EntityId,
    pub lead: LeadId,
    pub agent: AgentId,
    pub round: u32,
    /// The claim deadline, to the millisecond.
    pub until: DateTime<Utc>,
}

/// Why a text is not a claim link of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadLink {
    #[error("the link is cut off or was changed on its way")]
    Garbled,
    #[error("the link was made by a release that this one does not know")]
    UnknownVersion,
    #[error("the link was made with another secret")]
    OtherSecret,
    #[error("the link's signature does not fit")]
    Forged,
    #[error("the deployment's link secret is not Base64url")]
    SecretUnreadable,
}

/// The bytes of a deployment's link secret, which is kept as Base64url.
pub fn read_secret(base64url: &str) -> Result<Vec<u8>, BadLink> {
    URL_SAFE_NO_PAD.decode(base64url.trim_end_matches('=')).map_err(|_| BadLink::SecretUnreadable)
}

impl ClaimLink {
    /// As it stands in a URL. `secret`: see [`read_secret`]; `series`: the agent's, which is
    /// signed and not written down. When theirs is another, the link opens no more.
    pub fn seal(&self, secret: &[u8], series: u32) -> String {
        let mut said = Vec::new();
        said.extend(self.round.to_be_bytes());
        said.extend(self.until.timestamp_millis().to_be_bytes());
        put_text(&mut said, self.entity.as_str());
        put_text(&mut said, self.agent.as_str());
        put_lead(&mut said, &self.lead);
        seal(&claims_of(series), &said, secret)
    }

    /// Reads what [`ClaimLink::seal`] wrote; believes nothing that is not signed. `series`
    /// is asked which the named agent's is.
    pub fn open(
        text: &str,
        secret: &[u8],
        series: impl FnOnce(&Self) -> u32,
    ) -> Result<Self, BadLink> {
        let sealed = Sealed::read(text, secret)?;
        let link = Reader(sealed.said()?).link();
        // Whoever forged it learns nothing of what else is wrong with it.
        let series = link.as_ref().map_or(0, series);
        sealed.check(&claims_of(series))?;
        link
    }
}

/// What signatures of that series are for.
fn claims_of(series: u32) -> Vec<u8> {
    match series {
        0 => CLAIM.to_vec(),
        _ => [CLAIM_IN_SERIES, &series.to_be_bytes()].concat(),
    }
}

/// A version, the secret's mark, what is said, and a signature.
fn seal(kind: &[u8], said: &[u8], secret: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let mut bytes = vec![VERSION, key_id(&key)];
    bytes.extend(said);
    let signature = sign(&key, kind, &bytes);
    bytes.extend(signature);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What was said, if we said it for this kind of link.
fn open(kind: &[u8], text: &str, secret: &[u8]) -> Result<Vec<u8>, BadLink> {
    let sealed = Sealed::read(text, secret)?;
    sealed.check(kind)?;
    sealed.said().map(<[u8]>::to_vec)
}

/// A link whose signature is still to be checked.
struct Sealed {
    bytes: Vec<u8>,
    key: hmac::Key,
}

impl Sealed {
    fn read(text: &str, secret: &[u8]) -> Result<Self, BadLink> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| BadLink::Garbled)?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let (&version, rest) = bytes.split_first().ok_or(BadLink::Garbled)?;
        if version != VERSION {
            return Err(BadLink::UnknownVersion);
        }
        if rest.first() != Some(&key_id(&key)) {
            return Err(BadLink::OtherSecret);
        }
        Ok(Self { bytes, key })
    }

    fn split(&self) -> Result<(&[u8], &[u8; SIGNATURE]), BadLink> {
        self.bytes.split_last_chunk::<SIGNATURE>().ok_or(BadLink::Garbled)
    }

    /// What it says, whoever said it.
    fn said(&self) -> Result<&[u8], BadLink> {
        self.split()?.0.get(2..).ok_or(BadLink::Garbled)
    }

    /// Whether we said it for this kind of link.
    fn check(&self, kind: &[u8]) -> Result<(), BadLink> {
        let (signed, signature) = self.split()?;
        let ours = sign(&self.key, kind, signed);
        if same(&self.key, &ours, signature) { Ok(()) } else { Err(BadLink::Forged) }
    }
}

/// Tells secrets apart while one replaces another; says nothing about either.
fn key_id(key: &hmac::Key) -> u8 {
    hmac::sign(key, b"tipoff claim link, key id").as_ref()[0]
}

/// Half of an HMAC-SHA256: 128 bits are plenty, and the link stays short
/// enough for a text message.
fn sign(key: &hmac::Key, kind: &[u8], bytes: &[u8]) -> [u8; SIGNATURE] {
    let mut context = hmac::Context::with_key(key);
    context.update(kind);
    context.update(bytes);
    let tag = context.sign();
    *tag.as_ref().first_chunk().expect("a SHA-256 tag is longer than half of it")
}

/// Compares in constant time: ring compares whole tags so, hence tags of both.
fn same(key: &hmac::Key, ours: &[u8], theirs: &[u8]) -> bool {
    hmac::verify(key, theirs, hmac::sign(key, ours).as_ref()).is_ok()
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    bytes.push(u8::try_from(text.len()).expect("names have 64 characters at most"));
    bytes.extend(text.as_bytes());
}

/// 16 bytes where the lead has an id as we make them (marked by a length of 0), else as text.
fn put_lead(bytes: &mut Vec<u8>, lead: &LeadId) {
    let digits = lead.as_str().strip_prefix(LEAD_PREFIX).filter(|digits| digits.len() == 32);
    match digits.and_then(|digits| {
        u128::from_str_radix(digits, 16).ok().filter(|n| format!("{n:032x}") == digits)
    }) {
        Some(number) => {
            bytes.push(0);
            bytes.extend(number.to_be_bytes());
        }
        None => put_text(bytes, lead.as_str()),
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn link(mut self) -> Result<ClaimLink, BadLink> {
        let round = u32::from_be_bytes(self.chunk()?);
        let until = DateTime::from_timestamp_millis(i64::from_be_bytes(self.chunk()?))
            .ok_or(BadLink::Garbled)?;
        let entity = self.name()?;
        let agent = self.name()?;
        let lead = self.lead()?;
        self.end(ClaimLink { entity, lead, agent, round, until })
    }

    fn lead(&mut self) -> Result<LeadId, BadLink> {
        if self.0.first() == Some(&0) { self.lead_number() } else { self.name() }
    }

    /// What was read, if that was all.
    fn end<T>(self, read: T) -> Result<T, BadLink> {
        if self.0.is_empty() { Ok(read) } else { Err(BadLink::Garbled) }
    }

    fn chunk<const N: usize>(&mut self) -> Result<[u8; N], BadLink> {
        let (chunk, rest) = self.0.split_first_chunk::<N>().ok_or(BadLink::Garbled)?;
        self.0 = rest;
        Ok(*chunk)
    }

    fn name<Name: std::str::FromStr>(&mut self) -> Result<Name, BadLink> {
        let [length] = self.chunk()?;
        let (text, rest) = self.0.split_at_checked(usize::from(length)).ok_or(BadLink::Garbled)?;
        self.0 = rest;
        std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).ok_or(BadLink::Garbled)
    }

    fn lead_number(&mut self) -> Result<LeadId, BadLink> {
        let [_marker] = self.chunk()?;
        let number = u128::from_be_bytes(self.chunk()?);
        format!("{LEAD_PREFIX}{number:032x}").parse().map_err(|_| BadLink::Garbled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = &[7; 32];

    fn link(lead: &str) -> ClaimLink {
        ClaimLink {
            entity: "acme".parse().unwrap(),
            lead: lead.parse().unwrap(),
            agent: "ana".parse().unwrap(),
            round: 3,
            until: "2026-11-22T09:45:00.120Z".parse().unwrap(),
        }
    }

    #[test]
    fn a_sealed_link_opens_as_it_was() {
        for lead in [
            "lead_0192f0a1b2c37def8899aabbccddeeff",
            "lead_0192F0A1B2C37DEF8899AABBCCDDEEFF",
            "lead_1",
            "x",
        ] {
            let sealed = link(lead).seal(SECRET, 0);
            assert_eq!(ClaimLink::open(&sealed, SECRET, |_| 0), Ok(link(lead)));
        }
    }

    #[test]
    fn a_link_is_short_and_safe_in_a_url() {
        let sealed = link("lead_0192f0a1b2c37def8899aabbccddeeff").seal(SECRET, 0);
        assert!(sealed.len() <= 80, "{} characters", sealed.len());
        assert!(sealed.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'));
    }

    #[test]
    fn no_changed_byte_goes_unnoticed() {
        let bytes = URL_SAFE_NO_PAD.decode(link("lead_1").seal(SECRET, 0)).unwrap();
        for index in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[index] ^= 1;
            assert!(
                ClaimLink::open(&URL_SAFE_NO_PAD.encode(changed), SECRET, |_| 0).is_err(),
                "byte {index}"
            );
        }
    }

    #[test]
    fn of_a_million_changed_links_none_opens() {
        let sealed = link("lead_0192f0a1b2c37def8899aabbccddeeff").seal(SECRET, 0);
        let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        // As good as chance, and the same every time.
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut below = |limit: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state % limit as u64).unwrap()
        };
        for _ in 0..1_000_000 {
            let mut text = sealed.clone().into_bytes();
            for _ in 0..=below(4) {
                match below(8) {
                    0 => drop(text.pop()),
                    1 => text.push(letters[below(64)]),
                    2 => text.swap(0, 1),
                    _ => {
                        let at = below(text.len());
                        text[at] = letters[below(64)];
                    }
                }
            }
            let text = String::from_utf8(text).unwrap();
            if text != sealed {
                assert!(ClaimLink::open(&text, SECRET, |_| 0).is_err(), "{text}");
            }
        }
    }

    #[test]
    fn a_link_of_another_secret_is_refused() {
        let sealed = link("lead_1").seal(SECRET, 0);
        let others = (0..=255_u8).map(|byte| [byte; 32]).filter(|other| other != SECRET);
        for other in others {
            let refused = ClaimLink::open(&sealed, &other, |_| 0).unwrap_err();
            assert!(matches!(refused, BadLink::OtherSecret | BadLink::Forged));
        }
    }

    #[test]
    fn a_link_opens_in_the_series_that_it_was_made_in_and_in_no_other() {
        let link = link("lead_1");
        for made in [0, 1, 2, u32::MAX] {
            let sealed = link.seal(SECRET, made);
            for asked in [0, 1, 2, u32::MAX] {
                let opened = ClaimLink::open(&sealed, SECRET, |named| {
                    assert_eq!(*named, link, "it is asked for whoever the link names");
                    asked
                });
                let wanted = if made == asked { Ok(link.clone()) } else { Err(BadLink::Forged) };
                assert_eq!(opened, wanted, "made in {made}, asked for {asked}");
            }
        }
    }

    #[test]
    fn what_is_not_a_link_says_why() {
        let sealed = link("lead_1").seal(SECRET, 0);
        let cut = sealed.get(..sealed.len() - 4).unwrap();
        assert_eq!(ClaimLink::open("", SECRET, |_| 0), Err(BadLink::Garbled));
        assert_eq!(ClaimLink::open("ñ", SECRET, |_| 0), Err(BadLink::Garbled));
        assert!(matches!(
            ClaimLink::open(cut, SECRET, |_| 0),
            Err(BadLink::Garbled | BadLink::Forged)
        ));
        assert_eq!(ClaimLink::open("AgAA", SECRET, |_| 0), Err(BadLink::UnknownVersion));
    }

    #[test]
    fn a_secret_is_read_with_and_without_padding() {
        assert_eq!(read_secret("AAEC"), Ok(vec![0, 1, 2]));
        assert_eq!(read_secret("AAE="), Ok(vec![0, 1]));
        assert_eq!(read_secret("not base64!"), Err(BadLink::SecretUnreadable));
    }
}
