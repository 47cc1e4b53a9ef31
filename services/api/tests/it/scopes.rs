//! Company, office, team: who sees and edits what in a tree (SEMANTICS 2.1, D-24).

use serde_json::{Value, json};
use tipoff_domain::LeadId;

use crate::world::{Keys, World};

/// Acme is a company with the offices `west` and `east`; `lofts` is a team of
/// west. Each has an admin and an agent of its own.
struct Company {
    world: World,
    acme: Staff,
    west: Staff,
    east: Staff,
    lofts: Staff,
}

struct Staff {
    admin: String,
    agent: String,
}

async fn company() -> Company {
    let world = World::start().await;
    let acme = staff(&world, "acme", "company", None, "ana").await;
    let west = staff(&world, "west", "office", Some("acme"), "ben").await;
    let east = staff(&world, "east", "office", Some("acme"), "chloe").await;
    let lofts = staff(&world, "lofts", "team", Some("west"), "dan").await;
    Company { world, acme, west, east, lofts }
}

async fn staff(world: &World, id: &str, kind: &str, parent: Option<&str>, agent: &str) -> Staff {
    let at = format!("/v1/entities/{id}");
    let body = json!({"name": format!("The {id}"), "kind": kind, "parent": parent, "zone": "UTC"});
    world.put(&at, &world.operator, body).send().await.expect(201);
    let body = json!({"name": agent, "email": format!("{agent}@example.com")});
    let path = format!("{at}/agents/{agent}");
    world.put(&path, &world.operator, body).send().await.expect(201);
    let key = async |body: Value| {
        let made = world.post("/v1/keys", &world.operator).body(body).send().await.expect(201);
        made.json()["key"].as_str().unwrap().to_owned()
    };
    Staff {
        admin: key(json!({"entity": id, "role": "admin"})).await,
        agent: key(json!({"entity": id, "role": "agent", "agent": agent})).await,
    }
}

impl Company {
    /// A lead of the company, on offer to one agent.
    async fn offered_to(&self, agent: &str, number: u128) -> LeadId {
        self.lead_of("acme", &self.acme.admin, agent, number).await
    }

    /// A lead of an entity, on offer to one agent.
    async fn lead_of(&self, entity: &str, admin: &str, agent: &str, number: u128) -> LeadId {
        let route = json!({"title": format!("To {agent}"), "strategy": {"kind": "round_robin", "agents": [agent]}});
        let routes = format!("/v1/entities/{entity}/routes");
        let route = self.world.post(&routes, admin).body(route).send().await.expect(201);
        let keys = Keys {
            entity: entity.parse().unwrap(),
            admin: String::new(),
            ana: String::new(),
            ben: String::new(),
            source: String::new(),
            route: String::new(),
        };
        let lead = self.world.place(&keys, number).await;
        let route = route.header("location").to_owned();
        self.world.delete(&route, admin).send().await.expect(204);
        lead
    }

    async fn offers(&self, key: &str) -> usize {
        let offers = self.world.get("/v1/me/offers", key).send().await.expect(200).json();
        offers["leads"].as_array().unwrap().len()
    }
}

#[tokio::test]
async fn an_agent_of_an_office_sees_and_claims_what_the_company_offers_them() {
    let company = company().await;
    let world = &company.world;
    let lead = company.offered_to("dan", 1).await;
    assert_eq!(company.offers(&company.lofts.agent).await, 1);
    let at = format!("/v1/leads/{lead}");
    world.get(&at, &company.lofts.agent).send().await.expect(200);
    world.get(&format!("{at}/timeline"), &company.lofts.agent).send().await.expect(200);

    // Neither those above, nor those beside, nor those between are asked.
    for other in [&company.acme.agent, &company.east.agent, &company.west.agent] {
        assert_eq!(company.offers(other).await, 0);
        assert_eq!(world.get(&at, other).send().await.problem().0, 404);
        assert_eq!(world.post(&format!("{at}/claim"), other).send().await.problem().0, 403);
    }
    let won = world.post(&format!("{at}/claim"), &company.lofts.agent).send().await.expect(200);
    assert_eq!(
        (&won.json()["outcome"], &won.json()["lead"]["entity"]),
        (&json!("won"), &json!("acme"))
    );
    let mine = world.get("/v1/me/leads", &company.lofts.agent).send().await.expect(200).json();
    assert_eq!(mine["leads"][0]["id"], lead.as_str());
    // What is sent back to the company's pool is there for all of its agents.
    world.post(&format!("{at}/return"), &company.lofts.agent).send().await.expect(200);
    let pool = world.get("/v1/entities/acme/pool", &company.east.agent).send().await.expect(200);
    assert_eq!(pool.json()["leads"][0]["id"], lead.as_str());
    let claim = format!("/v1/entities/acme/pool/{lead}/claim");
    world.post(&claim, &company.east.agent).send().await.expect(200);
}

