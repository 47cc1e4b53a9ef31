//! A lead as it is shown, and to whom.
//!
//! Contact details are shown to admins and to the agent who has the lead, to
//! nobody else. Everybody else sees it only while it could become theirs.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use tipoff_board::OnBoard;
use tipoff_domain::plan::How;
use tipoff_domain::{Lead, Name};
use tipoff_roster::{Access, Role};
use tipoff_wire::event::{State, Tried};
use tipoff_wire::{After, PooledWhy};
use utoipa::ToSchema;

/// How much of a lead somebody sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    Whole,
    /// Without contact details.
    Guarded,
}

impl Sight {
    /// `None`: for this caller there is no such lead. The entity is checked already.
    pub(crate) fn of(access: &Access, lead: &OnBoard) -> Option<Self> {
        match access.role {
            Role::Operator | Role::Admin => Some(Self::Whole),
            Role::Source => None,
            Role::Agent => {
                let agent = access.agent.as_ref()?;
                let now_is = &lead.now_is;
                if now_is.agent.as_ref() == Some(agent) {
                    return Some(Self::Whole);
                }
                let open = now_is.pending.contains(agent) || now_is.state == State::Pooled;
                open.then_some(Self::Guarded)
            }
        }
    }
}

/// Somebody who may claim the lead now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpenOffer {
    agent: String,
    /// Exclusive; `null` only where the board does not know.
    until: Option<DateTime<Utc>>,
}

/// A lead and where it stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Lead)]
pub(crate) struct Shown {
    id: String,
    entity: String,
    /// `held`, `offered`, `assigned`, `pooled` or `closed`.
    #[schema(value_type = String)]
    state: State,
    version: u64,
    route: Option<String>,
    round: u32,
    /// Who may claim it now.
    offers: Vec<OpenOffer>,
    /// Who has it.
    agent: Option<String>,
    #[schema(value_type = Option<String>)]
    how: Option<How>,
    /// Why it is in the pool or held.
    #[schema(value_type = Option<String>)]
    why: Option<PooledWhy>,
    /// Everybody who was asked, and what became of it.
    #[schema(value_type = Vec<Value>)]
    tried: Vec<Tried>,
    duplicate_of: Option<String>,
    inquiries: u32,
    source: Option<String>,
    received_at: DateTime<Utc>,
    t0: DateTime<Utc>,
    /// Until the offers end, by the board's clock.
    seconds_left: Option<i64>,
    /// As the source sent it; without contact details where they are not the caller's to see.
    lead: Value,
}

impl Shown {
    /// `now`: the board's time, where it is known.
    pub(crate) fn new(on_board: &OnBoard, sight: Sight, now: Option<DateTime<Utc>>) -> Self {
        let After { state, route, round, pending, until, tried, agent, how, why, source, .. } =
            on_board.now_is.clone();
        let lead = match sight {
            Sight::Whole => json!(on_board.lead),
            Sight::Guarded => json!(guarded(&on_board.lead)),
        };
        let seconds_left =
            (!pending.is_empty()).then_some(()).and(until).zip(now).map(|(until, now)| {
                let left = (until - now).num_milliseconds();
                (left.max(0) + 999) / 1_000
            });
        Self {
            id: on_board.id.to_string(),
            entity: on_board.entity.to_string(),
            state,
            version: on_board.version,
            route: route.map(Into::into),
            round,
            offers: pending
                .into_iter()
                .map(|agent| OpenOffer { agent: agent.into(), until })
                .collect(),
            agent: agent.map(Into::into),
            how,
            why,
            tried,
            duplicate_of: on_board.now_is.duplicate_of.clone().map(Into::into),
            inquiries: on_board.now_is.inquiries,
            source: source.map(Into::into),
            received_at: on_board.now_is.received_at,
            t0: on_board.now_is.t0,
            seconds_left,
            lead,
        }
    }
}

/// The lead without any way to reach the person: addresses and numbers are left
/// out, also where they were typed into a message or sent under a name of the
/// source's own.
pub(crate) fn guarded(lead: &Lead) -> Lead {
    let hidden = |text: &Option<String>| text.as_deref().map(without_contacts);
    let mut property = lead.property.clone();
    let mut interest = lead.interest.clone();
    if let Some(property) = &mut property {
        property.more.clear();
    }
    if let Some(interest) = &mut interest {
        interest.more.clear();
    }
    let name = Name {
        full: hidden(&lead.name.full),
        first: hidden(&lead.name.first),
        last: hidden(&lead.name.last),
    };
    Lead {
        source: lead.source.clone(),
        kind: lead.kind,
        name,
        message: hidden(&lead.message),
        hashtags: lead.hashtags.iter().map(|tag| without_contacts(tag)).collect(),
        language: lead.language.clone(),
        property,
        interest,
        origin: lead.origin,
        agent: lead.agent.clone(),
        occurred_at: lead.occurred_at,
        ..Lead::default()
    }
}

