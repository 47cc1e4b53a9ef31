//! A lead's log as people read it.

use std::fmt::{Display, Write};

use chrono::TimeZone;
use tipoff_domain::{Decision, Notified};
use tipoff_wire::Event;

use crate::tell::{self, Titles};

/// Everything that happened, oldest first, and after each event the notices that
/// went out before the next. `zone` says which clock the times are of.
pub(super) fn render<Z: TimeZone>(
    events: &[Event],
    notices: &[Notified],
    titles: &Titles,
    zone: &Z,
) -> String
where
    Z::Offset: Display,
{
    let mut notices = notices.iter().peekable();
    let mut text = String::new();
    let (Some(first), Some(last)) = (events.first(), events.last()) else {
        return text;
    };
    let began = first.after.received_at;
    let day = began.with_timezone(zone).format("%A %-d %B %Y, %H:%M:%S%.3f (UTC%:z)");
    line(&mut text, format_args!("{}   entity {}", first.lead, first.entity));
    line(&mut text, format_args!("received {day}"));
    line(&mut text, format_args!("now: {}\n", tell::standing(&last.after)));

    for (place, event) in events.iter().enumerate() {
        let time = event.at.with_timezone(zone).format("%H:%M:%S%.3f");
        let since = format!("+{}", tell::took(event.at - began));
        let (verb, story) = (tell::verb(event.kind), tell::story(event, titles));
        line(&mut text, format_args!("{time}  {since:>9}  {verb:<9}  {story}"));
        if let Some(offer) = event.offers.first() {
            note(
                &mut text,
                "until",
                &offer.until.with_timezone(zone).format("%H:%M:%S%.3f").to_string(),
                "",
            );
        }
        if let Some(reason) = &event.reason {
            note(&mut text, "they said", reason, "");
        }
        for tag in &event.tags {
            note(&mut text, "tagged", tag, "");
        }
        if let Some(decision) = &event.decision {
            explain(&mut text, decision, titles);
        }
        let next = events.get(place + 1).map(|event| event.at);
        while let Some(notice) = notices.next_if(|one| next.is_none_or(|next| one.at < next)) {
            let time = notice.at.with_timezone(zone).format("%H:%M:%S%.3f");
            let since = format!("+{}", tell::took(notice.at - began));
            let (verb, story) = tell::notice(notice);
            line(&mut text, format_args!("{time}  {since:>9}  {verb:<9}  {story}"));
        }
    }
    text
}

/// Each route with its verdict, then each agent with theirs.
fn explain(text: &mut String, decision: &Decision, titles: &Titles) {
    for considered in &decision.routes {
        note(text, "route", titles.get(&considered.route), tell::route_verdict(considered.verdict));
    }
    for candidate in &decision.candidates {
        note(
            text,
            "agent",
            candidate.agent.as_str(),
            tell::candidate_verdict(candidate.verdict, candidate.by),
        );
    }
    for (verdict, count) in &decision.others.routes {
        note(text, "routes", &format!("{count} more"), tell::route_verdict(*verdict));
    }
    for (verdict, count) in &decision.others.candidates {
        note(text, "agents", &format!("{count} more"), tell::candidate_verdict(*verdict, None));
    }
}

/// A line under an event, below its story.
fn note(text: &mut String, what: &str, which: &str, verdict: &str) {
    line(text, format_args!("{:25}{what:<9}  {which:<30}  {verdict}", ""));
}

