//! A task to get in touch with a lead again, later today.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Days, NaiveTime, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;
use serde::Deserialize;
use serde_json::{Value, json};
use tipoff_board::FollowUp;
use tipoff_domain::Locale;
use tipoff_roster::Role;
use utoipa::ToSchema;

use super::refusal::{no_lead, not_yours};
use super::request::RequestId;
use super::wanted::reason;
use crate::Api;
use crate::access::Caller;
use crate::body::{Asked, In, MaybeSent};
use crate::names::{LeadPath, WhichEntity};
use crate::page::say;
use crate::problem::Problem;
use crate::schema;

/// A follow-up is due after so long, but not later in the evening than that,
/// and otherwise on the next morning.
const LATER: TimeDelta = TimeDelta::hours(2);
const SOONEST: TimeDelta = TimeDelta::minutes(15);
const EVENING: NaiveTime = NaiveTime::from_hms_opt(20, 0, 0).expect("this is a time of day");
const MORNING: NaiveTime = NaiveTime::from_hms_opt(9, 0, 0).expect("this is a time of day");
/// Nobody plans further ahead.
const FURTHEST: TimeDelta = TimeDelta::days(366);

/// When, and what for.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"at": "2026-11-22T21:00:00Z", "note": "ask about the garden"}))]
pub(crate) struct FollowUpWanted {
    /// Later today, in the entity's zone, if left out.
    #[serde(default)]
    at: Option<DateTime<Utc>>,
    /// 500 characters at most.
    #[serde(default)]
    note: Option<String>,
}

/// Schedule a follow-up task
///
/// For the agent who has the lead, and for admins. It stands in the lead's timeline as `lead.follow_up`.
#[utoipa::path(post, path = "/v1/leads/{id}/follow-up", tag = "leads", params(LeadPath, WhichEntity),
    request_body = Option<FollowUpWanted>, responses((status = 200, body = schema::FollowUp)))]
pub(crate) async fn follow_up(
    State(api): State<Api>,
    caller: Caller,
    In(LeadPath { id }): In<LeadPath>,
    Asked(WhichEntity { entity }): Asked<WhichEntity>,
    request: RequestId,
    MaybeSent(wanted): MaybeSent<FollowUpWanted>,
) -> Result<Json<Value>, Problem> {
    let entity = caller.entity(entity)?;
    let note = reason("/note", wanted.note.as_deref())?;
    let (now, view) = (api.clock.now(), api.roster.view(&entity).ok_or_else(|| no_lead(&id))?);
    let due = wanted.at.unwrap_or_else(|| later_today(now, view.entity.zone));
    if due <= now || due > now + FURTHEST {
        return Err(Problem::invalid_field("/at", "must lie ahead, within a year"));
    }
    let agent = if caller.0.role == Role::Agent { Some(caller.agent()?.1) } else { None };
    let request = request.of("follow_up", agent.map_or("admin", |agent| agent.as_str()));
    match api.board.follow_up(&entity, &id, agent, due, note, &request).await? {
        FollowUp::Noted => Ok(Json(json!({ "outcome": "noted", "due": due }))),
        FollowUp::NotYours => Err(not_yours()),
        FollowUp::Unknown => Err(no_lead(&id)),
    }
}

/// A good time to get in touch again: in two hours, but not in the night.
pub(crate) fn later_today(now: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
    let local = now.with_timezone(&zone);
    let at = |days: u64, time: NaiveTime| {
        let day = local.date_naive().checked_add_days(Days::new(days))?;
        // A time that the clocks leave out is put off by the hour they leave out.
        let found = zone.from_local_datetime(&day.and_time(time)).earliest();
        found.map(|found| found.to_utc())
    };
    let evening = at(0, EVENING).filter(|evening| now + SOONEST <= *evening);
    match evening {
        Some(evening) => (now + LATER).min(evening),
        None => at(1, MORNING).unwrap_or(now + LATER),
    }
}

/// `due` as it is said of a follow-up.
pub(crate) fn moment(due: DateTime<Utc>, now: DateTime<Utc>, zone: Tz, locale: Locale) -> String {
    let (local, today) = (due.with_timezone(&zone), now.with_timezone(&zone).date_naive());
    let (afternoon, hour) = local.hour12();
    let half = if afternoon { "pm" } else { "am" }.to_owned();
    let clock =
        [("hour", hour.to_string()), ("minute", format!("{:02}", local.minute())), ("half", half)];
    let today = if local.date_naive() == today { "yes" } else { "no" }.to_owned();
    let time = say(locale, "time-of-day", clock);
    say(locale, "follow-up-time", [("today", today), ("time", time)])
}

#[cfg(test)]
mod tests {
    use super::*;

    const ZONE: Tz = chrono_tz::America::New_York;

    fn due(now: &str) -> String {
        later_today(now.parse().unwrap(), ZONE).with_timezone(&ZONE).format("%d %H:%M").to_string()
    }

    #[test]
    fn a_follow_up_is_two_hours_ahead_but_never_in_the_night() {
        assert_eq!(due("2026-11-23T15:00:00Z"), "23 12:00");
        assert_eq!(due("2026-11-23T23:30:00Z"), "23 20:00");
        assert_eq!(due("2026-11-24T00:44:00Z"), "23 20:00");
        assert_eq!(due("2026-11-24T00:46:00Z"), "24 09:00");
        assert_eq!(due("2026-11-24T04:30:00Z"), "24 09:00");
    }

    #[test]
    fn the_day_is_said_where_it_is_not_today() {
        let now: DateTime<Utc> = "2026-11-23T15:00:00Z".parse().unwrap();
        let said = |due: &str, locale| moment(due.parse().unwrap(), now, ZONE, locale);
        assert_eq!(said("2026-11-23T17:00:00Z", Locale::En), "12:00 PM today");
        assert_eq!(said("2026-11-24T14:00:00Z", Locale::En), "9:00 AM tomorrow");
        assert!(said("2026-11-24T14:00:00Z", Locale::Es).starts_with("mañana, "));
    }
}
