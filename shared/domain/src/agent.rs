//! An agent: somebody who works leads.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::invalid::LONGEST_NAME;
use crate::lead::looks_like_email;
use crate::{Cap, Channel, Invalid, Limit};

/// More limits than anybody needs.
const MOST_LIMITS: usize = 8;

/// The language a person reads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Locale {
    #[default]
    En,
    Es,
}

impl Locale {
    /// As it stands in JSON and in `lang` attributes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Es => "es",
        }
    }
}

/// An agent as configured. Its id is the key it is stored under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    pub name: String,
    #[serde(default)]
    pub email: Option<String>,
    #[serde(default)]
    pub phone: Option<String>,
    #[serde(default)]
    pub locale: Option<Locale>,
    #[serde(default = "every_channel")]
    pub channels: Vec<Channel>,
    /// Takes no new offers while true; what is on offer stays (D-23).
    #[serde(default)]
    pub paused: bool,
    /// How many leads come by routing; all of them count (D-20).
    #[serde(default)]
    pub limits: Vec<Limit>,
}

fn every_channel() -> Vec<Channel> {
    Channel::ALL.to_vec()
}

impl Agent {
    /// Refuses an agent whom nobody could tell apart or reach.
    pub fn check(&self) -> Result<(), Invalid> {
        let mut invalid = Invalid::default();
        invalid.check_name("/name", "name", &self.name, LONGEST_NAME);
        if self.email.as_deref().is_some_and(|email| !looks_like_email(email)) {
            invalid.add("/email", "is not an e-mail address");
        }
        if self.phone.as_deref().is_some_and(|phone| !looks_like_phone(phone)) {
            invalid.add("/phone", "is not a telephone number; write it as in +15125550101");
        }
        if self.limits.len() > MOST_LIMITS {
            invalid.add("/limits", format!("give at most {MOST_LIMITS} limits"));
        }
        invalid.into_result()
    }

    /// The limits as they count at `now` in the entity's zone.
    pub fn caps(&self, now: DateTime<Utc>, zone: Tz) -> Vec<Cap> {
        self.limits.iter().map(|limit| limit.at(now, zone)).collect()
    }
}

/// Digits and what people put between them.
fn looks_like_phone(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let plain = |c: char| c.is_ascii_digit() || " +-./()x".contains(c);
    (5..=20).contains(&digits) && text.len() <= 40 && text.chars().all(plain)
}
