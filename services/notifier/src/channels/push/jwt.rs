//! Signed statements about who we are (RFC 7515), for push services.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::rsa;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::{self, PemObject};
use serde_json::Value;

/// A key cannot be used to sign.
#[derive(Debug, thiserror::Error)]
pub(super) enum BadKey {
    #[error("the key is not a PKCS#8 key in PEM")]
    Pem(#[from] pem::Error),
    #[error("the key is not of the kind that is wanted, or is damaged: {0}")]
    Rejected(ring::error::KeyRejected),
}

/// Signs statements.
pub(super) enum Signer {
    Es256(EcdsaKeyPair),
    Rs256(rsa::KeyPair),
}

impl Signer {
    pub(super) fn es256(pem: &[u8]) -> Result<Self, BadKey> {
        let key = PrivatePkcs8KeyDer::from_pem_slice(pem)?;
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::from_pkcs8(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            key.secret_pkcs8_der(),
            &random,
        );
        pair.map(Self::Es256).map_err(BadKey::Rejected)
    }

    pub(super) fn rs256(pem: &[u8]) -> Result<Self, BadKey> {
        let key = PrivatePkcs8KeyDer::from_pem_slice(pem)?;
        let pair = rsa::KeyPair::from_pkcs8(key.secret_pkcs8_der());
        pair.map(Self::Rs256).map_err(BadKey::Rejected)
    }

    /// Header and claims, signed. `None`: the machine gave no randomness.
    pub(super) fn sign(&self, header: &Value, claims: &Value) -> Option<String> {
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let said = format!("{}.{}", encode(header), encode(claims));
        let random = SystemRandom::new();
        let signature = match self {
            Self::Es256(key) => key.sign(&random, said.as_bytes()).ok()?.as_ref().to_vec(),
            Self::Rs256(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, said.as_bytes(), &mut signature).ok()?;
                signature
            }
        };
        Some(format!("{said}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}
