//! Spans and moments as people say them.

use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;
use tipoff_domain::Locale;

use crate::words::{args, say};

/// How much time is left, in the two biggest units: "1 hour and 30 minutes".
/// To the minute from two minutes on, to the second below.
pub fn span(locale: Locale, left: TimeDelta) -> String {
    let seconds = (left.num_milliseconds().max(0) + 500) / 1_000;
    if seconds < 120 {
        return say(locale, "seconds", &args([("n", seconds.into())]));
    }
    let minutes = (seconds + 30) / 60;
    let units =
        [("days", minutes / 1_440), ("hours", minutes / 60 % 24), ("minutes", minutes % 60)];
    let said = |(key, n): (&'static str, i64)| say(locale, key, &args([("n", n.into())]));
    let mut parts =
        units.into_iter().skip_while(|(_, n)| *n == 0).take(2).filter(|(_, n)| *n > 0).map(said);
    let first = parts.next().unwrap_or_default();
    match parts.next() {
        Some(second) => {
            say(locale, "both", &args([("first", first.into()), ("second", second.into())]))
        }
        None => first,
    }
}

/// A moment in that zone, as seen from `now`: with its day where
/// that is not today, with seconds where they count.
pub fn moment(locale: Locale, zone: Tz, at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let local = at.with_timezone(&zone);
    let exact = at - now < TimeDelta::minutes(2);
    let clock = local.format(match (locale, exact) {
        (Locale::En, false) => "%-I:%M %p",
        (Locale::En, true) => "%-I:%M:%S %p",
        (Locale::Es, false) => "%H:%M",
        (Locale::Es, true) => "%H:%M:%S",
    });
    let today = local.date_naive() == now.with_timezone(&zone).date_naive();
    let named = |key: &'static str, n: u32| say(locale, key, &args([("n", n.into())]));
    let said = args([
        ("clock", clock.to_string().into()),
        ("hour", local.hour().into()),
        ("zone", zone_name(&local).into()),
        ("weekday", named("weekday", local.weekday().number_from_monday()).into()),
        ("day", local.day().into()),
        ("month", named("month", local.month()).into()),
    ]);
    say(locale, if today { "moment-today" } else { "moment-later" }, &said)
}

/// As in `EST`; zones without letters read as in `UTC-03`.
fn zone_name(local: &DateTime<Tz>) -> String {
    let name = local.format("%Z").to_string();
    if name.starts_with(['+', '-']) { format!("UTC{name}") } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW_YORK: Tz = chrono_tz::America::New_York;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn spans_are_said_in_the_right_number() {
        let said = |seconds| {
            (
                span(Locale::En, TimeDelta::seconds(seconds)),
                span(Locale::Es, TimeDelta::seconds(seconds)),
            )
        };
        let pair = |en: &str, es: &str| (en.to_owned(), es.to_owned());
        assert_eq!(said(1), pair("1 second", "1 segundo"));
        assert_eq!(said(90), pair("90 seconds", "90 segundos"));
        assert_eq!(said(15 * 60), pair("15 minutes", "15 minutos"));
        assert_eq!(said(3_600), pair("1 hour", "1 hora"));
        assert_eq!(said(5_400), pair("1 hour and 30 minutes", "1 hora y 30 minutos"));
        assert_eq!(said(86_400 + 60), pair("1 day", "1 día"));
        assert_eq!(said(2 * 86_400 + 3_600), pair("2 days and 1 hour", "2 días y 1 hora"));
    }

    #[test]
    fn a_notice_that_was_a_moment_under_way_still_says_the_whole_window() {
        let left = TimeDelta::minutes(15) - TimeDelta::milliseconds(740);
        assert_eq!(span(Locale::En, left), "15 minutes");
    }

    #[test]
    fn no_time_left_is_no_negative_time() {
        assert_eq!(span(Locale::En, TimeDelta::seconds(-5)), "0 seconds");
    }

    #[test]
    fn moments_are_said_in_the_entitys_zone_and_the_readers_language() {
        let (now, until) = (at("2026-11-23T20:30:00Z"), at("2026-11-23T20:45:59Z"));
        assert_eq!(moment(Locale::En, NEW_YORK, until, now), "3:45 PM EST");
        assert_eq!(moment(Locale::Es, NEW_YORK, until, now), "las 15:45 EST");
        assert_eq!(
            moment(Locale::Es, chrono_tz::America::Sao_Paulo, until, now),
            "las 17:45 UTC-03"
        );
    }

    #[test]
    fn another_day_is_named() {
        let (now, until) = (at("2026-07-01T20:30:00Z"), at("2026-07-03T05:05:00Z"));
        assert_eq!(moment(Locale::En, NEW_YORK, until, now), "1:05 AM EDT on Friday, July 3");
        assert_eq!(moment(Locale::Es, NEW_YORK, until, now), "la 01:05 EDT del viernes 3 de julio");
    }

    #[test]
    fn seconds_are_told_where_they_count() {
        let now = at("2026-11-23T20:30:00Z");
        assert_eq!(moment(Locale::En, NEW_YORK, at("2026-11-23T20:30:45Z"), now), "3:30:45 PM EST");
    }
}
