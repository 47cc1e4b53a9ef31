//! What an agent sees of a lead before it is theirs, as far as its route lets
//! them. Contact details are never among it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{EntityView, Lead, Name, Property, Route, RouteId};

/// A part of a lead that a route may show or hide until it is claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    Name,
    Source,
    Kind,
    Message,
    Hashtags,
    Language,
    /// All of it but the price.
    Property,
    Price,
    Interest,
}

impl Route {
    /// Whether agents see that of its leads before they have them.
    pub fn shows(&self, part: Part) -> bool {
        self.preview.as_ref().is_none_or(|shown| shown.contains(&part))
    }
}

impl EntityView {
    /// Whether agents see that of a lead of that route before they have it.
    pub fn shows(&self, route: Option<&RouteId>, part: Part) -> bool {
        route.and_then(|route| self.route(route)).is_none_or(|route| route.shows(part))
    }

    /// The lead as its route shows it to those who do not have it.
    pub fn previewed<'a>(&self, lead: &'a Lead, route: Option<&RouteId>) -> Cow<'a, Lead> {
        let route = route.and_then(|route| self.route(route));
        match route.filter(|route| route.preview.is_some()) {
            Some(route) => Cow::Owned(lead.previewed(route)),
            None => Cow::Borrowed(lead),
        }
    }
}

impl Lead {
    fn previewed(&self, route: &Route) -> Self {
        let mut shown = self.clone();
        let hides = |part| !route.shows(part);
        if hides(Part::Name) {
            shown.name = Name::default();
        }
        if hides(Part::Source) {
            shown.source = None;
        }
        if hides(Part::Kind) {
            shown.kind = None;
        }
        if hides(Part::Message) {
            shown.message = None;
        }
        if hides(Part::Hashtags) {
            shown.hashtags.clear();
        }
        if hides(Part::Language) {
            shown.language = None;
        }
        if hides(Part::Interest) {
            shown.interest = None;
        }
        shown.property = self.property.as_ref().and_then(|property| property.previewed(route));
        shown
    }
}

impl Property {
    fn previewed(&self, route: &Route) -> Option<Self> {
        let price = self.price.filter(|_| route.shows(Part::Price));
        if route.shows(Part::Property) {
            return Some(Self { price, ..self.clone() });
        }
        price.map(|price| Self { price: Some(price), ..Self::default() })
    }
}
