//! What the lint says, held against what the planner does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc};
use proptest::prelude::*;
use serde_json::{Value, json};
use tipoff_domain::lint::{Code, Finding, Severity, lint, warnings_for};
use tipoff_domain::{Arrival, EntityView, Route, RouteVerdict, plan};

use crate::fixture::{FRIDAY, at, entity, id, lead, names, pause, route, seeded, view};

/// Of the year that the lint looks at.
const HALF_HOURS: i64 = 52 * 7 * 48;
const NEW_YORK: chrono_tz::Tz = chrono_tz::America::New_York;

fn about(found: &[Finding], code: Code) -> Vec<Finding> {
    found.iter().filter(|finding| finding.code == code).cloned().collect()
}

fn codes(view: &EntityView) -> Vec<Code> {
    lint(view, at(FRIDAY)).iter().map(|finding| finding.code).collect()
}

fn everyone(more: Value) -> Arc<Route> {
    route("all", json!({"kind": "round_robin", "agents": "all"}), more)
}

#[test]
fn a_team_that_covers_everything_hears_nothing() {
    assert_eq!(lint(&view(&["ana", "ben"], vec![everyone(json!({}))]), at(FRIDAY)), []);
}

#[test]
fn example_7_five_agents_of_three_minutes_need_fifteen() {
    let kv = everyone(json!({"claim_within": "3m", "timeout": {"after": "10m", "agent": "ana"}}));
    let team = view(&["ana", "ben", "chloe", "dana", "eve"], vec![kv]);
    let found = about(&lint(&team, at(FRIDAY)), Code::TimeoutTooShort);
    assert_eq!(
        found[0].facts,
        json!({"after": "10m", "needs": "15m", "claim_within": "3m", "agents": 5})
    );
    assert!(found[0].message.en.contains("needs 15 min, but times out after 10 min"));
    assert!(found[0].message.es.contains("necesita 15 min"));

    let enough =
        everyone(json!({"claim_within": "3m", "timeout": {"after": "15m", "agent": "ana"}}));
    let team = view(&["ana", "ben", "chloe", "dana", "eve"], vec![enough]);
    assert_eq!(about(&lint(&team, at(FRIDAY)), Code::TimeoutTooShort), []);
}

#[test]
fn example_9_a_window_in_the_hour_that_spring_skips_is_never_active_that_sunday() {
    let schedule = json!({"zone": "America/New_York", "days": ["sun"], "hours": {"from": "02:00", "to": "03:00"}});
    let team = view(&["ana"], vec![everyone(json!({ "schedule": schedule }))]);
    let found = about(&lint(&team, at("2026-02-01T12:00:00Z")), Code::WindowSkipped);
    assert_eq!(
        found[0].facts["skipped"],
        json!([{"date": "2026-03-08", "from": "02:00", "to": "03:00"}])
    );
    assert!(found[0].message.en.contains("never active"), "{}", found[0].message.en);

    let schedule = json!({"zone": "America/Phoenix", "days": ["sun"], "hours": {"from": "02:00", "to": "03:00"}});
    let team = view(&["ana"], vec![everyone(json!({ "schedule": schedule }))]);
    assert_eq!(about(&lint(&team, at("2026-02-01T12:00:00Z")), Code::WindowSkipped), []);
}

#[test]
fn nights_and_weekends_without_a_route_are_named_in_the_entitys_zone() {
    let schedule = json!({"zone": "America/New_York", "days": ["mon", "tue", "wed", "thu", "fri"], "hours": {"from": "09:00", "to": "17:00"}});
    let team = view(&["ana"], vec![everyone(json!({ "schedule": schedule }))]);
    let found = about(&lint(&team, at(FRIDAY)), Code::UncoveredHours);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].sources, [Some(id("zillow")), None]);
    assert_eq!(found[0].facts["minutes"], 7 * 1_440 - 5 * 480);
    assert_eq!(
        found[0].facts["hours"],
        json!([
            {"from": "mon 17:00", "to": "tue 09:00", "weeks": "all"},
            {"from": "tue 17:00", "to": "wed 09:00", "weeks": "all"},
            {"from": "wed 17:00", "to": "thu 09:00", "weeks": "all"},
            {"from": "thu 17:00", "to": "fri 09:00", "weeks": "all"},
            {"from": "fri 17:00", "to": "mon 09:00", "weeks": "all"},
        ])
    );
}

