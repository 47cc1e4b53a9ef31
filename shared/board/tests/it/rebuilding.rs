//! Redis loses its last writes, or everything: it is noticed, nothing is decided
//! until the log has been read, and then everything stands as it did.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use chrono::TimeDelta;
use futures::{StreamExt, stream};
use redis::AsyncCommands;
use tempfile::TempDir;
use tipoff_board::{Actor, Board, BoardError, Claim, Claiming, Known, OnBoard, Passing, PondClaim};
use tipoff_domain::plan::{Pick, Then};
use tipoff_domain::standing::State;
use tipoff_domain::{Cap, LeadId, Span};
use tipoff_testkit::RedisServer;
use tipoff_testkit::servers::ServerOptions;

use crate::fixture::{Table, accepted, ball, id, minutes, next, nine, pool, step, turn};
use crate::picture::{differences as differences_of, picture};

async fn redis(table: &Table, command: &[&str]) {
    let mut what = redis::cmd(command[0]);
    let () = what.arg(&command[1..]).query_async(&mut table.redis.clone()).await.unwrap();
}

/// However long the board says that it is catching up.
async fn claim(board: &Board, lead: &LeadId, agent: &str) -> Claim {
    let (entity, agent) = (id("acme"), id(agent));
    loop {
        match board.claim(&entity, lead, &Claiming::by(&agent, "").in_round(Some(1))).await {
            Err(error) if error.will_pass() => {}
            heard => return heard.unwrap(),
        }
    }
}

/// Some of everything that can happen to leads.
async fn an_eventful_day(table: &Table) -> Vec<LeadId> {
    let (board, acme) = (&table.board, &table.entity);
    let mut leads = Vec::new();
    for number in 0..40 {
        let lead = match number % 5 {
            0 => table.place(&turn(&["ana", "ben", "chloe"])).await,
            1 => table.place(&ball(&["ana", "ben"])).await,
            2 => table.place(&pool()).await,
            3 => table.place(&step(Pick::Smooth, &["ana=50", "ben=20"], None)).await,
            _ => table.place(&step(Pick::Fresh, &["ana", "ben"], None)).await,
        };
        leads.push(lead);
    }
    for lead in leads.iter().step_by(5).take(5) {
        let asked = table.asked(lead).await;
        assert!(matches!(table.claim(lead, &asked[0], Some(1)).await, Claim::Won(_)));
    }
    board.close(acme, &leads[0], &Actor::Admin, Some("junk"), true, "").await.unwrap();
    board.give_back(acme, &leads[5], &Actor::Admin, None, "", &[]).await.unwrap();
    for lead in leads.iter().skip(1).step_by(5).take(4) {
        table.pass(lead, "ana").await;
    }
    board.assign(acme, &leads[6], &id("dana"), &Actor::Admin, "").await.unwrap();
    let (ben, fast) =
        (id("ben"), PondClaim { pond: None, cap: None, reclaim_after: Some(Span::seconds(600)) });
    let claiming = Claiming { ponds: vec![fast], ..Claiming::by(&ben, "once") };
    assert!(matches!(board.claim(acme, &leads[2], &claiming).await.unwrap(), Claim::Won(_)));
    let undo = Passing { undo: Some(Span::seconds(3_600)), ..Passing::by(&ben, "") };
    board.pass(acme, &leads[11], &undo).await.unwrap();
    table.at(nine() + minutes(15)).await;
    table.move_on(&leads[3], &next(&["chloe"])).await;
    table.move_on(&leads[8], &step(Pick::Spread, &["chloe", "ben"], None)).await;
    board.another_chance(acme, &leads[3], &id("ana"), "").await.ok();
    let known = Known::Attach { sticky: TimeDelta::days(120) };
    board.place(&accepted("lead_kim", "kim@example.com"), &ball(&["ana"]), known).await.unwrap();
    board.place(&accepted("lead_kim2", "Kim@example.com"), &ball(&["ana"]), known).await.unwrap();
    leads
}

