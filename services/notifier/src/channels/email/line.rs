//! One connection to the relay. A mail goes over it in as few round trips as
//! the relay allows: one where it takes `CHUNKING` (RFC 3030), two where it
//! takes `PIPELINING` (RFC 2920), else a round trip for each command.

use std::fmt::{self, Display};

use lettre::Address;
use lettre::address::Envelope;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Ehlo, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};

/// How far a mail came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Sender,
    Recipient,
    Text,
}

impl Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sender => "MAIL FROM",
            Self::Recipient => "RCPT TO",
            Self::Text => "DATA",
        })
    }
}

/// Why the relay did not take a mail.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotTaken {
    #[error("the mail relay did not take the mail at {stage}")]
    At { stage: Stage, source: Error },
    #[error("the mail relay takes nothing that is not ASCII (SMTPUTF8, 8BITMIME)")]
    NotAscii,
}

fn at(stage: Stage) -> impl FnOnce(Error) -> NotTaken {
    move |source| NotTaken::At { stage, source }
}

/// A connection that is let in.
pub(super) struct Line {
    connection: AsyncSmtpConnection,
    offers: Offers,
}

/// What the relay offers beyond what lettre asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Offers {
    chunking: bool,
    pipelining: bool,
}

impl Offers {
    /// Asks for them: lettre forgets what it makes no use of.
    pub(super) async fn of(
        connection: &mut AsyncSmtpConnection,
        hello: &ClientId,
    ) -> Result<Self, Error> {
        let said = connection.command(Ehlo::new(hello.clone())).await?;
        Ok(Self::read(said.message()))
    }

    fn read<'a>(lines: impl Iterator<Item = &'a str>) -> Self {
        let mut offers = Self::default();
        for line in lines {
            offers.chunking |= line.trim().eq_ignore_ascii_case("CHUNKING");
            offers.pipelining |= line.trim().eq_ignore_ascii_case("PIPELINING");
        }
        // Without the one, the other saves nothing.
        offers.chunking &= offers.pipelining;
        offers
    }
}

impl Line {
    pub(super) fn new(connection: AsyncSmtpConnection, offers: Offers) -> Self {
        Self { connection, offers }
    }

    /// Hands one mail over. After an error the line is of no use any more.
    pub(super) async fn send(&mut self, envelope: &Envelope, mail: &[u8]) -> Result<(), NotTaken> {
        let announced = self.announced(envelope, mail).ok_or(NotTaken::NotAscii)?;
        let plain = std::str::from_utf8(mail).ok().filter(|_| announced.is_empty());
        let sent = match plain.and_then(|mail| self.together(envelope, mail)) {
            Some(together) => self.hand_over(&together, mail).await,
            None => self.step_by_step(envelope, announced, mail).await,
        };
        if sent.is_err() {
            self.connection.abort().await;
        }
        sent
    }

    /// What is not ASCII has to be announced. `None`: the relay takes no such thing.
    fn announced(&self, envelope: &Envelope, mail: &[u8]) -> Option<Vec<MailParameter>> {
        let takes = |what| self.connection.server_info().supports_feature(what);
        let mut announced = Vec::new();
        if !is_ascii(envelope) {
            let addresses = MailParameter::SmtpUtfEight;
            announced.push(takes(Extension::SmtpUtfEight).then_some(addresses)?);
        }
        if !mail.is_ascii() {
            let text = MailParameter::Body(MailBodyParameter::EightBitMime);
            announced.push(takes(Extension::EightBitMime).then_some(text)?);
        }
        Some(announced)
    }

    fn together<'a>(&self, envelope: &'a Envelope, mail: &'a str) -> Option<Together<'a>> {
        let (from, to) = (Mail::new(envelope.from().cloned(), Vec::new()), envelope.to());
        match self.offers {
            Offers { chunking: true, .. } => Some(Together { from, to, chunk: Some(mail) }),
            Offers { pipelining: true, .. } => Some(Together { from, to, chunk: None }),
            Offers { .. } => None,
        }
    }

    async fn hand_over(&mut self, together: &Together<'_>, mail: &[u8]) -> Result<(), NotTaken> {
        self.connection.command(together).await.map_err(at(Stage::Sender))?;
        for _ in together.to {
            self.connection.read_response().await.map_err(at(Stage::Recipient))?;
        }
        // To the mail itself, or to the wish to send it.
        self.connection.read_response().await.map_err(at(Stage::Text))?;
        if together.chunk.is_none() {
            self.connection.message(mail).await.map_err(at(Stage::Text))?;
        }
        Ok(())
    }

    async fn step_by_step(
        &mut self,
        envelope: &Envelope,
        announced: Vec<MailParameter>,
        mail: &[u8],
    ) -> Result<(), NotTaken> {
        let from = Mail::new(envelope.from().cloned(), announced);
        self.connection.command(from).await.map_err(at(Stage::Sender))?;
        for to in envelope.to() {
            let to = Rcpt::new(to.clone(), Vec::new());
            self.connection.command(to).await.map_err(at(Stage::Recipient))?;
        }
        self.connection.command(Data).await.map_err(at(Stage::Text))?;
        self.connection.message(mail).await.map_err(at(Stage::Text))?;
        Ok(())
    }

    pub(super) fn is_broken(&self) -> bool {
        self.connection.has_broken()
    }
}

fn is_ascii(envelope: &Envelope) -> bool {
    let addresses = envelope.from().into_iter().chain(envelope.to());
    addresses.into_iter().all(|address| AsRef::<str>::as_ref(address).is_ascii())
}

/// Commands that are said in one breath.
struct Together<'a> {
    from: Mail,
    to: &'a [Address],
    /// The mail itself; `None`: it follows when the relay says so.
    chunk: Option<&'a str>,
}

impl Display for Together<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.from.fmt(f)?;
        for to in self.to {
            Rcpt::new(to.clone(), Vec::new()).fmt(f)?;
        }
        match self.chunk {
            Some(mail) => write!(f, "BDAT {} LAST\r\n{mail}", mail.len()),
            None => Data.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_relay_offers_is_read_however_it_writes_it() {
        let offers = |lines: &[&str]| Offers::read(lines.iter().copied());
        let both = Offers { chunking: true, pipelining: true };
        assert_eq!(offers(&["relay", "PIPELINING", "SIZE 1000", "chunking"]), both);
        assert_eq!(offers(&["relay", "CHUNKING"]), Offers::default());
        assert_eq!(offers(&["PIPELINING"]), Offers { chunking: false, pipelining: true });
    }
}
