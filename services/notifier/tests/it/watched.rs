//! What an operator sees: figures, and no contact details in any log.

use serde_json::json;
use tipoff_domain::plan::How;
use tipoff_runtime::telemetry;
use tipoff_testkit::Lines;
use tipoff_testkit::sink::smtp::Fault;
use tracing_subscriber::EnvFilter;

use crate::desk::{Desk, dana};

#[tokio::test(flavor = "multi_thread")]
async fn no_contact_detail_is_logged_at_any_level_and_every_notice_is_counted() {
    let log = Lines::default();
    let to = log.clone();
    // At its most talkative the NATS client writes down everything that passes by.
    let filter = EnvFilter::new("trace,async_nats::connection=debug");
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(move || to.clone()).init();
    let _telemetry = telemetry::start("notifier");
    let desk = Desk::set_up().await;
    desk.agent("ana", json!({})).await;
    desk.browser("ana").await;
    let _notifier = desk.notifier(&[]);

    desk.smtp.misbehave(Fault::Policy);
    desk.offer(&["ana"], dana()).await;
    desk.dead().await;
    desk.smtp.misbehave(Fault::Temporary);
    let retried = desk.offer(&["ana"], dana()).await;
    // What the relay never takes was tried right away, and once more before it was set aside.
    desk.smtp.struck(3).await;
    desk.smtp.misbehave(None);
    desk.caught(&retried, "email").await;
    let given = desk.assign("ana", How::Direct, dana()).await;
    desk.caught(&given, "email").await;
    desk.caught(&given, "push").await;

    let logged = log.text();
    assert!(
        logged.contains("notice is tried again") && logged.contains("notice sent"),
        "logging works"
    );
    for secret in
        ["dana@example.com", "5550101", "555-0101", "Dana Reyes", "still available", "15 Oak Ct"]
    {
        let line = logged.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret} was logged");
    }
    let counted = telemetry::metrics();
    for figure in [
        r#"tipoff_notifications_total{channel="email",result="failed""#,
        r#"tipoff_notifications_total{channel="email",result="retried""#,
        r#"tipoff_notifications_total{channel="push",result="sent""#,
        r#"tipoff_notification_seconds_count{channel="email""#,
    ] {
        assert!(counted.contains(figure), "{figure} is missing in\n{counted}");
    }
}
