use chrono::TimeDelta;
use proptest::prelude::{any, prop, proptest};
use proptest::prop_assert;
use serde_json::json;

use super::*;

fn view(id: &str) -> EntityView {
    let entity = json!({"name": "Acme", "kind": "team", "zone": "America/Chicago"});
    EntityView::new(id.parse().unwrap(), serde_json::from_value(entity).unwrap())
}

fn start() -> DateTime<Utc> {
    "2026-11-22T09:30:00Z".parse().unwrap()
}

/// How many of `tries` are let in.
fn let_in(paces: &Paces, sender: Sender<'_>, now: DateTime<Utc>, tries: u32) -> usize {
    (0..tries).filter(|_| paces.take(sender, now).is_ok()).count()
}

#[test]
fn a_minutes_worth_comes_at_once_and_then_so_many_per_second() {
    let (paces, acme, zillow) = (Paces::new(5, 0, 0), view("acme"), "zillow".parse().unwrap());
    let sender = Sender { entity: &acme, source: Some(&zillow) };
    assert_eq!(let_in(&paces, sender, start(), 1_000), 300);
    let refused = paces.take(sender, start()).unwrap_err();
    assert_eq!((refused.whose, refused.wait), ("source", Duration::from_millis(200)));
    assert_eq!(let_in(&paces, sender, start() + TimeDelta::seconds(2), 1_000), 10);
    assert_eq!(let_in(&paces, sender, start() + TimeDelta::hours(2), 1_000), 300);
}

#[test]
fn what_a_source_may_not_send_costs_its_entity_nothing() {
    let (paces, acme) = (Paces::new(1, 2, 0), view("acme"));
    let names: Vec<SourceId> = ["a", "b", "c"].map(|name| name.parse().unwrap()).into();
    let sent = names.iter().map(|name| {
        let sender = Sender { entity: &acme, source: Some(name) };
        let_in(&paces, sender, start(), 500)
    });
    assert_eq!(sent.collect::<Vec<_>>(), [60, 60, 0]);
    let last = Sender { entity: &acme, source: names.last() };
    assert_eq!(paces.take(last, start()).unwrap_err().whose, "entity");
    let other = view("other");
    let elsewhere = Sender { entity: &other, source: names.last() };
    assert_eq!(let_in(&paces, elsewhere, start(), 500), 60);
}

#[test]
fn what_comes_faster_than_teams_are_sent_leads_waits_apart_until_it_is_slow_again() {
    let (paces, acme, other) = (Paces::new(0, 0, 2), view("acme").id, view("other").id);
    let in_line = |entity: &EntityId, now, leads: usize| -> Vec<Line> {
        (0..leads).map(|_| paces.line(entity, now)).collect()
    };
    let lines = in_line(&acme, start(), 500);
    assert!(lines[..120].iter().all(|line| *line == Line::Prompt));
    assert!(lines[120..].iter().all(|line| *line == Line::Bulk));
    assert_eq!(in_line(&other, start(), 1), [Line::Prompt], "and nobody else's do");
    let later = start() + TimeDelta::seconds(1);
    assert_eq!(in_line(&acme, later, 3), [Line::Prompt, Line::Prompt, Line::Bulk]);
}

#[test]
fn where_nobody_wants_two_lines_there_is_one() {
    let (paces, acme) = (Paces::new(0, 0, 0), view("acme").id);
    assert!((0..10_000).all(|_| paces.line(&acme, start()) == Line::Prompt));
}

#[test]
fn those_who_are_put_off_come_back_one_after_the_other() {
    let (paces, acme) = (Paces::new(10, 0, 0), view("acme"));
    let sender = Sender { entity: &acme, source: None };
    let_in(&paces, sender, start(), 600);
    let waits: Vec<_> =
        (0..1_000).map(|_| paces.take_or_return(sender, start()).unwrap_err()).collect();
    assert_eq!(waits[0], Duration::from_millis(100));
    assert!(waits[..500].windows(2).all(|pair| pair[1] == pair[0] + Duration::from_millis(100)));
    assert_eq!(waits.last(), Some(&Duration::from_mins(1)));
}

#[test]
fn a_clock_that_was_set_back_keeps_nobody_out() {
    let (paces, acme) = (Paces::new(10, 0, 0), view("acme"));
    let sender = Sender { entity: &acme, source: None };
    let_in(&paces, sender, start(), 600);
    let earlier = start() - TimeDelta::hours(3);
    assert!(paces.take(sender, earlier).unwrap_err().wait <= Duration::from_millis(100));
    assert_eq!(let_in(&paces, sender, earlier + TimeDelta::seconds(1), 100), 10);
}

#[test]
fn meters_of_those_who_are_long_gone_are_forgotten() {
    let (paces, acme) = (Paces::new(1, 0, 0), view("acme"));
    for number in 0..40_000 {
        let name: SourceId = format!("s{number}").parse().unwrap();
        let now = start() + TimeDelta::seconds(number);
        paces.take(Sender { entity: &acme, source: Some(&name) }, now).unwrap();
    }
    assert!(paces.meters.lock().unwrap().len() < 3 * MANY);
}

proptest! {
    #[test]
    fn never_more_than_the_bucket_and_what_has_flowed_into_it(
        per_second in 1_u32..50, steps in prop::collection::vec((0_i64..3_000, any::<u8>()), 1..60),
    ) {
        let (paces, acme) = (Paces::new(per_second, 0, 0), view("acme"));
        let sender = Sender { entity: &acme, source: None };
        let (mut now, mut taken) = (start(), 0);
        for (pause, tries) in steps {
            now += TimeDelta::milliseconds(pause);
            let before = paces.standing(sender, now)[0].2.left;
            let allowed = let_in(&paces, sender, now, tries.into());
            prop_assert!(allowed == usize::from(tries).min(before as usize));
            taken += u32::try_from(allowed).unwrap();
            let seconds = (now - start()).as_seconds_f64();
            prop_assert!(f64::from(taken) <= f64::from(per_second) * (60.0 + seconds) + 1.0);
        }
    }
}