#[tokio::test]
async fn the_list_of_what_one_has_goes_on_from_the_own_entity_to_those_above_it() {
    let company = company().await;
    let (world, dan) = (&company.world, &company.lofts.agent);
    let mut leads = Vec::new();
    for (entity, admin, number) in [
        ("acme", &company.acme.admin, 1),
        ("acme", &company.acme.admin, 2),
        ("lofts", &company.lofts.admin, 3),
        ("lofts", &company.lofts.admin, 4),
    ] {
        let lead = company.lead_of(entity, admin, "dan", number).await;
        world.post(&format!("/v1/leads/{lead}/claim"), dan).send().await.expect(200);
        leads.push(lead.to_string());
    }
    let page = async |limit: usize, cursor: &str| {
        let path = format!("/v1/me/leads?limit={limit}&cursor={cursor}");
        let page = world.get(&path, dan).send().await.expect(200).json();
        let shown = page["leads"].as_array().unwrap().iter();
        let ids = shown.map(|lead| lead["id"].as_str().unwrap().to_owned());
        (ids.collect::<Vec<_>>(), page["next_cursor"].as_str().map(str::to_owned))
    };
    let (own, next) = page(2, "").await;
    assert_eq!(own, leads[2..].to_vec());
    assert_eq!(page(2, &next.unwrap()).await, (leads[..2].to_vec(), None));
    let (across, next) = page(3, "").await;
    assert_eq!(across, [&leads[2..], &leads[..1]].concat());
    assert_eq!(page(3, &next.unwrap()).await, (leads[1..2].to_vec(), None));
    assert_eq!(page(4, "").await.1, None, "there are no more");
}

#[tokio::test]
async fn an_admin_above_administers_those_below_and_nobody_else_does() {
    let company = company().await;
    let world = &company.world;
    let lofts = "/v1/entities/lofts/agents/dan";
    for (key, status) in [
        (&company.acme.admin, 200),
        (&company.west.admin, 200),
        (&company.lofts.admin, 200),
        (&company.east.admin, 404),
        (&company.east.agent, 404),
        (&company.acme.agent, 404),
        (&company.lofts.agent, 403),
    ] {
        let read = world.get(lofts, key).send().await;
        assert_eq!(read.status.as_u16(), status, "{}", read.text);
        let write = world.put(lofts, key, json!({"name": "Dan"})).send().await;
        assert_eq!(write.status.as_u16(), status, "{}", write.text);
    }
    // Not upwards, and not into the other office.
    for entity in ["acme", "east"] {
        let path = format!("/v1/entities/{entity}/agents");
        assert_eq!(world.get(&path, &company.west.admin).send().await.problem().0, 404);
        let path = format!("/v1/entities/{entity}/leads");
        assert_eq!(world.get(&path, &company.west.admin).send().await.problem().0, 404);
    }
    let seen = world.get("/v1/entities", &company.west.admin).send().await.expect(200).json();
    let seen: Vec<_> =
        seen["entities"].as_array().unwrap().iter().map(|entity| entity["id"].clone()).collect();
    assert_eq!(seen, ["lofts", "west"]);
}

