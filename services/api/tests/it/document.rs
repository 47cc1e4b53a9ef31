use std::collections::BTreeSet;

use axum::http::Method;
use serde_json::{Value, json};

use crate::world::World;

const ALL: [&str; 44] = [
    "GET /c/{token}",
    "POST /c/{token}",
    "GET /livez",
    "GET /openapi.json",
    "GET /readyz",
    "GET /v1/entities",
    "GET /v1/entities/{entity}",
    "PUT /v1/entities/{entity}",
    "GET /v1/entities/{entity}/agents",
    "GET /v1/entities/{entity}/agents/{agent}",
    "PUT /v1/entities/{entity}/agents/{agent}",
    "DELETE /v1/entities/{entity}/agents/{agent}",
    "POST /v1/entities/{entity}/agents/{agent}/pause",
    "POST /v1/entities/{entity}/agents/{agent}/resume",
    "GET /v1/entities/{entity}/leads",
    "GET /v1/entities/{entity}/pool",
    "POST /v1/entities/{entity}/pool/{lead}/assign",
    "POST /v1/entities/{entity}/pool/{lead}/claim",
    "GET /v1/entities/{entity}/routes",
    "POST /v1/entities/{entity}/routes",
    "PUT /v1/entities/{entity}/routes/order",
    "GET /v1/entities/{entity}/routes/{id}",
    "PUT /v1/entities/{entity}/routes/{id}",
    "DELETE /v1/entities/{entity}/routes/{id}",
    "POST /v1/entities/{entity}/routes/{id}/pause",
    "POST /v1/entities/{entity}/routes/{id}/resume",
    "GET /v1/entities/{entity}/sources",
    "GET /v1/entities/{entity}/sources/{source}",
    "PUT /v1/entities/{entity}/sources/{source}",
    "DELETE /v1/entities/{entity}/sources/{source}",
    "POST /v1/entities/{entity}/sources/{source}/keys",
    "GET /v1/events/stream",
    "GET /v1/keys",
    "POST /v1/keys",
    "DELETE /v1/keys/{id}",
    "GET /v1/leads/{id}",
    "POST /v1/leads/{id}/assign",
    "POST /v1/leads/{id}/claim",
    "POST /v1/leads/{id}/pass",
    "POST /v1/leads/{id}/return",
    "GET /v1/leads/{id}/timeline",
    "GET /v1/me",
    "GET /v1/me/leads",
    "GET /v1/me/offers",
];
const PONDS: [&str; 8] = [
    "GET /v1/entities/{entity}/lenders",
    "GET /v1/entities/{entity}/lenders/{lender}",
    "PUT /v1/entities/{entity}/lenders/{lender}",
    "DELETE /v1/entities/{entity}/lenders/{lender}",
    "GET /v1/entities/{entity}/ponds",
    "GET /v1/entities/{entity}/ponds/{pond}",
    "PUT /v1/entities/{entity}/ponds/{pond}",
    "DELETE /v1/entities/{entity}/ponds/{pond}",
];
const PEOPLE: [&str; 5] = [
    "POST /v1/entities/{entity}/people",
    "POST /v1/entities/{entity}/people/erase",
    "GET /v1/entities/{entity}/trail",
    "POST /v1/leads/{id}/erase",
    "GET /v1/leads/{id}/export",
];
const WORK: [&str; 14] = [
    "GET /v1/entities/{entity}/held",
    "GET /v1/entities/{entity}/ponds/{pond}/leads",
    "POST /v1/entities/{entity}/ponds/{pond}/leads/{lead}/assign",
    "POST /v1/entities/{entity}/ponds/{pond}/leads/{lead}/claim",
    "POST /v1/entities/{entity}/routes/{id}/withdraw",
    "POST /v1/leads/{id}/another-chance",
    "POST /v1/leads/{id}/close",
    "POST /v1/leads/{id}/contact",
    "POST /v1/leads/{id}/credit",
    "POST /v1/leads/{id}/follow-up",
    "POST /v1/leads/{id}/send-to-routing",
    "POST /v1/leads/{id}/undo-pass",
    "POST /v1/leads/{id}/worked",
    "GET /v1/me/ponds",
];
const INSIGHT: [&str; 7] = [
    "GET /v1/audit",
    "GET /v1/entities/{entity}/lint",
    "POST /v1/entities/{entity}/lint",
    "GET /v1/entities/{entity}/report",
    "POST /v1/entities/{entity}/simulate",
    "POST /v1/entities/{entity}/try",
    "GET /v1/leads/{id}/why",
];
const VERSIONS: [&str; 9] = [
    "GET /v1/entities/{entity}/changes",
    "GET /v1/entities/{entity}/routes/{id}/versions",
    "GET /v1/entities/{entity}/routes/{id}/versions/{version}",
    "POST /v1/entities/{entity}/routes/{id}/versions/{version}/restore",
    "PUT /v1/entities/{entity}/agents/{agent}/limits",
    "POST /v1/me/pause",
    "POST /v1/me/resume",
    "POST /v1/me/end-links",
    "POST /v1/entities/{entity}/agents/{agent}/end-links",
];
const NOTICES: [&str; 22] = [
    "GET /bell",
    "GET /bell/{file}",
    "POST /v1/returned-mail",
    "GET /confirm/{token}",
    "POST /confirm/{token}",
    "GET /v1/me/channels",
    "POST /v1/entities/{entity}/agents/{agent}/channels/{channel}/confirm",
    "POST /v1/entities/{entity}/agents/{agent}/channels/{channel}/test",
    "POST /v1/me/channels/{channel}/confirm",
    "POST /v1/me/channels/{channel}/test",
    "GET /v1/entities/{entity}/agents/{agent}/channels",
    "GET /v1/entities/{entity}/rooms",
    "PUT /v1/entities/{entity}/rooms/{chat}",
    "DELETE /v1/entities/{entity}/rooms/{chat}",
    "GET /v1/entities/{entity}/templates",
    "PUT /v1/entities/{entity}/templates/{piece}/{locale}",
    "DELETE /v1/entities/{entity}/templates/{piece}/{locale}",
    "POST /v1/entities/{entity}/templates/{piece}/{locale}/preview",
    "POST /v1/me/devices",
    "DELETE /v1/me/devices",
    "GET /v1/me/bell",
    "GET /v1/me/bell/stream",
];
const WEBHOOKS: [&str; 9] = [
    "GET /v1/webhooks/{webhook}/attempts",
    "GET /v1/webhooks/{webhook}/deliveries",
    "GET /v1/webhooks",
    "POST /v1/webhooks",
    "GET /v1/webhooks/{webhook}",
    "PUT /v1/webhooks/{webhook}",
    "DELETE /v1/webhooks/{webhook}",
    "POST /v1/webhooks/{webhook}/replay",
    "POST /v1/webhooks/{webhook}/rotate",
];
const DEAD: [&str; 4] = [
    "GET /v1/dead",
    "GET /v1/dead/{number}",
    "POST /v1/dead/{number}/redrive",
    "POST /v1/dead/redrive",
];
const TELEPHONY: [&str; 9] = [
    "POST /telephony/test/{token}",
    "POST /telephony/test/{token}/pressed",
    "POST /telephony/sms",
    "POST /telephony/sms/{token}/status",
    "POST /telephony/voice/{token}",
    "POST /telephony/voice/{token}/accept",
    "POST /telephony/voice/{token}/dialled",
    "POST /telephony/voice/{token}/next",
    "POST /telephony/voice/{token}/status",
];
const PUSH: [&str; 3] =
    ["DELETE /v1/me/push-subscriptions", "GET /v1/push-key", "POST /v1/me/push-subscriptions"];