/// Fewer digits than this are a price or a house, not a telephone.
const FEWEST_DIGITS: usize = 7;

/// The text with `•••` for every e-mail address and telephone number.
fn without_contacts(text: &str) -> String {
    let without_addresses: Vec<_> =
        text.split(' ').map(|word| if word.contains('@') { "•••" } else { word }).collect();
    without_numbers(&without_addresses.join(" "))
}

fn without_numbers(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut run = String::new();
    for c in text.chars() {
        let in_number = c.is_ascii_digit() || (matches!(c, '+' | '(') && run.is_empty());
        let goes_on = !run.is_empty() && matches!(c, ' ' | '-' | '.' | '(' | ')' | '/');
        if in_number || goes_on {
            run.push(c);
        } else {
            flush(&mut shown, &mut run);
            shown.push(c);
        }
    }
    flush(&mut shown, &mut run);
    shown
}

fn flush(shown: &mut String, run: &mut String) {
    let digits = run.chars().filter(char::is_ascii_digit).count();
    if digits < FEWEST_DIGITS {
        shown.push_str(run);
    } else {
        let end = run.trim_end_matches(|c: char| !c.is_ascii_digit()).len();
        shown.push_str("•••");
        shown.push_str(run.get(end..).unwrap_or_default());
    }
    run.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lead() -> Lead {
        serde_json::from_value(json!({
            "external_id": "dana@example.com", "name": {"full": "Dana Reyes"}, "emails": ["dana@example.com"],
            "phones": ["+15125550101"], "phones_sent": ["512-555-0101"],
            "message": "Call me at (512) 555-0101 or dana@example.com, about the 450000 one",
            "property": {"address": "15 Oak Ct", "postal_code": "78701", "owner_phone": "5125550199"},
            "work_email": "dreyes@example.com",
        }))
        .unwrap()
    }

    fn on_board(after: &Value) -> OnBoard {
        let mut now_is = json!({"round": 1, "received_at": "2026-11-22T09:30:00Z", "t0": "2026-11-22T09:30:00Z",
            "reroutes": 0, "inquiries": 1});
        now_is.as_object_mut().unwrap().extend(after.as_object().unwrap().clone());
        OnBoard {
            id: "lead_1".parse().unwrap(),
            entity: "acme".parse().unwrap(),
            version: 2,
            now_is: serde_json::from_value(now_is).unwrap(),
            lead: lead(),
        }
    }

    fn ana() -> Access {
        let entity = Some("acme".parse().unwrap());
        let agent = Some("ana".parse().unwrap());
        Access { key_id: "k".to_owned(), role: Role::Agent, entity, agent, source: None }
    }

    #[test]
    fn a_guarded_lead_holds_no_way_to_reach_the_person() {
        let text = json!(guarded(&lead())).to_string();
        for contact in ["example.com", "555", "0101", "0199"] {
            assert!(!text.contains(contact), "{contact} in {text}");
        }
        assert!(
            text.contains("Dana Reyes") && text.contains("15 Oak Ct") && text.contains("450000")
        );
    }

    #[test]
    fn numbers_that_are_not_telephones_stay() {
        assert_eq!(without_contacts("3 beds, 450,000 in 78701"), "3 beds, 450,000 in 78701");
        assert_eq!(without_contacts("ring +1 512.555.0101."), "ring •••.");
        assert_eq!(without_contacts("512-555-0101 please"), "••• please");
    }

    #[test]
    fn an_agent_sees_what_is_theirs_or_could_be() {
        let sees = |after| Sight::of(&ana(), &on_board(&after));
        assert_eq!(sees(json!({"state": "assigned", "agent": "ana"})), Some(Sight::Whole));
        assert_eq!(sees(json!({"state": "offered", "pending": ["ana"]})), Some(Sight::Guarded));
        assert_eq!(sees(json!({"state": "pooled"})), Some(Sight::Guarded));
        assert_eq!(sees(json!({"state": "offered", "pending": ["ben"]})), None);
        assert_eq!(sees(json!({"state": "assigned", "agent": "ben"})), None);
        assert_eq!(sees(json!({"state": "held"})), None);
    }

    #[test]
    fn seconds_are_left_only_while_somebody_is_asked() {
        let now = "2026-11-22T09:44:59.500Z".parse().unwrap();
        let offered = on_board(
            &json!({"state": "offered", "pending": ["ana"], "until": "2026-11-22T09:45:00Z"}),
        );
        assert_eq!(Shown::new(&offered, Sight::Whole, Some(now)).seconds_left, Some(1));
        let pooled = on_board(&json!({"state": "pooled"}));
        assert_eq!(Shown::new(&pooled, Sight::Whole, Some(now)).seconds_left, None);
    }
}
