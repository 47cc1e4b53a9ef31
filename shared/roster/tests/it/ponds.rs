use serde_json::{Value, json};
use tipoff_domain::{Lender, Pond};
use tipoff_roster::{EditError, Expect};

use crate::{acme, agent_id, staffed};

fn pond(members: &Value) -> Pond {
    serde_json::from_value(json!({"name": "North side", "members": members})).unwrap()
}

#[tokio::test]
async fn ponds_and_lenders_are_part_of_the_view() {
    let (_server, roster) = staffed().await;
    let (north, bank) = ("north".parse().unwrap(), "bank".parse().unwrap());
    let made =
        roster.put_pond(&acme(), &north, pond(&json!(["ana"])), Expect::Absent).await.unwrap();
    let lender: Lender = serde_json::from_value(json!({"name": "First Bank"})).unwrap();
    roster.put_lender(&acme(), &bank, lender, Expect::Absent).await.unwrap();
    let view = roster.view(&acme()).unwrap();
    assert_eq!(*view.ponds[&north], made.value);
    assert_eq!(view.lenders[&bank].name, "First Bank");
    assert_eq!(roster.pond_version(&acme(), &north), Some(made.version));

    roster.delete_pond(&acme(), &north, Expect::Version(made.version)).await.unwrap();
    roster.delete_lender(&acme(), &bank, Expect::Anything).await.unwrap();
    let view = roster.view(&acme()).unwrap();
    assert!(view.ponds.is_empty() && view.lenders.is_empty());
}

#[tokio::test]
async fn an_agent_whom_a_pond_names_stays() {
    let (_server, roster) = staffed().await;
    let north = "north".parse().unwrap();
    roster.put_pond(&acme(), &north, pond(&json!(["ana"])), Expect::Absent).await.unwrap();
    let refused =
        roster.delete_agent(&acme(), &agent_id("ana"), Expect::Anything).await.unwrap_err();
    assert!(
        matches!(&refused, EditError::Invalid(why) if why.0[0].message.contains("pond `North side`")),
        "{refused}"
    );
    // A pond for everybody names nobody.
    roster.put_pond(&acme(), &north, pond(&json!("all")), Expect::Anything).await.unwrap();
    roster.delete_agent(&acme(), &agent_id("ana"), Expect::Anything).await.unwrap();
}
