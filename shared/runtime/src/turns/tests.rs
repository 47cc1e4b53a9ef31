use super::*;

fn turns(at_once: usize) -> (Turns, CancellationToken) {
    let stop = CancellationToken::new();
    (Turns::new(at_once, None, stop.clone()), stop)
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