#[test]
fn zones_that_change_their_clocks_leave_hours_open_in_some_weeks_only() {
    let schedule = |zone: &str, hours: Value| json!({"schedule": {"zone": zone, "hours": hours}});
    let day = schedule("America/New_York", json!({"from": "07:00", "to": "24:00"}));
    let night = schedule("America/Phoenix", json!({"from": "00:00", "to": "05:00"}));
    let early = schedule("America/New_York", json!({"from": "00:00", "to": "02:00"}));
    let mut routes = vec![everyone(day), everyone(night), everyone(early)];
    for (route, name) in routes.iter_mut().zip(["day", "night", "early"]) {
        Arc::make_mut(route).id = id(name);
    }
    // Phoenix keeps its clocks: 02:00-07:00 New York time in winter, 03:00-08:00 in summer.
    let found = about(&lint(&view(&["ana"], routes), at(FRIDAY)), Code::UncoveredHours);
    let hours = found[0].facts["hours"].as_array().unwrap();
    assert!(hours.iter().all(|range| range["from"].as_str().unwrap().ends_with("02:00")));
    assert!(hours.iter().all(|range| range["weeks"].as_u64().unwrap() < 40), "{hours:?}");
}

#[test]
fn a_source_that_no_active_route_ever_takes_is_named_with_the_paused_ones() {
    let other = route(
        "other",
        json!({"kind": "random", "agents": "all"}),
        json!({"criteria": {"sources": ["trulia"]}}),
    );
    let off = route(
        "off",
        json!({"kind": "random", "agents": "all"}),
        json!({"criteria": {"sources": ["zillow"]}, "active": false}),
    );
    let found = about(&lint(&view(&["ana"], vec![other, off]), at(FRIDAY)), Code::SourceNowhere);
    let zillow = found.iter().find(|finding| finding.sources == [Some(id("zillow"))]).unwrap();
    assert_eq!(zillow.facts, json!({"paused": ["off"]}));
    assert_eq!(zillow.severity, Severity::Warning);
}

#[test]
fn only_a_part_of_the_leads_is_no_cover() {
    let buyers = everyone(json!({"criteria": {"kinds": ["buyer"]}}));
    let found = about(&lint(&view(&["ana"], vec![buyers]), at(FRIDAY)), Code::PartlyCoveredHours);
    assert_eq!(found[0].sources, [Some(id("zillow")), None]);
}

#[test]
fn a_route_below_one_that_takes_the_same_and_more_is_shadowed() {
    let strategy = || json!({"kind": "random", "agents": "all"});
    let wide = route("wide", strategy(), json!({}));
    let narrow = route(
        "narrow",
        strategy(),
        json!({"criteria": {"sources": ["zillow"], "kinds": ["buyer"]}}),
    );
    let found = lint(&view(&["ana"], vec![wide.clone(), narrow.clone()]), at(FRIDAY));
    let shadowed = about(&found, Code::Shadowed);
    assert_eq!(shadowed[0].route, Some(id("narrow")));
    assert_eq!(shadowed[0].facts, json!({"by": ["wide"], "gets_leftovers": true}));
    assert!(
        about(&lint(&view(&["ana"], vec![narrow.clone(), wide]), at(FRIDAY)), Code::Shadowed)
            .is_empty()
    );

    // An override counts wherever it stands (D-3).
    let assign = json!({"kind": "assign_to_agent", "agent": "ana"});
    let below = route("below", assign, json!({"exclusive": true}));
    let found = lint(&view(&["ana"], vec![narrow, below]), at(FRIDAY));
    assert_eq!(about(&found, Code::Shadowed)[0].facts["gets_leftovers"], false);
    assert_eq!(about(&found, Code::AssignmentOverrides)[0].facts["overrides"], json!(["narrow"]));
}

