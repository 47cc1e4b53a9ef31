//! What an agent gets to see of a lead: everything once it is theirs, no
//! contact details before.

use std::sync::Arc;

use serde::Serialize;
use tipoff_board::OnBoard;
use tipoff_domain::{Agent, EntityView, Lead, Locale, Property};
use tipoff_wire::Notice;

use crate::words::{Args, args, say};

/// Longest excerpt of the message in an offer, and longest message of a lead
/// that is theirs, in characters.
const EXCERPT: usize = 280;
const WHOLE: usize = 4_000;
const ONE_LINE: usize = 120;
/// That many digits together can be a telephone number; prices and listing
/// numbers have fewer.
const PHONE_DIGITS: usize = 9;
const HIDDEN: &str = "•••";

/// A notice with everything needed to write it.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) notice: Notice,
    pub(crate) view: Arc<EntityView>,
    pub(crate) agent: Arc<Agent>,
    pub(crate) lead: OnBoard,
}

impl Told {
    /// The language that the agent reads.
    pub(crate) fn locale(&self) -> Locale {
        self.agent.locale.unwrap_or(self.view.entity.locale)
    }
}

/// The facts of a lead, in words. What is empty is left out.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Seen {
    pub(crate) who: String,
    wants: String,
    pub(crate) property: String,
    price: String,
    pub(crate) source: String,
    language: String,
    message: String,
    phones: Vec<String>,
    emails: Vec<String>,
}

/// What can be told before the lead is claimed.
pub(crate) fn before_claiming(told: &Told) -> Seen {
    let mut seen = facts(told, without_contact);
    let message = told.lead.lead.message.as_deref().unwrap_or_default();
    seen.message = shortened(&without_contact(&paragraphs(message)), EXCERPT);
    seen
}

/// What can be told to the agent who has the lead.
pub(crate) fn everything(told: &Told) -> Seen {
    let lead = &told.lead.lead;
    let mut seen = facts(told, str::to_owned);
    seen.message = shortened(&paragraphs(lead.message.as_deref().unwrap_or_default()), WHOLE);
    seen.phones = lead.phones.iter().map(|phone| one_line(phone)).collect();
    seen.emails = lead.emails.iter().map(|email| one_line(email)).collect();
    seen
}

fn facts(told: &Told, shown: impl Fn(&str) -> String) -> Seen {
    let (lead, locale) = (&told.lead.lead, told.locale());
    let word = |key: &str, args: &Args| say(locale, key, args);
    let who = lead
        .name
        .display()
        .map(|name| one_line(&shown(&name)))
        .filter(|name| name.as_str() != HIDDEN);
    let kind = lead.kind.and_then(|kind| serde_json::to_value(kind).ok());
    let kind = kind.as_ref().and_then(|kind| kind.as_str()).map(str::to_owned);
    let language = lead.language.as_deref().map(one_line).filter(|code| !code.is_empty());
    Seen {
        who: who.unwrap_or_else(|| word("somebody", &Args::new())),
        wants: kind.map(|kind| word("kind", &args([("kind", kind.into())]))).unwrap_or_default(),
        property: lead
            .property
            .as_ref()
            .map(|property| one_line(&shown(&place(property))))
            .unwrap_or_default(),
        price: lead
            .property
            .as_ref()
            .and_then(|property| price(property, &told.view.entity.country))
            .unwrap_or_default(),
        source: source(told, lead),
        language: language
            .map(|code| word("speaks", &args([("code", code.into())])))
            .unwrap_or_default(),
        ..Seen::default()
    }
}

fn source(told: &Told, lead: &Lead) -> String {
    let id = lead.source.as_ref().or(told.lead.now_is.source.as_ref());
    let Some(id) = id else { return String::new() };
    told.view.sources.get(id).map_or_else(|| id.to_string(), |source| one_line(&source.name))
}

/// As in `15 Oak Ct, Austin, TX 78701`.
fn place(property: &Property) -> String {
    let given = |part: &Option<String>| {
        part.as_deref().map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned)
    };
    let region = [given(&property.region), given(&property.postal_code)]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>();
    let region = (!region.is_empty()).then(|| region.join(" "));
    [given(&property.address), given(&property.city), region]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(", ")
}

