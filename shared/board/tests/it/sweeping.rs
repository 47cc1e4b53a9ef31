use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt, stream};
use redis::AsyncCommands;
use tipoff_board::{BoardError, Claim, Claiming};
use tipoff_domain::LeadId;
use tipoff_wire::subject;

use crate::fixture::{Table, id, minutes, next, nine, pool, turn};

impl Table {
    /// Time passes, and nobody sweeps: only the clock moves, not the stamp.
    async fn nobody_sweeps_until(&self, instant: DateTime<Utc>) {
        let clock = format!("{{p{}}}:clock", self.partition());
        let ms = instant.timestamp_millis();
        let () = self.redis.clone().hset(&clock, "high", ms).await.unwrap();
    }

    /// So many offers, that all end at the same instant.
    async fn place_many(&self, many: usize) -> Vec<LeadId> {
        let plan = turn(&["ana"]);
        let placing = stream::iter(0..many).map(|_| self.place(&plan));
        placing.buffer_unordered(50).collect().await
    }

    async fn deadlines(&self) -> Vec<i64> {
        let deadlines = format!("{{p{}}}:deadlines", self.partition());
        let all: Vec<(String, i64)> =
            self.redis.clone().zrange_withscores(&deadlines, 0, -1).await.unwrap();
        all.into_iter().map(|(_, at)| at).collect()
    }

    /// The same after a sweep a moment before that lead's deadline.
    async fn nobody_sweeps_for_ten_minutes_from_the_deadline_of(&self, lead: &LeadId) {
        let until = self.lead(lead).await.now_is.until.unwrap();
        let before = until - TimeDelta::milliseconds(1);
        let clock = format!("{{p{}}}:clock", self.partition());
        let () = self.redis.clone().hset(&clock, "swept", before.timestamp_millis()).await.unwrap();
        self.nobody_sweeps_until(until + minutes(10)).await;
    }
}

#[tokio::test]
async fn a_sweep_says_what_is_due_and_when_the_next_is() {
    let table = Table::laid().await;
    let first = table.place(&turn(&["ana"])).await;
    table.at(nine() + minutes(5)).await;
    table.place(&turn(&["ana"])).await;
    let swept = table.board.sweep(table.partition()).await.unwrap();
    assert_eq!((swept.due.len(), swept.next), (0, Some(nine() + minutes(15))));

    table.at(nine() + minutes(15)).await;
    let swept = table.board.sweep(table.partition()).await.unwrap();
    assert_eq!((swept.due, swept.next), (vec![first], Some(nine() + minutes(20))));
}

#[tokio::test]
async fn an_agent_does_not_lose_a_lead_because_nobody_swept() {
    let table = Table::laid().await;
    let lead = table.place(&turn(&["ana", "ben"])).await;
    table.board.sweep(table.partition()).await.unwrap();
    let later = nine() + minutes(20);
    table.nobody_sweeps_until(later).await;

    let swept = table.board.sweep(table.partition()).await.unwrap();
    assert!(swept.due.is_empty(), "it is put off, not expired");
    let until = table.lead(&lead).await.now_is.until.unwrap();
    assert_eq!(until - later, minutes(15), "by the gap, at most by its own length");
    assert!(matches!(table.claim(&lead, "ana", Some(1)).await, Claim::Won(_)));
    assert_eq!(
        table.history(&lead).await,
        ["lead.received", "lead.offered", "offer.extended", "lead.claimed"]
    );
}

/// Servers that die again and again would keep it with one agent for ever.
#[tokio::test]
async fn an_offer_is_put_off_by_its_own_length_at_most_however_many_gaps_there_are() {
    let table = Table::laid().await;
    let lead = table.place(&turn(&["ana", "ben"])).await;
    table.board.sweep(table.partition()).await.unwrap();
    let mut due = Vec::new();
    for gap in 1..=3 {
        table.nobody_sweeps_for_ten_minutes_from_the_deadline_of(&lead).await;
        due = table.board.sweep(table.partition()).await.unwrap().due;
        assert_eq!(due.is_empty(), gap < 3, "gap {gap}");
    }
    assert_eq!(due, std::slice::from_ref(&lead));
    assert_eq!(table.lead(&lead).await.now_is.put_off_ms, Some(minutes(15).num_milliseconds()));
    table.move_on(&lead, &next(&["ben"])).await;
    assert_eq!(table.lead(&lead).await.now_is.put_off_ms, None, "a new offer has its own");
}

