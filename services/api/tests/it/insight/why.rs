use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn an_admin_is_told_everything_and_an_agent_about_themselves() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let lead = world.place(&keys, 1).await;
    let at = format!("/v1/leads/{lead}/why");

    let whole = world.get(&at, &keys.admin).send().await.expect(200).json();
    let hop = &whole["hops"][0];
    assert_eq!((&hop["type"], &hop["title"]), (&json!("lead.offered"), &json!("All")));
    assert_eq!(hop["routes"][0]["message"]["en"], "“All” matches and takes the lead");
    assert_eq!(hop["candidates"][0]["message"]["en"], "Ana Ruiz is chosen: it is their turn");
    assert!(whole.get("answer").is_none() && hop["memory"].is_string());

    let asked = world.get(&at, &keys.ana).send().await.expect(200).json();
    assert_eq!(
        (&asked["answer"], &asked["message"]["es"]),
        (&json!("asked"), &json!("puedes reclamarlo ahora"))
    );

    let not_me = world.get(&at, &keys.ben).send().await.expect(200);
    let said = not_me.json();
    assert_eq!(said["answer"], "not_chosen");
    assert!(said["message"]["en"].as_str().unwrap().contains("another agent's turn"));
    let candidates = said["hops"][0]["candidates"].clone();
    assert_eq!(candidates[0]["message"]["en"], "another agent is chosen: it is their turn");
    assert_eq!((&candidates[0]["agent"], &candidates[1]["agent"]), (&json!(null), &json!("ben")));
    for secret in ["Ana", "ana", "Dana", "example.com", "0101"] {
        assert!(!not_me.text.contains(secret), "{secret} in {}", not_me.text);
    }

    let on_behalf = world.get(&format!("{at}?agent=ben"), &keys.admin).send().await.expect(200);
    assert_eq!(on_behalf.text, not_me.text);
    world.get(&format!("{at}?agent=ana"), &keys.ben).send().await.expect(403);
    world.get("/v1/leads/lead_0/why", &keys.admin).send().await.expect(404);
}

#[tokio::test]
async fn whoever_missed_it_is_told_what_happened() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let lead = world.place(&keys, 1).await;
    world.post(&format!("/v1/leads/{lead}/pass"), &keys.ana).send().await.expect(200);
    let why =
        world.get(&format!("/v1/leads/{lead}/why"), &keys.ana).send().await.expect(200).json();
    assert_eq!(
        (&why["answer"], &why["message"]["en"]),
        (&json!("passed"), &json!("you passed on it"))
    );
    let lead = world.place(&keys, 2).await;
    world.post(&format!("/v1/leads/{lead}/claim"), &keys.ben).send().await.expect(200);
    let why =
        world.get(&format!("/v1/leads/{lead}/why"), &keys.ben).send().await.expect(200).json();
    assert_eq!(why["answer"], "has_it");
}

#[tokio::test]
async fn it_is_told_what_became_of_each_notice_and_an_agent_hears_of_their_own() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let lead = world.place(&keys, 1).await;
    let notice = |agent: &str, became: &str, why: Option<&str>| {
        let at = "2026-11-22T09:30:00Z";
        let noted = json!({"at": at, "agent": agent, "channel": "email", "about": "offer", "round": 1, "became": became,
            "why": why});
        (keys.entity.clone(), lead.clone(), serde_json::from_value(noted).unwrap())
    };
    let noted = [notice("ana", "sent", None), notice("ben", "failed", Some("no such mailbox"))];
    world.board.note_notices(&noted).await.unwrap();
    let at = format!("/v1/leads/{lead}/why");

    let whole = world.get(&at, &keys.admin).send().await.expect(200).json();
    assert_eq!(whole["notices"].as_array().unwrap().len(), 2);
    let (ana, ben) = (&whole["notices"][0], &whole["notices"][1]);
    assert_eq!(
        (&ana["agent"], &ana["became"], &ana["round"]),
        (&json!("ana"), &json!("sent"), &json!(1))
    );
    assert_eq!(ana["message"]["en"], "offer to Ana Ruiz by e-mail: sent");
    let could_not = ben["message"]["es"].as_str().unwrap();
    assert!(
        could_not.ends_with("por correo: no se pudo entregar (no such mailbox)"),
        "{could_not}"
    );

    let own = world.get(&at, &keys.ben).send().await.expect(200).json();
    assert_eq!(own["notices"], json!([ben]));
}
