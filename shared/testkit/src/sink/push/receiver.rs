//! A browser's end of Web Push encryption (RFC 8291 over RFC 8188).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::elliptic_curve::sec1::ToEncodedPoint;
use p256::{PublicKey, SecretKey};
use ring::rand::{SecureRandom, SystemRandom};
use ring::{aead, hkdf};

/// An uncompressed point of P-256.
const POINT: usize = 65;
const TAG: usize = 16;

/// The private half of a subscription.
pub(super) struct Receiver {
    private: SecretKey,
    auth: [u8; 16],
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}

impl Receiver {
    pub(super) fn random() -> Self {
        // All but a sliver of 32 random bytes are a key of P-256.
        let private = loop {
            if let Ok(private) = SecretKey::from_slice(&random::<32>()) {
                break private;
            }
        };
        Self { private, auth: random() }
    }

    /// Something to tell subscriptions apart by.
    pub(super) fn name(&self) -> String {
        URL_SAFE_NO_PAD.encode(&self.public()[1..13])
    }

    pub(super) fn p256dh(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.public())
    }

    pub(super) fn auth(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.auth)
    }

    fn public(&self) -> [u8; POINT] {
        encoded(&self.private.public_key())
    }

    /// `None` where a browser would drop the message: not one whole record, not
    /// from a proper key, not sealed for this subscription, or badly padded.
    pub(super) fn decrypt(&self, body: &[u8]) -> Option<Vec<u8>> {
        let (salt, rest) = body.split_first_chunk::<16>()?;
        let (record_size, rest) = rest.split_first_chunk::<4>()?;
        let (&key_length, rest) = rest.split_first()?;
        let (sender, record) = rest.split_first_chunk::<POINT>()?;
        let whole = record.len() > TAG
            && record.len() <= usize::try_from(u32::from_be_bytes(*record_size)).ok()?;
        if usize::from(key_length) != POINT || sender[0] != 4 || !whole {
            return None;
        }
        let mut record = record.to_vec();
        let plain = self.open(salt, sender, &mut record)?;
        let last = plain.iter().rposition(|byte| *byte != 0)?;
        // 2 ends the last record; anything else is not the end.
        (plain[last] == 2).then(|| plain[..last].to_vec())
    }

    fn open<'a>(
        &self,
        salt: &[u8],
        sender: &[u8; POINT],
        record: &'a mut [u8],
    ) -> Option<&'a mut [u8]> {
        let public = PublicKey::from_sec1_bytes(sender).ok()?;
        let shared =
            p256::ecdh::diffie_hellman(self.private.to_nonzero_scalar(), public.as_affine());
        let info: [&[u8]; 3] = [b"WebPush: info\0", &self.public(), sender];
        let input = derive::<32>(&self.auth, shared.raw_secret_bytes(), &info)?;
        let key = derive::<16>(salt, &input, &[b"Content-Encoding: aes128gcm\0"])?;
        let nonce = derive::<12>(salt, &input, &[b"Content-Encoding: nonce\0"])?;
        let key = aead::LessSafeKey::new(aead::UnboundKey::new(&aead::AES_128_GCM, &key).ok()?);
        key.open_in_place(aead::Nonce::assume_unique_for_key(nonce), aead::Aad::empty(), record)
            .ok()
    }
}

fn encoded(public: &PublicKey) -> [u8; POINT] {
    public
        .to_encoded_point(false)
        .as_bytes()
        .try_into()
        .expect("an uncompressed point has 65 bytes")
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).expect("the machine has randomness");
    bytes
}

/// HKDF-SHA-256.
fn derive<const N: usize>(salt: &[u8], input: &[u8], info: &[&[u8]]) -> Option<[u8; N]> {
    struct Length(usize);
    impl hkdf::KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    let mut output = [0; N];
    let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(input);
    extracted.expand(info, Length(N)).ok()?.fill(&mut output).ok()?;
    Some(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed_for(receiver: &Receiver, text: &str) -> Vec<u8> {
        let public = PublicKey::from_sec1_bytes(&receiver.public()).unwrap();
        web_push_native::encrypt(text.into(), &public, &receiver.auth.into()).unwrap()
    }

    #[test]
    fn what_another_implementation_encrypts_can_be_read() {
        let receiver = Receiver::random();
        let sealed = sealed_for(&receiver, "a new lead");
        assert_eq!(receiver.decrypt(&sealed).as_deref(), Some(b"a new lead".as_slice()));
    }

    #[test]
    fn what_is_meant_for_another_subscription_cannot_be_read() {
        let sealed = sealed_for(&Receiver::random(), "a new lead");
        assert_eq!(Receiver::random().decrypt(&sealed), None);
    }

    #[test]
    fn no_changed_or_missing_byte_goes_unnoticed() {
        let receiver = Receiver::random();
        let sealed = sealed_for(&receiver, "a new lead");
        // Bytes 16 to 19 say how long a record may be, which may be more than it is.
        for index in (0..16).chain(20..sealed.len()) {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert_eq!(receiver.decrypt(&changed), None, "byte {index}");
        }
        for length in 0..sealed.len() {
            assert_eq!(receiver.decrypt(&sealed[..length]), None, "{length} bytes");
        }
    }
}
