//! Which browsers showed a notice already, while others of the same agent are
//! tried again.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use ring::digest;

/// Browsers remembered; older ones are told again if it comes to that.
const REMEMBERED: usize = 10_000;

/// Forgotten when this process ends: a repeated push replaces itself.
#[derive(Debug, Default)]
pub(super) struct Shown(Mutex<Marks>);

#[derive(Debug, Default)]
struct Marks {
    known: HashSet<[u8; 32]>,
    oldest_first: VecDeque<[u8; 32]>,
}

impl Shown {
    pub(super) fn has(&self, key: &str, endpoint: &str) -> bool {
        let marks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        marks.known.contains(&mark(key, endpoint))
    }

    pub(super) fn remember(&self, key: &str, endpoint: &str) {
        let mut marks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mark = mark(key, endpoint);
        if marks.known.insert(mark) {
            marks.oldest_first.push_back(mark);
        }
        if marks.oldest_first.len() > REMEMBERED
            && let Some(oldest) = marks.oldest_first.pop_front()
        {
            marks.known.remove(&oldest);
        }
    }
}

fn mark(key: &str, endpoint: &str) -> [u8; 32] {
    let hash = digest::digest(&digest::SHA256, format!("{key}\n{endpoint}").as_bytes());
    hash.as_ref().try_into().expect("SHA-256 has 32 bytes")
}
