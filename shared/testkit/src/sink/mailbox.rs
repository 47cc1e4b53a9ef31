//! Everything that was caught, and waiting for more.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tipoff_runtime::Clock;
use tokio::sync::watch;

/// Longest that a test waits for a message.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
/// More than anybody reads; older ones are forgotten.
const KEPT: usize = 10_000;

/// One message that reached somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caught {
    pub at: DateTime<Utc>,
    /// `email` or `push`.
    pub channel: String,
    /// The address, or `entity/agent` for a push.
    pub to: String,
    pub lead: Option<String>,
    pub subject: String,
    pub text: String,
    pub html: Option<String>,
    /// Every `http` address in it, in order, each once.
    pub links: Vec<String>,
    /// Names in lower case; for a push, those of the HTTP request.
    pub headers: BTreeMap<String, String>,
}

/// Where all sinks put what they catch. Clones share it.
#[derive(Debug, Clone)]
pub struct Mailbox {
    caught: watch::Sender<Vec<Caught>>,
    total: Arc<AtomicU64>,
    clock: Clock,
}

impl Default for Mailbox {
    fn default() -> Self {
        Self::new(Clock::system())
    }
}

impl Mailbox {
    /// An empty one; `clock` says when something was caught.
    pub fn new(clock: Clock) -> Self {
        Self { caught: watch::Sender::new(Vec::new()), total: Arc::default(), clock }
    }

    /// Everything so far, oldest first.
    pub fn caught(&self) -> Vec<Caught> {
        self.caught.borrow().clone()
    }

    /// Forgets everything so far.
    pub fn clear(&self) {
        self.caught.send_modify(Vec::clear);
    }

    /// Follows what is caught; holds everything so far, oldest first.
    pub fn subscribe(&self) -> watch::Receiver<Vec<Caught>> {
        self.caught.subscribe()
    }

    /// Waits until `look` finds what it looks for. Panics after a while,
    /// saying `what` did not come and what did.
    pub async fn wait_for<T>(&self, what: &str, mut look: impl FnMut(&[Caught]) -> Option<T>) -> T {
        let mut caught = self.caught.subscribe();
        let found = async {
            loop {
                if let Some(found) = look(&caught.borrow_and_update()) {
                    return found;
                }
                caught.changed().await.expect("this mailbox holds the sender");
            }
        };
        let Ok(found) = tokio::time::timeout(PATIENCE, found).await else {
            panic!("{what} did not come within {PATIENCE:?}; caught were {:#?}", self.caught());
        };
        found
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// How many there were, those forgotten since included.
    pub fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }

    pub(super) fn put(&self, message: Caught) {
        self.total.fetch_add(1, Ordering::Relaxed);
        self.caught.send_modify(|caught| {
            if caught.len() == KEPT {
                caught.drain(..KEPT / 10);
            }
            caught.push(message);
        });
    }
}

/// Every `http` and `https` address in `text` and in the attributes of `html`, each once.
pub(super) fn links(text: &str, html: Option<&str>) -> Vec<String> {
    let mut found = Vec::new();
    for (part, escaped) in [(text, false), (html.unwrap_or_default(), true)] {
        let mut rest = part;
        while let Some(start) = rest.find("http") {
            let from = &rest[start..];
            let end = from
                .find(|c: char| c.is_whitespace() || "\"'<>)".contains(c))
                .unwrap_or(from.len());
            let link =
                if escaped { from[..end].replace("&amp;", "&") } else { from[..end].to_owned() };
            let is_address = link.starts_with("http://") || link.starts_with("https://");
            if is_address && !found.contains(&link) {
                found.push(link);
            }
            rest = &from[end.max(4)..];
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_stands_in_text_and_html_counts_once() {
        let html = r#"<a href="https://example.com/c/abc?x=1&amp;y=2">open</a> <i>http</i>"#;
        let found =
            links("Claim: https://example.com/c/abc?x=1&y=2\nor http://example.com/.", Some(html));
        assert_eq!(found, ["https://example.com/c/abc?x=1&y=2", "http://example.com/."]);
    }
}