/// Tens of thousands fall into an outage at a busy hour, and an event goes with each.
#[tokio::test]
async fn what_is_due_behind_a_gap_does_not_wait_until_all_in_it_are_put_off() {
    let table = Table::laid().await;
    for (at, many) in [(0, 200), (1, 200), (2, 10)] {
        table.at(nine() + TimeDelta::milliseconds(at)).await;
        table.place_many(many).await;
    }
    table.at(nine() + minutes(9)).await;
    let fresh = table.place_many(1).await;
    table.nobody_sweeps_until(nine() + minutes(20)).await;
    let first = table.board.sweep(table.partition()).await.unwrap();
    assert!(first.due.is_empty() && first.gap.is_some(), "{first:?}");

    let later = nine() + minutes(25);
    table.nobody_sweeps_until(later).await;
    let second = table.board.sweep_on(table.partition(), first.gap, None).await.unwrap();
    assert_eq!(second.due, fresh);
    assert!(second.gap.is_some(), "and not all is put off yet");
    let third = table.board.sweep_on(table.partition(), second.gap, None).await.unwrap();
    assert_eq!((third.due, third.gap), (fresh, None));
    let late = table.deadlines().await.into_iter().filter(|at| *at <= later.timestamp_millis());
    assert_eq!(late.count(), 1, "all others are put off");
    let swept = table.board.sweep(table.partition()).await.unwrap();
    assert_eq!(swept.due.len(), 1, "it is no gap any more: {swept:?}");
}

#[tokio::test]
async fn what_is_left_of_a_gap_when_its_router_dies_is_put_off_by_the_next() {
    let table = Table::laid().await;
    table.place_many(200).await;
    table.at(nine() + TimeDelta::milliseconds(1)).await;
    table.place_many(3).await;
    let later = nine() + minutes(20);
    table.nobody_sweeps_until(later).await;
    let unfinished = table.board.sweep(table.partition()).await.unwrap();
    assert!(unfinished.gap.is_some());
    let next = table.another_board().await.sweep(table.partition()).await.unwrap();
    assert_eq!((next.due.len(), next.gap), (0, None));
    assert!(table.deadlines().await.into_iter().all(|at| at > later.timestamp_millis()));
}

/// Who cannot confirm it has put it off all the same: it was taken for one that stays
/// where it is, and as many others were passed over.
#[tokio::test]
async fn nothing_in_a_gap_is_passed_over_while_the_log_is_away() {
    let mut table = Table::laid().await;
    for (at, many) in [(0, 200), (1, 200)] {
        table.at(nine() + TimeDelta::milliseconds(at)).await;
        table.place_many(many).await;
    }
    table.nobody_sweeps_until(nine() + minutes(20)).await;
    table.nats_server.kill().await;
    let mut gap = None;
    loop {
        let swept = table.board.sweep_on(table.partition(), gap, None).await.unwrap();
        assert!(swept.due.is_empty(), "{} are due", swept.due.len());
        gap = swept.gap;
        if gap.is_none() {
            break;
        }
    }
}

/// It was taken for one, the sweep for one that failed, and the next had more to put off.
#[tokio::test]
async fn the_time_that_putting_off_takes_is_no_jump_of_the_clock() {
    let mut table = Table::laid().await;
    table.place(&turn(&["ana", "ben"])).await;
    let shown = table.board.sweep(table.partition()).await.unwrap().shown;
    table.nobody_sweeps_until(nine() + minutes(20)).await;
    // The log is waited for in vain, and for longer than that.
    table.nats_server.kill().await;
    let (asked, patience) = (std::time::Instant::now(), Duration::from_secs(1));
    let latest = shown + TimeDelta::seconds(1);
    let swept = table.board.sweep_on(table.partition(), None, Some(latest)).await;
    assert!(asked.elapsed() > patience, "this shows nothing");
    assert!(swept.is_ok(), "{swept:?}");
}

