//! What an agent gets to see of a lead: everything once it is theirs, no
//! contact details before.

use std::sync::Arc;

use tipoff_board::OnBoard;
use tipoff_domain::preview::Part;
use tipoff_domain::{Agent, EntityView, Lead, Locale, Property, SourceId};
use tipoff_letters::Facts;
use tipoff_wire::Notice;
use tipoff_wire::notice::What;

use tipoff_letters::plain::{HIDDEN, one_line, paragraphs, shortened, without_contact};
use tipoff_letters::words::{Args, args, say};

/// Longest excerpt of the message in an offer, and longest message of a lead
/// that is theirs, in characters.
const EXCERPT: usize = 280;
const WHOLE: usize = 4_000;
/// A notice with everything needed to write it.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) notice: Notice,
    pub(crate) view: Arc<EntityView>,
    pub(crate) agent: Arc<Agent>,
    pub(crate) lead: Arc<OnBoard>,
    /// It stands for more leads than this one: the agent is not told of each.
    pub(crate) many: bool,
}

impl Told {
    /// The language that the agent reads.
    pub(crate) fn locale(&self) -> Locale {
        self.agent.locale.unwrap_or(self.view.entity.locale)
    }

    /// As a room of the entity reads it: in the entity's language, by its clock.
    pub(crate) fn for_a_room(&self) -> Self {
        let agent = Agent { locale: None, zone: None, ..Agent::clone(&self.agent) };
        Self { agent: Arc::new(agent), ..self.clone() }
    }
}

/// What can be told before the lead is claimed.
pub(crate) fn before_claiming(told: &Told) -> Facts {
    let (notice, view, now_is) = (&told.notice, &told.view, &told.lead.now_is);
    // Whoever has it is not kept in the dark, only whoever looks at their screen.
    let route = now_is.route.as_ref().filter(|_| !matches!(notice.what, What::Assigned { .. }));
    let lead = view.previewed(&told.lead.lead, route);
    let source = now_is.source.as_ref().filter(|_| view.shows(route, Part::Source));
    let mut facts = facts(told, &lead, source, without_contact);
    let message = lead.message.as_deref().unwrap_or_default();
    facts.message = shortened(&without_contact(&paragraphs(message)), EXCERPT);
    facts
}

/// What can be told to the agent who has the lead.
pub(crate) fn everything(told: &Told) -> Facts {
    let lead = &told.lead.lead;
    let mut facts = facts(told, lead, told.lead.now_is.source.as_ref(), str::to_owned);
    facts.message = shortened(&paragraphs(lead.message.as_deref().unwrap_or_default()), WHOLE);
    facts.phones = lead.phones.iter().map(|phone| one_line(phone)).collect();
    facts.emails = lead.emails.iter().map(|email| one_line(email)).collect();
    facts
}

fn facts(
    told: &Told,
    lead: &Lead,
    source: Option<&SourceId>,
    shown: impl Fn(&str) -> String,
) -> Facts {
    let locale = told.locale();
    let word = |key: &str, args: &Args| say(locale, key, args);
    let who = lead
        .name
        .display()
        .map(|name| one_line(&shown(&name)))
        .filter(|name| name.as_str() != HIDDEN);
    let kind = lead.kind.and_then(|kind| serde_json::to_value(kind).ok());
    let kind = kind.as_ref().and_then(|kind| kind.as_str()).map(str::to_owned);
    let language = lead.language.as_deref().map(one_line).filter(|code| !code.is_empty());
    Facts {
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
        source: lead.source.as_ref().or(source).map(|id| called(told, id)).unwrap_or_default(),
        language: language
            .map(|code| word("speaks", &args([("code", code.into())])))
            .unwrap_or_default(),
        ..Facts::default()
    }
}

fn called(told: &Told, id: &SourceId) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

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
