//! NATS: version, streams, the roster, what was set aside.

use tipoff_roster::Roster;
use tipoff_runtime::connect::OLDEST_NATS;
use tipoff_runtime::{Nats, Settings};
use tipoff_wire::Stream;
use tipoff_wire::partition::DEFAULT_PARTITIONS;
use tokio_util::sync::CancellationToken;

use super::findings::Findings;
use super::redis::numbers;

/// Answers how many partitions there are.
pub(super) async fn examine(
    nats: &Nats,
    settings: &Settings,
    findings: &mut Findings,
) -> Option<u16> {
    let server = nats.client.server_info();
    let (major, minor) = OLDEST_NATS;
    let new_enough = numbers(&server.version) >= OLDEST_NATS;
    let remedy =
        format!("use {major}.{minor} or newer: older ones silently ignore what we ask of them");
    findings.judge(new_enough, "nats", format!("version {}", server.version), &remedy);
    let jetstream = if server.jetstream { "JetStream is on" } else { "JetStream is off" };
    findings.judge(
        server.jetstream,
        "nats",
        jetstream,
        "start nats-server with -js, or with a `jetstream` block",
    );
    for stream in Stream::ALL {
        examine_stream(nats, stream, settings, findings).await;
    }
    roster(nats, settings, findings).await
}

async fn examine_stream(nats: &Nats, stream: Stream, settings: &Settings, findings: &mut Findings) {
    let name = stream.name();
    let found = match nats.jetstream.get_stream(name).await {
        Ok(found) => found,
        Err(error) => {
            findings.wrong(
                "stream",
                format!("{name} cannot be read: {error}"),
                "run `tipoff init`",
            );
            return;
        }
    };
    let info = found.cached_info();
    let messages = info.state.messages;
    let copies = info.config.num_replicas;
    if info.config.subjects != [stream.filter()] {
        let found = info.config.subjects.join(", ");
        findings.wrong(
            "stream",
            format!("{name} captures {found}"),
            format!("it must capture {}; run `tipoff init`", stream.filter()),
        );
    } else if copies < settings.replicas {
        let what = format!("{name} is kept {copies} times, not {}", settings.replicas);
        findings.wrong("stream", what, "run `tipoff init --replicas` with the number you want");
    } else if stream == Stream::Dead && messages > 0 {
        findings.wrong(
            "stream",
            format!("{name}: {messages} messages were set aside"),
            "look at them: `tipoff dlq ls`",
        );
    } else {
        findings.well("stream", format!("{name}: {messages} messages, {} bytes", info.state.bytes));
    }
}

async fn roster(nats: &Nats, settings: &Settings, findings: &mut Findings) -> Option<u16> {
    // Opening it would make it, and looking changes nothing.
    if let Err(error) = nats.jetstream.get_key_value("roster").await {
        findings.wrong("roster", format!("cannot be read: {error}"), "run `tipoff init`");
        return None;
    }
    let stop = CancellationToken::new();
    let partitions = match Roster::open(nats, DEFAULT_PARTITIONS, settings.replicas, stop.clone())
        .await
    {
        Ok(roster) => {
            let partitions = roster.deployment().partitions;
            let operators = roster.keys(None).len();
            let what = format!("{partitions} partitions, {} entities", roster.entities().len());
            findings.judge(
                partitions > 0,
                "roster",
                what,
                "restore the bucket `roster` from a backup",
            );
            let remedy = "make one: `tipoff init --operator-key`";
            findings.judge(operators > 0, "roster", format!("{operators} operator keys"), remedy);
            Some(partitions).filter(|partitions| *partitions > 0)
        }
        Err(error) => {
            findings.wrong("roster", format!("cannot be read: {error}"), "run `tipoff init`");
            None
        }
    };
    stop.cancel();
    partitions
}
