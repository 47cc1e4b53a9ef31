use serde_json::{Value, json};
use tipoff_board::Known;
use tipoff_domain::{Arrival, LeadId};
use tipoff_wire::Accepted;

use crate::world::{Keys, World};

/// Puts that lead on the board as the router would, where it is held.
async fn hold(world: &World, keys: &Keys, number: u128, lead: Value) -> LeadId {
    let id: LeadId = format!("lead_{number:032x}").parse().unwrap();
    let view = world.roster.view(&keys.entity).unwrap();
    let lead: tipoff_domain::Lead = serde_json::from_value(lead).unwrap();
    let received_at = world.board.time(&keys.entity).await.unwrap();
    let mut dice = tipoff_domain::plan::dice([7; 32]);
    let plan = tipoff_domain::plan(&Arrival::of(&lead), &view, received_at, &mut dice);
    let (entity, source) = (keys.entity.clone(), lead.source.clone());
    let accepted = Accepted { id: id.clone(), entity, source, received_at, lead };
    world.board.place(&accepted, &plan, Known::Ignore).await.unwrap();
    id
}

async fn ask(world: &World, keys: &Keys, lead: &LeadId, what: &str, body: Value) -> (u16, String) {
    let path = format!("/v1/leads/{lead}/{what}");
    let answer = world.post(&path, &keys.admin).body(body).send().await;
    if answer.status.is_success() {
        return (answer.status.as_u16(), answer.json()["outcome"].as_str().unwrap().to_owned());
    }
    answer.problem()
}

fn said(status: u16, word: &str) -> (u16, String) {
    (status, word.to_owned())
}

#[tokio::test]
async fn a_lead_without_a_source_cannot_be_sent_to_routing() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let typed = json!({"origin": "manual", "emails": ["dana@example.com"]});
    let without = hold(&world, &keys, 1, typed).await;
    let sent = ask(&world, &keys, &without, "send-to-routing", json!({})).await;
    assert_eq!(sent, said(422, "no_source"));
    let held = world.get("/v1/entities/acme/held", &keys.admin).send().await.expect(200).json();
    assert_eq!(held["leads"][0]["id"], without.as_str());
    world.get("/v1/entities/acme/held", &keys.ana).send().await.expect(403);

    let typed = json!({"origin": "import", "source": "zillow", "emails": ["eli@example.com"]});
    let with = hold(&world, &keys, 2, typed).await;
    let contact = ask(&world, &keys, &with, "contact", json!({"phones": ["512 555 0101"]})).await;
    assert_eq!(contact, said(409, "not_held"));
    let again = |_| ask(&world, &keys, &with, "send-to-routing", json!({}));
    assert_eq!(again(1).await, said(200, "released"));
    assert_eq!(again(2).await, said(409, "already_routed"));
}

#[tokio::test]
async fn what_waits_for_contact_details_takes_nothing_else() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let address = json!({"source": "zillow", "property": {"address": "15 Oak Ct"}});
    let lead = hold(&world, &keys, 1, address).await;
    let sent = ask(&world, &keys, &lead, "send-to-routing", json!({})).await;
    assert_eq!(sent, said(409, "incomplete"));
    for nothing in [json!({}), json!({"emails": ["nobody"]}), json!({"phones": ["none"]})] {
        assert_eq!(ask(&world, &keys, &lead, "contact", nothing).await, said(422, "invalid"));
    }
    let found = json!({"emails": ["dana@EXAMPLE.com"]});
    assert_eq!(ask(&world, &keys, &lead, "contact", found).await, said(200, "released"));
    let shown = world.get(&format!("/v1/leads/{lead}"), &keys.admin).send().await.expect(200);
    assert_eq!(shown.json()["lead"]["emails"], json!(["dana@example.com"]));
    assert_eq!(shown.json()["released"], "completed");
    let nobody = "lead_0".parse().unwrap();
    assert_eq!(ask(&world, &keys, &nobody, "close", json!({})).await, said(404, "not_found"));
}
