use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tipoff_domain::Schedule;

use crate::fixture::at;

fn new_york(more: Value) -> Schedule {
    let mut whole = json!({"zone": "America/New_York"});
    whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(whole).unwrap()
}

/// How many minutes of the UTC day that begins at `from`, and the next, are open.
fn open_minutes(schedule: &Schedule, from: &str) -> usize {
    let from: DateTime<Utc> = at(from);
    (0..2 * 24 * 60)
        .filter(|minute| schedule.admits(from + TimeDelta::minutes(*minute)).is_ok())
        .count()
}

/// D-13: the instant is turned into the time of the zone, never the other way round.
#[test]
fn the_hour_that_spring_skips_is_never_open() {
    let schedule = new_york(json!({"days": ["sun"], "hours": {"from": "02:00", "to": "03:00"}}));
    assert_eq!(open_minutes(&schedule, "2026-03-08T00:00:00Z"), 0);
    assert_eq!(open_minutes(&schedule, "2026-03-15T00:00:00Z"), 60);
}

/// D-13.
#[test]
fn the_hour_that_autumn_repeats_is_open_twice() {
    let schedule = new_york(json!({"days": ["sun"], "hours": {"from": "01:00", "to": "02:00"}}));
    assert_eq!(open_minutes(&schedule, "2026-11-01T00:00:00Z"), 120);
}

#[test]
fn nine_to_five_is_eight_hours_on_every_day_of_the_year() {
    let schedule = new_york(json!({"days": ["sun"], "hours": {"from": "09:00", "to": "17:00"}}));
    for sunday in ["2026-03-08T00:00:00Z", "2026-07-05T00:00:00Z", "2026-11-01T00:00:00Z"] {
        assert_eq!(open_minutes(&schedule, sunday), 480, "{sunday}");
    }
}

/// D-14.
#[test]
fn the_last_minute_of_the_day_belongs_to_a_window_that_ends_at_23_59() {
    let schedule = new_york(json!({"hours": {"from": "18:00", "to": "23:59"}}));
    assert!(schedule.admits(at("2026-11-21T04:59:30Z")).is_ok());
    assert!(schedule.admits(at("2026-11-21T05:00:00Z")).is_err());
    let other_ends_are_exclusive = new_york(json!({"hours": {"from": "09:00", "to": "17:00"}}));
    assert!(other_ends_are_exclusive.admits(at("2026-11-20T22:00:00Z")).is_err());
}

/// D-12, D-13.
#[test]
fn the_weekday_is_the_one_where_the_route_is() {
    let saturdays = new_york(json!({"days": ["sat"]}));
    assert!(saturdays.admits(at("2026-11-21T04:30:00Z")).is_err(), "still Friday in New York");
    assert!(saturdays.admits(at("2026-11-22T04:30:00Z")).is_ok(), "still Saturday in New York");
}

#[test]
fn dates_count_from_the_first_to_the_last_day_inclusive() {
    let holiday = new_york(json!({"dates": {"from": "2026-12-24", "to": "2026-12-26"}}));
    assert!(holiday.admits(at("2026-12-24T04:59:00Z")).is_err());
    assert!(holiday.admits(at("2026-12-24T05:00:00Z")).is_ok());
    assert!(holiday.admits(at("2026-12-27T04:59:00Z")).is_ok());
    assert!(holiday.admits(at("2026-12-27T05:00:00Z")).is_err());
}

/// D-15.
#[test]
fn windows_that_cross_midnight_or_overlap_are_refused_by_name() {
    let crossing = new_york(json!({"hours": {"from": "20:00", "to": "08:00"}}));
    assert_eq!(crossing.check().unwrap_err().0[0].field, "/hours/0");
    let overlapping = new_york(
        json!({"hours": [{"from": "09:00", "to": "12:00"}, {"from": "11:00", "to": "14:00"}]}),
    );
    assert_eq!(overlapping.check().unwrap_err().0[0].field, "/hours/1");
    let touching = new_york(
        json!({"hours": [{"from": "09:00", "to": "12:00"}, {"from": "12:00", "to": "14:00"}]}),
    );
    assert!(touching.check().is_ok());
}
