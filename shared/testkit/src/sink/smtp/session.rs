//! One SMTP connection (RFC 5321), commands in their order.

use std::collections::BTreeMap;
use std::io::{Error, ErrorKind};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mail_parser::{HeaderValue, Message, MessageParser};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::TcpStream;

use super::{Fault, Session};
use crate::sink::mailbox::{Caught, links};

/// Longest line that every server must take, without its end.
const LONGEST_LINE: usize = 998;
const BIGGEST_MAIL: usize = 10 * 1024 * 1024;
const GREETING: &str = "250-8BITMIME\r\n250-SMTPUTF8\r\n250-AUTH PLAIN\r\n250 SIZE 10485760";

/// The mail that is being handed over.
#[derive(Debug, Default)]
struct Envelope {
    from: Option<String>,
    to: Vec<String>,
}

impl Session {
    pub(super) async fn talk(self, stream: TcpStream) -> std::io::Result<()> {
        let mut stream = BufStream::new(stream);
        let mut envelope = Envelope::default();
        let mut known = self.password.borrow().is_none();
        reply(&mut stream, "220 sink ready").await?;
        while let Some(line) = read_line(&mut stream).await? {
            let command = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            let answer = match command.as_str() {
                "EHLO" | "HELO" => {
                    let offers = *self.offers.borrow();
                    greet(&mut stream, offers).await?;
                    GREETING
                }
                "AUTH" => self.auth(&mut known, &line),
                "MAIL" if !known => "530 5.7.0 say who you are first",
                "MAIL" => envelope.mail(&line),
                "RCPT" => self.rcpt(&mut envelope, &line),
                "DATA" if envelope.to.is_empty() => "503 5.5.1 recipients first",
                "DATA" => {
                    reply(&mut stream, "354 go ahead").await?;
                    let body = read_body(&mut stream).await?;
                    self.take(std::mem::take(&mut envelope), &body).await?
                }
                "BDAT" => {
                    let body = read_chunk(&mut stream, &line).await?;
                    let envelope = std::mem::take(&mut envelope);
                    if envelope.to.is_empty() {
                        "503 5.5.1 recipients first"
                    } else {
                        self.take(envelope, &body).await?
                    }
                }
                "RSET" => {
                    envelope = Envelope::default();
                    "250 2.0.0 forgotten"
                }
                "NOOP" => "250 2.0.0 here",
                "QUIT" => return reply(&mut stream, "221 2.0.0 bye").await,
                _ => "502 5.5.2 not known",
            };
            reply(&mut stream, answer).await?;
        }
        Ok(())
    }

    fn fault(&self) -> Option<Fault> {
        *self.fault.borrow()
    }

    fn strike(&self) {
        self.struck.send_modify(|struck| *struck += 1);
    }

    /// RFC 4616, with the initial response.
    fn auth(&self, known: &mut bool, line: &str) -> &'static str {
        let wanted =
            self.password.borrow().as_ref().map(|(user, password)| format!("\0{user}\0{password}"));
        let given = line
            .to_ascii_uppercase()
            .starts_with("AUTH PLAIN ")
            .then(|| STANDARD.decode(&line["AUTH PLAIN ".len()..]));
        let Some(Ok(given)) = given else {
            return "504 5.5.4 only AUTH PLAIN with an initial response";
        };
        *known = wanted.is_none_or(|wanted| wanted.as_bytes() == given);
        if *known {
            return "235 2.7.0 welcome";
        }
        self.strike();
        "535 5.7.8 not known"
    }

    fn rcpt(&self, envelope: &mut Envelope, line: &str) -> &'static str {
        match (self.fault(), path(line, "TO")) {
            (Some(Fault::Temporary), _) => {
                self.strike();
                "451 4.3.0 try again later"
            }
            (Some(Fault::Permanent), _) => {
                self.strike();
                "550 5.1.1 no such mailbox"
            }
            (Some(Fault::Policy), _) => {
                self.strike();
                "550 5.7.1 not from you"
            }
            _ if envelope.from.is_none() => "503 5.5.1 sender first",
            (_, Some(to)) if !to.is_empty() => {
                envelope.to.push(to);
                "250 2.1.5 good"
            }
            _ => "501 5.1.3 not an address",
        }
    }

    /// Keeps a mail, or does to it what the fault says.
    async fn take(&self, envelope: Envelope, body: &[u8]) -> std::io::Result<&'static str> {
        match self.fault() {
            Some(Fault::Cut) => {
                self.strike();
                return Err(Error::new(ErrorKind::ConnectionAborted, "told to hang up"));
            }
            Some(Fault::Slow) => {
                self.strike();
                let over =
                    self.fault.clone().wait_for(|fault| *fault != Some(Fault::Slow)).await.is_ok();
                if !over {
                    return Err(Error::new(ErrorKind::ConnectionAborted, "the sink is gone"));
                }
            }
            Some(Fault::Temporary | Fault::Permanent | Fault::Policy) | None => {}
        }
        let improper = |line: &[u8]| line.len() > LONGEST_LINE + 2 || !line.ends_with(b"\r\n");
        if body.split_inclusive(|byte| *byte == b'\n').any(improper) {
            return Ok("554 5.6.0 a line is too long, or ends in a bare line feed");
        }
        let Some(message) = MessageParser::default().parse(body) else {
            return Ok("554 5.6.0 not a mail");
        };
        for to in envelope.to {
            self.mailbox.put(read(&message, to, self.mailbox.now()));
        }
        Ok("250 2.0.0 kept")
    }
}