#[tokio::test]
async fn an_empty_redis_is_filled_from_the_log_and_stands_as_it_did() {
    let table = Table::laid().await;
    an_eventful_day(&table).await;
    let before = picture(&table).await;
    assert!(before.len() > 80, "{} keys", before.len());
    redis(&table, &["FLUSHALL"]).await;

    let leads = table.board.leads(&table.entity, None, 100).await.unwrap();
    assert_eq!(leads.leads.len(), 41, "an empty Redis never looks as if there were no leads");
    assert_eq!(differences_of(&before, &picture(&table).await), [""; 0]);
}

/// What came by a person, by routing and by limits is known as before.
#[tokio::test]
async fn a_person_is_recognised_by_a_board_that_was_rebuilt() {
    let table = Table::laid().await;
    let known = Known::Attach { sticky: TimeDelta::days(90) };
    let (first, second) =
        (accepted("lead_one", "dana@example.com"), accepted("lead_two", "dana@example.com"));
    table.board.place(&first, &ball(&["ana"]), known).await.unwrap();
    redis(&table, &["FLUSHALL"]).await;
    let attached = table.board.place(&second, &ball(&["ana"]), known).await.unwrap();
    assert_eq!(attached, tipoff_board::Placed::Attached(first.id));
}

/// Everybody claims, passes and places while everything is lost, twice.
#[tokio::test]
async fn whoever_claims_while_everything_is_lost_only_hears_to_ask_again() {
    let table = Table::laid().await;
    let (plan, mut leads) = (ball(&["ana", "ben", "chloe"]), Vec::new());
    for _ in 0..120 {
        leads.push(table.place(&plan).await);
    }
    let (refused, others, boards) = (
        AtomicUsize::new(0),
        AtomicBool::new(false),
        [table.board.clone(), table.another_board().await],
    );
    let tries = leads.iter().enumerate().flat_map(|(number, lead)| {
        ["ana", "ben", "chloe"].map(|agent| (number, lead.clone(), agent))
    });
    let claims = tries.map(|(number, lead, agent)| {
        let (board, table, refused, others) = (&boards[number % 2], &table, &refused, &others);
        async move {
            if (number == 30 || number == 80) && agent == "ana" {
                redis(table, &["FLUSHALL"]).await;
            }
            let agent = id(agent);
            loop {
                let claiming = Claiming::by(&agent, "").in_round(Some(1));
                match board.claim(&table.entity, &lead, &claiming).await {
                    Ok(heard) => return (lead, agent, heard),
                    Err(BoardError::Shut { .. } | BoardError::Recovering { .. }) => {
                        refused.fetch_add(1, Ordering::Relaxed);
                    }
                    Err(_) => others.store(true, Ordering::Relaxed),
                }
            }
        }
    });
    let heard: Vec<_> = stream::iter(claims).buffer_unordered(12).collect().await;
    assert!(!others.into_inner(), "nobody hears anything but to ask again");
    for lead in &leads {
        let won = heard.iter().filter(|(about, _, heard)| {
            about == lead && matches!(heard, Claim::Won(_) | Claim::AlreadyYours(_))
        });
        let won: Vec<_> = won.map(|(_, agent, _)| agent).collect();
        assert_eq!(won.len(), 1, "{lead}: {won:?}");
        assert_eq!(table.lead(lead).await.now_is.agent.as_ref(), Some(won[0]));
        assert_eq!(table.history(lead).await, ["lead.received", "lead.offered", "lead.claimed"]);
    }
    let before = picture(&table).await;
    redis(&table, &["FLUSHALL"]).await;
    table.lead(&leads[0]).await;
    assert_eq!(differences_of(&before, &picture(&table).await), [""; 0]);
}

/// A Redis whose data lies in a directory of ours.
async fn redis_in(directory: &Path) -> RedisServer {
    let options = ServerOptions { data: Some(directory.to_owned()), ..Default::default() };
    RedisServer::start_with(options).await.unwrap()
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-rT").args([from, to]).status().unwrap();
    assert!(copied.success());
}