pub(crate) fn operations(document: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            found.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    found
}

#[tokio::test]
async fn the_document_holds_every_operation_and_every_operation_answers() {
    let world = World::start().await;
    let document = world.call(Method::GET, "/openapi.json").send().await.expect(200).json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let wanted: BTreeSet<String> = ALL
        .iter()
        .chain(&PONDS)
        .chain(&VERSIONS)
        .chain(&WORK)
        .chain(&PEOPLE)
        .chain(&INSIGHT)
        .chain(&NOTICES)
        .chain(&PUSH)
        .chain(&WEBHOOKS)
        .chain(&TELEPHONY)
        .chain(&DEAD)
        .map(|operation| (*operation).to_owned())
        .collect();
    assert_eq!(operations(&document), wanted);

    for operation in &wanted {
        let (method, path) = operation.split_once(' ').unwrap();
        let path = path.replace("{entity}", "e").replace("{lead}", "l").replace(['{', '}'], "");
        let answer = world.call(method.parse().unwrap(), &path).send().await;
        let missing = answer.status == 405 || answer.text.contains("this path does not exist");
        assert!(!missing, "{operation}: {}", answer.status);
    }
}

#[tokio::test]
async fn every_operation_is_described_as_a_person_would() {
    let world = World::start().await;
    let document = world.call(Method::GET, "/openapi.json").send().await.json();
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = format!("{method} {path}");
            assert!(operation["summary"].is_string(), "{name}");
            assert!(ids.insert(operation["operationId"].to_string()), "{name}");
            let problem = &operation["responses"]["default"]["content"]["application/problem+json"];
            assert_eq!(problem["schema"]["$ref"], "#/components/schemas/Problem", "{name}");
            let named: Vec<_> = operation["parameters"].as_array().into_iter().flatten().collect();
            for wanted in
                path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            {
                assert!(
                    named.iter().any(|it| it["name"] == wanted && it["in"] == "path"),
                    "{wanted} of {name}"
                );
            }
        }
    }
}

