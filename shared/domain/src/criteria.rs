//! What a lead must be like for a route to take it.
//!
//! Values within a criterion are alternatives, criteria add up. An empty
//! criterion matches everything; a lead that lacks the value does not match a
//! criterion that asks for it, unless the route wants that.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{Invalid, Kind, Lead, SourceId};

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
    pub(crate) const ALL: [Self; 7] = [
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
    /// Whether anything is asked of it.
    pub(crate) fn asks(&self, criterion: Criterion) -> bool {
        match criterion {
            Criterion::Sources => self.sources != Sources::default(),
            Criterion::Price => !self.price.is_blank(),
            Criterion::Kinds => !self.kinds.is_empty(),
            _ => !self.texts(criterion).is_empty(),
        }
    }

    /// The values of which a lead must have one, as [`found`] has them.
    pub(crate) fn wanted(&self, criterion: Criterion) -> Vec<String> {
        match (criterion, &self.sources) {
            (Criterion::Sources, Sources::These(these)) => {
                these.iter().map(|source| source.as_str().to_owned()).collect()
            }
            (Criterion::Kinds, _) => {
                self.kinds.iter().map(|kind| kind.as_str().to_owned()).collect()
            }
            _ => self.texts(criterion).iter().map(|text| plain(text)).collect(),
        }
    }

    fn texts(&self, criterion: Criterion) -> &[String] {
        match criterion {
            Criterion::Hashtags => &self.hashtags,
            Criterion::PropertyTypes => &self.property_types,
            Criterion::Areas => &self.areas,
            Criterion::Mls => &self.mls,
            Criterion::Sources | Criterion::Kinds | Criterion::Price => &[],
        }
    }

    pub(crate) fn takes_price(&self, lead: &Lead) -> bool {
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

/// What a lead has to show for a criterion, price aside, as [`Criteria::wanted`] has it.
pub(crate) fn found(criterion: Criterion, lead: &Lead) -> Vec<Cow<'_, str>> {
    let plain = |text| Cow::Owned(plain(text));
    match criterion {
        Criterion::Sources => {
            lead.routed_source().map(|source| source.as_str().into()).into_iter().collect()
        }
        Criterion::Hashtags => lead.hashtags.iter().map(|tag| plain(tag)).collect(),
        Criterion::Kinds => lead.kind.map(|kind| kind.as_str().into()).into_iter().collect(),
        Criterion::PropertyTypes => property_types(lead).map(plain).collect(),
        Criterion::Areas => areas(lead).map(plain).collect(),
        Criterion::Mls => {
            let mls = lead.property.iter().filter_map(|property| property.mls.as_deref());
            mls.map(plain).collect()
        }
        Criterion::Price => Vec::new(),
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

/// Whether two values are the same.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    plain(one) == plain(other)
}

/// A value as it is compared: upper and lower case, blanks around it and a `#` before it do
/// not matter.
fn plain(text: &str) -> String {
    text.trim().trim_start_matches('#').to_lowercase()
}