#[tokio::test]
async fn a_passed_lead_in_the_gap_is_due_and_not_put_off() {
    let table = Table::laid().await;
    let lead = table.place(&turn(&["ana", "ben"])).await;
    table.board.sweep(table.partition()).await.unwrap();
    table.nobody_sweeps_until(nine() + TimeDelta::seconds(1)).await;
    table.pass(&lead, "ana").await;
    table.nobody_sweeps_until(nine() + minutes(20)).await;
    assert_eq!(table.board.sweep(table.partition()).await.unwrap().due, [lead]);
}

#[tokio::test]
async fn events_that_a_crash_left_behind_are_shipped_in_order() {
    let mut table = Table::laid().await;
    let lead = table.place(&turn(&["ana", "ben"])).await;
    table.nats_server.kill().await;
    let ana = id("ana");
    let claiming = Claiming::by(&ana, "r");
    let unheard = table.board.claim(&table.entity, &lead, &claiming);
    let unheard = tokio::time::timeout(Duration::from_secs(30), unheard).await.unwrap();
    assert!(unheard.is_err(), "nobody is told that it is done before the log has it");
    table.nats_server.restart().await.unwrap();

    let swept = table.board.sweep(table.partition()).await.unwrap();
    assert_eq!(swept.unsent, 1);
    // The client finds the server again when it likes; each try waits for it.
    let shipped = async {
        loop {
            if let Ok(shipped) =
                table.board.relay(table.partition(), Duration::ZERO, swept.now).await
            {
                return shipped;
            }
        }
    };
    let shipped = tokio::time::timeout(Duration::from_secs(20), shipped).await.unwrap();
    assert_eq!(shipped, 1);
    assert_eq!(table.history(&lead).await, ["lead.received", "lead.offered", "lead.claimed"]);
    assert_eq!(table.board.sweep(table.partition()).await.unwrap().unsent, 0);
    let again = table.board.claim(&table.entity, &lead, &claiming).await.unwrap();
    assert!(matches!(again, Claim::Won(_)), "the retry hears the first answer");
}

/// One after the other, an hour of standstill would take hours to be made up for.
#[tokio::test]
async fn what_was_left_behind_of_many_leads_is_shipped_together() {
    const LEADS: usize = 450;
    let mut table = Table::laid().await;
    let leads = table.place_many(LEADS).await;
    table.nats_server.kill().await;
    let ana = id("ana");
    let claiming = Claiming::by(&ana, "r");
    let unheard = leads.iter().map(|lead| table.board.claim(&table.entity, lead, &claiming));
    let unheard = futures::future::join_all(unheard).await;
    assert!(unheard.iter().all(Result::is_err));
    table.nats_server.restart().await.unwrap();

    let now = table.board.time(&table.entity).await.unwrap();
    let shipped = async {
        while table.board.sweep(table.partition()).await.unwrap().unsent > 0 {
            drop(table.board.relay(table.partition(), Duration::ZERO, now).await);
        }
    };
    tokio::time::timeout(Duration::from_secs(20), shipped).await.unwrap();
    let jetstream = table.jetstream().await;
    let log = jetstream.get_stream("EVENTS").await.unwrap();
    let mut together = 0;
    for lead in &leads {
        let subject = subject::events(table.partition(), &table.entity, lead);
        let last = log.get_last_raw_message_by_subject(&subject).await.unwrap();
        let event: serde_json::Value = serde_json::from_slice(&last.payload).unwrap();
        assert_eq!(event["type"], "lead.claimed");
        together += usize::from(last.headers.get("Nats-Batch-Id").is_some());
    }
    assert!(together > LEADS / 2, "{together} of {LEADS} were shipped together");
}

#[tokio::test]
async fn routers_hear_of_each_other_and_forget_the_silent() {
    let table = Table::laid().await;
    let heard = async |router, leaving| {
        let patience = Duration::from_mins(1);
        let mut routers = table.board.routers(router, patience, leaving).await.unwrap();
        routers.sort();
        routers
    };
    assert_eq!(heard("one", false).await, ["one"]);
    assert_eq!(heard("two", false).await, ["one", "two"]);
    assert_eq!(heard("one", true).await, ["two"]);
    let () = table.redis.clone().zadd("{tipoff}:routers", "silent", 1).await.unwrap();
    assert_eq!(heard("one", false).await, ["one", "two"]);
}