#[tokio::test]
async fn keys_are_made_and_revoked_from_above() {
    let company = company().await;
    let world = &company.world;
    let of_dan = json!({"entity": "lofts", "role": "agent", "agent": "dan"});
    let make =
        async |key: &str, body: &Value| world.post("/v1/keys", key).body(body.clone()).send().await;
    assert_eq!(make(&company.east.admin, &of_dan).await.problem().0, 404);
    let made = make(&company.acme.admin, &of_dan).await.expect(201).json();
    let path = format!("/v1/keys/{}", made["id"].as_str().unwrap());
    assert_eq!(world.delete(&path, &company.east.admin).send().await.problem().0, 404);
    world.delete(&path, &company.west.admin).send().await.expect(204);
    // A key belongs where the agent's entry stands.
    let above = json!({"entity": "acme", "role": "agent", "agent": "dan"});
    let refused = make(&company.acme.admin, &above).await;
    assert_eq!(refused.json()["errors"][0]["field"], "/agent");
    assert!(refused.text.contains("`lofts`"), "{}", refused.text);
}

#[tokio::test]
async fn the_agents_below_are_listed_with_where_they_stand() {
    let company = company().await;
    let listed = company.world.get("/v1/entities/acme/agents", &company.acme.admin).send().await;
    let listed = listed.expect(200).json();
    let listed: Vec<_> = listed["agents"].as_array().unwrap().iter().collect();
    let named: Vec<_> = listed.iter().map(|one| (&one["id"], one["entity"].as_str())).collect();
    let wanted = [
        (&json!("ana"), None),
        (&json!("ben"), Some("west")),
        (&json!("chloe"), Some("east")),
        (&json!("dan"), Some("lofts")),
    ];
    assert_eq!(named, wanted);
}

#[tokio::test]
async fn nobody_takes_the_name_of_somebody_else_in_the_company() {
    let company = company().await;
    let world = &company.world;
    let twin = "/v1/entities/east/agents/dan";
    let refused = world.put(twin, &company.east.admin, json!({"name": "Dan Two"})).send().await;
    assert_eq!(refused.problem(), (409, "name_taken".to_owned()));
    // Whoever is above both may say that it is the same person.
    world.put(twin, &company.acme.admin, json!({"name": "Dan"})).send().await.expect(201);
    world.put(twin, &company.east.admin, json!({"name": "Dan E."})).send().await.expect(200);
}

#[tokio::test]
async fn the_listing_rule_is_for_company_admins() {
    // "The following 'Bypass the Listing Agent' option is only visible to Company Admins in kvCORE."
    let company = company().await;
    let world = &company.world;
    let put = async |entity: &str, key: &str, listing: Value| {
        let path = format!("/v1/entities/{entity}");
        let mut body = world.get(&path, &world.operator).send().await.expect(200).json();
        body["listing"] = listing;
        world.put(&path, key, body).send().await
    };
    let bypass = json!({"bypass": true});
    let refused = put("west", &company.west.admin, bypass.clone()).await;
    assert_eq!(refused.problem(), (403, "forbidden".to_owned()));
    assert!(refused.text.contains("company admins"), "{}", refused.text);
    put("west", &company.acme.admin, bypass.clone()).await.expect(200);
    put("acme", &company.acme.admin, bypass.clone()).await.expect(200);
    // What stays as it was is nobody's change.
    let kept = json!({"bypass": true, "timeout": null, "even_if_paused": false});
    put("west", &company.west.admin, kept).await.expect(200);
    assert_eq!(put("west", &company.west.admin, json!(null)).await.problem().0, 403);

    let alone = world.team("alone").await;
    assert_eq!(put("alone", &alone.admin, bypass.clone()).await.problem().0, 403);
    put("alone", &world.operator, bypass).await.expect(200);
}