/// As in `$450,000`; without a sign where the country does not count in dollars.
fn price(property: &Property, country: &str) -> Option<String> {
    let price = property.price.filter(|price| price.is_finite() && *price >= 1.0)?;
    let digits = format!("{price:.0}");
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .filter_map(|group| std::str::from_utf8(group).ok())
        .collect();
    let sign = if ["US", "CA", "MX", "AU", "NZ"].contains(&country) { "$" } else { "" };
    Some(format!("{sign}{}", groups.join(",")))
}

/// Text for a subject or one line of a mail, whatever was sent.
pub(crate) fn one_line(text: &str) -> String {
    let plain: String =
        text.chars().map(|c| if c.is_control() || is_line_end(c) { ' ' } else { c }).collect();
    shortened(&plain.split_whitespace().collect::<Vec<_>>().join(" "), ONE_LINE)
}

/// Text with its lines, but no other control characters and no run of empty lines.
fn paragraphs(text: &str) -> String {
    let lines =
        text.lines().map(|line| line.chars().filter(|c| !c.is_control()).collect::<String>());
    let mut kept: Vec<String> = Vec::new();
    for line in lines.map(|line| line.trim_end().to_owned()) {
        if !(line.is_empty() && kept.last().is_none_or(String::is_empty)) {
            kept.push(line);
        }
    }
    kept.join("\n").trim_end().to_owned()
}

/// Line and paragraph separator of Unicode.
fn is_line_end(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}')
}

/// At most `limit` characters, cut with an ellipsis.
pub(crate) fn shortened(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let cut: String = text.chars().take(limit.saturating_sub(1)).collect();
    format!("{}…", cut.trim_end())
}

/// The same text with what looks like an e-mail address or a telephone number hidden.
fn without_contact(text: &str) -> String {
    let words = text.split_inclusive(char::is_whitespace).map(|word| {
        let end = word.trim_end().len();
        if word.contains('@') { format!("{HIDDEN}{}", &word[end..]) } else { word.to_owned() }
    });
    without_phones(&words.collect::<String>())
}

fn without_phones(text: &str) -> String {
    let in_number = |c: char| c.is_numeric() || "+-.()/ \u{a0}".contains(c);
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_numeric() || c == '+' || c == '(') {
        let (before, from) = rest.split_at(start);
        let run = &from[..from.find(|c| !in_number(c)).unwrap_or(from.len())];
        let digits = run.chars().filter(|c| c.is_numeric()).count();
        let number = run.trim_end_matches(|c: char| !c.is_numeric());
        kept.push_str(before);
        if digits >= PHONE_DIGITS {
            kept.push_str(HIDDEN);
            kept.push_str(&run[number.len()..]);
        } else {
            kept.push_str(run);
        }
        rest = &from[run.len()..];
    }
    kept.push_str(rest);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contact_details_in_free_text_are_hidden() {
        let hidden = |text: &str| without_contact(text);
        assert_eq!(
            hidden("Call 512-555-0101, or write dana@example.com."),
            "Call •••, or write •••"
        );
        assert_eq!(hidden("(512) 555 0101 or +1.512.555.0101"), "••• or •••");
        assert_eq!(hidden("5125550101"), "•••");
        assert_eq!(hidden("٥١٢٥٥٥٠١٠١"), "•••");
    }

    #[test]
    fn prices_dates_and_listing_numbers_stay() {
        let text = "Is MLS 12345678 still $1,250,000? Free on 11/22 at 3:30 (or 4).";
        assert_eq!(without_contact(text), text);
    }

    #[test]
    fn one_line_is_one_line() {
        assert_eq!(
            one_line(" Dana\r\nBcc: all@example.com\u{2028}x\u{0}y "),
            "Dana Bcc: all@example.com x y"
        );
        assert_eq!(one_line(&"a".repeat(500)).chars().count(), ONE_LINE);
    }

    #[test]
    fn prices_are_grouped() {
        let property = |price| Property { price: Some(price), ..Property::default() };
        assert_eq!(price(&property(450_000.0), "US").as_deref(), Some("$450,000"));
        assert_eq!(price(&property(950.0), "ES").as_deref(), Some("950"));
        assert_eq!(price(&property(f64::NAN), "US"), None);
    }

    #[test]
    fn an_address_is_put_together_from_what_is_known() {
        let property = Property {
            address: Some("15 Oak Ct".to_owned()),
            region: Some("TX".to_owned()),
            postal_code: Some("78701".to_owned()),
            ..Property::default()
        };
        assert_eq!(place(&property), "15 Oak Ct, TX 78701");
    }
}