#[test]
fn two_assign_to_agent_routes_of_the_same_time_overlap() {
    let to = |name: &str, agent: &str, days: Value| {
        route(
            name,
            json!({"kind": "assign_to_agent", "agent": agent}),
            json!({"schedule": {"zone": "UTC", "days": days}}),
        )
    };
    let one = to("one", "ana", json!(["mon", "tue"]));
    let found =
        |days| lint(&view(&["ana", "ben"], vec![one.clone(), to("two", "ben", days)]), at(FRIDAY));
    assert_eq!(
        about(&found(json!(["tue", "wed"])), Code::AssignmentsOverlap)[0].facts,
        json!({"first": ["one"]})
    );
    assert_eq!(about(&found(json!(["wed"])), Code::AssignmentsOverlap), []);
}

#[test]
fn agents_whom_nothing_reaches_and_agents_on_no_route_are_named() {
    let mut team = view(
        &["ana", "ben"],
        vec![route(
            "r",
            json!({"kind": "random", "agents": ["ana"]}),
            json!({"channels": ["sms"]}),
        )],
    );
    let unreachable = json!({"name": "Chloe", "channels": ["sms"]});
    team.agents.insert(id("chloe"), Arc::new(serde_json::from_value(unreachable).unwrap()));
    let found = lint(&team, at(FRIDAY));
    assert_eq!(about(&found, Code::AgentWithoutChannel)[0].agent, Some(id("chloe")));
    let idle: Vec<_> =
        about(&found, Code::AgentWithoutRoute).into_iter().map(|it| it.agent.unwrap()).collect();
    assert_eq!(idle, names(&["ben", "chloe"]));
    assert_eq!(about(&found, Code::UnreachableOnRoute)[0].facts["agents"], json!(["ana"]));
    assert_eq!(found[0].severity, Severity::Error);
}

#[test]
fn a_route_whose_agents_are_all_away_is_said_to_be_skipped() {
    let mut team = view(
        &["ana", "ben"],
        vec![route("r", json!({"kind": "random", "agents": ["ana", "gone"]}), json!({}))],
    );
    pause(&mut team, "ana");
    let found = about(&lint(&team, at(FRIDAY)), Code::NobodyCanTake);
    assert_eq!(found[0].facts, json!({"paused": ["ana"], "unknown": ["gone"]}));
}

#[test]
fn dates_are_looked_at() {
    let dated = |from: &str, to: &str, active| {
        let schedule = json!({"zone": "America/New_York", "dates": {"from": from, "to": to}});
        view(&["ana"], vec![everyone(json!({"schedule": schedule, "active": active}))])
    };
    assert!(codes(&dated("2026-12-24", "2026-12-26", false)).contains(&Code::PausedWithDates));
    assert!(!codes(&dated("2026-01-01", "2026-01-02", false)).contains(&Code::PausedWithDates));
    assert!(codes(&dated("2026-01-01", "2026-01-02", true)).contains(&Code::DatesOver));
    let schedule = json!({"zone": "UTC", "days": ["mon"], "dates": {"from": "2026-12-24", "to": "2026-12-24"}});
    let never = view(&["ana"], vec![everyone(json!({ "schedule": schedule }))]);
    assert!(codes(&never).contains(&Code::NeverActive));
}

#[test]
fn misses_of_which_nobody_is_told_are_named() {
    let mut team = view(&["ana"], vec![everyone(json!({}))]);
    entity(&mut team).missed_offers = serde_json::from_value(json!({})).unwrap();
    let told = &team.entity.missed_offers.as_ref().unwrap();
    assert!(told.tells(3) && told.tells(6) && !told.tells(4) && !told.pauses(100));
    assert_eq!(codes(&team), [Code::MissesToldToNobody]);
    entity(&mut team).admins = vec![id("ana")];
    assert_eq!(codes(&team), []);
}