#[tokio::test]
async fn a_page_leaves_nothing_out_and_repeats_nothing() {
    let table = Table::laid().await;
    let mut placed = Vec::new();
    for _ in 0..7 {
        placed.push(table.place(&turn(&["ana"])).await);
    }
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = table.board.leads(&table.entity, after.as_deref(), 3).await.unwrap();
        found.extend(page.leads.into_iter().map(|lead| lead.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    found.reverse();
    assert_eq!(found, placed, "all arrived in the same millisecond");
}

/// An import may stamp thousands with one millisecond.
#[tokio::test]
async fn a_page_leaves_nothing_out_however_many_arrived_at_once() {
    let table = Table::laid().await;
    let plan = pool();
    let placing = (0..350).map(|_| table.place(&plan));
    let placed: Vec<_> = stream::iter(placing).buffer_unordered(50).collect().await;
    let (mut found, mut after) = (BTreeSet::new(), None);
    loop {
        let page = table.board.leads(&table.entity, after.as_deref(), 40).await.unwrap();
        for lead in page.leads {
            assert!(found.insert(lead.id), "nothing comes twice");
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(found.len(), placed.len());
}

#[tokio::test]
async fn a_script_that_redis_forgot_is_sent_again() {
    let table = Table::laid().await;
    let lead = table.place(&turn(&["ana", "ben"])).await;
    let () = redis::cmd("SCRIPT").arg("FLUSH").query_async(&mut table.redis.clone()).await.unwrap();
    table.at(nine() + minutes(15)).await;
    table.move_on(&lead, &next(&["ben"])).await;
    assert_eq!(table.asked(&lead).await, ["ben"]);
}

/// A server that took over, whose clock is ahead: nothing expires by it, and
/// the board's clock does not follow.
#[tokio::test]
async fn nothing_moves_on_by_a_clock_that_has_jumped() {
    let table = Table::laid().await;
    table.place(&turn(&["ana", "ben"])).await;
    let swept = table.board.sweep(table.partition()).await.unwrap();
    let before = table.board.time(&table.entity).await.unwrap();
    let latest = swept.shown - TimeDelta::seconds(30);
    let ahead = table.board.sweep_on(table.partition(), None, Some(latest)).await;
    let Err(BoardError::ClockAhead { by, .. }) = ahead else { panic!("{ahead:?}") };
    assert!(by >= TimeDelta::seconds(30), "{by}");
    assert_eq!(table.board.time(&table.entity).await.unwrap(), before);
    let latest = swept.shown + TimeDelta::minutes(1);
    table.board.sweep_on(table.partition(), None, Some(latest)).await.unwrap();
}

/// The same, for people: an offer is not over because a clock says so that has jumped.
#[tokio::test]
async fn nobody_is_too_late_by_a_clock_that_has_jumped() {
    let table = Table::laid().await;
    let lead = table.place(&turn(&["ana", "ben"])).await;
    let now = nine() + minutes(15) - TimeDelta::seconds(5);
    table.at(now).await;
    let shown = table.board.sweep(table.partition()).await.unwrap().shown;
    let jumped = (now - shown).num_seconds() + 8;
    let shows = format!(
        "local function its_clock() local it = redis.call('TIME') return {{ it[1] + {jumped}, it[2] }} end\n"
    );
    let ahead = table.board.clone().with_scripts(|script| {
        format!("{shows}{}", script.replace("redis.call('TIME')", "its_clock()"))
    });
    let (ana, latest) = (id("ana"), Some(now + TimeDelta::seconds(2)));
    let swept = ahead.sweep_on(table.partition(), None, latest).await;
    assert!(matches!(swept, Err(BoardError::ClockAhead { .. })), "{swept:?}");
    let claimed = ahead.claim(&table.entity, &lead, &Claiming::by(&ana, "")).await;
    assert!(matches!(&claimed, Err(error) if error.will_pass()), "{claimed:?}");
    assert_eq!(table.lead(&lead).await.now_is.pending, [ana], "it can be looked at");

    // Set right.
    table.board.sweep_on(table.partition(), None, latest).await.unwrap();
    assert!(matches!(table.claim(&lead, "ana", None).await, Claim::Won(_)));
}
