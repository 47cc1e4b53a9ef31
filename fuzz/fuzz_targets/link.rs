//! Claim links: nobody makes one without the secret, and what is signed is read
//! as it was written or refused.
#![no_main]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;
use ring::hmac;
use tipoff_wire::link::{BadLink, ClaimLink, read_secret};

mod soon;
use soon::soon;

const SECRET: &[u8] = &[7; 32];

/// Signs as `ClaimLink::seal` does, whatever the bytes are, so that random ones
/// come past the signature.
fn signed(mut bytes: Vec<u8>) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET);
    if let Some(id) = bytes.get_mut(1) {
        *id = hmac::sign(&key, b"tipoff claim link, key id").as_ref()[0];
    }
    let mut context = hmac::Context::with_key(&key);
    context.update(b"tipoff claim link\0");
    context.update(&bytes);
    bytes.extend_from_slice(&context.sign().as_ref()[..16]);
    URL_SAFE_NO_PAD.encode(bytes)
}

fuzz_target!(|input: &[u8]| {
    soon(|| {
        if let Ok(text) = std::str::from_utf8(input) {
            assert!(ClaimLink::open(text, SECRET, |_| 0).is_err(), "forged: {text}");
            drop(read_secret(text));
        }
        let opened = ClaimLink::open(&signed(input.to_vec()), SECRET, |_| 0);
        if input.first() == Some(&1) && input.len() > 1 {
            assert!(
                !matches!(opened, Err(BadLink::Forged | BadLink::OtherSecret)),
                "the signature is as we make it"
            );
        }
        if let Ok(link) = opened {
            assert_eq!(ClaimLink::open(&link.seal(SECRET, 0), SECRET, |_| 0), Ok(link));
        }
    });
});