#[tokio::test]
async fn nothing_is_referred_to_that_is_not_there() {
    let world = World::start().await;
    let text = world.call(Method::GET, "/openapi.json").send().await.text;
    let document: Value = serde_json::from_str(&text).unwrap();
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(document["components"]["schemas"].get(name).is_some(), "{name}");
    }
    assert_eq!(document["components"]["securitySchemes"]["key"]["scheme"], "bearer");
    assert_eq!(document["security"], json!([{"key": []}]));
}

#[tokio::test]
async fn refusals_are_problems_wherever_they_come_from() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let nowhere = world.call(Method::GET, "/v2/leads").send().await;
    assert_eq!(nowhere.problem(), (404, "not_found".to_owned()));
    let wrong = world.call(Method::PATCH, "/v1/me").send().await;
    assert_eq!(wrong.problem(), (405, "method_not_allowed".to_owned()));
    assert_eq!(wrong.header("allow"), "GET,HEAD");
    let nobody = world.call(Method::GET, "/v1/me").send().await;
    assert_eq!(
        (nobody.problem(), nobody.header("www-authenticate")),
        ((401, "unauthorized".to_owned()), "Bearer")
    );
    let odd_name = world.get("/v1/entities/a%20b", &world.operator).send().await;
    assert_eq!(odd_name.problem(), (400, "bad_request".to_owned()));
    let query = world.get("/v1/entities/acme/pool?limit=many", &keys.ana).send().await;
    assert_eq!(query.problem(), (400, "bad_request".to_owned()));
    let limit = world.get("/v1/entities/acme/pool?limit=0", &keys.ana).send().await;
    assert_eq!(limit.problem(), (422, "invalid".to_owned()));
    let cursor = world.get("/v1/entities/acme/pool?cursor=x.y", &keys.ana).send().await;
    assert_eq!(cursor.problem(), (400, "bad_request".to_owned()));
    assert!(cursor.json()["detail"].as_str().unwrap().contains("`cursor`"));
    let broken = world.post("/v1/keys", &keys.admin).raw("{").send().await;
    assert_eq!(broken.problem(), (400, "bad_request".to_owned()));
    let huge = world.post("/v1/keys", &keys.admin).raw(vec![b' '; 1024 * 1024 + 1]).send().await;
    assert_eq!(huge.problem(), (413, "too_large".to_owned()));
    let form = world.post("/v1/keys", &keys.admin).form("role=admin").send().await;
    assert_eq!(form.problem(), (415, "not_json".to_owned()));
    assert!(!nowhere.header("x-request-id").is_empty());
    let own =
        world.call(Method::GET, "/livez").header("x-request-id", "mine-1").send().await.expect(200);
    assert_eq!(own.header("x-request-id"), "mine-1");
}

#[tokio::test]
async fn it_is_ready_while_its_servers_are_there() {
    let mut world = World::start().await;
    world.call(Method::GET, "/livez").send().await.expect(200);
    world.call(Method::GET, "/readyz").send().await.expect(200);
    world.redis.kill().await;
    world.call(Method::GET, "/readyz").send().await.expect(503);
    world.redis.restart().await.unwrap();
    world.stop.cancel();
    world.call(Method::GET, "/readyz").send().await.expect(503);
    world.call(Method::GET, "/livez").send().await.expect(200);
}

#[tokio::test]
async fn pages_of_other_sites_may_not_call_unless_named() {
    let world = World::start().await;
    let asked = world
        .call(Method::GET, "/livez")
        .header("origin", "https://elsewhere.example.com")
        .send()
        .await;
    assert_eq!(asked.header("access-control-allow-origin"), "");
}
