//! Redis and JetStream in trouble (scenarios 1, 2, 6 and 7).

use tipoff_trouble::fault::{Fault, Server};

use crate::stage::weathers;

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_are_killed_under_load_lose_nothing_and_nobody_wins_twice() {
    let kills = [Server::Nats, Server::Redis].map(Fault::KillServer);
    let (_, verdict) = weathers(1, &kills).await;
    assert!(verdict.won > 0 && !verdict.fired.is_empty(), "nothing happened");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_is_out_of_memory_keeps_leads_waiting_and_loses_none() {
    weathers(1, &[Fault::OutOfMemory]).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "long: make trouble plays it"]
async fn a_redis_that_stands_still_for_three_seconds_makes_one_effect_of_every_retry() {
    weathers(1, &[Fault::PauseServer(Server::Redis), Fault::Torn(Server::Redis)]).await;
}