/// A Redis that can be put back to where it was a while ago.
struct Forgetful {
    directory: TempDir,
    table: Table,
}

impl Forgetful {
    async fn laid() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data");
        std::fs::create_dir_all(&data).unwrap();
        let table = Table::laid_on(redis_in(&data).await).await;
        Self { directory, table }
    }

    fn log(&self) -> PathBuf {
        self.directory.path().join("data/appendonlydir")
    }

    fn kept(&self) -> PathBuf {
        self.directory.path().join("kept")
    }

    /// Whatever is written from here on will be lost.
    fn keep(&self) {
        copy(&self.log(), &self.kept());
    }

    async fn forget(&mut self) {
        self.table.redis_server.kill().await;
        std::fs::remove_dir_all(self.log()).unwrap();
        copy(&self.kept(), &self.log());
        self.table.redis_server.restart().await.unwrap();
    }
}

#[tokio::test]
async fn a_redis_that_comes_back_without_its_last_writes_gives_nothing_away_twice() {
    let mut forgetful = Forgetful::laid().await;
    let table = &forgetful.table;
    let plan = step(Pick::All, &["ana", "ben"], None);
    let mut leads = Vec::new();
    for _ in 0..30 {
        leads.push(table.place(&plan).await);
    }
    for lead in &leads[..10] {
        assert!(matches!(table.claim(lead, "ana", Some(1)).await, Claim::Won(_)));
    }
    let first = table.place(&turn(&["ana", "ben", "chloe"])).await;
    assert_eq!(table.asked(&first).await, ["ana"]);
    forgetful.keep();
    for lead in &leads[10..20] {
        assert!(matches!(table.claim(lead, "ana", Some(1)).await, Claim::Won(_)));
    }
    let second = table.place(&turn(&["ana", "ben", "chloe"])).await;
    assert_eq!(table.asked(&second).await, ["ben"]);
    for _ in 0..10 {
        leads.push(table.place(&plan).await);
    }
    let before = picture(table).await;

    forgetful.forget().await;
    let table = &forgetful.table;

    // Another process has never heard of that server, this one of its name before.
    let other = table.another_board().await;
    for (number, lead) in leads.iter().enumerate() {
        let heard = claim(if number % 2 == 0 { &other } else { &table.board }, lead, "ben").await;
        let is_his = (20..).contains(&number);
        assert_eq!(matches!(heard, Claim::Won(_)), is_his, "{number}: {heard:?}");
    }
    let third = table.place(&turn(&["ana", "ben", "chloe"])).await;
    assert_eq!(table.asked(&third).await, ["chloe"], "the turn that was taken stays taken");
    let now_is = table.lead(&leads[15]).await.now_is;
    assert_eq!((now_is.state, now_is.agent), (State::Assigned, Some(id("ana"))));
    for (key, holds) in before.iter().filter(|(key, _)| key.contains(":lead:lead_1")) {
        if holds.get("state").is_some_and(|state| state == "assigned") {
            assert_eq!(picture(table).await.get(key), Some(holds));
        }
    }
}

/// What each way to look shows of the leads that Ana and Ben are asked about.
async fn looks(table: &Table, way: usize, lead: &LeadId) -> Result<String, BoardError> {
    let (board, acme, ana) = (&table.board, &table.entity, id("ana"));
    let names = |leads: Vec<OnBoard>| {
        let names: Vec<String> = leads.iter().map(|lead| lead.id.to_string()).collect();
        names.join(" ")
    };
    Ok(match way {
        0 => format!("{:?}", board.lead(acme, lead).await?.map(|lead| lead.now_is)),
        1 => format!("{:?}", board.lead_now(acme, lead).await?.0.map(|lead| lead.now_is)),
        2 => names(board.leads_of(acme, &ana, None, 100).await?.leads),
        3 => names(board.offers_to(acme, &ana).await?),
        4 => names(board.leads(acme, None, 100).await?.leads),
        5 => names(board.pool(acme, None, None, 100).await?.leads),
        6 => format!("{:?}", board.rest_counts(acme, &[]).await?),
        7 => format!("{:?}", board.known(&[(table.partition(), lead.clone())]).await?),
        _ => format!("{:?}", board.turns(acme).await?),
    })
}

