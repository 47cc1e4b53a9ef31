use std::slice::from_ref;

use chrono::TimeDelta;
use tipoff_board::{
    Actor, Claim, Claiming, MovedOn, OnBoard, PondClaim, RestCounts, Return, Worked,
};
use tipoff_domain::plan::{Otherwise, Plan, Rest, Then};
use tipoff_domain::standing::State;
use tipoff_domain::{Decision, LeadId, PondId, Span};
use tipoff_wire::PooledWhy;
use tipoff_wire::event::ReturnedWord;

use crate::fixture::{Table, id, minutes, nine, pool};

pub(crate) fn in_pond(pond: &str) -> Plan {
    let rest = Rest { pond: Some(id(pond)), ..Rest::in_pool(Otherwise::ToPond) };
    Plan { then: Then::Pool(rest), decision: Decision::default() }
}

/// The lake: at most two at a time, back after ten minutes.
fn lake() -> PondClaim {
    let reclaim_after = Some(Span::minutes(10));
    PondClaim { pond: Some(id("lake")), cap: Some(2), reclaim_after }
}

impl Table {
    async fn fish(&self, lead: &LeadId, ponds: Vec<PondClaim>) -> Claim {
        let ana = id("ana");
        let claiming = Claiming { ponds, ..Claiming::by(&ana, "") };
        self.board.claim(&self.entity, lead, &claiming).await.unwrap()
    }

    /// Ana sends it back while there are these ponds.
    async fn ana_returns(&self, lead: &LeadId, ponds: &[PondId]) {
        let ana = Actor::Agent(id("ana"));
        let said = self.board.give_back(&self.entity, lead, &ana, None, "", ponds).await;
        assert!(matches!(said.unwrap(), Return::Returned(_)));
    }

    async fn resting(&self, pond: Option<&PondId>) -> Vec<OnBoard> {
        self.board.pool(&self.entity, pond, None, 10).await.unwrap().leads
    }
}

/// D-25.
#[tokio::test]
async fn a_pond_is_for_its_members_and_a_lead_goes_back_to_where_it_came_from() {
    let table = Table::laid().await;
    let (lead, lake_id) = (table.place(&in_pond("lake")).await, id("lake"));
    assert!(table.resting(None).await.is_empty(), "it is not in the pool");
    assert_eq!(table.fish(&lead, vec![PondClaim::pool()]).await, Claim::NotOffered);
    assert!(matches!(table.fish(&lead, vec![PondClaim::pool(), lake()]).await, Claim::Won(_)));
    assert!(table.resting(Some(&lake_id)).await.is_empty());

    table.ana_returns(&lead, from_ref(&lake_id)).await;
    assert_eq!(table.lead(&lead).await.now_is.pond, Some(id("lake")));
    assert_eq!(table.resting(Some(&lake_id)).await.len(), 1);
    let counts = table.board.rest_counts(&table.entity, from_ref(&lake_id)).await.unwrap();
    assert_eq!(counts, RestCounts { ponds: [(lake_id, 1)].into(), ..RestCounts::default() });
}

#[tokio::test]
async fn nobody_has_more_from_a_pond_than_it_gives() {
    let table = Table::laid().await;
    let mut leads = Vec::new();
    for _ in 0..3 {
        leads.push(table.place(&in_pond("lake")).await);
    }
    let from_pool = table.place(&pool()).await;
    assert!(matches!(table.fish(&leads[0], vec![lake()]).await, Claim::Won(_)));
    assert!(matches!(table.fish(&leads[1], vec![lake()]).await, Claim::Won(_)));
    assert_eq!(table.fish(&leads[2], vec![lake()]).await, Claim::LimitReached);
    assert!(matches!(table.fish(&from_pool, vec![PondClaim::pool()]).await, Claim::Won(_)));
    table.ana_returns(&leads[0], &[id("lake")]).await;
    assert!(matches!(table.fish(&leads[2], vec![lake()]).await, Claim::Won(_)));
}

