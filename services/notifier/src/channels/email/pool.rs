//! A few open connections to the relay, used over and over.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lettre::address::Envelope;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::DEFAULT_MECHANISMS;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::extension::ClientId;
use tipoff_contact::is_dead_mailbox;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use super::line::{Line, NotTaken, Offers, Stage};
use super::relay::Relay;
use super::tls::{BadTrust, Guard};
use crate::carrier::SendError;

/// Relays hang up on who is silent for longer.
const IDLE: Duration = Duration::from_secs(30);

/// Why a mail was not handed over.
#[derive(Debug, thiserror::Error)]
pub(super) enum PoolError {
    #[error("the mail relay cannot be reached")]
    Unreachable(#[source] std::io::Error),
    /// Before any mail was named: its password, its TLS, its greeting.
    #[error("the mail relay does not let us in")]
    NotLetIn(#[source] SmtpError),
    #[error(transparent)]
    Mail(#[from] NotTaken),
    #[error("the mail relay did not answer in time")]
    Timeout,
}

impl PoolError {
    /// Says what the relay answered, without its text: that may repeat addresses.
    pub(super) fn into_send_error(self) -> SendError {
        match &self {
            Self::Mail(NotTaken::At { stage, source }) if source.is_permanent() => {
                refused(*stage, &self.to_string(), &codes(source))
            }
            Self::Mail(NotTaken::At { source, .. }) if source.is_transient() => {
                SendError::not_now(format!("{self}: {}", codes(source)))
            }
            Self::Mail(NotTaken::NotAscii) => SendError::ForGood(self.to_string()),
            Self::Mail(NotTaken::At { source, .. }) | Self::NotLetIn(source) => {
                SendError::trouble(format!("{self}: {}", codes(source)))
            }
            Self::Unreachable(error) => SendError::trouble(format!("{self}: {error}")),
            Self::Timeout => SendError::trouble(self.to_string()),
        }
    }
}

/// As in `550 5.1.1`; the kind of error where the relay gave no code.
fn codes(error: &SmtpError) -> String {
    use std::error::Error;
    let Some(code) = error.status() else {
        return error.to_string().split(':').next().unwrap_or_default().to_owned();
    };
    let text = error.source().map(ToString::to_string).unwrap_or_default();
    let is_enhanced = |word: &&str| {
        let parts: Vec<&str> = word.split('.').collect();
        parts.len() == 3
            && parts.iter().all(|part| {
                (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())
            })
    };
    match text.split_whitespace().find(is_enhanced) {
        Some(enhanced) => format!("{code} {enhanced}"),
        None => code.to_string(),
    }
}

/// What is said of a sender (RFC 3463). Many relays wait with it until they hear for whom
/// the mail is.
const BAD_SENDER: [&str; 2] = ["5.1.7", "5.1.8"];

/// What follows when a relay refuses for good. A relay that refuses us refuses everybody's
/// mail, and that passes once somebody has put it right. Only of a recipient can it say that
/// the address is dead, and it has to say so: a code without an enhanced one may mean anything.
fn refused(stage: Stage, said: &str, codes: &str) -> SendError {
    let why = format!("{said}: {codes}");
    let enhanced = codes.split_once(' ').map_or("", |(_, enhanced)| enhanced);
    match stage {
        _ if stage == Stage::Sender || BAD_SENDER.contains(&enhanced) => SendError::trouble(why),
        Stage::Recipient if is_dead_mailbox(enhanced) => SendError::BadAddress(why),
        _ => SendError::ForGood(why),
    }
}

/// Hands mails over, on at most so many connections at once.
pub(super) struct Pool {
    relay: Relay,
    guard: Guard,
    hello: ClientId,
    patience: Duration,
    seats: Semaphore,
    idle: Mutex<Vec<(Line, Instant)>>,
}

impl Pool {
    /// `authorities`: certificates (PEM) to trust besides this machine's.
    pub(super) fn new(
        relay: Relay,
        authorities: Option<&[u8]>,
        connections: usize,
        patience: Duration,
    ) -> Result<Self, BadTrust> {
        let guard = Guard::of(&relay, authorities)?;
        let (seats, hello) = (Semaphore::new(connections.max(1)), ClientId::default());
        Ok(Self { relay, guard, hello, patience, seats, idle: Mutex::default() })
    }

    /// The relay's name.
    pub(super) fn host(&self) -> &str {
        &self.relay.host
    }

    /// Hands one mail over. A connection that broke while it was idle is not
    /// the mail's fault: it goes over a new one at once.
    pub(super) async fn send(&self, envelope: &Envelope, mail: &[u8]) -> Result<(), PoolError> {
        let _seat = self.seats.acquire().await.expect("the pool never closes its semaphore");
        if let Some(used) = self.idle() {
            match self.hand_over(used, envelope, mail).await {
                Err(PoolError::Mail(NotTaken::At { source, .. })) if source.status().is_none() => {}
                settled => return settled,
            }
        }
        let fresh =
            timeout(self.patience, self.connect()).await.map_err(|_| PoolError::Timeout)??;
        self.hand_over(fresh, envelope, mail).await
    }

    fn idle(&self) -> Option<Line> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(_, since)| since.elapsed() < IDLE);
        idle.pop().map(|(line, _)| line)
    }

    async fn hand_over(
        &self,
        mut line: Line,
        envelope: &Envelope,
        mail: &[u8],
    ) -> Result<(), PoolError> {
        let sent = timeout(self.patience, line.send(envelope, mail))
            .await
            .map_err(|_| PoolError::Timeout)?;
        sent?;
        if !line.is_broken() {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.push((line, Instant::now()));
        }
        Ok(())
    }

    async fn connect(&self) -> Result<Line, PoolError> {
        let Relay { host, port, credentials, .. } = &self.relay;
        let stream =
            TcpStream::connect((host.as_str(), *port)).await.map_err(PoolError::Unreachable)?;
        stream.set_nodelay(true).map_err(PoolError::Unreachable)?;
        let stream = self.guard.wrap(stream).await.map_err(PoolError::Unreachable)?;
        let greeted = AsyncSmtpConnection::connect_with_transport(stream, &self.hello).await;
        let mut connection = greeted.map_err(PoolError::NotLetIn)?;
        if let Guard::StartTls(parameters) = &self.guard {
            connection
                .starttls(parameters.clone(), &self.hello)
                .await
                .map_err(PoolError::NotLetIn)?;
        }
        let offers = Offers::of(&mut connection, &self.hello).await.map_err(PoolError::NotLetIn)?;
        if let Some(credentials) = credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await.map_err(PoolError::NotLetIn)?;
        }
        Ok(Line::new(connection, offers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Stage; 3] = [Stage::Sender, Stage::Recipient, Stage::Text];

    #[test]
    fn only_a_refused_recipient_can_have_a_dead_address() {
        let is_dead =
            |stage, codes| matches!(refused(stage, "no", codes), SendError::BadAddress(_));
        assert!(is_dead(Stage::Recipient, "550 5.1.1"));
        assert!(!is_dead(Stage::Sender, "550 5.1.1") && !is_dead(Stage::Text, "550 5.1.1"));
        for unclear in ["550", "551", "553", "550 5.7.1", "550 5.1.0", "550 5.1.8"] {
            assert!(!ALL.into_iter().any(|stage| is_dead(stage, unclear)), "{unclear}");
        }
    }

    #[test]
    fn a_relay_that_refuses_us_is_in_trouble_whenever_it_says_so() {
        let is_us = |stage, codes| matches!(refused(stage, "no", codes), SendError::Trouble { .. });
        assert!(["550", "530 5.7.0", "553 5.1.8"].into_iter().all(|said| is_us(ALL[0], said)));
        assert!(ALL.into_iter().all(|stage| is_us(stage, "550 5.1.7")));
        assert!(!is_us(Stage::Recipient, "550") && !is_us(Stage::Text, "550 5.7.1"));
    }
}
