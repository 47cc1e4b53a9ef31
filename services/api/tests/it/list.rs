//! The list of routes: Active and Paused, the default rule, versions of the list.

use serde_json::{Value, json};

use crate::world::{Keys, World};

const LIST: &str = "/v1/entities/acme/routes";

fn titles(shown: &Value) -> Vec<&str> {
    shown["routes"].as_array().unwrap().iter().map(|it| it["title"].as_str().unwrap()).collect()
}

async fn with_default(world: &World, keys: &Keys) {
    let body = json!({"name": "Acme", "kind": "team", "zone": "UTC", "no_match": "default_route"});
    world.put("/v1/entities/acme", &keys.admin, body).send().await.expect(200);
}

#[tokio::test]
async fn active_and_paused_routes_are_listed_apart() {
    // "Once you have paused routes, click the Paused tab, at the top of the page" (KW)
    let world = World::start().await;
    let keys = world.team("acme").await;
    let paused =
        json!({"title": "Later", "active": false, "strategy": {"kind": "random", "agents": "all"}});
    world.post(LIST, &keys.admin).body(paused).send().await.expect(201);
    let list = async |query: &str| {
        world.get(&format!("{LIST}{query}"), &keys.admin).send().await.expect(200).json()
    };
    assert_eq!(titles(&list("").await), ["All", "Later"]);
    assert_eq!(titles(&list("?active=true").await), ["All"]);
    assert_eq!(titles(&list("?active=false").await), ["Later"]);
    let odd = world.get(&format!("{LIST}?active=perhaps"), &keys.admin).send().await;
    assert_eq!(odd.problem(), (400, "bad_request".to_owned()));
}

#[tokio::test]
async fn the_default_rule_stands_last_and_stays_as_it_is() {
    // "Please Note: The default rule cannot be removed or deleted." (D-6)
    let world = World::start().await;
    let keys = world.team("acme").await;
    let default = format!("{LIST}/default");
    assert_eq!(world.get(&default, &keys.admin).send().await.problem().0, 404);
    with_default(&world, &keys).await;
    let listed = world.get(LIST, &keys.admin).send().await.expect(200).json();
    assert_eq!(titles(&listed), ["All", "Default"]);
    assert_eq!(
        (&listed["routes"][1]["default"], &listed["routes"][1]["id"]),
        (&json!(true), &json!("default"))
    );
    assert_eq!(listed["routes"][0].get("default"), None);

    let shown = world.get(&default, &keys.admin).send().await.expect(200).json();
    let refusals = [
        world.put(&default, &keys.admin, shown).send().await,
        world.delete(&default, &keys.admin).send().await,
        world.post(&format!("{default}/pause"), &keys.admin).send().await,
    ];
    for refused in refusals {
        assert_eq!(refused.problem(), (409, "default_route".to_owned()));
        assert!(refused.json()["detail"].as_str().unwrap().contains("no_match"));
    }
    let order = json!({"order": ["default", keys.route]});
    let refused = world.put(&format!("{LIST}/order"), &keys.admin, order).send().await;
    assert_eq!(refused.json()["errors"][0]["field"], "/order/0");
}

#[tokio::test]
async fn the_tag_of_the_list_changes_with_whatever_is_on_it() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let tag =
        async || world.get(LIST, &keys.admin).send().await.expect(200).header("etag").to_owned();
    let mut tags = vec![tag().await];
    let route = json!({"title": "Two", "strategy": {"kind": "random", "agents": "all"}});
    let made = world.post(LIST, &keys.admin).body(route).send().await.expect(201);
    tags.push(tag().await);
    world.post(&format!("{}/pause", made.header("location")), &keys.admin).send().await.expect(200);
    tags.push(tag().await);
    with_default(&world, &keys).await;
    tags.push(tag().await);
    world.delete(made.header("location"), &keys.admin).send().await.expect(204);
    tags.push(tag().await);
    let different: std::collections::BTreeSet<_> = tags.iter().collect();
    assert_eq!(different.len(), tags.len(), "{tags:?}");
}

#[tokio::test]
async fn what_is_known_already_is_not_sent_again() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let route = format!("{LIST}/{}", keys.route);
    for path in [LIST, &route, "/v1/entities/acme", "/v1/entities/acme/agents/ana"] {
        let first = world.get(path, &keys.admin).send().await.expect(200);
        let tag = first.header("etag");
        let again = world.get(path, &keys.admin).header("if-none-match", tag).send().await;
        assert_eq!(
            (again.status.as_u16(), again.text.as_str(), again.header("etag")),
            (304, "", tag)
        );
        let other = world
            .get(path, &keys.admin)
            .header("if-none-match", "\"990001\", W/\"990002\"")
            .send()
            .await;
        assert_eq!(other.expect(200).text, first.text);
        let listed = format!("\"990001\", W/{tag}");
        let listed = world.get(path, &keys.admin).header("if-none-match", &listed).send().await;
        listed.expect(304);
    }
}

#[tokio::test]
async fn an_edit_of_a_version_that_is_not_there_is_refused_for_that() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let agent = json!({"name": "Zoe"});
    let route = json!({"title": "T", "strategy": {"kind": "random", "agents": "all"}});
    let calls = [
        world.put("/v1/entities/acme/agents/zoe", &keys.admin, agent),
        world.put(&format!("{LIST}/route_0"), &keys.admin, route),
        world.delete(&format!("{LIST}/route_0"), &keys.admin),
        world.delete("/v1/entities/acme/ponds/north", &keys.admin),
        world.post(&format!("{LIST}/route_0/pause"), &keys.admin),
    ];
    for call in calls {
        let refused = call.header("if-match", "\"7\"").send().await;
        assert_eq!(refused.problem(), (412, "version_mismatch".to_owned()));
    }
}

#[tokio::test]
async fn office_hours_wait_until_every_route_has_a_timeout_agent() {
    // "This means a timeout Agent is required when lead acceptance is turned on." (D-18)
    let world = World::start().await;
    let keys = world.team("acme").await;
    let body = json!({"name": "Acme", "kind": "team", "zone": "UTC",
        "office_hours": {"zone": "UTC", "days": ["mon"], "hours": {"from": "09:00", "to": "17:00"}}});
    let put = || world.put("/v1/entities/acme", &keys.admin, body.clone());
    let refused = put().send().await;
    assert_eq!(refused.json()["errors"][0]["field"], "/office_hours");
    assert!(refused.text.contains("`All`"), "{}", refused.text);
    let route = format!("{LIST}/{}", keys.route);
    let mut asks = world.get(&route, &keys.admin).send().await.json();
    asks["timeout"] = json!({"after": "45m", "agent": "ben"});
    world.put(&route, &keys.admin, asks.clone()).send().await.expect(200);
    put().send().await.expect(200);
    asks["timeout"] = json!(null);
    let refused = world.put(&route, &keys.admin, asks).send().await;
    assert_eq!(refused.json()["errors"][0]["field"], "/timeout");
}