#[tokio::test]
async fn a_pond_takes_back_what_is_not_worked_in_time() {
    let table = Table::laid().await;
    let (idle, worked) = (table.place(&in_pond("lake")).await, table.place(&in_pond("lake")).await);
    for lead in [&idle, &worked] {
        table.fish(lead, vec![lake()]).await;
    }
    let ana = id("ana");
    let said = table.board.worked(&table.entity, &worked, &ana).await.unwrap();
    assert_eq!(said, Worked::Done);
    assert_eq!(table.lead(&idle).await.now_is.act_by, Some(nine() + minutes(10)));
    table.at(nine() + minutes(10) - TimeDelta::milliseconds(1)).await;
    let reclaim = async || {
        let stands = table.lead(&idle).await;
        table.board.reclaim(&stands, &[id("lake")]).await.unwrap()
    };
    assert_eq!(reclaim().await, MovedOn::Early);
    table.at(nine() + minutes(10)).await;
    assert_eq!(table.board.sweep(table.partition()).await.unwrap().due, from_ref(&idle));

    assert_eq!(table.move_on(&idle, &pool()).await, MovedOn::Stale, "only its pond takes it back");
    assert_eq!(reclaim().await, MovedOn::Done);
    let now_is = table.lead(&idle).await.now_is;
    assert_eq!((now_is.state, now_is.pond), (State::Pooled, Some(id("lake"))));
    assert_eq!(now_is.why, Some(PooledWhy::Returned(ReturnedWord::Reclaimed)));
    let told = table.board.timeline(&table.entity, &idle).await.unwrap().pop().unwrap();
    assert_eq!((told.reason.as_deref(), told.agents), (Some("reclaimed"), vec![ana]));
    assert!(table.board.sweep(table.partition()).await.unwrap().due.is_empty());
}

/// D-25: the same pond it came from, else the pool.
#[tokio::test]
async fn what_was_taken_from_a_pond_that_is_gone_goes_to_the_pool() {
    let table = Table::laid().await;
    let (sent, idle) = (table.place(&in_pond("lake")).await, table.place(&in_pond("lake")).await);
    for lead in [&sent, &idle] {
        table.fish(lead, vec![lake()]).await;
    }
    // One that is called much like it is another.
    let ponds: [PondId; 2] = [id("lake-2"), id("a-lake")];
    table.ana_returns(&sent, &ponds).await;
    table.at(nine() + minutes(10)).await;
    let said = table.board.reclaim(&table.lead(&idle).await, &ponds).await.unwrap();
    assert_eq!(said, MovedOn::Done);
    assert!(table.resting(Some(&id("lake"))).await.is_empty());
    assert_eq!(table.resting(None).await.len(), 2);
}

#[tokio::test]
async fn the_oldest_in_a_pond_are_read_on_from_where_the_look_before_ended() {
    let table = Table::laid().await;
    let mut placed = Vec::new();
    for minute in 0..3 {
        table.at(nine() + minutes(minute)).await;
        placed.push(table.place(&in_pond("lake")).await);
        table.place(&in_pond("lake-2")).await;
    }
    let look = async |behind: Option<&str>| {
        let lake = id("lake");
        let looked = table.board.oldest(&table.entity, Some(&lake), behind, 2).await;
        let (leads, last) = looked.unwrap();
        (leads.into_iter().map(|lead| lead.id).collect::<Vec<_>>(), last)
    };
    let (first, last) = look(None).await;
    assert_eq!(first, placed[..2]);
    // Where the look ended nothing may be any more when the next one begins.
    assert!(matches!(table.fish(&placed[1], vec![lake()]).await, Claim::Won(_)));
    assert_eq!(look(last.as_deref()).await, (placed[2..].to_vec(), None));
}

/// No agent loses a lead because we were away.
#[tokio::test]
async fn a_pond_does_not_take_back_at_once_what_came_due_while_nobody_swept() {
    let table = Table::laid().await;
    let lead = table.place(&in_pond("lake")).await;
    table.fish(&lead, vec![lake()]).await;
    table.board.sweep(table.partition()).await.unwrap();
    let clock = format!("{{p{}}}:clock", table.partition());
    let later = nine() + minutes(12);
    let mut redis = table.redis.clone();
    let () = redis::cmd("HSET")
        .arg(clock)
        .arg(&[("high", later.timestamp_millis())])
        .query_async(&mut redis)
        .await
        .unwrap();
    assert!(table.board.sweep(table.partition()).await.unwrap().due.is_empty());
    assert_eq!(table.lead(&lead).await.now_is.act_by, Some(later + minutes(10)));
}

#[tokio::test]
async fn a_page_of_a_pond_leaves_nothing_out_and_shows_no_other_ponds_leads() {
    let table = Table::laid().await;
    let mut placed = Vec::new();
    for minute in 0..3 {
        table.at(nine() + minutes(minute)).await;
        for _ in 0..3 {
            placed.push((minute, table.place(&in_pond("lake")).await));
            table.place(&in_pond("lake-2")).await;
            table.place(&pool()).await;
        }
    }
    // Those of one moment stand by name.
    placed.sort();
    let placed: Vec<_> = placed.into_iter().map(|(_, lead)| lead).collect();
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let lake = id("lake");
        let page = table.board.pool(&table.entity, Some(&lake), after.as_deref(), 2).await.unwrap();
        found.extend(page.leads.into_iter().map(|lead| lead.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    found.reverse();
    assert_eq!(found, placed, "latest first");
}
