//! Devices, the bell, rooms and an entity's own words.

use axum::http::Method;
use serde_json::{Value, json};
use tipoff_domain::Channel;
use tipoff_roster::Reach;
use tipoff_wire::subject;

use crate::world::World;

#[tokio::test]
async fn a_template_is_kept_only_if_it_can_be_used_and_shows_what_it_makes() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let at = |end: &str| format!("/v1/entities/acme/templates/offer.sms/es{end}");
    let good = json!({"template": "Nuevo: {{ who }}, ¡reclámalo! {{ url }}"});
    let shown =
        world.post(&at("/preview"), &keys.admin).body(good.clone()).send().await.expect(200);
    assert!(shown.json()["text"].as_str().unwrap().starts_with("Nuevo: Dana Reyes, ¡reclamalo!"));
    assert_eq!((&shown.json()["segments"], &shown.json()["encoding"]), (&json!(1), &json!("gsm7")));

    let bad = json!({"template": "Nuevo: {{ whom }} {{ url }}"});
    let refused = world.put(&at(""), &keys.admin, bad).send().await;
    assert_eq!(refused.problem(), (422, "invalid".to_owned()));
    let linkless = world.put(&at(""), &keys.admin, json!({"template": "Hola"})).send().await;
    assert!(linkless.text.contains("url"), "{}", linkless.text);
    world.put(&at(""), &keys.ana, good.clone()).send().await.expect(403);
    let kept = world.put(&at(""), &keys.admin, good.clone()).send().await.expect(201);
    assert_eq!(kept.json()["segments"], 1);

    let list =
        world.get("/v1/entities/acme/templates", &keys.admin).send().await.expect(200).json();
    let own: Vec<&Value> = list["templates"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| !one["template"].is_null())
        .collect();
    let version: u64 = kept.header("etag").trim_matches('"').parse().unwrap();
    let wanted = json!({"piece": "offer.sms", "locale": "es", "template": good["template"],
        "version": version});
    assert_eq!(own, [&wanted]);
    world.call(Method::DELETE, &at("")).key(&keys.admin).send().await.expect(204);
}

#[tokio::test]
async fn a_rooms_address_is_taken_and_never_shown() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let url = "https://hooks.slack.example.com/services/secret";
    let room = "/v1/entities/acme/rooms/slack";
    let put = world.put(room, &keys.admin, json!({"url": url})).send().await.expect(201);
    let list = world.get("/v1/entities/acme/rooms", &keys.admin).send().await.expect(200);
    let version: u64 = put.header("etag").trim_matches('"').parse().unwrap();
    let shown = json!({"chat": "slack", "works": true, "why": null, "version": version});
    assert_eq!((&list.json()["rooms"], &put.json()), (&json!([shown]), &shown));
    assert!(!list.text.contains("secret") && !put.text.contains("secret"));
    let wrong = world.put("/v1/entities/acme/rooms/email", &keys.admin, json!({"url": url}));
    wrong.send().await.expect(404);
    world.call(Method::DELETE, room).key(&keys.admin).send().await.expect(204);
}

#[tokio::test]
async fn of_two_who_edit_a_text_or_a_room_at_the_same_time_the_second_is_told() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let template = |text: &str| json!({"template": format!("{text} {{{{ url }}}}")});
    let room = |name: &str| json!({"url": format!("https://hooks.slack.example.com/{name}")});
    for (path, one, two) in [
        ("/v1/entities/acme/templates/offer.sms/en", template("one"), template("two")),
        ("/v1/entities/acme/rooms/slack", room("one"), room("two")),
    ] {
        let based_on = |tag: &str, body: &Value| {
            world.put(path, &keys.admin, body.clone()).header("if-match", tag)
        };
        based_on("\"1\"", &one).send().await.expect(412);
        let first = world.put(path, &keys.admin, one.clone()).send().await.expect(201);
        let seen = first.header("etag");
        let second = based_on(seen, &two).send().await.expect(200);
        let stale = based_on(seen, &one).send().await;
        assert_eq!(stale.problem(), (412, "version_mismatch".to_owned()), "{path}");
        assert_eq!(stale.header("etag"), second.header("etag"), "{path}");
        let remove = |tag: &str| world.delete(path, &keys.admin).header("if-match", tag);
        remove(seen).send().await.expect(412);
        remove(second.header("etag")).send().await.expect(204);
        world.delete(path, &keys.admin).send().await.expect(404);
    }
}

#[tokio::test]
async fn an_admin_sees_which_channels_of_an_agent_are_dead() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let view = world.roster.view(&keys.entity).unwrap();
    let ana = "ana".parse().unwrap();
    let email = view.agents[&ana].email.clone().unwrap();
    let reach = Reach::failed(&email, "550 5.1.1", "2026-11-22T09:30:00Z".parse().unwrap());
    world.roster.put_reach(&keys.entity, &ana, Channel::Email, reach).await.unwrap();
    let shown = world.get("/v1/entities/acme/agents/ana/channels", &keys.admin).send().await;
    let shown = shown.expect(200).json();
    let email = &shown["channels"][0];
    assert_eq!((&email["works"], &email["why"]), (&json!("failed"), &json!("550 5.1.1")));
}

#[tokio::test]
async fn a_telephone_is_added_and_removed_by_its_token() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let device = json!({"kind": "apns", "token": "00ff"});
    world.post("/v1/me/devices", &keys.ana).body(device.clone()).send().await.expect(201);
    let ana = "ana".parse().unwrap();
    assert_eq!(world.roster.devices(&keys.entity, &ana).len(), 1);
    let odd = json!({"kind": "apns", "token": "../x"});
    let odd = world.post("/v1/me/devices", &keys.ana).body(odd).send().await;
    assert_eq!(odd.problem(), (422, "invalid".to_owned()));
    let removing = world.call(Method::DELETE, "/v1/me/devices").key(&keys.ana).body(device);
    removing.send().await.expect(204);
    assert!(world.roster.devices(&keys.entity, &ana).is_empty());
}

#[tokio::test]
async fn the_bell_shows_an_agents_own_items_the_newest_first() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    for (agent, lead) in [("ana", "lead_1"), ("ana", "lead_2"), ("ben", "lead_3")] {
        let item = json!({"lead": lead, "at": "2026-11-22T09:30:00Z", "title": "New lead", "body": "",
            "stands": "over", "round": 1, "why": "taken"});
        let subject = subject::bell(&keys.entity, &agent.parse().unwrap(), &lead.parse().unwrap());
        let item = serde_json::to_vec(&item).unwrap();
        world.nats.jetstream.publish(subject, item.into()).await.unwrap().await.unwrap();
    }
    let bell = world.get("/v1/me/bell", &keys.ana).send().await.expect(200).json();
    let leads: Vec<&str> = bell["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["lead"].as_str().unwrap())
        .collect();
    assert_eq!(leads, ["lead_2", "lead_1"]);
    assert_eq!(bell["items"][0]["why"], "taken");
    assert!(bell["now"].is_string());
}
