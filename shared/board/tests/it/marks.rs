//! What routes put on leads (D-29), and what leads put on routes.

use tipoff_board::{Actor, Close, Credit};
use tipoff_domain::decision::{By, CandidateVerdict, Considered};
use tipoff_domain::plan::{Along, How, Marks, Pick, Plan, Then};
use tipoff_domain::{AgentId, LeadId, LenderId};
use tipoff_wire::{Event, EventKind};

use crate::fixture::{Table, id, minutes, next, nine, step, turn};

fn marked(mut plan: Plan, route: &str, tags: &[&str], smart_plan: &str) -> Plan {
    if let Then::Step(step) = &mut plan.then {
        step.route = Some(id(route));
        step.marks = Some(Marks {
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            smart_plan: Some(smart_plan.to_owned()),
            along: vec![Along { role: "lender".to_owned(), among: vec![id("bank")] }],
        });
    }
    plan
}

impl Table {
    async fn told(&self, lead: &LeadId, kind: EventKind) -> Vec<Event> {
        let events = self.board.timeline(&self.entity, lead).await.unwrap();
        events.into_iter().filter(|event| event.kind == kind).collect()
    }
}

#[tokio::test]
async fn tags_come_with_the_route_and_the_plan_with_the_agent() {
    let table = Table::laid().await;
    let lead = table.place(&marked(turn(&["ana"]), "day", &["portal", "hot"], "drip")).await;
    table.at(nine() + minutes(15)).await;
    table.move_on(&lead, &marked(next(&["ben"]), "night", &["hot", "late"], "drip")).await;
    table.claim(&lead, "ben", None).await;
    table.board.assign(&table.entity, &lead, &id("chloe"), &Actor::Admin, "").await.unwrap();

    let offered = table.told(&lead, EventKind::Offered).await;
    assert_eq!([&offered[0].tags[..], &offered[1].tags], [&["portal", "hot"][..], &["late"]]);
    assert_eq!(offered[1].smart_plan, None, "nobody has it yet");
    assert_eq!(offered[1].after.along, [id::<LenderId>("bank")]);
    let claimed = table.told(&lead, EventKind::Claimed).await;
    assert_eq!(claimed[0].smart_plan.as_deref(), Some("drip"));
    let assigned = table.told(&lead, EventKind::Assigned).await;
    assert_eq!(assigned[0].smart_plan, None, "not twice in the same plan");
    let now_is = table.lead(&lead).await.now_is;
    assert_eq!(now_is.tags, ["portal", "hot", "late"]);
    assert_eq!((now_is.enrolled, now_is.first_agents), (vec!["drip".to_owned()], vec![id("ana")]));
}

/// Junk costs nobody their turn.
#[tokio::test]
async fn whoever_got_a_lead_that_was_worth_nothing_gets_the_next_one_too() {
    let table = Table::laid().await;
    let all = ["ana", "ben", "chloe"];
    let direct = |pick| step(pick, &all, Some(How::Direct));
    let junk = table.place(&direct(Pick::Turn)).await;
    let (board, entity, admin) = (&table.board, &table.entity, Actor::Admin);
    let closed = board.close(entity, &junk, &admin, Some("no such number"), true, "").await;
    assert!(matches!(closed.unwrap(), Close::Closed(_)));
    let credited = board.credit(entity, &junk, &admin, None, "").await.unwrap();
    assert!(matches!(credited, Credit::Credited(_)));

    let mut plan = direct(Pick::Turn);
    plan.decision.candidates = all
        .map(|agent| Considered { agent: id(agent), verdict: CandidateVerdict::Eligible, by: None })
        .to_vec();
    let has = async |lead: LeadId| table.lead(&lead).await.now_is.agent;
    let next = table.place(&plan).await;
    let decision = table.told(&next, EventKind::Assigned).await.remove(0).decision.unwrap();
    assert_eq!(decision.candidates[0].by, Some(By::Credit));
    let hers: Option<AgentId> = Some(id("ana"));
    assert_eq!(has(next).await, hers);
    assert_eq!(
        has(table.place(&plan).await).await,
        Some(id("ben")),
        "once, and nobody lost a turn"
    );
    let nobody = table.place(&crate::fixture::pool()).await;
    let nothing_owed = board.credit(entity, &nobody, &admin, None, "").await.unwrap();
    assert_eq!(nothing_owed, Credit::NotRouted);
}

#[tokio::test]
async fn roll_ons_may_have_a_turn_of_their_own() {
    let table = Table::laid().await;
    let all = ["ana", "ben", "chloe"];
    let mut second = Vec::new();
    for _ in 0..4 {
        let lead = table.place(&turn(&all)).await;
        let first = table.asked(&lead).await.remove(0);
        table.pass(&lead, &first).await;
        let list: Vec<String> = all
            .map(|agent| if agent == first { format!("-{agent}") } else { agent.to_owned() })
            .to_vec();
        let list: Vec<&str> = list.iter().map(String::as_str).collect();
        table.move_on(&lead, &step(Pick::Spread, &list, None)).await;
        second.push(format!("{first} {}", table.asked(&lead).await.remove(0)));
    }
    assert_eq!(second, ["ana ben", "ben chloe", "chloe ana", "ana ben"]);
}

/// Redis forgets; a lead of before is repaired after the turn has moved on.
#[tokio::test]
async fn a_late_repair_does_not_bring_an_old_turn_back() {
    let table = Table::laid().await;
    let all = ["ana", "ben", "chloe"];
    let lead = table.place(&turn(&all)).await;
    table.place(&turn(&all)).await;
    let key = format!("{{p{}}}:lead:{lead}", table.partition());
    let () = redis::cmd("DEL").arg(key).query_async(&mut table.redis.clone()).await.unwrap();
    assert!(table.board.recover(&table.entity, &lead).await.unwrap());
    assert_eq!(table.asked(&lead).await, ["ana"]);
    assert_eq!(table.asked(&table.place(&turn(&all)).await).await, ["chloe"]);
}
