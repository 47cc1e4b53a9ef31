//! Mails that a mail system took and could not deliver after all.

use reqwest::Method;
use serde_json::{Value, json};
use tipoff_testkit::sink::Caught;
use tipoff_tests::{World, robin};

/// The report of a mail system about that mail.
fn report(mail: &Caught, action: &str, status: &str) -> String {
    let mark = &mail.headers["tipoff-return"];
    format!(
        "From: MAILER-DAEMON@mx.example.com\r\nTo: tipoff@example.com\r\nSubject: Undelivered Mail\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nNobody has this address.\r\n\
         --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.com\r\n\r\n\
         Final-Recipient: rfc822; {to}\r\nAction: {action}\r\nStatus: {status}\r\n\r\n\
         --b\r\nContent-Type: message/rfc822\r\n\r\nSubject: New lead\r\nTipoff-Return: {mark}\r\n\r\nHello\r\n--b--\r\n",
        to = mail.to,
    )
}

async fn comes_back(world: &World, report: String) -> Value {
    let request = world.operator.request(Method::POST, "/v1/returned-mail");
    let request = request.header("content-type", "message/rfc822").body(report);
    tipoff_tests::answer(request).await.expect(200).json()
}

async fn email_of_ana(world: &World) -> Value {
    let path = "/v1/entities/acme/agents/ana/channels";
    world.operator.get(path).await.expect(200).json()["channels"][0].clone()
}

#[tokio::test]
async fn a_mail_that_comes_back_from_nowhere_ends_the_address_and_the_lead_rolls_on() {
    let world = World::with_team(&["ana", "ben"]).await;
    world.route("Everybody", robin(&["ana", "ben"]), json!({})).await;
    let lead = world.lead_from_zillow("Dana").await;
    let mail = world.mail("ana", &lead, 1).await;
    let late = comes_back(&world, report(&mail, "delayed", "4.4.7")).await;
    assert_eq!(late["outcome"], "no_report", "it may still arrive");
    assert_eq!(email_of_ana(&world).await["works"], Value::Null);

    let gone = comes_back(&world, report(&mail, "failed", "5.1.1")).await;
    assert_eq!((&gone["outcome"], &gone["status"]), (&json!("address_dead"), &json!("5.1.1")));
    assert_eq!(world.offered(&lead, 2).await, ["ben"], "nothing else could tell her");
    let known = email_of_ana(&world).await;
    assert_eq!((&known["works"], &known["counts"]), (&json!("failed"), &json!(false)));
    assert_eq!(known["why"], "mails there come back: 5.1.1");

    // Once she has another address, an old mail says nothing about it.
    world.change_agent("ana", json!({"email": "ana@new.example.com"})).await;
    let old = comes_back(&world, report(&mail, "failed", "5.1.1")).await;
    assert_eq!(old["outcome"], "noted");
    assert_eq!(email_of_ana(&world).await["works"], Value::Null);
}

#[tokio::test]
async fn a_full_mailbox_ends_no_address_but_the_lead_rolls_on() {
    let world = World::with_team(&["ana", "ben"]).await;
    world.route("Everybody", robin(&["ana", "ben"]), json!({})).await;
    let lead = world.lead_from_zillow("Dana").await;
    let mail = world.mail("ana", &lead, 1).await;
    assert_eq!(comes_back(&world, report(&mail, "failed", "5.2.2")).await["outcome"], "noted");
    assert_eq!(world.offered(&lead, 2).await, ["ben"]);
    assert_eq!(email_of_ana(&world).await["works"], Value::Null);
}

#[tokio::test]
async fn nobody_can_make_up_a_mail_that_came_back() {
    let world = World::with_team(&["ana", "ben"]).await;
    world.route("Everybody", robin(&["ana", "ben"]), json!({})).await;
    let lead = world.lead_from_zillow("Dana").await;
    let mut mail = world.mail("ana", &lead, 1).await;
    let mark = mail.headers["tipoff-return"].clone();
    let forged = format!("{}{}", &mark[..mark.len() - 4], "AAAA");
    mail.headers.insert("tipoff-return".to_owned(), forged);
    assert_eq!(comes_back(&world, report(&mail, "failed", "5.1.1")).await["outcome"], "not_ours");
    assert_eq!(
        comes_back(&world, "Subject: On holiday\r\n\r\nBye".to_owned()).await["outcome"],
        "no_report"
    );
    let admin = world.caller("admin", None).await;
    let request = admin.request(Method::POST, "/v1/returned-mail").body("x");
    tipoff_tests::answer(request).await.expect(403);
    assert_eq!(email_of_ana(&world).await["works"], Value::Null);
}
