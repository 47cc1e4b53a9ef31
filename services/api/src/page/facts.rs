//! What a page says of a lead, in the reader's language.

use chrono::{DateTime, Datelike, Timelike, Utc};
use chrono_tz::Tz;
use serde::Serialize;
use tipoff_domain::{Kind, Lead, Locale, Name, Property};

use super::texts::say;

/// A line of the list of facts.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Fact {
    label: String,
    value: String,
}

/// A way to reach the person.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Link {
    /// As people read it.
    pub(super) text: String,
    /// What follows `tel:`, `sms:` or `mailto:`; empty where nothing can be dialled.
    pub(super) target: String,
}

/// Until when, for people and for the countdown.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Deadline {
    text: String,
    iso: String,
    seconds: i64,
    left: String,
}

impl Deadline {
    pub(super) fn new(until: DateTime<Utc>, now: DateTime<Utc>, zone: Tz, locale: Locale) -> Self {
        let seconds = ((until - now).num_milliseconds().max(0) + 999) / 1_000;
        Self {
            text: moment(until, now, zone, locale),
            iso: until.to_rfc3339(),
            seconds,
            left: clock(seconds, locale),
        }
    }
}

/// `14:05`, `2:14:05`, or days and the rest.
fn clock(seconds: i64, locale: Locale) -> String {
    let (days, hours, minutes, seconds) =
        (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes}:{seconds:02}"),
        (0, _) => format!("{hours}:{minutes:02}:{seconds:02}"),
        _ => say(
            locale,
            "days-left",
            [("days", days.to_string()), ("clock", format!("{hours}:{minutes:02}:{seconds:02}"))],
        ),
    }
}

/// A time of day in the entity's zone, with its day unless that is today.
fn moment(at: DateTime<Utc>, now: DateTime<Utc>, zone: Tz, locale: Locale) -> String {
    let local = at.with_timezone(&zone);
    let (afternoon, hour) = local.hour12();
    let (hour, minute) = (hour.to_string(), format!("{:02}", local.minute()));
    let half = if afternoon { "pm" } else { "am" }.to_owned();
    let time = say(locale, "time-of-day", [("hour", hour), ("minute", minute), ("half", half)]);
    let time = format!("{time} {}", local.format("%Z"));
    if local.date_naive() == now.with_timezone(&zone).date_naive() {
        return say(locale, "today-at", [("time", time)]);
    }
    let (weekday, month) = (local.format("%a").to_string(), local.format("%b").to_string());
    let (weekday, month, day) =
        (weekday.to_lowercase(), month.to_lowercase(), local.day().to_string());
    say(locale, "date-at", [("weekday", weekday), ("day", day), ("month", month), ("time", time)])
}

/// What the lead is about. No contact details are in here.
pub(super) fn facts(
    lead: &Lead,
    source: Option<String>,
    dollars: bool,
    locale: Locale,
) -> Vec<Fact> {
    let property = lead.property.as_ref();
    let interest = lead.interest.as_ref();
    let money = |price: f64| amount(price, dollars);
    let range = interest.and_then(|interest| match (interest.price_min, interest.price_max) {
        (None, None) => None,
        (Some(min), None) => Some(say(locale, "from-price", [("price", money(min))])),
        (None, Some(max)) => Some(say(locale, "up-to-price", [("price", money(max))])),
        (Some(min), Some(max)) => Some(format!("{} – {}", money(min), money(max))),
    });
    let areas =
        interest.map(|interest| interest.areas.join(", ")).filter(|areas| !areas.is_empty());
    let said = [
        ("property", property.and_then(address)),
        ("price", property.and_then(|property| property.price).map(money)),
        ("wants", lead.kind.and_then(|kind| wish(kind, locale))),
        ("areas", areas),
        ("budget", range),
        ("language", lead.language.as_deref().and_then(|language| spoken(language, locale))),
        ("source", source),
    ];
    let fact = |(key, value): (&str, Option<String>)| {
        Some(Fact { label: say(locale, key, []), value: value? })
    };
    said.into_iter().filter_map(fact).collect()
}

