//! Which lead this is: the same key always gives the same id.

use bytes::Bytes;
use chrono::NaiveDate;
use ring::digest::{SHA256, digest};
use tipoff_domain::{EntityId, LeadId, SourceId};
use uuid::Uuid;

/// The namespace of all lead ids, drawn once; changing it would make every
/// resend a new lead.
const LEADS: Uuid = Uuid::from_u128(0x6f0c_1f5e_7c1b_4f0a_9b3d_52a7_c8e4_1d60);

/// What tells a lead from others of its source. Each kind of key is a space of
/// its own: an `external_id` never equals an `Idempotency-Key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Key {
    ExternalId(String),
    /// The header of that name.
    Idempotency(Bytes),
    /// `Nats-Msg-Id`.
    MessageId(String),
    /// The source gave none: the same content on the same UTC day is the same lead.
    Content {
        hash: String,
        day: NaiveDate,
    },
}

impl Key {
    fn space(&self) -> &'static str {
        match self {
            Self::ExternalId(_) => "external_id",
            Self::Idempotency(_) => "idempotency_key",
            Self::MessageId(_) => "message_id",
            Self::Content { .. } => "content",
        }
    }

    /// The id of the lead that has this key.
    pub(crate) fn lead_id(&self, entity: &EntityId, source: Option<&SourceId>) -> LeadId {
        // Names hold no NUL and are not empty, so no two triples make the same text.
        let source = source.map_or("", SourceId::as_str);
        let mut name = format!("{entity}\0{source}\0").into_bytes();
        match self {
            Self::ExternalId(key) | Self::MessageId(key) => name.extend_from_slice(key.as_bytes()),
            Self::Idempotency(key) => name.extend_from_slice(key),
            Self::Content { hash, day } => {
                name.extend_from_slice(format!("{hash}\0{day}").as_bytes());
            }
        }
        let space = Uuid::new_v5(&LEADS, self.space().as_bytes());
        let id = Uuid::new_v5(&space, &name);
        format!("lead_{}", id.simple()).parse().expect("hexadecimal digits make a name")
    }

    /// What JetStream recognises a resend by. A lead that waits for a way to
    /// reach the person (D-26) is no resend when it comes again with one; but an
    /// `Idempotency-Key` says the same each time.
    pub(crate) fn message_id(&self, lead: &LeadId, reachable: bool) -> String {
        match self {
            Self::ExternalId(_) | Self::MessageId(_) if !reachable => format!("{lead}:incomplete"),
            _ => lead.to_string(),
        }
    }
}

/// SHA-256 in hexadecimal digits.
pub(crate) fn hash(content: &[u8]) -> String {
    let digest = digest(&SHA256, content);
    let digits = |byte: &u8| {
        [byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).unwrap_or('0'))
    };
    digest.as_ref().iter().flat_map(digits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(key: &Key, entity: &str, source: &str) -> LeadId {
        key.lead_id(&entity.parse().unwrap(), Some(&source.parse().unwrap()))
    }

    #[test]
    fn the_same_key_is_another_lead_elsewhere() {
        let key = Key::ExternalId("web-42".to_owned());
        let first = id(&key, "acme", "zillow");
        assert_eq!(first, id(&key, "acme", "zillow"));
        assert_ne!(first, id(&key, "acme", "website"));
        assert_ne!(first, id(&key, "other", "zillow"));
        assert!(first.as_str().starts_with("lead_") && first.as_str().len() == 37);
    }

    #[test]
    fn a_lead_without_a_source_is_another_one() {
        let key = Key::ExternalId("web-42".to_owned());
        let entity = "acme".parse().unwrap();
        assert_ne!(key.lead_id(&entity, None), id(&key, "acme", "zillow"));
    }

    #[test]
    fn kinds_of_keys_do_not_meet() {
        let text = "web-42";
        let ids = [
            id(&Key::ExternalId(text.to_owned()), "acme", "zillow"),
            id(&Key::Idempotency(text.into()), "acme", "zillow"),
            id(&Key::MessageId(text.to_owned()), "acme", "zillow"),
        ];
        assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2]);
    }

    #[test]
    fn ids_stay_the_same_from_release_to_release() {
        let key = Key::ExternalId("web-42".to_owned());
        assert_eq!(id(&key, "acme", "zillow").as_str(), "lead_f9a29b9f84a55a0d8ef27f45d4aae558");
    }

    #[test]
    fn a_hash_is_what_everybody_else_calls_sha_256() {
        assert_eq!(
            hash(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