#[test]
fn a_pond_of_nobody_is_named() {
    let mut team = view(&["ana"], vec![everyone(json!({}))]);
    let pond = json!({"name": "North", "members": ["gone"]});
    team.ponds.insert(id("north"), Arc::new(serde_json::from_value(pond).unwrap()));
    assert_eq!(lint(&team, at(FRIDAY))[0].pond, Some(id("north")));
}

#[test]
fn saving_tells_what_is_odd_about_the_route_and_what_it_does_to_others() {
    let narrow = route(
        "narrow",
        json!({"kind": "random", "agents": "all"}),
        json!({"criteria": {"sources": ["zillow"]}}),
    );
    let mut team = view(&["ana"], vec![everyone(json!({"active": false})), narrow]);
    team.agents.insert(
        id("chloe"),
        Arc::new(serde_json::from_value(json!({"name": "Chloe", "channels": ["sms"]})).unwrap()),
    );
    let said = warnings_for(&everyone(json!({})), &team, at(FRIDAY));
    let codes: Vec<_> = said.iter().map(|finding| (finding.code, finding.route.clone())).collect();
    assert!(codes.contains(&(Code::Shadowed, Some(id("narrow")))), "{codes:?}");
    assert!(
        !codes.iter().any(|(code, _)| *code == Code::AgentWithoutChannel),
        "that was so before"
    );
}

/// A route that differs from others by its sources and its schedule only.
fn any_route() -> impl Strategy<Value = Value> {
    let days =
        proptest::sample::subsequence(vec!["mon", "tue", "wed", "thu", "fri", "sat", "sun"], 1..=7);
    let hours = prop_oneof![
        Just(json!("all")),
        (0u32..20, 1u32..4).prop_map(|(from, length)| json!({"from": format!("{from:02}:30"), "to": format!("{:02}:30", from + length)})),
    ];
    let zone = proptest::sample::select(vec![
        "America/New_York",
        "America/Phoenix",
        "Europe/Madrid",
        "Australia/Lord_Howe",
    ]);
    let dates = prop_oneof![3 => Just(Value::Null), 1 => Just(json!({"from": "2026-12-01", "to": "2027-06-30"}))];
    let schedule = (zone, days, hours, dates)
        .prop_map(|(zone, days, hours, dates)| json!({"zone": zone, "days": days, "hours": hours, "dates": dates}));
    let schedule = prop_oneof![1 => Just(Value::Null), 3 => schedule];
    let sources = prop_oneof![
        Just(json!("any")),
        Just(json!("all")),
        Just(json!(["zillow"])),
        Just(json!(["zillow", "trulia"]))
    ];
    (schedule, sources, proptest::bool::weighted(0.9))
        .prop_map(|(schedule, sources, active)| json!({"schedule": schedule, "criteria": {"sources": sources}, "active": active}))
}

fn team(routes: &[Value]) -> EntityView {
    let strategy = json!({"kind": "random", "agents": "all"});
    let named = routes
        .iter()
        .enumerate()
        .map(|(place, more)| route(&format!("r{place}"), strategy.clone(), more.clone()));
    let mut team = view(&["ana"], named.collect());
    team.sources.insert(id("trulia"), team.sources[&id("zillow")].clone());
    team
}

/// Which route has the lead, by the planner.
fn taken_by(team: &EntityView, source: Option<&str>, now: DateTime<Utc>) -> Option<String> {
    let plan = plan(&Arrival::of(&lead(json!({ "source": source }))), team, now, &mut seeded(1));
    let routes = plan.decision.routes.into_iter();
    routes.filter(|it| it.verdict == RouteVerdict::Matched).map(|it| it.route.to_string()).next()
}

