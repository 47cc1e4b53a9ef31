//! Web Push encryption: RFC 8291, in one record of RFC 8188.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::error::Unspecified;
use ring::hkdf::{HKDF_SHA256, KeyType, Salt};
use ring::rand::{SecureRandom, SystemRandom};
use tipoff_roster::PushKeys;

/// An uncompressed point of P-256.
const POINT: usize = 65;
const RECORD_SIZE: u32 = 4_096;
/// Ends the last record.
const LAST: u8 = 2;

/// Why nothing can be encrypted for a subscription.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EncryptionError {
    #[error("the subscription's keys are not what a browser gives")]
    BadKeys,
    #[error("the machine gave no randomness")]
    NoRandomness,
}

/// A browser's keys, read.
struct Receiver {
    public: [u8; POINT],
    auth: [u8; 16],
}

impl Receiver {
    fn read(keys: &PushKeys) -> Option<Self> {
        let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok();
        Some(Self {
            public: bytes(&keys.p256dh)?.try_into().ok()?,
            auth: bytes(&keys.auth)?.try_into().ok()?,
        })
    }
}

/// Encrypts `plain` so that only the browser with these keys can read it.
pub(super) fn encrypt(keys: &PushKeys, plain: &[u8]) -> Result<Vec<u8>, EncryptionError> {
    let receiver = Receiver::read(keys).ok_or(EncryptionError::BadKeys)?;
    let random = SystemRandom::new();
    let no_randomness = |Unspecified| EncryptionError::NoRandomness;
    let mut salt = [0; 16];
    random.fill(&mut salt).map_err(no_randomness)?;
    let private = EphemeralPrivateKey::generate(&ECDH_P256, &random).map_err(no_randomness)?;
    let public = private.compute_public_key().map_err(no_randomness)?;
    let public: [u8; POINT] =
        public.as_ref().try_into().map_err(|_| EncryptionError::NoRandomness)?;
    let theirs = UnparsedPublicKey::new(&ECDH_P256, receiver.public);
    let sealed =
        agree_ephemeral(private, &theirs, |shared| seal(shared, &public, &receiver, salt, plain));
    sealed.and_then(|sealed| sealed).map_err(|Unspecified| EncryptionError::BadKeys)
}

/// The same with everything that is random given.
fn seal(
    shared: &[u8],
    sender: &[u8; POINT],
    receiver: &Receiver,
    salt: [u8; 16],
    plain: &[u8],
) -> Result<Vec<u8>, Unspecified> {
    let info: [&[u8]; 3] = [b"WebPush: info\0", &receiver.public, sender];
    let input: [u8; 32] = derive(&receiver.auth, shared, &info)?;
    let key: [u8; 16] = derive(&salt, &input, &[b"Content-Encoding: aes128gcm\0"])?;
    let nonce: [u8; 12] = derive(&salt, &input, &[b"Content-Encoding: nonce\0"])?;
    let mut record = [plain, &[LAST]].concat();
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key)?);
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut record)?;
    let key_length = [65_u8];
    Ok([&salt[..], &RECORD_SIZE.to_be_bytes(), &key_length, sender, &record].concat())
}

struct Bytes(usize);

impl KeyType for Bytes {
    fn len(&self) -> usize {
        self.0
    }
}

/// HKDF with SHA-256.
fn derive<const N: usize>(
    salt: &[u8],
    input: &[u8],
    info: &[&[u8]],
) -> Result<[u8; N], Unspecified> {
    let mut output = [0; N];
    Salt::new(HKDF_SHA256, salt).extract(input).expand(info, Bytes(N))?.fill(&mut output)?;
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    fn keys(p256dh: &str) -> PushKeys {
        PushKeys { p256dh: p256dh.to_owned(), auth: "BTBZMqHH6r4Tts7J_aSIgg".to_owned() }
    }

    const PUBLIC: &str =
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";

    /// The example of RFC 8291, section 5 and appendix A.
    #[test]
    fn the_example_of_the_standard_comes_out_byte_for_byte() {
        let receiver = Receiver::read(&keys(PUBLIC)).unwrap();
        let sender = "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8";
        let shared = bytes("kyrL1jIIOHEzg3sM2ZWRHDRB62YACZhhSlknJ672kSs");
        let salt = bytes("DGv6ra1nlYgDCS1FRnbzlw").try_into().unwrap();
        let plain = b"When I grow up, I want to be a watermelon";
        let sealed =
            seal(&shared, &bytes(sender).try_into().unwrap(), &receiver, salt, plain).unwrap();
        let expected = concat!(
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6Tlz",
            "AC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN",
        );
        assert_eq!(URL_SAFE_NO_PAD.encode(sealed), expected);
    }

    #[test]
    fn the_same_text_never_looks_the_same_twice() {
        assert_ne!(
            encrypt(&keys(PUBLIC), b"text").unwrap(),
            encrypt(&keys(PUBLIC), b"text").unwrap()
        );
    }

    #[test]
    fn keys_that_are_no_keys_are_refused() {
        let off_the_curve = URL_SAFE_NO_PAD.encode([4; POINT]);
        for p256dh in ["", "not base64!", "AAEC", &off_the_curve] {
            assert!(
                matches!(encrypt(&keys(p256dh), b"text"), Err(EncryptionError::BadKeys)),
                "{p256dh}"
            );
        }
    }
}