#[tokio::test]
async fn an_entity_is_moved_by_whoever_administers_both_places() {
    let company = company().await;
    let world = &company.world;
    let alone = staff(world, "alone", "team", None, "zoe").await;
    let put = async |entity: &str, key: &str, parent: Value| {
        let path = format!("/v1/entities/{entity}");
        let mut body = world.get(&path, &world.operator).send().await.expect(200).json();
        body["parent"] = parent;
        world.put(&path, key, body).send().await
    };
    // Otherwise anybody could join a company and get its leads.
    assert_eq!(put("alone", &alone.admin, json!("acme")).await.problem().0, 403);
    assert_eq!(put("alone", &company.acme.admin, json!("acme")).await.problem().0, 404);
    assert_eq!(put("lofts", &company.west.admin, json!("east")).await.problem().0, 403);
    assert_eq!(put("lofts", &company.lofts.admin, json!(null)).await.problem().0, 403);
    put("lofts", &company.acme.admin, json!("east")).await.expect(200);
    put("alone", &world.operator, json!("acme")).await.expect(200);
    world.get("/v1/entities/alone", &company.acme.admin).send().await.expect(200);
}

#[tokio::test]
async fn a_snapshot_takes_the_agents_of_an_office_as_they_are_now() {
    // "Alternatively, you can click 'Add All From Office/Team.' This will simply add all entity members to the list"
    let company = company().await;
    let world = &company.world;
    let routes = "/v1/entities/acme/routes";
    let of = |entity: &str| json!({"title": entity, "strategy": {"kind": "random", "agents": {"snapshot_of": entity}}});
    let made = world.post(routes, &company.acme.admin).body(of("west")).send().await.expect(201);
    assert_eq!(made.json()["strategy"]["agents"], json!(["ben", "dan"]));
    let zoe = "/v1/entities/west/agents/zoe";
    world.put(zoe, &company.west.admin, json!({"name": "Zoe"})).send().await.expect(201);
    let later = world.get(made.header("location"), &company.acme.admin).send().await.expect(200);
    assert_eq!(later.json()["strategy"]["agents"], json!(["ben", "dan"]));
    let again = world.put(made.header("location"), &company.acme.admin, of("west")).send().await;
    assert_eq!(again.expect(200).json()["strategy"]["agents"], json!(["ben", "dan", "zoe"]));

    let west = "/v1/entities/west/routes";
    for elsewhere in ["acme", "east", "nowhere"] {
        let refused = world.post(west, &company.west.admin).body(of(elsewhere)).send().await;
        assert_eq!(refused.problem().0, 422);
        assert_eq!(refused.json()["errors"][0]["field"], "/strategy/agents/snapshot_of");
    }
}

#[tokio::test]
async fn an_admin_above_pauses_an_agent_below_on_a_route_above() {
    let company = company().await;
    let world = &company.world;
    let body = json!({"title": "All", "strategy": {"kind": "random", "agents": "all"}});
    let route = world.post("/v1/entities/acme/routes", &company.acme.admin).body(body).send().await;
    let route = route.expect(201).json()["id"].clone();
    let pause = "/v1/entities/acme/agents/dan/pause";
    let on_route = json!({"route": route});
    let paused = world.post(pause, &company.acme.admin).body(on_route).send().await.expect(200);
    assert_eq!(paused.json()["paused_on"], json!([route]));
    let entry = world.get("/v1/entities/lofts/agents/dan", &company.lofts.admin).send().await;
    assert_eq!(entry.expect(200).json()["paused_on"], json!([route]));
}

#[tokio::test]
async fn links_end_wherever_in_the_company_the_agent_is_entered() {
    let company = company().await;
    let (world, admin) = (&company.world, &company.acme.admin);
    let body = json!({"name": "ben", "email": "ben@example.com"});
    world.put("/v1/entities/acme/agents/ben", admin, body).send().await.expect(201);
    world.post("/v1/me/end-links", &company.west.agent).send().await.expect(204);
    for (entity, series) in [("acme", 1), ("west", 1)] {
        let path = format!("/v1/entities/{entity}/agents/ben");
        let shown = world.get(&path, admin).send().await.expect(200).json();
        assert_eq!(shown["link_series"], series, "{entity}");
    }
}
