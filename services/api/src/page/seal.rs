//! What binds an answer to a page that we showed to the same browser.
//!
//! The page sets a cookie that other sites cannot make the browser send, and
//! puts a signature of it into its forms. Whoever posts without having looked
//! has neither.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom, SystemRandom};
use ring::{digest, hmac};

const MARK: usize = 16;

/// Makes and checks marks.
#[derive(Debug)]
pub(super) struct Seal {
    key: hmac::Key,
    random: SystemRandom,
}

impl Seal {
    pub(super) fn new(secret: &[u8]) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, secret), random: SystemRandom::new() }
    }

    /// Random text for a cookie or a script; `None` where the machine has no randomness to give.
    pub(super) fn fresh(&self) -> Option<String> {
        let mut bytes = [0; MARK];
        self.random.fill(&mut bytes).ok()?;
        Some(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// What stands in the forms of a page.
    pub(super) fn nonce(&self, mark: &str, token: &str) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.key, &message(mark, token)))
    }

    pub(super) fn fits(&self, nonce: &str, mark: &str, token: &str) -> bool {
        let Ok(nonce) = URL_SAFE_NO_PAD.decode(nonce) else { return false };
        hmac::verify(&self.key, &message(mark, token), &nonce).is_ok()
    }
}

fn message(mark: &str, token: &str) -> Vec<u8> {
    format!("claim page\0{mark}\0{token}").into_bytes()
}

/// One cookie per link, so that two links in two tabs do not disturb each other.
pub(super) fn cookie_name(token: &str) -> String {
    let hash = digest::digest(&digest::SHA256, token.as_bytes());
    let short = hash.as_ref().get(..6).unwrap_or_default();
    format!("tipoff_{}", URL_SAFE_NO_PAD.encode(short))
}

/// The mark in a `Cookie` header, if it looks like one of ours.
pub(super) fn read_cookie<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    let pairs = header.split(';').filter_map(|pair| pair.trim().split_once('='));
    let mut marks = pairs.filter(|(found, _)| *found == name).map(|(_, mark)| mark);
    marks.find(|mark| URL_SAFE_NO_PAD.decode(mark).is_ok_and(|bytes| bytes.len() == MARK))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_fits_its_cookie_and_its_link_only() {
        let seal = Seal::new(&[7; 32]);
        let (mark, other) = (seal.fresh().unwrap(), seal.fresh().unwrap());
        let nonce = seal.nonce(&mark, "token");
        assert!(seal.fits(&nonce, &mark, "token"));
        assert!(!seal.fits(&nonce, &other, "token"));
        assert!(!seal.fits(&nonce, &mark, "another"));
        assert!(!seal.fits("", &mark, "token"));
        assert!(!Seal::new(&[8; 32]).fits(&nonce, &mark, "token"));
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        let mark = Seal::new(&[7; 32]).fresh().unwrap();
        let name = cookie_name("token");
        assert_eq!(read_cookie(&format!("a=b; {name}={mark}; c=d"), &name), Some(mark.as_str()));
        assert_eq!(read_cookie(&format!("{name}=short"), &name), None);
        assert_eq!(read_cookie("", &name), None);
        assert_ne!(name, cookie_name("another"));
    }
}
