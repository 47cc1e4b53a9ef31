//! A mail relay that counts: it takes every mail, keeps none, and remembers
//! which it had and when. So little work that it hardly stands in the way.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Bound;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use tipoff_domain::LeadId;
use tipoff_runtime::Clock;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

const GREETING: &str =
    "250-relay\r\n250-PIPELINING\r\n250-CHUNKING\r\n250-8BITMIME\r\n250 SMTPUTF8";

const GOOD: &str = "250 2.0.0 good";

/// For a whole mail and what comes with it.
const ROOM: usize = 16 * 1024;

/// A mail that came.
#[derive(Debug, Clone)]
pub struct Mail {
    pub lead: LeadId,
    pub at: DateTime<Utc>,
}

/// A mail as it came.
#[derive(Debug, Clone)]
pub struct Arrival {
    pub id: String,
    /// Whom the envelope names.
    pub to: String,
    pub at: DateTime<Utc>,
}

/// By message id, which is the same however often a notice is tried.
#[derive(Debug, Default, Clone)]
pub struct Mails {
    pub by_id: BTreeMap<String, Mail>,
    /// Those that had come before.
    pub repeated: u64,
    /// Every mail, in order.
    pub arrivals: Vec<Arrival>,
}

/// Takes mail on loopback until it is dropped.
#[derive(Debug)]
pub struct Relay {
    pub at: SocketAddr,
    mails: Arc<Mutex<Mails>>,
    stuck: watch::Sender<bool>,
    accepting: JoinHandle<()>,
}

impl Relay {
    pub async fn start(clock: Clock) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let at = listener.local_addr()?;
        let mails = Arc::<Mutex<Mails>>::default();
        let stuck = watch::Sender::new(false);
        let accepting = accept(listener, mails.clone(), stuck.subscribe(), clock);
        Ok(Self { at, mails, stuck, accepting: tokio::spawn(accepting) })
    }

    /// As in `smtp://127.0.0.1:2525`.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.at)
    }

    /// Everything that came so far.
    pub fn mails(&self) -> Mails {
        lock(&self.mails).clone()
    }

    pub fn count(&self) -> u64 {
        lock(&self.mails).by_id.len() as u64
    }

    /// Whether a mail has come whose id begins like that.
    pub fn has(&self, beginning: &str) -> bool {
        let mails = lock(&self.mails);
        let from = (Bound::Included(beginning), Bound::Unbounded);
        let mut from = mails.by_id.range::<str, _>(from);
        from.next().is_some_and(|(id, _)| id.starts_with(beginning))
    }

    /// Takes everything from now on and answers nothing, until it is told otherwise. What it
    /// took meanwhile it has lost.
    pub fn is_stuck(&self, stuck: bool) {
        self.stuck.send_replace(stuck);
    }

    /// Forgets what came so far.
    pub fn clear(&self) {
        *lock(&self.mails) = Mails::default();
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn lock(mails: &Mutex<Mails>) -> std::sync::MutexGuard<'_, Mails> {
    mails.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(
    listener: TcpListener,
    mails: Arc<Mutex<Mails>>,
    stuck: watch::Receiver<bool>,
    clock: Clock,
) {
    while let Ok((stream, _)) = listener.accept().await {
        let (mails, stuck, clock) = (mails.clone(), stuck.clone(), clock.clone());
        // Whoever hangs up in the middle of a mail sends it again.
        tokio::spawn(async move { talk(stream, &mails, stuck, &clock).await.ok() });
    }
}

async fn talk(
    stream: TcpStream,
    mails: &Mutex<Mails>,
    mut stuck: watch::Receiver<bool>,
    clock: &Clock,
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let (reading, writing) = stream.into_split();
    let mut client =
        Client { reading: BufReader::with_capacity(ROOM, reading), writing, said: Vec::new() };
    let (mut line, mut mail, mut to) = (Vec::new(), Vec::new(), String::new());
    client.answer("220 relay ready").await?;
    loop {
        line.clear();
        if client.reading.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        if *stuck.borrow_and_update() {
            stuck.wait_for(|stuck| !stuck).await.ok();
            return Err(ErrorKind::ConnectionAborted.into());
        }
        let said = match line.get(..4).map(<[u8]>::to_ascii_uppercase).as_deref() {
            Some(b"EHLO") => GREETING,
            Some(b"RCPT") => {
                to = address(&line);
                GOOD
            }
            Some(b"DATA") => {
                client.answer("354 go ahead").await?;
                client.until_the_dot(&mut mail).await?;
                note(&mail, &to, mails, clock)
            }
            Some(b"BDAT") => {
                client.chunk(&line, &mut mail).await?;
                note(&mail, &to, mails, clock)
            }
            Some(b"QUIT") => return client.answer("221 2.0.0 bye").await,
            _ => GOOD,
        };
        client.answer(said).await?;
    }
}

/// `ana@example.com` of `RCPT TO:<ana@example.com> NOTIFY=NEVER`.
fn address(line: &[u8]) -> String {
    let line = String::from_utf8_lossy(line);
    let inside = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inside.map_or(String::new(), |(address, _)| address.to_owned())
}

fn note(mail: &[u8], to: &str, mails: &Mutex<Mails>, clock: &Clock) -> &'static str {
    if let Some((id, lead)) = headers(mail) {
        let mut mails = lock(mails);
        let at = clock.now();
        mails.arrivals.push(Arrival { id: id.clone(), to: to.to_owned(), at });
        let before = mails.by_id.insert(id, Mail { lead, at });
        mails.repeated += u64::from(before.is_some());
    }
    "250 2.0.0 counted"
}

/// A mail's id and its lead.
fn headers(mail: &[u8]) -> Option<(String, LeadId)> {
    let (mut id, mut lead) = (None, None);
    let lines = mail.split(|byte| *byte == b'\n').take_while(|line| *line != b"\r");
    for line in lines.filter_map(|line| std::str::from_utf8(line).ok()) {
        match line.split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("message-id") => {
                id = Some(value.trim().to_owned());
            }
            Some((name, value)) if name.eq_ignore_ascii_case("tipoff-lead") => {
                lead = value.trim().parse().ok();
            }
            _ => {}
        }
    }
    id.zip(lead)
}

/// Whoever hands mails over.
struct Client {
    reading: BufReader<OwnedReadHalf>,
    writing: OwnedWriteHalf,
    /// What it has not been told yet.
    said: Vec<u8>,
}

impl Client {
    /// At once, unless it has said more already (RFC 2920).
    async fn answer(&mut self, text: &str) -> std::io::Result<()> {
        self.said.extend_from_slice(text.as_bytes());
        self.said.extend_from_slice(b"\r\n");
        if self.reading.buffer().is_empty() {
            self.writing.write_all(&self.said).await?;
            self.said.clear();
        }
        Ok(())
    }

    async fn until_the_dot(&mut self, mail: &mut Vec<u8>) -> std::io::Result<()> {
        mail.clear();
        loop {
            let from = mail.len();
            if self.reading.read_until(b'\n', mail).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            if &mail[from..] == b".\r\n" {
                return Ok(());
            }
        }
    }

    /// `BDAT 123 LAST` and what follows it.
    async fn chunk(&mut self, line: &[u8], mail: &mut Vec<u8>) -> std::io::Result<()> {
        let size = std::str::from_utf8(line).ok().and_then(|line| line.split(' ').nth(1));
        let size: usize =
            size.and_then(|size| size.trim().parse().ok()).ok_or(ErrorKind::InvalidData)?;
        mail.resize(size, 0);
        self.reading.read_exact(mail).await.map(drop)
    }
}