/// Whoever was connected before looks first of all, and knows nothing yet.
#[tokio::test]
async fn nothing_older_than_the_log_is_shown_by_a_redis_without_its_last_writes() {
    let mut forgetful = Forgetful::laid().await;
    let table = &forgetful.table;
    let lead = table.place(&ball(&["ana", "ben"])).await;
    table.place(&turn(&["ana", "ben"])).await;
    table.place(&pool()).await;
    table.at(nine()).await;
    forgetful.keep();
    assert!(matches!(table.claim(&lead, "ana", Some(1)).await, Claim::Won(_)));
    table.place(&turn(&["ana", "ben"])).await;
    table.place(&pool()).await;
    for way in 0..9 {
        let before = looks(&forgetful.table, way, &lead).await.unwrap();
        forgetful.forget().await;
        let after = loop {
            match looks(&forgetful.table, way, &lead).await {
                Err(error) if error.will_pass() => {}
                looked => break looked.unwrap(),
            }
        };
        assert_eq!(after, before, "{way}");
    }
}

#[tokio::test]
async fn a_replica_that_takes_over_late_is_brought_up_to_the_log_first() {
    let mut table = Table::laid().await;
    let replica = RedisServer::start().await.unwrap();
    let port = table.redis_server.url().rsplit(':').next().unwrap().to_owned();
    let client = redis::Client::open(replica.url()).unwrap();
    let mut on_replica = client.get_multiplexed_async_connection().await.unwrap();
    let mut follow = redis::cmd("REPLICAOF");
    let () = follow.arg("127.0.0.1").arg(&port).query_async(&mut on_replica).await.unwrap();

    let mut leads = Vec::new();
    for _ in 0..20 {
        leads.push(table.place(&ball(&["ana", "ben"])).await);
    }
    // Nothing else tells that it has everything.
    loop {
        let all: Vec<String> =
            redis::cmd("KEYS").arg("*:lead:*").query_async(&mut on_replica).await.unwrap();
        if all.len() == 20 {
            break;
        }
    }
    // From here on it hears nothing.
    let mut lose = redis::cmd("REPLICAOF");
    let () = lose.arg("127.0.0.1").arg(1).query_async(&mut on_replica).await.unwrap();
    for lead in &leads[..10] {
        assert!(matches!(table.claim(lead, "ana", Some(1)).await, Claim::Won(_)));
    }
    leads.push(table.place(&ball(&["ana", "ben"])).await);
    table.redis_server.kill().await;
    let mut lead_on = redis::cmd("REPLICAOF");
    let () = lead_on.arg("NO").arg("ONE").query_async(&mut on_replica).await.unwrap();

    let board = table.board_at(&replica.url()).await;
    for (number, lead) in leads.iter().enumerate() {
        let heard = claim(&board, lead, "ben").await;
        assert_eq!(matches!(heard, Claim::Won(_)), number >= 10, "{number}: {heard:?}");
    }
}

/// Only the script tells: nobody has to read what somebody else noticed.
#[tokio::test]
async fn what_one_process_has_opened_is_open_for_all() {
    let table = Table::laid().await;
    let other = table.another_board().await;
    let lead = table.place(&ball(&["ana", "ben"])).await;
    assert!(other.lead(&table.entity, &lead).await.unwrap().is_some());
    redis(&table, &["FLUSHALL"]).await;
    assert!(matches!(claim(&other, &lead, "ana").await, Claim::Won(_)));
    assert_eq!(table.claim(&lead, "ben", Some(1)).await, Claim::Taken);
}

