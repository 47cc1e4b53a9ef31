use futures::future::join_all;

use super::*;

fn turns(at_once: usize) -> (Turns, CancellationToken) {
    let stop = CancellationToken::new();
    (Turns::new(at_once, None, stop.clone()), stop)
}

/// One message a second.
fn one_a_second(at_once: usize) -> (Turns, CancellationToken) {
    let stop = CancellationToken::new();
    (Turns::new(at_once, NonZeroU32::new(1), stop.clone()), stop)
}

fn entity(name: &str) -> EntityId {
    name.parse().unwrap()
}

#[tokio::test]
async fn a_seat_goes_to_the_next_in_line_when_its_turn_is_dropped() {
    let (turns, _stop) = turns(1);
    let first = turns.take(&entity("acme")).await.unwrap();
    let next = tokio::spawn({
        let turns = turns.clone();
        async move { turns.take(&entity("bree")).await.map(drop) }
    });
    tokio::task::yield_now().await;
    assert!(!next.is_finished());
    drop(first);
    assert_eq!(next.await.unwrap(), Ok(()));
    assert!(turns.take(&entity("acme")).await.is_ok());
}

#[tokio::test]
async fn one_who_gave_up_waiting_costs_nobody_a_seat() {
    let (turns, _stop) = turns(1);
    let first = turns.take(&entity("acme")).await.unwrap();
    let gone = tokio::spawn({
        let turns = turns.clone();
        async move { turns.take(&entity("bree")).await.map(drop) }
    });
    tokio::task::yield_now().await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    drop(first);
    assert!(turns.take(&entity("acme")).await.is_ok());
}

#[tokio::test]
async fn nobody_waits_in_a_process_that_stops() {
    let (turns, stop) = turns(1);
    let _first = turns.take(&entity("acme")).await.unwrap();
    stop.cancel();
    assert_eq!(turns.take(&entity("bree")).await.map(drop), Err(NoTurn::Stopping));
}

#[tokio::test]
async fn one_who_has_another_way_does_not_wait_for_what_does_not_move() {
    let (turns, _stop) = turns(1);
    let within = Duration::from_millis(50);
    let first = turns.soon(&entity("acme"), within).await.expect("a seat is free");
    assert!(turns.soon(&entity("bree"), within).await.is_none());
    drop(first);
    assert!(turns.soon(&entity("bree"), within).await.is_some());
}

#[tokio::test]
async fn one_who_has_another_way_leaves_a_line_that_stopped_moving() {
    let (turns, _stop) = turns(1);
    drop(turns.take(&entity("acme")).await.expect("a seat is free"));
    let _stuck = turns.take(&entity("acme")).await.expect("it is free again");
    let within = Duration::from_mins(1);
    assert!(turns.soon(&entity("bree"), within).await.is_none());
    assert!(turns.lock().stands_still(Instant::now()), "and not before");
}

#[tokio::test(start_paused = true)]
async fn a_crowd_that_cannot_wait_uses_up_nobodys_second() {
    let (turns, _stop) = one_a_second(4);
    let (acme, within) = (entity("acme"), Duration::from_secs(2));
    let crowd = (0..50).map(|_| async { turns.soon(&acme, within).await.is_some() });
    let went = join_all(crowd).await.into_iter().filter(|went| *went).count();
    assert_eq!(went, 3, "one at once, and one after each second");
    let begun = Instant::now();
    assert!(turns.take(&acme).await.is_ok());
    assert!(begun.elapsed() < Duration::from_millis(1_100), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn one_whose_second_comes_in_time_waits_for_it_although_no_seat_becomes_free() {
    let (turns, _stop) = one_a_second(8);
    let acme = entity("acme");
    let all = join_all((0..4).map(|_| turns.soon(&acme, Duration::from_secs(5)))).await;
    assert!(all.iter().all(Option::is_some), "{all:?}");
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_the_wait_for_the_next_second_at_once() {
    let (turns, stop) = one_a_second(4);
    let acme = entity("acme");
    drop(turns.take(&acme).await.unwrap());
    let (begun, within) = (Instant::now(), Duration::from_secs(5));
    let stopping = async { stop.cancel() };
    let (taken, soon, ()) = tokio::join!(turns.take(&acme), turns.soon(&acme, within), stopping);
    assert_eq!(taken.map(drop), Err(NoTurn::Stopping));
    assert!(soon.is_none());
    assert!(begun.elapsed().is_zero(), "{:?}", begun.elapsed());
}
