//! A lead is held against all routes at once; the oracle holds it against one after the other.

use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use proptest::{collection, option, prop_assert_eq, sample};
use serde_json::{Value, json};
use tipoff_domain::{Criterion, SourceId};

use crate::fixture::{lead, route, view};

/// Values as people write them; the first three are the same.
const TEXTS: [&str; 7] = ["austin", "#Austin", " AUSTIN ", "dallas", "Ávila", "#ávila", "x"];
const SOURCES: [&str; 4] = ["zillow", "web", "portal", "other"];
/// Those that the entity knows.
const KNOWN: [&str; 2] = ["zillow", "web"];
const KINDS: [&str; 3] = ["buyer", "seller", "renter"];

/// What a route asks for.
#[derive(Debug, Clone)]
struct Asks {
    sources: Sources,
    hashtags: Vec<&'static str>,
    kinds: Vec<&'static str>,
    types: Vec<&'static str>,
    areas: Vec<&'static str>,
    mls: Vec<&'static str>,
    price: (Option<u32>, Option<u32>),
    missing_matches: bool,
}

#[derive(Debug, Clone)]
enum Sources {
    Any,
    All,
    These(Vec<&'static str>),
}

/// What a lead has.
#[derive(Debug, Clone)]
struct Has {
    typed_in: bool,
    source: Option<&'static str>,
    hashtags: Vec<&'static str>,
    kind: Option<&'static str>,
    types: Vec<&'static str>,
    areas: Vec<&'static str>,
    mls: Option<&'static str>,
    price: Option<u32>,
}

fn some(of: &'static [&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
    collection::vec(sample::select(of), 0..3)
}

/// Mostly nothing, so that leads come as far as the last criterion.
fn seldom(of: &'static [&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
    prop_oneof![2 => Just(Vec::new()), 1 => some(of)]
}

fn asks() -> impl Strategy<Value = Asks> {
    let these = collection::vec(sample::select(&SOURCES[..]), 1..3).prop_map(Sources::These);
    let sources = prop_oneof![Just(Sources::Any), Just(Sources::All), these];
    let ends = (option::of(0_u32..3), option::of(3_u32..6));
    let texts = || seldom(&TEXTS);
    let all = (sources, texts(), seldom(&KINDS), texts(), texts(), texts(), ends, any::<bool>());
    all.prop_map(|(sources, hashtags, kinds, types, areas, mls, price, missing_matches)| Asks {
        sources,
        hashtags,
        kinds,
        types,
        areas,
        mls,
        price,
        missing_matches,
    })
}

fn has() -> impl Strategy<Value = Has> {
    let one = |of: &'static [&'static str]| option::of(sample::select(of));
    let all = (
        prop_oneof![4 => Just(false), 1 => Just(true)],
        one(&SOURCES),
        some(&TEXTS),
        one(&KINDS),
        some(&TEXTS),
        some(&TEXTS),
        one(&TEXTS),
        option::of(0_u32..7),
    );
    all.prop_map(|(typed_in, source, hashtags, kind, types, areas, mls, price)| Has {
        typed_in,
        source,
        hashtags,
        kind,
        types,
        areas,
        mls,
        price,
    })
}

impl Asks {
    fn json(&self) -> Value {
        let sources = match &self.sources {
            Sources::Any => json!("any"),
            Sources::All => json!("all"),
            Sources::These(these) => json!(these),
        };
        json!({
            "sources": sources, "hashtags": self.hashtags, "kinds": self.kinds, "property_types": self.types,
            "areas": self.areas, "mls": self.mls, "price": {"min": self.price.0, "max": self.price.1},
            "missing_matches": self.missing_matches,
        })
    }

    /// The oracle: one criterion after the other, as the rule says it.
    fn failing(&self, has: &Has) -> Option<Criterion> {
        let source = has.source.filter(|_| !has.typed_in);
        let sources = match &self.sources {
            Sources::Any => true,
            Sources::All => source.is_some_and(|source| KNOWN.contains(&source)),
            Sources::These(these) => source.is_some_and(|source| these.contains(&source)),
        };
        let among = |wanted: &[&str], found: &[&str]| {
            let same = |want: &str| found.iter().any(|value| bare(value) == bare(want));
            let lacks = found.is_empty() && self.missing_matches;
            wanted.is_empty() || lacks || wanted.iter().any(|want| same(want))
        };
        let (min, max) = self.price;
        let price = match has.price {
            _ if self.price == (None, None) => true,
            Some(price) => price >= min.unwrap_or(0) && price <= max.unwrap_or(u32::MAX),
            None => self.missing_matches,
        };
        let kind: Vec<_> = has.kind.into_iter().collect();
        let mls: Vec<_> = has.mls.into_iter().collect();
        let in_order = [
            (Criterion::Sources, sources),
            (Criterion::Hashtags, among(&self.hashtags, &has.hashtags)),
            (Criterion::Kinds, among(&self.kinds, &kind)),
            (Criterion::PropertyTypes, among(&self.types, &has.types)),
            (Criterion::Areas, among(&self.areas, &has.areas)),
            (Criterion::Mls, among(&self.mls, &mls)),
            (Criterion::Price, price),
        ];
        in_order.into_iter().find(|(_, meets)| !meets).map(|(criterion, _)| criterion)
    }
}

fn bare(text: &str) -> String {
    text.to_lowercase().replace([' ', '#'], "")
}

impl Has {
    /// The first of several stands in what was asked, the others in what is wanted.
    fn json(&self) -> Value {
        let first = |all: &[&'static str]| all.first().copied();
        let rest = |all: &[&'static str]| all.iter().skip(1).copied().collect::<Vec<_>>();
        json!({
            "origin": if self.typed_in { "manual" } else { "automatic" }, "source": self.source,
            "hashtags": self.hashtags, "kind": self.kind,
            "property": {"type": first(&self.types), "city": first(&self.areas), "mls": self.mls, "price": self.price},
            "interest": {"property_types": rest(&self.types), "areas": rest(&self.areas)},
        })
    }
}

proptest! {
    #[test]
    fn each_route_refuses_a_lead_for_the_first_criterion_that_it_does_not_meet(
        all in collection::vec(asks(), 0..12),
        has in has(),
    ) {
        let list = json!({"kind": "round_robin", "agents": ["ana"]});
        let routes = all.iter().enumerate().map(|(place, asks)| {
            route(&format!("r{place}"), list.clone(), json!({"criteria": asks.json()}))
        });
        let team = view(&["ana"], routes.collect());
        let knows = |source: &SourceId| KNOWN.contains(&source.as_str());
        let failing = team.routes.failing(&lead(has.json()), knows);
        let oracle: Vec<_> = all.iter().map(|asks| asks.failing(&has)).collect();
        prop_assert_eq!(failing, oracle);
    }
}

#[test]
fn a_route_that_is_changed_is_asked_anew() {
    let list = json!({"kind": "round_robin", "agents": ["ana"]});
    let asking = |area: &str| route("r", list.clone(), json!({"criteria": {"areas": [area]}}));
    let person = lead(json!({"property": {"city": "Austin"}}));
    let mut team = view(&["ana"], vec![asking("Austin")]);
    assert_eq!(team.routes.failing(&person, |_| true), [None]);
    team.routes[0] = asking("Dallas");
    assert_eq!(team.routes.failing(&person, |_| true), [Some(Criterion::Areas)]);
    team.routes.push(asking("austin"));
    assert_eq!(team.routes.failing(&person, |_| true), [Some(Criterion::Areas), None]);
}
