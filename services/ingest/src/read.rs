//! Reading a lead from whatever JSON came.
//!
//! Lenient in form (a single e-mail address, a number where text belongs, a
//! name in one piece), exact in its refusals: every field that cannot be read
//! is named, and nothing of what was sent is repeated.

mod fields;

use chrono::DateTime;
use serde_json::{Map, Value};
use tipoff_contact::{normalise, tidy};
use tipoff_domain::lead::Interest;
use tipoff_domain::{Invalid, Lead, Name, Property, SourceId};

use fields::Fields;

/// Largest lead, in bytes.
pub(crate) const LARGEST: usize = 256 * 1024;
/// Deepest nesting. Leads are wrapped in other JSON on their way, and readers
/// give up at 128.
const DEEPEST: usize = 32;

/// Addresses to look at; [`Lead::check`] wants fewer. Tidying up each takes its time.
const MOST_ADDRESSES: usize = 50;

const LARGEST_NUMBER: f64 = 1e300;

/// What is wrong with a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unreadable {
    TooLarge,
    /// Not JSON; where reading ended.
    NotJson {
        line: usize,
        column: usize,
    },
    Invalid(Invalid),
}

impl Unreadable {
    /// As problems, field by field.
    pub(crate) fn problems(&self) -> Invalid {
        match self {
            Self::TooLarge => Invalid::one("", format!("is larger than {} kB", LARGEST / 1024)),
            Self::NotJson { line: 1, column } => {
                Invalid::one("", format!("is not JSON in UTF-8 (column {column})"))
            }
            Self::NotJson { line, column } => {
                Invalid::one("", format!("is not JSON in UTF-8 (line {line}, column {column})"))
            }
            Self::Invalid(invalid) => invalid.clone(),
        }
    }
}

/// Reads and checks a lead of an entity in `country`.
pub(crate) fn lead(body: &[u8], country: &str) -> Result<Lead, Unreadable> {
    if body.len() > LARGEST {
        return Err(Unreadable::TooLarge);
    }
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| Unreadable::NotJson { line: error.line(), column: error.column() })?;
    let Value::Object(object) = value else {
        return Err(Unreadable::Invalid(Invalid::one("", "must be one JSON object")));
    };
    if object.values().any(|value| is_deeper_than(value, DEEPEST)) {
        let problem = format!("is nested more than {DEEPEST} levels deep");
        return Err(Unreadable::Invalid(Invalid::one("", problem)));
    }
    if object.values().any(is_beyond_reading) {
        return Err(Unreadable::Invalid(Invalid::one(
            "",
            "holds a number that is too large to be kept",
        )));
    }
    from_object(object, country).map_err(Unreadable::Invalid)
}

fn is_deeper_than(value: &Value, levels: usize) -> bool {
    let below = |value: &Value| levels == 0 || is_deeper_than(value, levels - 1);
    match value {
        Value::Array(values) => values.iter().any(below),
        Value::Object(values) => values.values().any(below),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Numbers at the very end of what a float holds may be rounded beyond it when
/// they are written, and then nobody could read the lead any more.
fn is_beyond_reading(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.as_f64().is_none_or(|number| number.abs() > LARGEST_NUMBER),
        Value::Array(values) => values.iter().any(is_beyond_reading),
        Value::Object(values) => values.values().any(is_beyond_reading),
        Value::Null | Value::Bool(_) | Value::String(_) => false,
    }
}

fn from_object(object: Map<String, Value>, country: &str) -> Result<Lead, Invalid> {
    let mut invalid = Invalid::default();
    let mut fields = Fields::new(object, "", &mut invalid);
    let emails =
        [fields.few("emails", MOST_ADDRESSES), fields.few("email", MOST_ADDRESSES)].concat();
    let phones =
        [fields.few("phones", MOST_ADDRESSES), fields.few("phone", MOST_ADDRESSES)].concat();
    // Ours to say; who sends it may not.
    fields.forget("phones_sent");
    let (phones, phones_sent) = normalise(phones, country);
    let mut lead = Lead {
        external_id: fields
            .text("external_id")
            .map(|id| id.trim().to_owned())
            .filter(|id| !id.is_empty()),
        source: fields.parsed::<SourceId>("source", "is not the name of a source"),
        kind: fields.word("kind", "must be one of `buyer`, `seller`, `renter`, `agent`, `other`"),
        name: Name::default(),
        emails: tidy(emails),
        phones,
        phones_sent,
        message: fields.text("message"),
        hashtags: fields.texts("hashtags"),
        language: fields.text("language"),
        property: None,
        interest: None,
        origin: fields
            .word("origin", "must be one of `automatic`, `manual`, `import`, `agent_site`")
            .unwrap_or_default(),
        agent: fields.parsed("agent", "is not the name of an agent"),
        occurred_at: fields
            .parsed::<DateTime<chrono::FixedOffset>>(
                "occurred_at",
                "must be a time as in 2026-11-22T09:30:00Z",
            )
            .map(|time| time.to_utc()),
        more: Map::new(),
    };
    let (name, property, interest) =
        (fields.name(), fields.object("property"), fields.object("interest"));
    lead.more = fields.rest();
    let (name, more_name) = name.map(|name| read_name(name, &mut invalid)).unwrap_or_default();
    lead.name = name;
    if !more_name.is_empty() {
        lead.more.insert("more_name".to_owned(), Value::Object(more_name));
    }
    lead.property = property.map(|property| read_property(property, &mut invalid));
    lead.interest = interest.map(|interest| read_interest(interest, &mut invalid));
    if invalid.0.is_empty() {
        invalid.absorb(lead.check());
    }
    invalid.into_result().map(|()| lead)
}

/// The name, and the parts of it that we have no place for.
fn read_name(object: Map<String, Value>, invalid: &mut Invalid) -> (Name, Map<String, Value>) {
    let mut fields = Fields::new(object, "/name", invalid);
    let name =
        Name { full: fields.text("full"), first: fields.text("first"), last: fields.text("last") };
    (name, fields.rest())
}

fn read_property(object: Map<String, Value>, invalid: &mut Invalid) -> Property {
    let mut fields = Fields::new(object, "/property", invalid);
    Property {
        address: fields.text("address"),
        city: fields.text("city"),
        region: fields.text("region"),
        postal_code: fields.text("postal_code"),
        mls: fields.text("mls"),
        kind: fields.text("type"),
        price: fields.number("price"),
        listing_agent: fields.parsed("listing_agent", "is not the name of an agent"),
        co_listing_agents: fields.all_parsed("co_listing_agents", "is not the name of an agent"),
        more: fields.rest(),
    }
}

fn read_interest(object: Map<String, Value>, invalid: &mut Invalid) -> Interest {
    let mut fields = Fields::new(object, "/interest", invalid);
    Interest {
        areas: fields.texts("areas"),
        price_min: fields.number("price_min"),
        price_max: fields.number("price_max"),
        property_types: fields.texts("property_types"),
        more: fields.rest(),
    }
}

#[cfg(test)]
mod tests;