fn address(property: &Property) -> Option<String> {
    let parts = [&property.address, &property.city, &property.region, &property.postal_code];
    let parts: Vec<_> = parts
        .into_iter()
        .flatten()
        .map(|part| part.trim())
        .filter(|part| !part.is_empty())
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn wish(kind: Kind, locale: Locale) -> Option<String> {
    let key = match kind {
        Kind::Buyer => "wants-to-buy",
        Kind::Seller => "wants-to-sell",
        Kind::Renter => "wants-to-rent",
        Kind::Agent | Kind::Other => return None,
    };
    Some(say(locale, key, []))
}

fn spoken(language: &str, locale: Locale) -> Option<String> {
    let key = match language.get(..2)?.to_ascii_lowercase().as_str() {
        "en" => "speaks-english",
        "es" => "speaks-spanish",
        _ => return None,
    };
    Some(say(locale, key, []))
}

/// Whole units, in groups of three.
fn amount(price: f64, dollars: bool) -> String {
    let digits = format!("{:.0}", price.clamp(0.0, 1e15));
    let mut grouped = String::with_capacity(digits.len() * 4 / 3 + 1);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if dollars { format!("${grouped}") } else { grouped }
}

/// How an agent is told about the person before the lead is theirs.
pub(crate) fn first_name(name: &Name) -> Option<String> {
    let first = name.first.clone().or_else(|| name.display())?;
    first.split_whitespace().next().map(str::to_owned)
}

pub(super) fn phones(lead: &Lead) -> Vec<Link> {
    let link = |phone: &String| {
        let target: String = phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
        Link {
            text: readable(phone),
            target: if target.len() >= 3 { target } else { String::new() },
        }
    };
    lead.phones.iter().map(link).collect()
}

/// North American numbers as people there write them.
fn readable(phone: &str) -> String {
    let digits = phone
        .strip_prefix("+1")
        .filter(|rest| rest.len() == 10 && rest.bytes().all(|b| b.is_ascii_digit()));
    match digits.map(|digits| (digits.get(..3), digits.get(3..6), digits.get(6..))) {
        Some((Some(area), Some(exchange), Some(line))) => format!("({area}) {exchange}-{line}"),
        _ => phone.to_owned(),
    }
}

pub(super) fn emails(lead: &Lead) -> Vec<Link> {
    lead.emails.iter().map(|email| Link { text: email.clone(), target: email.clone() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ZONE: Tz = chrono_tz::America::New_York;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_deadline_is_told_in_the_zone_of_the_entity() {
        let now = at("2026-11-22T21:30:00Z");
        let english = Deadline::new(at("2026-11-22T21:45:00Z"), now, ZONE, Locale::En);
        assert_eq!(
            (english.text.as_str(), english.left.as_str(), english.seconds),
            ("today, 4:45 PM EST", "15:00", 900)
        );
        let spanish = Deadline::new(at("2026-11-23T17:05:00Z"), now, ZONE, Locale::Es);
        assert_eq!(spanish.text, "lunes 23 de noviembre, 12:05 p. m. EST");
        assert_eq!(spanish.left, "19:35:00");
    }

    #[test]
    fn long_times_count_the_days() {
        assert_eq!(clock(3 * 86_400 + 4_000, Locale::En), "3 d 1:06:40");
        assert_eq!(clock(59, Locale::En), "0:59");
    }

    #[test]
    fn a_started_second_still_counts() {
        let until = at("2026-11-22T21:45:00.500Z");
        assert_eq!(Deadline::new(until, at("2026-11-22T21:45:00Z"), ZONE, Locale::En).seconds, 1);
        assert_eq!(Deadline::new(until, at("2026-11-22T21:46:00Z"), ZONE, Locale::En).seconds, 0);
    }

    #[test]
    fn money_and_numbers_are_easy_to_read() {
        assert_eq!(amount(450_000.0, true), "$450,000");
        assert_eq!(amount(1_250_000.0, false), "1,250,000");
        assert_eq!(amount(900.4, true), "$900");
        assert_eq!(readable("+15125550101"), "(512) 555-0101");
        assert_eq!(readable("+34600555010"), "+34600555010");
    }
}
