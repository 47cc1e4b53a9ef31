//! Nobody is flooded. What has to be answered is always told, at once; but when
//! somebody gives a person a hundred leads by hand, the person's telephone does not
//! ring a hundred times: it hears of the first few, then that there are more, and
//! then nothing for a while. Mail and the bell tell of each.
//!
//! Each process counts for itself.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use tipoff_domain::plan::How;
use tipoff_domain::{AgentId, Channel, EntityId};
use tipoff_wire::notice::What;

use crate::seen::Told;

/// For so long it is counted.
const WINDOW: TimeDelta = TimeDelta::minutes(15);
/// People to remember before those are forgotten who were told nothing lately.
const MANY: usize = 10_000;

/// How one more notice is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Telling {
    Whole,
    /// That there are more than are told one by one.
    OfMany,
    /// Not at all.
    Hushed,
}

/// What one person was told lately over one channel: the notices and when.
type Lately = Vec<(String, DateTime<Utc>)>;

/// Counts for one channel.
#[derive(Debug)]
pub(crate) struct Flood {
    /// So many in a window; `None`: all.
    most: Option<usize>,
    /// Whether the channel can say that there are more.
    says_so: bool,
    lately: Mutex<HashMap<(EntityId, AgentId), Lately>>,
}

impl Flood {
    pub(crate) fn over(channel: Channel) -> Self {
        let (most, says_so) = match channel {
            Channel::Sms => (Some(5), true),
            Channel::Push => (Some(10), true),
            Channel::Voice => (Some(3), false),
            Channel::Email | Channel::InApp | Channel::Slack | Channel::Teams => (None, false),
        };
        Self { most, says_so, lately: Mutex::default() }
    }

    /// Counts it, once however often it is tried.
    pub(crate) fn telling(&self, told: &Told, now: DateTime<Utc>) -> Telling {
        let by_hand = matches!(told.notice.what, What::Assigned { .. })
            && told.lead.now_is.how == Some(How::Manual);
        let Some(most) = self.most.filter(|_| by_hand) else { return Telling::Whole };
        let whose = (told.notice.entity.clone(), told.notice.agent.clone());
        self.place(whose, told.notice.key(), most, now)
    }

    fn place(
        &self,
        whose: (EntityId, AgentId),
        key: String,
        most: usize,
        now: DateTime<Utc>,
    ) -> Telling {
        let mut all = self.lately.lock().unwrap_or_else(PoisonError::into_inner);
        let is_late = |(_, at): &(String, DateTime<Utc>)| now - *at < WINDOW;
        if all.len() >= MANY {
            all.retain(|_, lately| lately.iter().any(is_late));
        }
        let lately = all.entry(whose).or_default();
        lately.retain(is_late);
        let known = lately.iter().position(|(known, _)| *known == key);
        let place = known.unwrap_or(lately.len());
        if place >= most {
            return Telling::Hushed;
        }
        if known.is_none() {
            lately.push((key, now));
        }
        if self.says_so && place + 1 == most { Telling::OfMany } else { Telling::Whole }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> DateTime<Utc> {
        "2026-11-22T09:30:00Z".parse().unwrap()
    }

    fn told(flood: &Flood, agent: &str, key: &str, minutes: i64) -> Telling {
        let whose = ("acme".parse().unwrap(), agent.parse().unwrap());
        let now = start() + TimeDelta::minutes(minutes);
        flood.place(whose, key.to_owned(), flood.most.unwrap(), now)
    }

    #[test]
    fn the_first_few_are_told_then_that_there_are_more_then_nothing_for_a_while() {
        let texts = Flood::over(Channel::Sms);
        let all: Vec<Telling> =
            (0..8).map(|number| told(&texts, "ana", &number.to_string(), 0)).collect();
        assert_eq!(all[..4], [Telling::Whole; 4]);
        assert_eq!(all[4], Telling::OfMany);
        assert_eq!(all[5..], [Telling::Hushed; 3]);
        assert_eq!(told(&texts, "ben", "0", 1), Telling::Whole, "others are told");
        assert_eq!(told(&texts, "ana", "9", 14), Telling::Hushed);
        assert_eq!(told(&texts, "ana", "10", 15), Telling::Whole);
    }

    #[test]
    fn what_is_tried_again_is_counted_once_and_told_in_the_same_way() {
        let texts = Flood::over(Channel::Sms);
        for number in 0..5 {
            told(&texts, "ana", &number.to_string(), 0);
        }
        assert_eq!(told(&texts, "ana", "3", 1), Telling::Whole);
        assert_eq!(told(&texts, "ana", "4", 1), Telling::OfMany);
    }

    #[test]
    fn a_call_cannot_speak_of_many() {
        let calls = Flood::over(Channel::Voice);
        let all: Vec<Telling> =
            (0..4).map(|number| told(&calls, "ana", &number.to_string(), 0)).collect();
        assert_eq!(all, [Telling::Whole, Telling::Whole, Telling::Whole, Telling::Hushed]);
    }
}
