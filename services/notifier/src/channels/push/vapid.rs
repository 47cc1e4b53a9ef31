//! Who is pushing: a signed statement for each push service (RFC 8292).

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::json;

/// Services refuse statements that are good for more than a day.
const LIFE: TimeDelta = TimeDelta::hours(12);
/// With less than this left a new statement is made.
const RENEW: TimeDelta = TimeDelta::hours(2);
/// There are a handful of push services; whoever invents more is not remembered.
const MOST_ORIGINS: usize = 1_000;

/// The deployment's VAPID key cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the deployment's VAPID key cannot be read; it was made by another release or is damaged")]
pub(super) struct BadVapidKey;

/// Signs for this deployment.
pub(super) struct Vapid {
    key: EcdsaKeyPair,
    public: String,
    subject: String,
    made: Mutex<HashMap<String, (String, DateTime<Utc>)>>,
}

impl fmt::Debug for Vapid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vapid").field("subject", &self.subject).finish_non_exhaustive()
    }
}

impl Vapid {
    /// `key`: PKCS#8, Base64url. `subject`: whom a push service may write to, as in `mailto:…`.
    pub(super) fn new(key: &str, subject: String) -> Result<Self, BadVapidKey> {
        let bytes = URL_SAFE_NO_PAD.decode(key.trim_end_matches('=')).map_err(|_| BadVapidKey)?;
        let key = EcdsaKeyPair::from_pkcs8(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            &bytes,
            &SystemRandom::new(),
        );
        let key = key.map_err(|_| BadVapidKey)?;
        let public = URL_SAFE_NO_PAD.encode(key.public_key().as_ref());
        Ok(Self { key, public, subject, made: Mutex::default() })
    }

    /// The `Authorization` header for a push service. `None`: signing failed.
    pub(super) fn authorization(&self, origin: &str, now: DateTime<Utc>) -> Option<String> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((header, until)) = made.get(origin)
            && *until - now > RENEW
            && *until - now <= LIFE
        {
            return Some(header.clone());
        }
        let until = now + LIFE;
        let header = format!("vapid t={}, k={}", self.sign(origin, until)?, self.public);
        if made.len() >= MOST_ORIGINS {
            made.clear();
        }
        made.insert(origin.to_owned(), (header.clone(), until));
        Some(header)
    }

    fn sign(&self, origin: &str, until: DateTime<Utc>) -> Option<String> {
        let claims = json!({ "aud": origin, "exp": until.timestamp(), "sub": self.subject });
        let header = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"ES256"}"#);
        let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = self.key.sign(&SystemRandom::new(), signed.as_bytes()).ok()?;
        Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vapid() -> Vapid {
        let key =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
                .unwrap();
        Vapid::new(&URL_SAFE_NO_PAD.encode(key), "mailto:ops@example.com".to_owned()).unwrap()
    }

    #[test]
    fn a_statement_is_made_once_per_service_and_renewed_in_time() {
        let (vapid, now) = (vapid(), "2026-11-22T09:30:00Z".parse::<DateTime<Utc>>().unwrap());
        let first = vapid.authorization("https://push.example.com", now);
        assert_eq!(
            vapid.authorization("https://push.example.com", now + TimeDelta::hours(9)),
            first
        );
        assert_ne!(
            vapid.authorization("https://push.example.com", now + TimeDelta::hours(11)),
            first
        );
        assert_ne!(vapid.authorization("https://other.example.com", now), first);
    }

    #[test]
    fn a_damaged_key_is_refused() {
        assert!(Vapid::new("AAEC", String::new()).is_err());
        assert!(Vapid::new("not base64!", String::new()).is_err());
    }
}
