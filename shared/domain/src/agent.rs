//! An agent: somebody who works leads.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::invalid::{LONGEST_NAME, under};
use crate::lead::looks_like_email;
use crate::quiet::QuietHours;
use crate::schedule::Day;
use crate::{Cap, Channel, Invalid, LenderId, Limit, RouteId};

/// More limits than anybody needs.
const MOST_LIMITS: usize = 8;

/// The language a person reads.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
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

/// A time in which an agent takes no leads. Either end may be open.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Away {
    pub from: Option<DateTime<Utc>>,
    /// Exclusive.
    pub until: Option<DateTime<Utc>>,
}

impl Away {
    /// Whether it is that time.
    pub fn covers(&self, now: DateTime<Utc>) -> bool {
        self.from.is_none_or(|from| from <= now) && self.until.is_none_or(|until| now < until)
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
    /// Where they read their notices and sleep; left out, where the entity is.
    #[serde(default)]
    pub zone: Option<Tz>,
    #[serde(default = "every_channel")]
    pub channels: Vec<Channel>,
    /// By an admin: takes no new offers while true; what is on offer stays (D-23).
    #[serde(default)]
    pub paused: bool,
    /// How many leads come by routing; all of them count (D-20).
    #[serde(default)]
    pub limits: Vec<Limit>,
    /// By themselves, as for a holiday.
    #[serde(default)]
    pub away: Option<Away>,
    /// By an admin: routes on which they take no new offers.
    #[serde(default)]
    pub paused_on: Vec<RouteId>,
    #[serde(default)]
    pub quiet_hours: Option<QuietHours>,
    /// Who finances what their leads buy; a route's lender comes before (kvCORE).
    #[serde(default)]
    pub lender: Option<LenderId>,
    /// Which of the claim links that they were sent are good: those of this series. It
    /// only ever grows.
    #[serde(default, skip_serializing_if = "is_first")]
    pub link_series: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_first(series: &u32) -> bool {
    *series == 0
}

fn every_channel() -> Vec<Channel> {
    Channel::OF_AGENTS.to_vec()
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
        if let Some(Away { from: Some(from), until: Some(until) }) = &self.away
            && from >= until
        {
            invalid.add("/away/until", "must lie after `from`");
        }
        if let Some(quiet) = &self.quiet_hours {
            invalid.absorb(under("/quiet_hours", quiet.check()));
        }
        invalid.into_result()
    }

    /// The limits as they count at `now` in the entity's zone.
    pub fn caps(&self, now: DateTime<Utc>, zone: Tz, week_starts: Day) -> Vec<Cap> {
        self.limits.iter().map(|limit| limit.at(now, zone, week_starts)).collect()
    }

    /// Whether no new leads come to them, on any route.
    pub fn is_paused(&self, now: DateTime<Utc>) -> bool {
        self.paused || self.away.as_ref().is_some_and(|away| away.covers(now))
    }

    /// Whether they do not want to be woken now (D-17); `zone`: the entity's.
    pub fn is_quiet(&self, now: DateTime<Utc>, zone: Tz) -> bool {
        self.quiet_hours.as_ref().is_some_and(|hours| hours.cover(now, self.zone_in(zone)))
    }

    /// By which clock they read times; `zone`: the entity's.
    pub fn zone_in(&self, zone: Tz) -> Tz {
        self.zone.unwrap_or(zone)
    }

    /// Whether there is an address for `channel`, and the agent wants it used.
    pub fn is_reached_by(&self, channel: Channel) -> bool {
        self.channels.contains(&channel) && channel.has_address_of(self)
    }
}

/// Digits and what people put between them.
fn looks_like_phone(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let plain = |c: char| c.is_ascii_digit() || " +-./()x".contains(c);
    (5..=20).contains(&digits) && text.len() <= 40 && text.chars().all(plain)
}
