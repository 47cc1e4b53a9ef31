//! Where programs of others are told what happens.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tipoff_domain::Invalid;

const LONGEST_URL: usize = 2_048;
const LONGEST_TEXT: usize = 200;
const MOST_EVENTS: usize = 64;

/// An endpoint as its owner wants it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// `https` on the open internet.
    pub url: String,
    /// The types of events that are told, as in `lead.claimed`; left out, all.
    #[serde(default)]
    pub events: Option<Vec<String>>,
    /// Whether contact details of leads go along.
    #[serde(default)]
    pub contact: bool,
    /// Nothing is sent while false.
    #[serde(default = "yes")]
    pub active: bool,
    #[serde(default)]
    pub description: Option<String>,
}

fn yes() -> bool {
    true
}

impl Wanted {
    /// Refuses what could not be meant. Whether the address may be called is
    /// not looked at here.
    pub fn check(&self, known: &[&str]) -> Result<(), Invalid> {
        let mut invalid = Invalid::default();
        if self.url.len() > LONGEST_URL {
            invalid.add("/url", format!("may have {LONGEST_URL} characters at most"));
        }
        let events = self.events.as_deref().unwrap_or_default();
        if self.events.is_some() && events.is_empty() {
            invalid.add("/events", "name at least one type, or leave it out for all");
        }
        if events.len() > MOST_EVENTS {
            invalid.add("/events", format!("may have {MOST_EVENTS} types at most"));
        }
        for (place, event) in events.iter().enumerate().take(MOST_EVENTS) {
            if !known.contains(&event.as_str()) {
                invalid.add(format!("/events/{place}"), "is no type of event");
            }
        }
        if self.description.as_deref().is_some_and(|text| text.chars().count() > LONGEST_TEXT) {
            invalid.add("/description", format!("may have {LONGEST_TEXT} characters at most"));
        }
        invalid.into_result()
    }

    /// Whether it is told of events of this type.
    pub fn wants(&self, event: &str) -> bool {
        self.active
            && self.events.as_ref().is_none_or(|events| events.iter().any(|one| one == event))
    }
}

/// A secret that signs, as `whsec_…`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret {
    pub text: String,
    /// Signs no more from then on; `None`: the present one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secret").field("until", &self.until).finish_non_exhaustive()
    }
}

/// Why nothing is sent any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disabled {
    pub at: DateTime<Utc>,
    pub why: String,
}

/// An endpoint as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    pub wanted: Wanted,
    /// The newest first.
    pub secrets: Vec<Secret>,
    pub created_at: DateTime<Utc>,
    /// Nothing got through since then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<DateTime<Utc>>,
    /// What it said, or did not, when that was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_why: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled: Option<Disabled>,
}

impl Webhook {
    /// The secrets that sign at `now`, the present one first.
    pub fn signs(&self, now: DateTime<Utc>) -> impl Iterator<Item = &str> {
        let alive = move |secret: &&Secret| secret.until.is_none_or(|until| now < until);
        self.secrets.iter().filter(alive).map(|secret| secret.text.as_str())
    }

    /// Whether anything is sent.
    pub fn is_on(&self) -> bool {
        self.wanted.active && self.disabled.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(events: Option<&[&str]>) -> Wanted {
        let events = events.map(|events| events.iter().map(|one| (*one).to_owned()).collect());
        let url = "https://hooks.example.com/tipoff".to_owned();
        Wanted { url, events, contact: false, active: true, description: None }
    }

    #[test]
    fn an_endpoint_hears_of_what_it_named_or_of_everything() {
        assert!(wanted(None).wants("lead.claimed"));
        assert!(wanted(Some(&["lead.claimed"])).wants("lead.claimed"));
        assert!(!wanted(Some(&["lead.claimed"])).wants("lead.passed"));
        assert!(!Wanted { active: false, ..wanted(None) }.wants("lead.claimed"));
    }

    #[test]
    fn types_that_do_not_exist_are_named() {
        let known = ["lead.claimed"];
        let refused = wanted(Some(&["lead.claimed", "lead.clamed"])).check(&known).unwrap_err();
        assert!(format!("{refused:?}").contains("/events/1"), "{refused:?}");
        assert!(wanted(Some(&[])).check(&known).is_err());
        assert!(wanted(None).check(&known).is_ok());
    }

    #[test]
    fn an_old_secret_signs_beside_the_new_one_until_its_time_is_over() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let hook = Webhook {
            wanted: wanted(None),
            secrets: vec![
                Secret { text: "new".to_owned(), until: None },
                Secret { text: "old".to_owned(), until: Some(at("2026-11-23T10:00:00Z")) },
            ],
            created_at: at("2026-11-22T10:00:00Z"),
            failing_since: None,
            failing_why: None,
            disabled: None,
        };
        assert_eq!(hook.signs(at("2026-11-23T09:59:59Z")).collect::<Vec<_>>(), ["new", "old"]);
        assert_eq!(hook.signs(at("2026-11-23T10:00:00Z")).collect::<Vec<_>>(), ["new"]);
        assert!(!format!("{hook:?}").contains("old\""), "secrets are not shown");
    }
}