/// One line without trailing blanks.
fn line(text: &mut String, what: std::fmt::Arguments<'_>) {
    let mut written = String::new();
    write!(written, "{what}").expect("writing to a string never fails");
    for part in written.split('\n') {
        text.push_str(part.trim_end());
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};
    use serde_json::{Value, json};

    use super::*;

    fn event(version: u64, seconds: i64, more: &Value) -> Event {
        let start: DateTime<Utc> = "2026-11-22T09:30:00Z".parse().unwrap();
        let mut event = json!({
            "id": format!("1-{version}-0"), "at": start + TimeDelta::seconds(seconds), "entity": "acme",
            "lead": "lead_0123456789abcdef0123456789abcdef", "version": version,
        });
        let after = json!({
            "state": "offered", "round": 1, "source": "zillow", "received_at": start, "t0": start,
            "reroutes": 0, "inquiries": 0,
        });
        event["after"] = after;
        for (key, value) in more.as_object().unwrap() {
            match (key.as_str(), value) {
                ("after", Value::Object(fields)) => {
                    event["after"].as_object_mut().unwrap().extend(fields.clone());
                }
                _ => event[key] = value.clone(),
            }
        }
        serde_json::from_value(event).unwrap()
    }

    fn story() -> Vec<Event> {
        let routes = json!([
            {"route": "route_1", "verdict": "dates"}, {"route": "route_2", "verdict": "matched"},
            {"route": "route_3", "verdict": "outranked"},
        ]);
        let candidates = json!([
            {"agent": "ana", "verdict": "chosen", "by": "turn"}, {"agent": "ben", "verdict": "eligible"},
            {"agent": "dana", "verdict": "paused"},
        ]);
        vec![
            event(
                1,
                0,
                &json!({"type": "lead.received", "payload": {"emails": ["lead@example.com"], "name": {"full": "Sam Poe"}}}),
            ),
            event(
                2,
                0,
                &json!({
                    "type": "lead.offered", "route": "route_2", "round": 1,
                    "offers": [{"agent": "ana", "until": "2026-11-22T09:31:00Z"}],
                    "decision": {"routes": routes, "candidates": candidates},
                }),
            ),
            event(
                3,
                12,
                &json!({"type": "lead.passed", "agents": ["ana"], "reason": "on a showing"}),
            ),
            event(
                4,
                12,
                &json!({
                    "type": "lead.offered", "route": "route_2", "round": 2,
                    "offers": [{"agent": "ben", "until": "2026-11-22T09:31:12Z"}],
                    "decision": {"candidates": [{"agent": "ben", "verdict": "chosen", "by": "turn"}]},
                }),
            ),
            event(
                5,
                20,
                &json!({
                    "type": "lead.claimed", "agents": ["ben"],
                    "after": {"state": "assigned", "agent": "ben", "how": "claimed"},
                }),
            ),
        ]
    }

    fn notices() -> Vec<Notified> {
        let notice = |after: i64, agent: &str, channel: &str, became: &str| {
            let at: DateTime<Utc> = "2026-11-22T09:30:00Z".parse().unwrap();
            let why = (became == "failed").then_some("the mailbox is not there");
            json!({"at": at + TimeDelta::milliseconds(after), "agent": agent, "channel": channel, "about": "offer",
                "round": 1, "became": became, "why": why})
        };
        let all = json!([
            notice(40, "ana", "push", "sent"),
            notice(50, "ana", "email", "failed"),
            notice(12_300, "ben", "email", "sent"),
        ]);
        serde_json::from_value(all).unwrap()
    }

    fn titles() -> Titles {
        let named = [("route_1", "Holiday jump ball"), ("route_2", "Zillow round robin")];
        named.map(|(id, title)| (id.parse().unwrap(), title.to_owned())).into_iter().collect()
    }

    #[test]
    fn a_trace_tells_each_step_and_the_reasons_for_it() {
        insta::assert_snapshot!(render(&story(), &notices(), &titles(), &Utc), @r"
        lead_0123456789abcdef0123456789abcdef   entity acme
        received Sunday 22 November 2026, 09:30:00.000 (UTC+00:00)
        now: ben has it (claimed)

        09:30:00.000       +0 s  received   from zillow
        09:30:00.000       +0 s  offered    to ana, for 1m   Zillow round robin
                                 until      09:31:00.000
                                 route      Holiday jump ball               is not active on this date
                                 route      Zillow round robin              matched, and takes the lead
                                 route      route_3                         would match, but another one comes first
                                 agent      ana                             is chosen: it is their turn
                                 agent      ben                             could have had it
                                 agent      dana                            is paused
        09:30:00.040   +0.040 s  told       ana of the offer, by push
        09:30:00.050   +0.050 s  not told   ana of the offer, by email: the mailbox is not there
        09:30:12.000      +12 s  passed     by ana
                                 they said  on a showing
        09:30:12.000      +12 s  offered    to ben, for 1m   Zillow round robin
                                 until      09:31:12.000
                                 agent      ben                             is chosen: it is their turn
        09:30:12.300    +12.3 s  told       ben of the offer, by email
        09:30:20.000      +20 s  claimed    by ben, 20 s after the lead came in
        ");
    }

    #[test]
    fn a_trace_shows_nobodys_contact_details() {
        let text = render(&story(), &notices(), &titles(), &Utc);
        assert!(!text.contains("example.com") && !text.contains("Sam"), "{text}");
    }
}
