//! More requests at once than a process works on. Here it works on one.

use std::convert::Infallible;
use std::pin::pin;

use axum::body::Body;
use axum::http::Method;
use axum::response::Response;
use bytes::Bytes;
use futures::stream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::world::{Call, World};

/// Answered from memory, at once.
const AT_ONCE: &str = "/openapi.json";

async fn world_with_one_seat() -> World {
    World::with(|options| options.api_requests = 1).await
}

/// Whoever sends a body that does not end before `ends` is dropped.
struct Dawdler {
    ends: oneshot::Sender<()>,
    answer: JoinHandle<Response>,
}

/// Resolves when somebody waits for the body.
async fn dawdle(call: Call<'_>) -> Dawdler {
    let (begins, begun) = oneshot::channel();
    let (ends, ended) = oneshot::channel::<()>();
    let body = stream::once(async move {
        begins.send(()).ok();
        ended.await.ok();
        Ok::<_, Infallible>(Bytes::from_static(b"{}"))
    });
    let answer = call.raw(Body::from_stream(body)).begin();
    begun.await.unwrap();
    Dawdler { ends, answer }
}

#[tokio::test]
async fn what_is_in_hand_keeps_its_seat_when_whoever_asked_hangs_up_and_the_next_waits_for_it() {
    let world = world_with_one_seat().await;
    let Dawdler { ends, answer } = dawdle(world.post("/v1/keys", &world.operator)).await;
    answer.abort();
    let mut waiting = pin!(world.call(Method::GET, AT_ONCE).send());
    tokio::select! {
        biased;
        early = &mut waiting => panic!("answered {} while another was in hand", early.status),
        ready = world.call(Method::GET, "/readyz").send() => {
            ready.expect(200);
        }
    }
    drop(ends);
    waiting.await.expect(200);
}

#[tokio::test]
async fn whoever_waits_too_long_for_a_seat_is_asked_to_come_again() {
    let world = world_with_one_seat().await;
    let _dawdler = dawdle(world.post("/v1/keys", &world.operator)).await;
    // From here on the clock jumps whenever everybody only waits for it.
    tokio::time::pause();
    let refused = world.call(Method::GET, AT_ONCE).send().await;
    assert_eq!(
        (refused.problem(), refused.header("retry-after")),
        ((503, "crowded".to_owned()), "1")
    );
    world.call(Method::GET, "/livez").send().await.expect(200);
}

#[tokio::test]
async fn a_live_stream_leaves_its_seat_to_others() {
    let world = world_with_one_seat().await;
    let keys = world.team("acme").await;
    let live = world.get("/v1/events/stream", &keys.admin).open().await;
    assert_eq!(live.status(), 200);
    world.get("/v1/me", &keys.ana).send().await.expect(200);
    drop(live);
}

#[tokio::test]
async fn a_form_that_drips_takes_no_seat() {
    let world = world_with_one_seat().await;
    let _dawdler = dawdle(world.call(Method::POST, "/c/nobodys")).await;
    world.call(Method::GET, AT_ONCE).send().await.expect(200);
}

#[tokio::test]
async fn a_small_body_that_drips_takes_no_seat() {
    let world = world_with_one_seat().await;
    let small = world.post("/v1/keys", &world.operator).header("content-length", "2");
    let _dawdler = dawdle(small).await;
    world.call(Method::GET, AT_ONCE).send().await.expect(200);
}

/// A key of one's own is enough to send large bodies, and thirty seconds for each.
#[tokio::test]
async fn large_bodies_that_drip_take_one_seat_of_eight() {
    let world = World::with(|options| options.api_requests = 2).await;
    let _dawdler = dawdle(world.post("/v1/keys", &world.operator)).await;
    let another = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
    let mut another = pin!(world.post("/v1/keys", &world.operator).raw(another).send());
    tokio::select! {
        biased;
        early = &mut another => panic!("answered {} before its body came", early.status),
        ready = world.call(Method::GET, AT_ONCE).send() => {
            ready.expect(200);
        }
    }
}