/// A new release brings scripts that a healthy Redis has not heard of.
#[tokio::test]
async fn new_scripts_on_a_healthy_board_shut_nothing() {
    let table = Table::laid().await;
    let lead = table.place(&ball(&["ana", "ben"])).await;
    let clock = format!("{{p{}}}:clock", table.partition());
    let open: String = table.redis.clone().hget(&clock, "open").await.unwrap();
    let newer = table.another_board().await.with_scripts(|text| format!("{text}\n-- newer"));
    // Who would have to catch up could not.
    let mut nats = table.nats_server;
    nats.kill().await;
    let ana = id("ana");
    let claimed = newer.claim(&table.entity, &lead, &Claiming::by(&ana, "")).await;
    assert!(matches!(claimed, Err(BoardError::Log(_))), "it is decided: {claimed:?}");
    assert_eq!(table.redis.clone().hget::<_, _, String>(&clock, "open").await.unwrap(), open);
}

#[tokio::test]
async fn deadlines_that_fell_into_the_loss_are_put_off() {
    let table = Table::laid().await;
    let lead = table.place(&turn(&["ana", "ben"])).await;
    table.board.sweep(table.partition()).await.unwrap();
    redis(&table, &["FLUSHALL"]).await;
    let clock = format!("{{p{}}}:clock", table.partition());
    let later = nine() + minutes(20);
    let () = table.redis.clone().hset(&clock, "high", later.timestamp_millis()).await.unwrap();

    assert!(table.board.sweep(table.partition()).await.unwrap().due.is_empty());
    let until = table.lead(&lead).await.now_is.until.unwrap();
    assert_eq!(until - later, minutes(15), "by the loss, at most by its own length");
    assert!(matches!(table.claim(&lead, "ana", Some(1)).await, Claim::Won(_)));
}

/// The clock of the server that took over is behind.
#[tokio::test]
async fn the_boards_clock_does_not_go_back_behind_the_log() {
    let table = Table::laid().await;
    let lead = table.place(&turn(&["ana"])).await;
    redis(&table, &["FLUSHALL"]).await;
    table.board.sweep(table.partition()).await.unwrap();
    assert!(table.board.time(&table.entity).await.unwrap() >= nine());

    let outbox = format!("{{p{}}}:outbox", table.partition());
    let (mut about, mut redis) = (redis::cmd("XINFO"), table.redis.clone());
    let about = about.arg("STREAM").arg(&outbox);
    let told: std::collections::HashMap<String, redis::Value> =
        about.query_async(&mut redis).await.unwrap();
    let last: String = redis::from_redis_value_ref(&told["last-generated-id"]).unwrap();
    let event = table.board.timeline(&table.entity, &lead).await.unwrap().pop().unwrap();
    assert_eq!(event.id.split_once('-').unwrap().1, last, "nor do the ids of events");
    assert_eq!(redis.xlen::<_, usize>(&outbox).await.unwrap(), 0);
}

/// Limits count what was given before everything was lost.
#[tokio::test]
async fn limits_are_known_to_a_board_that_was_rebuilt() {
    let table = Table::laid().await;
    let lead = table.place(&turn(&["ana"])).await;
    assert!(matches!(table.claim(&lead, "ana", Some(1)).await, Claim::Won(_)));
    table.board.close(&table.entity, &lead, &Actor::Admin, None, false, "").await.unwrap();
    redis(&table, &["FLUSHALL"]).await;
    let mut plan = turn(&["ana"]);
    if let Then::Step(step) = &mut plan.then {
        step.candidates[0].caps = vec![Cap { since: Some(nine() - minutes(60)), count: 1 }];
    }
    let new = accepted("lead_new", "sam@example.com");
    let placed = table.board.place(&new, &plan, Known::Ignore).await.unwrap();
    assert_eq!(placed, tipoff_board::Placed::Full(vec![id("ana")]));
}

