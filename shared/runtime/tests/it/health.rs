use axum::body::{Body, to_bytes};
use axum::http::Request;
use tipoff_runtime::{connect, health};
use tipoff_testkit::RedisServer;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::{bus, settings};

async fn ready(app: &axum::Router) -> (u16, String) {
    let request = Request::get("/readyz").body(Body::empty()).unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), 1024).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn ready_names_what_is_missing() {
    let (_server, nats) = bus().await;
    let mut store = RedisServer::start().await.unwrap();
    let stop = CancellationToken::new();
    let redis = connect::redis(&settings("nats://127.0.0.1:1", &store.url()), &stop).await.unwrap();
    let app = health::routes(nats.clone(), Some(redis), stop.clone());

    let all_well = r#"{"nats":true,"redis":true,"stopping":false}"#;
    assert_eq!(ready(&app).await, (200, all_well.to_owned()));

    store.kill().await;
    let no_redis = r#"{"nats":true,"redis":false,"stopping":false}"#;
    assert_eq!(ready(&app).await, (503, no_redis.to_owned()));
}

#[tokio::test]
async fn a_service_that_is_stopping_is_not_ready() {
    let (_server, nats) = bus().await;
    let stop = CancellationToken::new();
    let app = health::routes(nats, None, stop.clone());
    assert_eq!(ready(&app).await.0, 200);
    stop.cancel();
    assert_eq!(
        ready(&app).await,
        (503, r#"{"nats":true,"redis":null,"stopping":true}"#.to_owned())
    );
}

#[tokio::test]
async fn a_service_that_was_told_to_trust_careless_servers_says_so() {
    let (server, _nats) = bus().await;
    let mut careless = settings(&server.url(), "redis://127.0.0.1:1");
    careless.r#unsafe = true;
    let stop = CancellationToken::new();
    let nats = connect::nats(&careless, "it", &stop).await.unwrap();
    let app = health::routes(nats, None, stop);
    let said = r#"{"nats":true,"redis":null,"stopping":false,"unsafe":true}"#;
    assert_eq!(ready(&app).await, (200, said.to_owned()));
}
