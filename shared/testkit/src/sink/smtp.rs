//! An SMTP server that keeps every mail, and misbehaves when told to.

mod session;

use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::mailbox::{Mailbox, PATIENCE};
use super::running::Running;

/// How the server misbehaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Answers nothing after a mail until it behaves again.
    Slow,
    /// Refuses recipients for now: 451.
    Temporary,
    /// Refuses recipients for good: 550 5.1.1.
    Permanent,
    /// Refuses recipients for good, but only as it does not like us: 550 5.7.1.
    Policy,
    /// Takes a mail, answers nothing and hangs up.
    Cut,
}

/// A running SMTP server; gone with the value.
#[derive(Debug)]
pub struct SmtpSink {
    running: Running,
    fault: watch::Sender<Option<Fault>>,
    struck: watch::Sender<u64>,
    password: watch::Sender<Option<(String, String)>>,
    offers: watch::Sender<&'static [&'static str]>,
}

/// What good relays offer.
const OFFERS: &[&str] = &["PIPELINING", "CHUNKING"];

impl SmtpSink {
    /// Listens on `listen` (port 0: any) and puts every mail into `mailbox`.
    pub async fn start(mailbox: Mailbox, listen: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let (running, stop) = Running::new(listener.local_addr()?);
        let fault = watch::Sender::new(None);
        let struck = watch::Sender::new(0);
        let password = watch::Sender::new(None);
        let offers = watch::Sender::new(OFFERS);
        let session = Session {
            mailbox,
            fault: fault.subscribe(),
            struck: struck.clone(),
            password: password.subscribe(),
            offers: offers.subscribe(),
        };
        tokio::spawn(accept(listener, session, stop));
        Ok(Self { running, fault, struck, password, offers })
    }

    /// As in `smtp://127.0.0.1:2525`.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.running.at)
    }

    /// From now on takes mail only from this user.
    pub fn demand(&self, user: &str, password: &str) {
        self.password.send_replace(Some((user.to_owned(), password.to_owned())));
    }

    /// From now on offers to those who connect only this, of `PIPELINING` and `CHUNKING`.
    pub fn offer(&self, offers: &'static [&'static str]) {
        self.offers.send_replace(offers);
    }

    /// From now on misbehaves so, or behaves.
    pub fn misbehave(&self, fault: impl Into<Option<Fault>>) {
        self.fault.send_replace(fault.into());
    }

    /// Waits until clients have met a fault or were not let in this often, all in all.
    pub async fn struck(&self, times: u64) {
        let mut struck = self.struck.subscribe();
        let enough = struck.wait_for(|so_far| *so_far >= times);
        let waited = tokio::time::timeout(PATIENCE, enough).await;
        assert!(waited.is_ok(), "no client met a fault {times} times within {PATIENCE:?}");
    }
}

/// What every connection needs.
#[derive(Debug, Clone)]
struct Session {
    mailbox: Mailbox,
    fault: watch::Receiver<Option<Fault>>,
    struck: watch::Sender<u64>,
    password: watch::Receiver<Option<(String, String)>>,
    offers: watch::Receiver<&'static [&'static str]>,
}

async fn accept(listener: TcpListener, session: Session, stop: CancellationToken) {
    while let Some(Ok((stream, _))) = stop.run_until_cancelled(listener.accept()).await {
        let session = session.clone();
        let stop = stop.clone();
        tokio::spawn(async move {
            if let Some(Err(error)) = stop.run_until_cancelled(serve(stream, session)).await {
                tracing::debug!(error = &error as &dyn std::error::Error, "mail connection broke");
            }
        });
    }
}

async fn serve(stream: TcpStream, session: Session) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    session.talk(stream).await
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// Says everything at once, as a client that pipelines does.
    async fn answers(said: &str) -> (Mailbox, Vec<String>) {
        let mailbox = Mailbox::default();
        let sink = SmtpSink::start(mailbox.clone(), "127.0.0.1:0".parse().unwrap()).await.unwrap();
        let mut stream = TcpStream::connect(sink.running.at).await.unwrap();
        stream.write_all(format!("{said}QUIT\r\n").as_bytes()).await.unwrap();
        let mut heard = String::new();
        stream.read_to_string(&mut heard).await.unwrap();
        let last = heard.lines().filter(|line| line.as_bytes().get(3) == Some(&b' '));
        (mailbox, last.map(|line| line[..3].to_owned()).collect())
    }

    const UP_TO_DATA: &str =
        "EHLO me\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n";

    #[tokio::test]
    async fn a_pipelined_mail_is_kept_with_its_dots() {
        let mail =
            "Subject: =?utf-8?q?caf=C3=A9?=\r\nTipoff-Lead: lead_1\r\n\r\n..\r\n...x\r\n.\r\n";
        let (mailbox, codes) = answers(&format!("{UP_TO_DATA}{mail}")).await;
        assert_eq!(codes, ["220", "250", "250", "250", "354", "250", "221"]);
        let caught = mailbox.caught().remove(0);
        assert_eq!((caught.to.as_str(), caught.subject.as_str()), ("b@example.com", "café"));
        assert_eq!((caught.lead.as_deref(), caught.text.trim_end()), (Some("lead_1"), ".\n..x"));
    }

    #[tokio::test]
    async fn a_mail_in_one_chunk_is_kept_as_it_is() {
        let mail = "Subject: x\r\n\r\n.\r\n..x\r\n";
        let envelope = UP_TO_DATA.trim_end_matches("DATA\r\n");
        let said = format!("{envelope}BDAT {} LAST\r\n{mail}", mail.len());
        let (mailbox, codes) = answers(&said).await;
        assert_eq!(codes, ["220", "250", "250", "250", "250", "221"]);
        assert_eq!(mailbox.caught().remove(0).text.trim_end(), ".\n..x");
    }

    #[tokio::test]
    async fn commands_out_of_order_are_refused() {
        let (mailbox, codes) =
            answers("RCPT TO:<b@example.com>\r\nDATA\r\nMAIL TO:<x>\r\nWHAT\r\n").await;
        assert_eq!(codes, ["220", "503", "503", "501", "502", "221"]);
        assert_eq!(mailbox.caught(), []);
    }

    #[tokio::test]
    async fn lines_that_servers_refuse_are_refused() {
        for body in [format!("{}\r\n.\r\n", "x".repeat(999)), "bare\nfeed\r\n.\r\n".to_owned()] {
            let (mailbox, codes) = answers(&format!("{UP_TO_DATA}Subject: x\r\n\r\n{body}")).await;
            assert_eq!(codes.last().map(String::as_str), Some("221"));
            assert_eq!((codes[5].as_str(), mailbox.caught().len()), ("554", 0));
        }
    }
}
