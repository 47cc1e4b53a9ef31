//! What all routes ask for, by value: a lead is held against all of them at once, so that what
//! it costs hardly grows with their number.

use std::collections::HashMap;
use std::sync::Arc;

use fixedbitset::FixedBitSet;

use crate::criteria::{SourcesWord, found};
use crate::{Criteria, Criterion, Lead, Route, SourceId, Sources};

/// Routes by their place on the list.
type Places = FixedBitSet;

/// The criteria that any route asks for, in the order in which they are examined.
#[derive(Debug)]
pub(super) struct Asked(Vec<Of>);

/// What routes ask of one criterion.
#[derive(Debug)]
struct Of {
    criterion: Criterion,
    /// Those who ask nothing.
    open: Places,
    /// Those who take a lead that lacks it, too.
    lenient: Places,
    /// Those who ask for a source that is known, whichever.
    known: Places,
    /// Those who ask for a value, and for others perhaps.
    by_value: HashMap<String, Vec<usize>>,
}

impl Asked {
    pub(super) fn by(routes: &[Arc<Route>]) -> Self {
        let of = Criterion::ALL.into_iter().map(|criterion| Of::by(routes, criterion));
        Self(of.filter(|of| !of.open.is_full()).collect())
    }

    pub(super) fn failing(
        &self,
        routes: &[Arc<Route>],
        lead: &Lead,
        knows: impl Fn(&SourceId) -> bool,
    ) -> Vec<Option<Criterion>> {
        let mut failing = vec![None; routes.len()];
        let mut left = Places::with_capacity(routes.len());
        left.insert_range(..);
        for of in &self.0 {
            let met = match of.criterion {
                Criterion::Price => of.in_range(routes, &left, lead),
                _ => of.met(lead, &knows),
            };
            for place in left.difference(&met) {
                failing[place] = Some(of.criterion);
            }
            left.intersect_with(&met);
        }
        failing
    }
}

impl Of {
    fn by(routes: &[Arc<Route>], criterion: Criterion) -> Self {
        let none = || Places::with_capacity(routes.len());
        let mut of = Self {
            criterion,
            open: none(),
            lenient: none(),
            known: none(),
            by_value: HashMap::new(),
        };
        for (place, route) in routes.iter().enumerate() {
            of.add(place, &route.criteria);
        }
        of
    }

    fn add(&mut self, place: usize, criteria: &Criteria) {
        let asks = criteria.asks(self.criterion);
        self.open.set(place, !asks);
        // A lead without a source never meets what is asked of it (D-27).
        let lenient = criteria.missing_matches && self.criterion != Criterion::Sources;
        self.lenient.set(place, !asks || lenient);
        let all = matches!(criteria.sources, Sources::Word(SourcesWord::All));
        self.known.set(place, all && self.criterion == Criterion::Sources);
        for value in criteria.wanted(self.criterion) {
            let places = self.by_value.entry(value).or_default();
            if places.last() != Some(&place) {
                places.push(place);
            }
        }
    }

    /// Those whom the lead has a value for.
    fn met(&self, lead: &Lead, knows: impl Fn(&SourceId) -> bool) -> Places {
        let values = found(self.criterion, lead);
        let mut met = if values.is_empty() { self.lenient.clone() } else { self.open.clone() };
        for value in values {
            met.extend(self.by_value.get(&*value).into_iter().flatten().copied());
        }
        if self.criterion == Criterion::Sources && lead.routed_source().is_some_and(knows) {
            met.union_with(&self.known);
        }
        met
    }

    /// Those of `left` whose price range the lead is in: a price is no value to look up.
    fn in_range(&self, routes: &[Arc<Route>], left: &Places, lead: &Lead) -> Places {
        let mut met = self.open.clone();
        let asking = left.difference(&self.open);
        met.extend(asking.filter(|place| routes[*place].criteria.takes_price(lead)));
        met
    }
}
