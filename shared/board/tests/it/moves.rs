use chrono::TimeDelta;
use tipoff_board::{Actor, Assign, Claim, Known, MovedOn, Pass, Placed, Return};
use tipoff_domain::plan::{How, Pick, Then};
use tipoff_domain::{AgentId, Cap, LeadId};
use tipoff_wire::event::State;

use crate::fixture::{Table, accepted, ball, id, minutes, next, nine, pool, step, turn};

/// Worked example 4: everybody passed, so nobody waits for the deadline.
#[tokio::test]
async fn a_jump_ball_that_everybody_passed_is_due_at_once() {
    let table = Table::laid().await;
    let lead = table.place(&ball(&["ana", "ben", "chloe"])).await;
    for agent in ["ana", "ben"] {
        assert_eq!(table.pass(&lead, agent).await, Pass::Passed);
        assert!(table.board.sweep(table.partition()).await.unwrap().due.is_empty());
    }
    assert_eq!(table.pass(&lead, "chloe").await, Pass::Passed);
    let due = table.board.sweep(table.partition()).await.unwrap().due;
    assert!(matches!(&due[..], [only] if *only == lead));
    assert_eq!(table.move_on(&lead, &pool()).await, MovedOn::Done);
    assert_eq!(
        table.history(&lead).await,
        [
            "lead.received",
            "lead.offered",
            "lead.passed",
            "lead.passed",
            "lead.passed",
            "lead.pooled"
        ]
    );
    let reasons: Vec<_> = table
        .board
        .timeline(&table.entity, &lead)
        .await
        .unwrap()
        .into_iter()
        .filter_map(|event| event.reason)
        .collect();
    assert_eq!(reasons, ["on \"holiday\"\n"; 3]);
}

#[tokio::test]
async fn a_lead_does_not_move_on_before_its_time_or_by_an_old_plan() {
    let table = Table::laid().await;
    let lead = table.place(&turn(&["ana", "ben"])).await;
    table.at(nine() + minutes(15) - TimeDelta::milliseconds(1)).await;
    assert_eq!(table.move_on(&lead, &next(&["ben"])).await, MovedOn::Early);
    let as_it_was = table.lead(&lead).await;
    table.at(nine() + minutes(15)).await;
    assert_eq!(table.board.roll_on(&as_it_was, &next(&["ben"])).await.unwrap(), MovedOn::Done);
    assert_eq!(table.board.roll_on(&as_it_was, &next(&["ben"])).await.unwrap(), MovedOn::Stale);
    assert_eq!(table.asked(&lead).await, ["ben"]);
    assert_eq!(
        table.history(&lead).await,
        ["lead.received", "lead.offered", "lead.expired", "lead.offered"]
    );
}

#[tokio::test]
async fn passing_is_for_those_who_are_asked() {
    let table = Table::laid().await;
    let lead = table.place(&turn(&["ana", "ben"])).await;
    assert_eq!(table.pass(&lead, "ben").await, Pass::NotOffered);
    assert_eq!(table.pass(&lead, "ana").await, Pass::Passed);
    assert_eq!(table.pass(&lead, "ana").await, Pass::Passed, "again is the same");
    assert_eq!(table.claim(&lead, "ana", Some(1)).await, Claim::Passed);
    table.move_on(&lead, &next(&["ben"])).await;
    table.claim(&lead, "ben", None).await;
    assert_eq!(table.pass(&lead, "ben").await, Pass::AlreadyYours);
}

#[tokio::test]
async fn a_person_gives_the_lead_to_an_agent_and_open_offers_are_withdrawn() {
    let table = Table::laid().await;
    let lead = table.place(&ball(&["ana", "ben"])).await;
    let given =
        table.board.assign(&table.entity, &lead, &id("chloe"), &Actor::Admin, "").await.unwrap();
    assert!(matches!(&given, Assign::Assigned(lead) if lead.now_is.how == Some(How::Manual)));
    assert_eq!(table.claim(&lead, "ana", Some(1)).await, Claim::Withdrawn);
    assert_eq!(
        table.history(&lead).await,
        ["lead.received", "lead.offered", "offer.withdrawn", "lead.assigned"]
    );
    assert!(
        table.board.sweep(table.partition()).await.unwrap().next.is_none(),
        "nothing is left to expire"
    );
}

