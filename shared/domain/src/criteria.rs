//! What a lead must be like for a route to take it.
//!
//! Values within a criterion are alternatives, criteria add up. An empty
//! criterion matches everything; a lead that lacks the value does not match a
//! criterion that asks for it, unless the route wants that.

use serde::{Deserialize, Serialize};

use crate::{Invalid, Kind, Lead, Origin, SourceId};

/// Which sources a route serves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Sources {
    Word(SourcesWord),
    These(Vec<SourceId>),
}

/// `any`: also leads without a source. `all`: every source known to the entity,
/// later ones included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourcesWord {
    Any,
    All,
}

impl Default for Sources {
    fn default() -> Self {
        Self::Word(SourcesWord::Any)
    }
}

/// A price range; either end may be open, both ends are included.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PriceRange {
    pub min: Option<f64>,
    pub max: Option<f64>,
}

impl PriceRange {
    fn is_blank(&self) -> bool {
        self.min.is_none() && self.max.is_none()
    }

    fn contains(&self, price: f64) -> bool {
        self.min.is_none_or(|min| price >= min) && self.max.is_none_or(|max| price <= max)
    }
}

/// What a lead must be like.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Criteria {
    pub sources: Sources,
    pub hashtags: Vec<String>,
    pub kinds: Vec<Kind>,
    pub property_types: Vec<String>,
    pub areas: Vec<String>,
    pub mls: Vec<String>,
    pub price: PriceRange,
    /// Whether a lead that lacks a value meets what is asked of it; sources aside.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub missing_matches: bool,
}

/// The criteria by name, in the order in which they are examined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Criterion {
    Sources,
    Hashtags,
    Kinds,
    PropertyTypes,
    Areas,
    Mls,
    Price,
}

impl Criterion {
    const ALL: [Self; 7] = [
        Self::Sources,
        Self::Hashtags,
        Self::Kinds,
        Self::PropertyTypes,
        Self::Areas,
        Self::Mls,
        Self::Price,
    ];
}

impl Criteria {
    /// The first criterion that `lead` does not meet. `knows` tells whether a
    /// source is one of the entity's.
    pub fn first_failing(
        &self,
        lead: &Lead,
        knows: impl Fn(&SourceId) -> bool,
    ) -> Option<Criterion> {
        let meets = |criterion| match criterion {
            Criterion::Sources => self.takes_source(lead, &knows),
            Criterion::Hashtags => {
                self.any_of(&self.hashtags, lead.hashtags.iter().map(String::as_str))
            }
            Criterion::Kinds => self.takes_kind(lead),
            Criterion::PropertyTypes => self.any_of(&self.property_types, property_types(lead)),
            Criterion::Areas => self.any_of(&self.areas, areas(lead)),
            Criterion::Mls => {
                let mls = lead.property.iter().filter_map(|property| property.mls.as_deref());
                self.any_of(&self.mls, mls)
            }
            Criterion::Price => self.takes_price(lead),
        };
        // Most routes fail the first of them, so no more is asked than that.
        Criterion::ALL.into_iter().find(|criterion| !meets(*criterion))
    }

    /// Manual and imported leads never match by source, whatever was typed (D-27).
    fn takes_source(&self, lead: &Lead, knows: impl Fn(&SourceId) -> bool) -> bool {
        let source = match lead.origin {
            Origin::Manual | Origin::Import => None,
            Origin::Automatic | Origin::AgentSite => lead.source.as_ref(),
        };
        match &self.sources {
            Sources::Word(SourcesWord::Any) => true,
            Sources::Word(SourcesWord::All) => source.is_some_and(knows),
            Sources::These(these) => source.is_some_and(|source| these.contains(source)),
        }
    }

    fn takes_kind(&self, lead: &Lead) -> bool {
        let taken = |kind| self.kinds.contains(&kind);
        self.kinds.is_empty() || lead.kind.map_or(self.missing_matches, taken)
    }

    /// Upper and lower case do not matter, and a hashtag may be written with its `#`.
    fn any_of<'a>(&self, wanted: &[String], found: impl Iterator<Item = &'a str>) -> bool {
        let mut found = found.peekable();
        let lacks = found.peek().is_none();
        let fits = |value: &str| wanted.iter().any(|want| is_same(want, value));
        wanted.is_empty() || lacks && self.missing_matches || found.any(fits)
    }

    fn takes_price(&self, lead: &Lead) -> bool {
        if self.price.is_blank() {
            return true;
        }
        let asked = lead.property.as_ref().and_then(|property| property.price);
        let wanted =
            lead.interest.as_ref().and_then(|interest| interest.price_max.or(interest.price_min));
        asked.or(wanted).map_or(self.missing_matches, |price| self.price.contains(price))
    }

    /// Refuses criteria that could never be met.
    pub fn check(&self) -> Result<(), Invalid> {
        let mut invalid = Invalid::default();
        if matches!(&self.sources, Sources::These(these) if these.is_empty()) {
            invalid.add("/sources", "name at least one source, or write `any` or `all`");
        }
        if let (Some(min), Some(max)) = (self.price.min, self.price.max)
            && min > max
        {
            invalid.add("/price/min", "must not be above `max`");
        }
        let lists = [
            ("/hashtags", &self.hashtags),
            ("/property_types", &self.property_types),
            ("/areas", &self.areas),
            ("/mls", &self.mls),
        ];
        for (field, list) in lists {
            invalid.check_filled(field, list);
        }
        invalid.into_result()
    }
}

fn property_types(lead: &Lead) -> impl Iterator<Item = &str> {
    let asked = lead.property.iter().filter_map(|property| property.kind.as_deref());
    let wanted = lead
        .interest
        .iter()
        .flat_map(|interest| interest.property_types.iter().map(String::as_str));
    asked.chain(wanted)
}

fn areas(lead: &Lead) -> impl Iterator<Item = &str> {
    let asked = lead.property.iter().flat_map(|property| {
        [property.postal_code.as_deref(), property.city.as_deref(), property.region.as_deref()]
            .into_iter()
            .flatten()
    });
    let wanted =
        lead.interest.iter().flat_map(|interest| interest.areas.iter().map(String::as_str));
    asked.chain(wanted)
}

/// Whether two values are the same: upper and lower case, blanks around them and
/// a `#` before them do not matter.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (bare(one), bare(other));
    if one.is_ascii() && other.is_ascii() {
        // Asked of every value of every route, for every lead.
        return one.eq_ignore_ascii_case(other);
    }
    one.to_lowercase() == other.to_lowercase()
}

fn bare(text: &str) -> &str {
    text.trim().trim_start_matches('#')
}
