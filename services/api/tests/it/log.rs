use std::io::Write;
use std::sync::{Arc, Mutex};

use axum::http::Method;
use tipoff_wire::link::{ClaimLink, read_secret};
use tracing_subscriber::fmt::MakeWriter;

use crate::world::World;

/// Everything that was logged on this thread.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

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
    let token = link.seal(&secret);

    let lines = Lines::default();
    let everything = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(lines.clone())
        .with_ansi(false);
    // Where there is only one subscriber, tracing asks the thread that comes to a
    // line first whether anybody wants it, and that may be another test's.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let listening = tracing::subscriber::set_default(everything.finish());
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
    drop(listening);

    let log = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
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
