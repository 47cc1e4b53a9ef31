//! Which leads a route's criteria let through, compared with another's.

use crate::criteria::{SourcesWord, is_same};
use crate::{Criteria, EntityView, PriceRange, SourceId, Sources};

/// A source, or none.
pub(super) type Whence<'a> = Option<&'a SourceId>;

/// Every source that leads may come from, and none.
pub(super) fn all_sources(view: &EntityView) -> Vec<Whence<'_>> {
    let mut all: Vec<&SourceId> = view.sources.keys().collect();
    for route in &view.routes {
        if let Sources::These(these) = &route.criteria.sources {
            all.extend(these);
        }
    }
    all.sort_unstable();
    all.dedup();
    all.into_iter().map(Some).chain([None]).collect()
}

impl Criteria {
    /// Whether leads that come from there may be taken at all.
    pub(super) fn serves(&self, source: Whence<'_>, view: &EntityView) -> bool {
        match (&self.sources, source) {
            (Sources::Word(SourcesWord::Any), _) => true,
            (_, None) => false,
            (Sources::Word(SourcesWord::All), Some(source)) => view.sources.contains_key(source),
            (Sources::These(these), Some(source)) => these.contains(source),
        }
    }

    /// Whether nothing but the source matters.
    pub(super) fn only_sources(&self) -> bool {
        let rest = Self { sources: Sources::default(), missing_matches: false, ..self.clone() };
        rest == Self::default()
    }

    /// Whether every lead that `other` takes is taken, sources aside.
    pub(super) fn holds(&self, other: &Self) -> bool {
        let kinds = self.kinds.is_empty()
            || !other.kinds.is_empty() && other.kinds.iter().all(|kind| self.kinds.contains(kind));
        let lacking = self.missing_matches || !other.missing_matches || self.only_sources();
        lacking
            && kinds
            && among(&self.hashtags, &other.hashtags)
            && among(&self.property_types, &other.property_types)
            && among(&self.areas, &other.areas)
            && among(&self.mls, &other.mls)
            && price_holds(&self.price, &other.price)
    }

    /// Whether one lead could be taken by both, sources aside. A lead may have
    /// several hashtags, property types and areas, but one kind, MLS number and price.
    pub(super) fn may_share(&self, other: &Self) -> bool {
        let kinds = self.kinds.is_empty()
            || other.kinds.is_empty()
            || other.kinds.iter().any(|kind| self.kinds.contains(kind));
        let mls = self.mls.is_empty()
            || other.mls.is_empty()
            || other.mls.iter().any(|mls| self.mls.iter().any(|own| is_same(own, mls)));
        let lacking = self.missing_matches && other.missing_matches;
        lacking || kinds && mls && prices_meet(&self.price, &other.price)
    }
}

fn among(wide: &[String], narrow: &[String]) -> bool {
    wide.is_empty()
        || !narrow.is_empty()
            && narrow.iter().all(|value| wide.iter().any(|other| is_same(other, value)))
}

fn price_holds(wide: &PriceRange, narrow: &PriceRange) -> bool {
    let blank = *wide == PriceRange::default();
    let from = wide.min.is_none_or(|min| narrow.min.is_some_and(|other| min <= other));
    let to = wide.max.is_none_or(|max| narrow.max.is_some_and(|other| other <= max));
    blank || *narrow != PriceRange::default() && from && to
}

fn prices_meet(one: &PriceRange, other: &PriceRange) -> bool {
    let apart = |low: &PriceRange, high: &PriceRange| {
        low.max.zip(high.min).is_some_and(|(max, min)| max < min)
    };
    !apart(one, other) && !apart(other, one)
}
