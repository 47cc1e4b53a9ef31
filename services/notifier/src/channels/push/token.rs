//! A token that is good for a while, and renewed before it is not.

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Mutex;

/// One token; whoever needs a new one makes it while the others wait.
#[derive(Debug)]
pub(super) struct Token {
    /// The token, and when another one is made.
    held: Mutex<Option<(String, DateTime<Utc>)>>,
}

impl Token {
    pub(super) fn new() -> Self {
        Self { held: Mutex::new(None) }
    }

    /// The present token, or one that `make` makes, with the time for which it is used.
    pub(super) async fn get<E>(
        &self,
        now: DateTime<Utc>,
        make: impl Future<Output = Result<(String, TimeDelta), E>> + Send,
    ) -> Result<String, E> {
        let mut held = self.held.lock().await;
        if let Some((token, _)) = held.as_ref().filter(|(_, until)| now < *until) {
            return Ok(token.clone());
        }
        let (token, life) = make.await?;
        *held = Some((token.clone(), now + life));
        Ok(token)
    }

    /// The service did not accept it: the next one is new. A newer one that
    /// somebody made meanwhile stays.
    pub(super) async fn refused(&self, token: &str) {
        let mut held = self.held.lock().await;
        held.take_if(|(present, _)| present == token);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_token_is_made_once_and_renewed_in_time_or_when_it_is_refused() {
        let (token, now) = (Token::new(), "2026-11-22T09:30:00Z".parse::<DateTime<Utc>>().unwrap());
        let make = |name: &'static str| async move {
            Ok::<_, ()>((name.to_owned(), TimeDelta::minutes(40)))
        };
        assert_eq!(token.get(now, make("first")).await.unwrap(), "first");
        assert_eq!(token.get(now + TimeDelta::minutes(39), make("no")).await.unwrap(), "first");
        assert_eq!(
            token.get(now + TimeDelta::minutes(40), make("second")).await.unwrap(),
            "second"
        );
        token.refused("first").await;
        assert_eq!(token.get(now + TimeDelta::minutes(41), make("no")).await.unwrap(), "second");
        token.refused("second").await;
        assert_eq!(token.get(now + TimeDelta::minutes(42), make("third")).await.unwrap(), "third");
    }
}
