//! Lines to providers, each with a breaker: a provider in trouble is left alone
//! for a while, so that nobody waits for it who could be told another way.

mod breaker;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use opentelemetry::metrics::Gauge;
use opentelemetry::{KeyValue, global};
use tipoff_domain::Channel;
use tokio::time::Instant;
use tracing::{info, warn};

use self::breaker::{Breaker, Change};
use crate::carrier::SendError;

/// Browsers name their push services, so there may be any number of them; those
/// that work are forgotten first.
const MOST_PROVIDERS: usize = 1_000;

/// The lines of one channel, one per provider.
#[derive(Debug)]
pub(crate) struct Lines {
    channel: Channel,
    breakers: Mutex<HashMap<String, Breaker>>,
    open: Gauge<u64>,
}

impl Lines {
    pub(crate) fn new(channel: Channel) -> Self {
        let open = global::meter("tipoff-notifier")
            .u64_gauge("tipoff_notification_breaker_open")
            .with_description("1 while a provider in trouble is left alone")
            .build();
        Self { channel, breakers: Mutex::default(), open }
    }

    /// Does what is to be done over the line to `provider`, unless the provider
    /// is in trouble, and learns from how it went.
    pub(crate) async fn over<T>(
        &self,
        provider: &str,
        sending: impl Future<Output = Result<T, SendError>> + Send,
    ) -> Result<T, SendError> {
        self.with(provider, |breaker| breaker.admit(Instant::now()))
            .map_err(|again_in| SendError::LeftAlone { provider: provider.to_owned(), again_in })?;
        let sent = sending.await;
        let in_trouble = matches!(sent, Err(SendError::Trouble { .. }));
        let change = self.with(provider, |breaker| breaker.learn(in_trouble, Instant::now()));
        self.tell(provider, change);
        sent
    }

    fn with<T>(&self, provider: &str, ask: impl FnOnce(&mut Breaker) -> T) -> T {
        let mut breakers = self.breakers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(breaker) = breakers.get_mut(provider) {
            return ask(breaker);
        }
        if breakers.len() >= MOST_PROVIDERS {
            breakers.retain(|_, breaker| breaker.is_open());
        }
        let breaker = breakers.entry(provider.to_owned()).or_insert(Breaker::new(Instant::now()));
        ask(breaker)
    }

    fn tell(&self, provider: &str, change: Option<Change>) {
        let Some(change) = change else { return };
        let channel = self.channel.as_str();
        match change {
            Change::Opened => {
                warn!(channel, provider, "a provider is in trouble and is left alone for a while");
            }
            Change::Closed => info!(channel, provider, "a provider works again"),
        }
        let of =
            [KeyValue::new("channel", channel), KeyValue::new("provider", provider.to_owned())];
        self.open.record(u64::from(change == Change::Opened), &of);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn fail(lines: &Lines, provider: &str) -> SendError {
        lines.over(provider, async { Err::<(), _>(SendError::trouble("500")) }).await.unwrap_err()
    }

    #[tokio::test]
    async fn one_provider_in_trouble_is_left_alone_and_the_others_are_not() {
        let lines = Lines::new(Channel::Push);
        for _ in 0..20 {
            assert_eq!(fail(&lines, "push.example.com").await, SendError::trouble("500"));
        }
        let left_alone = fail(&lines, "push.example.com").await;
        assert!(matches!(left_alone, SendError::LeftAlone { .. }), "{left_alone:?}");
        assert_eq!(lines.over("other.example.com", async { Ok(7) }).await, Ok(7));
    }

    #[tokio::test]
    async fn a_refused_message_is_no_trouble_of_the_provider() {
        let lines = Lines::new(Channel::Email);
        let refused = SendError::BadAddress("550".to_owned());
        for _ in 0..100 {
            let sent = lines.over("relay", async { Err::<(), _>(refused.clone()) }).await;
            assert_eq!(sent, Err(refused.clone()));
        }
    }
}