/// Minute of the week in the entity's zone, as the facts write it.
fn minute(now: DateTime<Utc>) -> u32 {
    let local = now.with_timezone(&NEW_YORK);
    local.weekday().num_days_from_monday() * 1_440 + local.hour() * 60 + local.minute()
}

fn read(text: &str) -> u32 {
    let (day, time) = text.split_once(' ').unwrap();
    let (hour, minute) = time.split_once(':').unwrap();
    let days: BTreeMap<_, _> =
        ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].into_iter().zip(0u32..).collect();
    days[day] * 1_440 + hour.parse::<u32>().unwrap() * 60 + minute.parse::<u32>().unwrap()
}

/// What the lint says of that minute: no cover in all weeks, in some, or in none.
fn uncovered(found: &[Finding], source: Option<&str>, at: u32) -> Option<Value> {
    let wanted = source.map(id);
    let concerned = found.iter().filter(|it| it.sources.contains(&wanted));
    for finding in concerned {
        if finding.code == Code::SourceNowhere || finding.code == Code::NoRoutes {
            return Some(json!("all"));
        }
        for range in finding.facts["hours"].as_array().into_iter().flatten() {
            let (from, to) =
                (read(range["from"].as_str().unwrap()), read(range["to"].as_str().unwrap()));
            let inside = if from < to { (from..to).contains(&at) } else { at >= from || at < to };
            if inside && finding.code == Code::UncoveredHours {
                return Some(range["weeks"].clone());
            }
        }
    }
    None
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    /// The planner is asked at instants of the whole year; what the lint says of
    /// that minute of the week has to agree.
    #[test]
    fn hours_without_cover_are_those_in_which_the_planner_finds_no_route(
        routes in proptest::collection::vec(any_route(), 1..5),
        minutes in proptest::collection::vec(0i64..52 * 7 * 1_440, 100),
    ) {
        let team = team(&routes);
        prop_assume!(team.routes.iter().any(|route| route.active));
        let found = lint(&team, at(FRIDAY));
        for after in minutes {
            let now = at(FRIDAY) + TimeDelta::minutes(after) + TimeDelta::seconds(59);
            for source in [None, Some("zillow"), Some("trulia")] {
                let said = uncovered(&found, source, minute(now));
                match taken_by(&team, source, now) {
                    None => prop_assert!(said.is_some(), "{now} {source:?} is not covered: {found:#?}"),
                    Some(route) => prop_assert!(said != Some(json!("all")), "{now} {source:?} goes to {route}"),
                }
            }
        }
    }

    #[test]
    fn a_shadowed_route_never_comes_first_and_any_other_does_at_some_time(
        routes in proptest::collection::vec(any_route(), 2..5),
    ) {
        let team = team(&routes);
        let found = lint(&team, at(FRIDAY));
        let said = |code: Code, route: &Route| {
            about(&found, code).iter().any(|it| it.route.as_ref() == Some(&route.id))
        };
        let quiet = |route: &Route| said(Code::Shadowed, route) || said(Code::NeverActive, route);
        let active = team.routes.iter().filter(|route| route.active);
        let (never, sometimes): (Vec<_>, Vec<_>) = active.partition(|route| quiet(route));
        let mut first = BTreeSet::new();
        for place in 0..HALF_HOURS {
            if place > 300 && sometimes.iter().all(|route| first.contains(route.id.as_str())) {
                break;
            }
            // All half hours of the year, far from one another.
            let now = at(FRIDAY) + TimeDelta::minutes(place * 7_919 % HALF_HOURS * 30);
            for source in [None, Some("zillow"), Some("trulia")] {
                first.extend(taken_by(&team, source, now));
            }
        }
        for route in never {
            prop_assert!(!first.contains(route.id.as_str()), "{}: {found:#?}", route.id);
        }
        for route in sometimes {
            prop_assert!(first.contains(route.id.as_str()), "{}: {found:#?}", route.id);
        }
    }
}