/// Compares the board with the log, and puts right what differs.
#[tokio::test]
async fn what_stands_otherwise_than_the_log_says_is_found_and_mended() {
    let table = Table::laid().await;
    let leads = an_eventful_day(&table).await;
    let (verified, differences) = table.board.verify(false, &mut |_| {}).await.unwrap();
    assert!(verified.events > 80 && differences.is_empty(), "{verified:?} {differences:?}");

    let before = picture(&table).await;
    let (p, mut redis) = (table.partition(), table.redis.clone());
    let () = redis.del(format!("{{p{p}}}:lead:{}", leads[12])).await.unwrap();
    let () = redis.hset(format!("{{p{p}}}:lead:{}", leads[13]), "round", 7).await.unwrap();
    let () = redis.zrem(format!("{{p{p}}}:deadlines"), leads[16].as_str()).await.unwrap();
    let () = redis.del(format!("{{p{p}}}:pool:acme")).await.unwrap();
    let () = redis.del(format!("{{p{p}}}:taken")).await.unwrap();
    let (_, differences) = table.board.verify(false, &mut |_| {}).await.unwrap();
    let about =
        |lead: &LeadId| differences.iter().filter(|one| one.lead.as_ref() == Some(lead)).count();
    assert!(
        about(&leads[12]) > 0 && about(&leads[13]) > 0 && about(&leads[16]) > 0,
        "{differences:?}"
    );
    assert!(about(&leads[7]) > 0, "it rests in the pool");

    let (verified, found) = table.board.verify(true, &mut |_| {}).await.unwrap();
    assert!(verified.mended > 3 && found == differences, "{verified:?} {found:?}");
    assert_eq!(table.board.verify(false, &mut |_| {}).await.unwrap().1, []);
    assert_eq!(differences_of(&before, &picture(&table).await), [""; 0]);
}

/// What is too much, and what a route remembers.
#[tokio::test]
async fn strangers_in_lists_and_memories_that_were_changed_are_found_and_mended() {
    let table = Table::laid().await;
    let leads = an_eventful_day(&table).await;
    let before = picture(&table).await;
    let (p, mut redis) = (table.partition(), table.redis.clone());
    for list in ["offers", "owned", "reserved"] {
        let member = format!("acme|zoe|{}", leads[7]);
        let () = redis.zadd(format!("{{p{p}}}:{list}"), member, 0).await.unwrap();
    }
    let turns = format!("{{p{p}}}:turns");
    let all: Vec<String> = redis.hkeys(&turns).await.unwrap();
    let next = all.iter().find(|thing| thing.starts_with("next:")).expect("a turn was taken");
    let () = redis.hset(&turns, next, "nobody").await.unwrap();

    let (_, found) = table.board.verify(false, &mut |_| {}).await.unwrap();
    let told: Vec<_> = found.iter().map(|one| one.what.as_str()).collect();
    assert_eq!(
        found.iter().filter(|one| one.lead.as_ref() == Some(&leads[7])).count(),
        3,
        "{told:?}"
    );
    assert!(told.iter().any(|what| what.contains(next.as_str())), "{told:?}");

    let (verified, _) = table.board.verify(true, &mut |_| {}).await.unwrap();
    assert_eq!(verified.mended, 4, "{told:?}");
    assert_eq!(table.board.verify(false, &mut |_| {}).await.unwrap().1, []);
    assert_eq!(differences_of(&before, &picture(&table).await), [""; 0]);
}

/// By hand, whatever is wrong.
#[tokio::test]
async fn a_board_is_rebuilt_by_hand() {
    let table = Table::laid().await;
    let leads = an_eventful_day(&table).await;
    let (before, p) = (picture(&table).await, table.partition());
    let mut redis = table.redis.clone();
    let () = redis.hset(format!("{{p{p}}}:lead:{}", leads[13]), "agent", "zoe").await.unwrap();
    let () = redis.del(format!("{{p{p}}}:turns")).await.unwrap();
    let mut seen = 0;
    let rebuilt = table.board.rebuild(&mut |done| seen = done.events).await.unwrap();
    assert_eq!((rebuilt.partitions, rebuilt.events), (2, seen));
    assert_eq!(differences_of(&before, &picture(&table).await), [""; 0]);
}