#[tokio::test]
async fn an_agent_sends_back_what_they_have_and_nothing_else() {
    let table = Table::laid().await;
    let lead = table.place(&step(Pick::First, &["ana"], Some(How::AssignToAgent))).await;
    let (ana, ben) = (Actor::Agent(id("ana")), Actor::Agent(id("ben")));
    let has = async |agent: &str| {
        let page = table.board.leads_of(&table.entity, &id(agent), None, 10).await.unwrap();
        page.leads.len()
    };
    assert_eq!(has("ana").await, 1);
    let not_his = table.board.give_back(&table.entity, &lead, &ben, None, "a", &[]).await.unwrap();
    assert_eq!(not_his, Return::NotYours);
    let wrong_town = Some("wrong town");
    let hers = table.board.give_back(&table.entity, &lead, &ana, wrong_town, "b", &[]).await;
    assert!(matches!(hers.unwrap(), Return::Returned(_)));
    assert_eq!(has("ana").await, 0);
    assert_eq!(table.lead(&lead).await.now_is.state, State::Pooled);
    assert_eq!(table.history(&lead).await, ["lead.received", "lead.assigned", "lead.returned"]);
}

#[tokio::test]
async fn what_an_agent_has_is_read_page_by_page() {
    let table = Table::laid().await;
    let to = |agent: &str| step(Pick::First, &[agent], Some(How::AssignToAgent));
    // Somebody whose name begins like hers is somebody else.
    table.place(&to("ana-maria")).await;
    let mut hers = Vec::new();
    for _ in 0..5 {
        hers.push(table.place(&to("ana")).await);
    }
    let page = async |from: Option<&LeadId>, limit| {
        let page = table.board.leads_of(&table.entity, &id("ana"), from, limit).await.unwrap();
        (page.leads.into_iter().map(|lead| lead.id).collect::<Vec<_>>(), page.next)
    };
    assert_eq!(page(None, 2).await, (hers[..2].to_vec(), Some(hers[2].to_string())));
    assert_eq!(page(Some(&hers[2]), 2).await, (hers[2..4].to_vec(), Some(hers[4].to_string())));
    assert_eq!(page(Some(&hers[4]), 2).await, (hers[4..].to_vec(), None));
    assert_eq!(page(None, 5).await, (hers.clone(), None));
    assert_eq!(page(None, 0).await, (Vec::new(), Some(hers[0].to_string())));
}

/// D-2: what was decided first stays.
#[tokio::test]
async fn a_lead_delivered_twice_is_placed_once() {
    let table = Table::laid().await;
    let twice = accepted("lead_twice", "dana@example.com");
    let plan = turn(&["ana", "ben"]);
    assert_eq!(table.board.place(&twice, &plan, Known::Ignore).await.unwrap(), Placed::New);
    assert_eq!(table.board.place(&twice, &plan, Known::Ignore).await.unwrap(), Placed::Known);
    assert_eq!(table.asked(&id("lead_twice")).await, ["ana"]);
    assert_eq!(table.asked(&table.place(&plan).await).await, ["ben"], "the turn moved once");
}

/// Worked example 11.
#[tokio::test]
async fn the_same_person_from_two_sources_is_one_lead_with_two_inquiries() {
    let table = Table::laid().await;
    let known = Known::Attach { sticky: TimeDelta::days(90) };
    let (first, second) =
        (accepted("lead_one", "dana@example.com"), accepted("lead_two", " Dana@Example.com"));
    let plan = turn(&["ana", "ben"]);
    assert_eq!(table.board.place(&first, &plan, known).await.unwrap(), Placed::New);
    assert_eq!(
        table.board.place(&second, &plan, known).await.unwrap(),
        Placed::Attached(id("lead_one"))
    );
    assert_eq!(
        table.board.place(&second, &plan, known).await.unwrap(),
        Placed::Attached(id("lead_one")),
        "again is the same, so that what follows from it is done if it was not"
    );

    assert_eq!(
        table.history(&id("lead_one")).await,
        ["lead.received", "lead.offered", "lead.duplicate"]
    );
    assert_eq!(table.lead(&id("lead_one")).await.now_is.inquiries, 2);
    assert_eq!(table.lead(&id("lead_two")).await.now_is.duplicate_of, Some(id("lead_one")));
    assert_eq!(table.history(&id("lead_two")).await, ["lead.closed"], "it has a story of its own");

    table.claim(&id("lead_one"), "ana", None).await;
    let third = accepted("lead_three", "dana@example.com");
    assert_eq!(
        table.board.place(&third, &plan, known).await.unwrap(),
        Placed::Returning(id("ana"))
    );
    let hers = step(Pick::First, &["ana"], Some(How::Returning));
    let settled = Known::Settled { sticky: TimeDelta::days(90) };
    assert_eq!(table.board.place(&third, &hers, settled).await.unwrap(), Placed::New);
    assert_eq!(table.lead(&id("lead_three")).await.now_is.agent, Some(id("ana")));
}

