//! A mail relay that counts: it takes every mail, keeps none, and remembers
//! which it had and when. So little work that it hardly stands in the way.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use tipoff_domain::LeadId;
use tipoff_runtime::Clock;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

const GREETING: &str = "250-bench\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8";

/// A mail that came.
#[derive(Debug, Clone)]
pub(super) struct Mail {
    pub(super) lead: LeadId,
    pub(super) at: DateTime<Utc>,
}

/// By message id, which is the same however often a notice is tried.
#[derive(Debug, Default, Clone)]
pub(super) struct Mails {
    pub(super) by_id: HashMap<String, Mail>,
    /// Those that had come before.
    pub(super) repeated: u64,
}

pub(super) struct Relay {
    pub(super) at: SocketAddr,
    mails: Arc<Mutex<Mails>>,
    accepting: JoinHandle<()>,
}

impl Relay {
    pub(super) async fn start(clock: Clock) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let at = listener.local_addr()?;
        let mails = Arc::<Mutex<Mails>>::default();
        let accepting = tokio::spawn(accept(listener, mails.clone(), clock));
        Ok(Self { at, mails, accepting })
    }

    /// As in `smtp://127.0.0.1:2525`.
    pub(super) fn url(&self) -> String {
        format!("smtp://{}", self.at)
    }

    /// Everything that came so far.
    pub(super) fn mails(&self) -> Mails {
        lock(&self.mails).clone()
    }

    pub(super) fn count(&self) -> u64 {
        lock(&self.mails).by_id.len() as u64
    }

    /// Forgets what came so far.
    pub(super) fn clear(&self) {
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

async fn accept(listener: TcpListener, mails: Arc<Mutex<Mails>>, clock: Clock) {
    while let Ok((stream, _)) = listener.accept().await {
        let (mails, clock) = (mails.clone(), clock.clone());
        // Whoever hangs up in the middle of a mail sends it again.
        tokio::spawn(async move { talk(stream, &mails, &clock).await.ok() });
    }
}

async fn talk(stream: TcpStream, mails: &Mutex<Mails>, clock: &Clock) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut stream, mut line) = (BufStream::new(stream), Vec::new());
    answer(&mut stream, "220 bench ready").await?;
    loop {
        line.clear();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        let said = match line.get(..4).map(<[u8]>::to_ascii_uppercase).as_deref() {
            Some(b"EHLO") => GREETING,
            Some(b"DATA") => {
                answer(&mut stream, "354 go ahead").await?;
                if let Some((id, lead)) = mail(&mut stream, &mut line).await? {
                    let mut mails = lock(mails);
                    let before = mails.by_id.insert(id, Mail { lead, at: clock.now() });
                    mails.repeated += u64::from(before.is_some());
                }
                "250 2.0.0 counted"
            }
            Some(b"QUIT") => return answer(&mut stream, "221 2.0.0 bye").await,
            _ => "250 2.0.0 good",
        };
        answer(&mut stream, said).await?;
    }
}

/// Reads one mail to its end; answers its id and its lead.
async fn mail(
    stream: &mut BufStream<TcpStream>,
    line: &mut Vec<u8>,
) -> std::io::Result<Option<(String, LeadId)>> {
    let (mut id, mut lead, mut in_headers) = (None, None, true);
    loop {
        line.clear();
        if stream.read_until(b'\n', line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        match line.as_slice() {
            b".\r\n" => return Ok(id.zip(lead)),
            b"\r\n" => in_headers = false,
            header if in_headers => {
                let text = String::from_utf8_lossy(header);
                match text.split_once(':') {
                    Some((name, value)) if name.eq_ignore_ascii_case("message-id") => {
                        id = Some(value.trim().to_owned());
                    }
                    Some((name, value)) if name.eq_ignore_ascii_case("tipoff-lead") => {
                        lead = value.trim().parse().ok();
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }
}

/// At once, unless the client has said more already (RFC 2920).
async fn answer(stream: &mut BufStream<TcpStream>, text: &str) -> std::io::Result<()> {
    stream.write_all(text.as_bytes()).await?;
    stream.write_all(b"\r\n").await?;
    stream.flush().await
}
