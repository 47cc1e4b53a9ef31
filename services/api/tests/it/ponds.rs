//! Ponds (D-25) and lenders ("must already be added by an Admin").

use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn a_pond_is_made_shown_changed_and_removed_with_its_version() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let north = "/v1/entities/acme/ponds/north";
    let pond = json!({"name": "North side", "members": ["ana"], "admins": ["ben"], "cap": 3, "reclaim_after": "2d"});
    let made = world.put(north, &keys.admin, pond).send().await.expect(201);
    let shown = world.get(north, &keys.admin).send().await.expect(200);
    assert_eq!((shown.header("etag"), shown.json()), (made.header("etag"), made.json()));
    assert_eq!(
        (&shown.json()["id"], &shown.json()["reclaim_after"]),
        (&json!("north"), &json!("2d"))
    );
    let listed = world.get("/v1/entities/acme/ponds", &keys.admin).send().await.expect(200).json();
    assert_eq!(listed["ponds"], json!([made.json()]));

    let mut changed = made.json();
    changed["members"] = json!("all");
    let again =
        || world.put(north, &keys.admin, changed.clone()).header("if-match", made.header("etag"));
    again().send().await.expect(200);
    assert_eq!(again().send().await.problem(), (412, "version_mismatch".to_owned()));
    world.delete(north, &keys.admin).send().await.expect(204);
    assert_eq!(world.get(north, &keys.admin).send().await.problem().0, 404);
    assert_eq!(world.delete(north, &keys.admin).send().await.problem().0, 404);
}

#[tokio::test]
async fn a_pond_of_strangers_or_under_a_reserved_name_is_refused() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let field = async |pond: &str, members: serde_json::Value| {
        let path = format!("/v1/entities/acme/ponds/{pond}");
        let body = json!({"name": "A pond", "members": members});
        let refused = world.put(&path, &keys.admin, body).send().await;
        assert_eq!(refused.problem(), (422, "invalid".to_owned()), "{pond}");
        refused.json()["errors"][0]["field"].as_str().unwrap().to_owned()
    };
    for reserved in ["pool", "held", "default"] {
        assert_eq!(field(reserved, json!("all")).await, "/id");
    }
    assert_eq!(field("north", json!(["ana", "zoe"])).await, "/members/1");
    assert_eq!(field("north", json!([])).await, "/members");
    assert_eq!(field("north", json!("some")).await, "/members");
}

#[tokio::test]
async fn what_a_route_leads_to_cannot_be_removed() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let (north, bank) = ("/v1/entities/acme/ponds/north", "/v1/entities/acme/lenders/bank");
    let ivy = "/v1/entities/acme/lenders/ivy";
    let pond = json!({"name": "North side", "members": ["ana"]});
    world.put(north, &keys.admin, pond).send().await.expect(201);
    world.put(bank, &keys.admin, json!({"name": "First Bank"})).send().await.expect(201);
    let inside = json!({"name": "Ivy Cole", "role": "isa"});
    world.put(ivy, &keys.admin, inside).send().await.expect(201);
    let strategy = json!({"kind": "round_robin", "agents": {"pond": "north"}});
    let with = json!([["ivy"]]);
    let route = json!({"title": "Into the pond", "strategy": strategy, "lender": "bank", "co_assign": with});
    let route = world.post("/v1/entities/acme/routes", &keys.admin).body(route).send().await;
    let route = route.expect(201).header("location").to_owned();
    for named in [north, bank, ivy] {
        let refused = world.delete(named, &keys.admin).send().await;
        assert_eq!(refused.problem(), (422, "invalid".to_owned()));
        let said = refused.json()["errors"][0]["message"].as_str().unwrap().to_owned();
        assert!(said.contains("Into the pond"), "{said}");
    }
    world.delete(&route, &keys.admin).send().await.expect(204);
    for named in [north, bank, ivy] {
        world.delete(named, &keys.admin).send().await.expect(204);
    }
}

#[tokio::test]
async fn routes_and_agents_name_only_lenders_and_ponds_that_exist() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let route = format!("/v1/entities/acme/routes/{}", keys.route);
    let strategy = json!({"kind": "random", "agents": "all"});
    let body = json!({"title": "T", "strategy": strategy, "lender": "bank", "on_exhausted": {"pond": "north"}});
    let refused = world.put(&route, &keys.admin, body).send().await.json();
    let fields: Vec<_> =
        refused["errors"].as_array().unwrap().iter().map(|one| one["field"].clone()).collect();
    assert_eq!(fields, ["/lender", "/on_exhausted/pond"]);
    let ana = json!({"name": "Ana", "lender": "bank"});
    let refused = world.put("/v1/entities/acme/agents/ana", &keys.admin, ana.clone()).send().await;
    assert_eq!(refused.json()["errors"][0]["field"], "/lender");

    let bank = "/v1/entities/acme/lenders/bank";
    world.put(bank, &keys.admin, json!({"name": "First Bank"})).send().await.expect(201);
    world.put("/v1/entities/acme/agents/ana", &keys.admin, ana).send().await.expect(200);
    let named = world.delete(bank, &keys.admin).send().await;
    assert_eq!(named.problem().0, 422);
    assert!(named.text.contains("agent `Ana`"), "{}", named.text);
}
