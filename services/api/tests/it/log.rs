use axum::http::Method;
use tipoff_wire::link::{ClaimLink, read_secret};

use crate::heard::Heard;
use crate::world::World;

#[tokio::test]
async fn the_log_tells_what_was_asked_but_no_keys_links_queries_or_people() {
    let mut world = World::start().await;
    let keys = world.team("acme").await;
    let lead = world.place(&keys, 1).await;
    let secret = read_secret(&world.roster.deployment().link_secret).unwrap();
    let until = world.board.time(&keys.entity).await.unwrap();
    let link = ClaimLink {
        entity: keys.entity.clone(),
        lead: lead.clone(),
        agent: "ana".parse().unwrap(),
        round: 1,
        until,
    };
    let token = link.seal(&secret, 0);

    let heard = Heard::listen();
    world.call(Method::GET, &format!("/c/{token}?lang=en")).send().await.expect(200);
    world.post(&format!("/v1/leads/{lead}/claim"), &keys.ana).send().await.expect(200);
    world
        .get(&format!("/v1/leads/{lead}?entity=acme&note=canary"), &keys.admin)
        .send()
        .await
        .expect(200);
    world.get("/v1/me", "tpf_wrong_canary").send().await.expect(401);
    world.redis.kill().await;
    world.get("/v1/me/leads", &keys.ana).send().await.expect(503);
    let log = heard.end();

    for told in [
        "http.path=\"/c/{token}\"",
        "http.path=\"/v1/leads/{id}/claim\"",
        "http.status=401",
        "http.status=503",
    ] {
        assert!(log.contains(told), "{told} is not in\n{log}");
    }
    for secret in [
        token.as_str(),
        &keys.ana,
        &keys.admin,
        "canary",
        "dana@example.com",
        "5550101",
        "Reyes",
        "lang=en",
    ] {
        assert!(!log.contains(secret), "{secret} is in\n{log}");
    }
}
