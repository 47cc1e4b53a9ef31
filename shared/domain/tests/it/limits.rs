use chrono::{DateTime, Datelike, TimeDelta, Utc};
use chrono_tz::Tz;
use proptest::prelude::{Just, prop_oneof, proptest};
use proptest::{prop_assert, prop_assert_eq};
use serde_json::json;
use tipoff_domain::decision::CandidateVerdict;
use tipoff_domain::plan::{Arrival, plan};
use tipoff_domain::schedule::Day;
use tipoff_domain::{Agent, Limit, Period};

use crate::fixture::{FRIDAY, at, lead, names, order, route, seeded, view};

fn since(period: Period, now: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
    Limit { count: 1, period }.at(now, zone, Day::Mon).since
}

proptest! {
    /// The oracle walks back minute by minute until the calendar turns over.
    #[test]
    fn a_day_begins_where_the_local_date_changes(
        minutes in 0..2_000_000_i64,
        zone in prop_oneof![Just(Tz::America__New_York), Just(Tz::Australia__Lord_Howe), Just(Tz::Africa__Cairo)],
    ) {
        let now = at("2025-01-01T00:00:00Z") + TimeDelta::minutes(minutes);
        let date = |instant: DateTime<Utc>| instant.with_timezone(&zone).date_naive();
        let mut first = now;
        while date(first - TimeDelta::minutes(1)) == date(now) {
            first -= TimeDelta::minutes(1);
        }
        prop_assert_eq!(since(Period::Day, now, zone), Some(first));
        let week = since(Period::Week, now, zone).unwrap();
        prop_assert!(week <= first && now - week < TimeDelta::days(8));
        prop_assert_eq!(date(week).weekday(), chrono::Weekday::Mon);
        let month = since(Period::Month, now, zone).unwrap();
        prop_assert_eq!((date(month).day(), date(month).month()), (1, date(now).month()));
        let hour = since(Period::Hour, now, zone).unwrap();
        prop_assert!(now - hour < TimeDelta::hours(1) && hour <= now);
    }
}

#[test]
fn what_an_agent_has_now_counts_from_no_moment() {
    assert_eq!(since(Period::Open, at(FRIDAY), Tz::UTC), None);
}

#[test]
fn a_limit_without_a_period_is_for_the_day() {
    let agent: Agent =
        serde_json::from_value(json!({"name": "Ana", "limits": [{"count": 3}]})).unwrap();
    assert_eq!(agent.limits, [Limit { count: 3, period: Period::Day }]);
}

#[test]
fn whom_the_board_found_full_is_left_out_and_the_next_route_is_asked() {
    let routes = vec![
        route("small", json!({"kind": "round_robin", "agents": ["ana"]}), json!({})),
        route("large", json!({"kind": "round_robin", "agents": ["ana", "ben"]}), json!({})),
    ];
    let (team, person, full) = (view(&["ana", "ben"], routes), lead(json!({})), names(&["ana"]));
    let planned =
        plan(&Arrival { full: &full, ..Arrival::of(&person) }, &team, at(FRIDAY), &mut seeded(1));
    assert_eq!(order(&planned), ["ben"]);
    let ana =
        planned.decision.candidates.iter().find(|candidate| candidate.agent.as_str() == "ana");
    assert_eq!(ana.unwrap().verdict, CandidateVerdict::AtLimit);
}