impl Envelope {
    fn mail(&mut self, line: &str) -> &'static str {
        match path(line, "FROM") {
            Some(_) if self.from.is_some() => "503 5.5.1 one mail at a time",
            Some(from) => {
                self.from = Some(from);
                "250 2.1.0 good"
            }
            None => "501 5.1.7 not an address",
        }
    }
}

/// What stands between the angle brackets of `MAIL FROM:<…>` and `RCPT TO:<…>`.
fn path(line: &str, which: &str) -> Option<String> {
    let (before, rest) = line.split_once(':')?;
    let names_it =
        before.split_whitespace().nth(1).is_some_and(|word| word.eq_ignore_ascii_case(which));
    let inner = rest.trim_start().strip_prefix('<')?.split_once('>')?.0;
    (names_it && !inner.contains(char::is_whitespace)).then(|| inner.to_owned())
}

/// What comes before the rest of the greeting.
async fn greet(stream: &mut BufStream<TcpStream>, offers: &[&str]) -> std::io::Result<()> {
    stream.write_all(b"250-sink\r\n").await?;
    for offer in offers {
        stream.write_all(format!("250-{offer}\r\n").as_bytes()).await?;
    }
    Ok(())
}

/// A whole mail in one chunk (RFC 3030): `BDAT 123 LAST`.
async fn read_chunk(stream: &mut BufStream<TcpStream>, line: &str) -> std::io::Result<Vec<u8>> {
    let mut words = line.split_whitespace().skip(1);
    let size = words.next().and_then(|size| size.parse().ok());
    let last = words.next().is_some_and(|word| word.eq_ignore_ascii_case("LAST"));
    let Some(size) = size.filter(|size| last && *size <= BIGGEST_MAIL) else {
        return Err(Error::new(ErrorKind::InvalidData, "not a whole mail in one chunk"));
    };
    let mut body = vec![0; size];
    stream.read_exact(&mut body).await?;
    Ok(body)
}

async fn reply(stream: &mut BufStream<TcpStream>, answer: &str) -> std::io::Result<()> {
    stream.write_all(answer.as_bytes()).await?;
    stream.write_all(b"\r\n").await?;
    stream.flush().await
}

async fn read_line(stream: &mut BufStream<TcpStream>) -> std::io::Result<Option<String>> {
    let mut line = Vec::new();
    stream.take(2_048).read_until(b'\n', &mut line).await?;
    if line.is_empty() {
        return Ok(None);
    }
    let ended = line
        .strip_suffix(b"\r\n")
        .ok_or_else(|| Error::new(ErrorKind::InvalidData, "no line of SMTP"))?;
    Ok(Some(String::from_utf8_lossy(ended).into_owned()))
}

/// A mail up to the lone dot, with the dots that were doubled for the way taken off.
async fn read_body(stream: &mut BufStream<TcpStream>) -> std::io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = Vec::new();
        stream.read_until(b'\n', &mut line).await?;
        match line.as_slice() {
            b".\r\n" => return Ok(body),
            [] => return Err(ErrorKind::UnexpectedEof.into()),
            [b'.', rest @ ..] => body.extend_from_slice(rest),
            plain => body.extend_from_slice(plain),
        }
        if body.len() > BIGGEST_MAIL {
            return Err(Error::new(ErrorKind::InvalidData, "the mail is too big"));
        }
    }
}

fn read(message: &Message<'_>, to: String, at: chrono::DateTime<chrono::Utc>) -> Caught {
    let headers: BTreeMap<String, String> = message
        .headers()
        .iter()
        .map(|header| {
            (
                header.name.as_str().to_lowercase(),
                value(message, header.name.as_str(), &header.value),
            )
        })
        .collect();
    let text = message.body_text(0).unwrap_or_default().replace("\r\n", "\n");
    let html = (message.html_body_count() > 0)
        .then(|| message.body_html(0).unwrap_or_default().into_owned());
    Caught {
        at,
        channel: "email".to_owned(),
        to,
        lead: headers.get("tipoff-lead").cloned(),
        subject: message.subject().unwrap_or_default().to_owned(),
        links: links(&text, html.as_deref()),
        text,
        html,
        headers,
    }
}

/// Decoded where it is text, else as it stands in the mail.
fn value(message: &Message<'_>, name: &str, value: &HeaderValue<'_>) -> String {
    match value {
        HeaderValue::Text(text) => text.trim().to_owned(),
        _ => message.header_raw(name.to_owned()).unwrap_or_default().trim().to_owned(),
    }
}
