//! Mails that came back: a mail system took a notice and could not deliver it.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use mail_parser::{Message, MessageParser, MimeHeaders, PartType};
use serde_json::{Value, json};
use tipoff_contact::is_dead_mailbox;
use tipoff_domain::Channel;
use tipoff_roster::{Reach, Role};
use tipoff_wire::Setback;
use tipoff_wire::link::ReturnMark;
use tracing::info;

use super::schema;
use crate::Api;
use crate::access::Caller;
use crate::problem::Problem;

/// Take a mail that came back
///
/// The report of a mail system (RFC 3464), as it came to the address where undeliverable mails come back to. An
/// address that does not exist is used no more; if the mail was the last way to tell an agent of an offer, the
/// lead moves on. What is no such report, or not about a mail of ours, changes nothing.
#[utoipa::path(post, path = "/v1/returned-mail", tag = "notices",
    request_body(content = String, content_type = "message/rfc822"),
    responses((status = 200, body = schema::ReturnedMail)))]
pub(crate) async fn take_returned_mail(
    State(api): State<Api>,
    caller: Caller,
    mail: Bytes,
) -> Result<Json<Value>, Problem> {
    if caller.0.role != Role::Operator {
        return Err(Problem::forbidden("the operator's key is needed"));
    }
    let Some(Report { status, mark }) = read(&mail) else { return Ok(said("no_report", None)) };
    let secret = api.pages.secret().ok_or_else(Problem::internal)?;
    let Ok(mark) = ReturnMark::open(&mark, secret) else { return Ok(said("not_ours", None)) };
    let dead = is_dead_mailbox(&status) && api.note_dead(&mark, &status).await?;
    let ReturnMark { entity, agent, offer, .. } = mark;
    if let Some((lead, round)) = offer {
        let channel = Channel::Email;
        api.set_back(&Setback { channel, entity, lead, agent, round }).await?;
    }
    Ok(said(if dead { "address_dead" } else { "noted" }, Some(&status)))
}

fn said(outcome: &str, status: Option<&str>) -> Json<Value> {
    Json(json!({ "outcome": outcome, "status": status }))
}

impl Api {
    /// `false`: it is not the agent's address any more.
    async fn note_dead(&self, mark: &ReturnMark, status: &str) -> Result<bool, Problem> {
        let ReturnMark { entity, agent, address, .. } = mark;
        let addresses = self.roster.addresses(entity, agent, Channel::Email);
        let present = addresses.iter().find(|known| tipoff_roster::mark(known) == *address);
        let Some(present) = present else { return Ok(false) };
        let why = format!("mails there come back: {status}");
        let reach = Reach::failed(present, &why, self.clock.now());
        self.roster.put_reach(entity, agent, Channel::Email, reach).await?;
        info!(entity.id = %entity, agent.id = %agent, status, "an address is dead and is used no more");
        Ok(true)
    }
}

/// What a mail system reports.
#[derive(Debug, PartialEq, Eq)]
struct Report {
    /// As in `5.1.1` (RFC 3463).
    status: String,
    /// What the mail carried.
    mark: String,
}

/// `None`: it is no report, or of a mail that may still arrive.
fn read(mail: &[u8]) -> Option<Report> {
    let mail = MessageParser::default().parse(mail)?;
    let mut reports =
        mail.parts.iter().filter(|part| part.is_content_type("message", "delivery-status"));
    let status = reports.find_map(|part| failure(part.contents()))?;
    let mark = mail.parts.iter().find_map(|part| match &part.body {
        PartType::Message(original) => carried(original),
        // Some send the headers alone.
        _ if part.is_content_type("text", "rfc822-headers") => {
            carried(&MessageParser::default().parse_headers(part.contents())?)
        }
        _ => None,
    })?;
    Some(Report { status, mark })
}

fn carried(mail: &Message<'_>) -> Option<String> {
    mail.header(ReturnMark::HEADER)?.as_text().map(|mark| mark.trim().to_owned())
}

/// The status of a recipient whom it could not be delivered to for good.
fn failure(report: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(report);
    let field = |name: &str| {
        let mut fields = text.lines().filter_map(|line| line.split_once(':'));
        let found = fields.find(|(known, _)| known.trim().eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim().to_owned())
    };
    let failed = field("action").is_some_and(|action| action.eq_ignore_ascii_case("failed"));
    let status = field("status")?.split_whitespace().next()?.to_owned();
    (failed && status.starts_with("5.")).then_some(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(action: &str, status: &str, original: &str) -> String {
        format!(
            "From: MAILER-DAEMON@mx.example.com\r\nTo: returns@acme.example\r\nSubject: Undelivered\r\n\
             MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n\
             --b\r\nContent-Type: text/plain\r\n\r\nI am sorry.\r\n\
             --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.com\r\n\r\n\
             Final-Recipient: rfc822; ana@example.com\r\nAction: {action}\r\nStatus: {status} (no such user)\r\n\r\n\
             --b\r\n{original}\r\n--b--\r\n"
        )
    }

    const WHOLE: &str = "Content-Type: message/rfc822\r\n\r\nFrom: leads@acme.example\r\nTipoff-Return: abc\r\n\
        Subject: New lead\r\n\r\nHello";
    const HEADERS: &str = "Content-Type: text/rfc822-headers\r\n\r\nFrom: leads@acme.example\r\nTipoff-Return: abc\r\n";

    #[test]
    fn a_report_is_read_whether_the_mail_comes_back_whole_or_not() {
        for original in [WHOLE, HEADERS] {
            let found = read(report("failed", "5.1.1", original).as_bytes());
            let wanted = Report { status: "5.1.1".to_owned(), mark: "abc".to_owned() };
            assert_eq!(found, Some(wanted), "{original}");
        }
    }

    #[test]
    fn what_may_still_arrive_and_what_is_no_report_is_left_alone() {
        assert_eq!(read(report("delayed", "4.4.7", WHOLE).as_bytes()), None);
        assert_eq!(read(report("delivered", "2.0.0", WHOLE).as_bytes()), None);
        assert_eq!(
            read(report("failed", "5.1.1", "Content-Type: text/plain\r\n\r\nx").as_bytes()),
            None
        );
        assert_eq!(read(b"Subject: I am on holiday\r\n\r\nBack on Monday"), None);
        assert_eq!(read(b""), None);
        assert_eq!(read(&[0xff; 64]), None);
    }
}
