//! The yardstick: only what cannot be avoided of NATS and Redis for as many
//! leads, batched as well as it can be, on servers as careful as ours.
//!
//! A lead is written to a stream; read back; put on a board by one script (its
//! state, its payload, a deadline, an offer); the fact is written to a second
//! stream; that is read back. Nothing is parsed, planned, checked or told, and
//! one acknowledgement stands for all messages before it.

use anyhow::Context;
use async_nats::jetstream::consumer::{AckPolicy, PullConsumer, pull};
use async_nats::jetstream::{self, AckKind};
use bytes::Bytes;
use futures::StreamExt;
use redis::Script;
use serde_json::{Value, json};
use tipoff_runtime::{Clock, Nats, connect, streams};
use tipoff_wire::Stream;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::batch::{BATCH, Fact, publish};
use super::cost::{Probe, cpu};
use super::made_up::lead;
use super::setup::Servers;
use super::tally::rate;

/// Batches on their way to one stream.
const AHEAD: usize = 2;
const PARTITIONS: usize = 64;

const PUT: &str = "
redis.call('HSET', KEYS[1], 'state', 'offered', 'agent', ARGV[2], 'round', '1', 'until', ARGV[3])
redis.call('SET', KEYS[2], ARGV[4])
redis.call('ZADD', KEYS[3], ARGV[3], ARGV[1])
redis.call('ZADD', KEYS[4], 0, ARGV[2] .. '|' .. ARGV[1])
return 1";

pub(super) async fn run(leads: usize, entities: usize) -> anyhow::Result<Value> {
    let servers = Servers::private().await?;
    let stop = CancellationToken::new();
    let nats = connect::nats(&servers.settings, "tipoff-bare", &stop).await?;
    let redis = connect::redis(&servers.settings, &stop).await?;
    streams::ensure(&nats, servers.settings.replicas).await?;
    let mut processes = servers.processes();
    processes.push(("client".to_owned(), std::process::id()));
    let probe = Probe { processes, redis: redis.clone(), nats: Some(nats.clone()) };
    let bodies: Vec<Bytes> = (0..leads).map(lead).collect();
    let (placing, telling) =
        (consumer(&nats, Stream::Leads).await?, consumer(&nats, Stream::Events).await?);

    let (clock, before) = (Clock::system(), probe.spent().await?);
    let began = clock.now();
    tokio::try_join!(
        accept(&nats, &bodies, entities),
        place(&nats, redis, placing, leads, entities),
        tell(telling, leads),
    )?;
    let took = (clock.now() - began).to_std().unwrap_or_default();
    let cost = probe.spent().await?.per_lead(&before, leads as u64);
    Ok(
        json!({"leads_per_s": rate(leads as u64, took), "cpu_us_per_lead": cpu(&cost), "per_lead": cost}),
    )
}

async fn consumer(nats: &Nats, stream: Stream) -> anyhow::Result<PullConsumer> {
    let config = pull::Config {
        durable_name: Some("bare".to_owned()),
        ack_policy: AckPolicy::All,
        max_ack_pending: 100_000,
        ..pull::Config::default()
    };
    Ok(nats.jetstream.create_consumer_on_stream(config, stream.name()).await?)
}

/// The leads, into the first stream.
async fn accept(nats: &Nats, bodies: &[Bytes], entities: usize) -> anyhow::Result<()> {
    let batches = bodies.chunks(BATCH).enumerate().map(|(batch, bodies)| async move {
        let messages = bodies.iter().enumerate().map(|(index, body)| {
            let number = batch * BATCH + index;
            let subject =
                format!("leads.new.{}.team{}", number % PARTITIONS, number % entities.max(1));
            (subject, format!("lead_{number:032x}"), body.clone())
        });
        publish(nats, messages.collect(), false).await
    });
    let mut sent = futures::stream::iter(batches).buffered(AHEAD);
    while let Some(sent) = sent.next().await {
        sent?;
    }
    Ok(())
}

/// The leads from the first stream, onto the board and into the second.
async fn place(
    nats: &Nats,
    mut redis: tipoff_runtime::Redis,
    consumer: PullConsumer,
    leads: usize,
    entities: usize,
) -> anyhow::Result<()> {
    let script = Script::new(PUT);
    script.prepare_invoke().load_async(&mut redis).await?;
    let (facts, mut waiting) = mpsc::channel::<(Vec<Fact>, jetstream::Message)>(AHEAD);
    let board = async move {
        let mut number = 0;
        let mut messages = Box::pin(pulled(&consumer).await?.ready_chunks(BATCH));
        while number < leads {
            let chunk = messages.next().await.context("the stream ended")?;
            let chunk: Vec<_> = chunk.into_iter().collect::<Result<_, _>>()?;
            let mut pipe = redis::pipe();
            let mut written = Vec::with_capacity(chunk.len());
            for message in &chunk {
                let (id, tag) =
                    (format!("lead_{number:032x}"), format!("{{p{}}}", number % PARTITIONS));
                let mut put = script.prepare_invoke();
                put.key(format!("{tag}:lead:{id}")).key(format!("{tag}:payload:{id}"));
                put.key(format!("{tag}:deadlines")).key(format!("{tag}:offers"));
                put.arg(&id).arg("agent1").arg(1_900_000_000_000_u64).arg(message.payload.as_ref());
                pipe.invoke_script(&put).ignore();
                let subject =
                    format!("events.{}.team{}.{id}", number % PARTITIONS, number % entities.max(1));
                let body = json!({"type": "lead.offered", "lead": id, "agent": "agent1", "until": 1_900_000_000_000_u64});
                written.push((subject, id, Bytes::from(body.to_string())));
                number += 1;
            }
            pipe.exec_async(&mut redis).await?;
            let last = chunk.into_iter().next_back().context("an empty chunk")?;
            facts.send((written, last)).await.ok().context("nobody writes facts down")?;
        }
        anyhow::Ok(())
    };
    let log = async {
        while let Some((facts, last)) = waiting.recv().await {
            publish(nats, facts, true).await?;
            last.ack_with(AckKind::Ack).await.map_err(|error| anyhow::anyhow!("{error}"))?;
        }
        anyhow::Ok(())
    };
    tokio::try_join!(board, log).map(drop)
}

/// The facts, from the second stream.
async fn tell(consumer: PullConsumer, leads: usize) -> anyhow::Result<()> {
    let mut chunks = Box::pin(pulled(&consumer).await?.ready_chunks(BATCH));
    let mut told = 0;
    while told < leads {
        let chunk = chunks.next().await.context("the stream ended")?;
        told += chunk.len();
        if let Some(last) = chunk.into_iter().next_back() {
            last?.ack_with(AckKind::Ack).await.map_err(|error| anyhow::anyhow!("{error}"))?;
        }
    }
    Ok(())
}

async fn pulled(consumer: &PullConsumer) -> anyhow::Result<pull::Stream> {
    Ok(consumer.stream().max_messages_per_batch(4 * BATCH).messages().await?)
}