/// D-30 c: for `sticky` after they came to the agent, and not a millisecond longer.
#[tokio::test]
async fn a_person_who_comes_back_too_late_is_routed_like_anybody() {
    let table = Table::laid().await;
    let known = Known::Keep { sticky: minutes(10) };
    let came = |lead| accepted(lead, "dana@example.com");
    let plan = turn(&["ana", "ben"]);
    table.board.place(&came("lead_one"), &plan, known).await.unwrap();
    table.claim(&id("lead_one"), "ana", None).await;
    table.at(nine() + minutes(10) - TimeDelta::milliseconds(1)).await;
    let just_in_time = table.board.place(&came("lead_two"), &plan, known).await.unwrap();
    assert_eq!(just_in_time, Placed::Returning(id("ana")));
    table.at(nine() + minutes(10)).await;
    assert_eq!(table.board.place(&came("lead_two"), &plan, known).await.unwrap(), Placed::New);
}

/// D-30 c: their time with the person begins when they get the lead. Redis' own time,
/// by which it forgets, does not move here; so it is asked, and the log tells it again.
#[tokio::test]
async fn whoever_gets_a_lead_that_has_rested_for_months_keeps_the_person_from_then_on() {
    let table = Table::laid().await;
    let (sticky, later) = (TimeDelta::days(90), nine() + TimeDelta::days(200));
    let known = Known::Attach { sticky };
    let came = |lead| accepted(lead, "dana@example.com");
    table.board.place(&came("lead_one"), &pool(), known).await.unwrap();
    let mut redis = table.redis.clone();
    let marks: Vec<String> =
        redis::cmd("KEYS").arg("*:person:*").query_async(&mut redis).await.unwrap();
    let left: i64 = redis::cmd("PTTL").arg(&marks[0]).query_async(&mut redis).await.unwrap();
    assert!(TimeDelta::milliseconds(left) > TimeDelta::days(300), "{left} ms");

    table.at(later).await;
    let lead = format!("{{p{}}}:lead:lead_one", table.partition());
    let () = redis::cmd("DEL").arg(lead).arg(&marks[0]).query_async(&mut redis).await.unwrap();
    assert!(table.board.recover(&table.entity, &id("lead_one")).await.unwrap());
    assert!(matches!(table.claim(&id("lead_one"), "ben", None).await, Claim::Won(_)));
    table.at(later + sticky - TimeDelta::milliseconds(1)).await;
    let again = table.board.place(&came("lead_two"), &turn(&["ana"]), known).await.unwrap();
    assert_eq!(again, Placed::Returning(id("ben")));
}

/// Rules of 1.5: at its end the route's timeout takes back what is still on offer.
#[tokio::test]
async fn whoever_had_less_than_half_of_the_time_that_others_have_has_missed_nothing() {
    let table = Table::laid().await;
    let (mut now, ben): (_, AgentId) = (nine(), id("ben"));
    for (left, missed) in [(7, None), (8, Some(1))] {
        let lead = table.place(&turn(&["ana"])).await;
        now += minutes(15);
        table.at(now).await;
        let mut rest = next(&["ben"]);
        if let Then::Step(step) = &mut rest.then {
            step.window = minutes(left);
        }
        table.move_on(&lead, &rest).await;
        now += minutes(left);
        table.at(now).await;
        table.move_on(&lead, &step(Pick::First, &["tom"], Some(How::TimeoutAgent))).await;
        let of_ben = std::slice::from_ref(&ben);
        let misses = table.board.misses(&table.entity, of_ben).await.unwrap();
        assert_eq!(misses.get(&ben).copied(), missed, "{left} of 15 minutes");
        assert_eq!(table.lead(&lead).await.now_is.agent, Some(id("tom")));
    }
}

/// The place that an offer holds ends with that offer (D-22).
#[tokio::test]
async fn whoever_let_a_lead_run_out_may_be_given_it_though_the_offer_was_their_last_place() {
    let table = Table::laid().await;
    let lead = table.place(&turn(&["ana"])).await;
    table.at(nine() + minutes(15)).await;
    let mut plan = step(Pick::First, &["ana"], Some(How::TimeoutAgent));
    if let Then::Step(step) = &mut plan.then {
        step.candidates[0].caps = vec![Cap { since: None, count: 1 }];
    }
    table.move_on(&lead, &plan).await;
    let now_is = table.lead(&lead).await.now_is;
    assert_eq!((now_is.agent, now_is.how), (Some(id("ana")), Some(How::TimeoutAgent)));
}
