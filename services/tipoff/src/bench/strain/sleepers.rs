//! Slow people at the API, while others claim.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use chrono::TimeDelta;
use serde_json::{Value, json};
use tipoff_domain::EntityId;
use tipoff_roster::{NewKey, Role};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::super::account::{account, with};
use super::super::arrivals::Arrivals;
use super::super::claim::{Agents, Heard};
use super::super::cost::resident_bytes;
use super::super::ledger::{Ledger, Marks};
use super::super::made_up::{Kind, route};
use super::super::offers::Offers;
use super::super::progress::Progress;
use super::super::setup::Setup;
use super::super::system::{Parts, System};
use super::super::tally::{Times, rate};
use super::super::team::{Like, Team};
use super::{StrainArgs, compared};

const ENTITIES: usize = 16;
/// Between two bytes of a request.
const DRIP: Duration = Duration::from_millis(50);
/// How long a live stream may take to begin.
const PATIENCE: Duration = Duration::from_secs(10);

/// Requests that come byte by byte.
pub(super) async fn clients(args: &StrainArgs, setup: &Setup) -> anyhow::Result<Value> {
    beside("slow clients", args, setup, |stream, _| async move { anyhow::Ok(drip(stream)) }).await
}

async fn drip(mut stream: TcpStream) {
    let head =
        format!("POST /v1/leads/x/claim HTTP/1.1\r\nhost: here\r\nx: {}\r\n", "x".repeat(2_000));
    for byte in head.bytes() {
        // Whoever takes that long may be cut off.
        if stream.write_all(&[byte]).await.is_err() {
            break;
        }
        tokio::time::sleep(DRIP).await;
    }
    hold(stream).await;
}

/// Reads nothing.
async fn hold(stream: TcpStream) {
    std::future::pending::<()>().await;
    drop(stream);
}

/// Live streams of everything, none of which is read.
pub(super) async fn readers(args: &StrainArgs, setup: &Setup) -> anyhow::Result<Value> {
    beside("slow readers", args, setup, |mut stream, key| async move {
        open(&mut stream, &key).await?;
        anyhow::Ok(hold(stream))
    })
    .await
}

/// Asks for the live stream. Nobody who was refused would be in anybody's way.
async fn open(stream: &mut TcpStream, key: &str) -> anyhow::Result<()> {
    let head = format!(
        "GET /v1/events/stream HTTP/1.1\r\nhost: here\r\nauthorization: Bearer {key}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    // So small that hardly more is read than the first line.
    let (mut answer, mut status) = (BufReader::with_capacity(16, stream), String::new());
    tokio::time::timeout(PATIENCE, answer.read_line(&mut status))
        .await
        .context("the API did not answer a reader of the live stream within 10 s")?
        .context("the API cut off a reader of the live stream before it answered")?;
    ensure!(
        status.starts_with("HTTP/1.1 200 "),
        "the API refused a reader of the live stream: {status:?}; it takes no more than TIPOFF_LIVE_CONNECTIONS"
    );
    Ok(())
}

/// Claims alone, then beside so many who are let in by `what` and then do what it comes to.
async fn beside<F, G>(
    name: &str,
    args: &StrainArgs,
    setup: &Setup,
    what: impl Fn(TcpStream, Arc<str>) -> F,
) -> anyhow::Result<Value>
where
    F: Future<Output = anyhow::Result<G>>,
    G: Future<Output = ()> + Send + 'static,
{
    let setup = Setup { processes: true, ..setup.clone() };
    let system = System::start(&setup, Parts { api: true, ..Parts::default() }).await?;
    let like = Like::new(1, vec![route(Kind::RoundRobin, 1, "1d")?]);
    let teams = system.teams(ENTITIES, &like).await?;
    let entities: Vec<EntityId> = teams.into_iter().map(|Team { entity, .. }| entity).collect();
    let offers = Offers::new(&system, &entities, 1)?;
    offers.make("offering", 0, 2 * args.leads, |_| TimeDelta::days(1)).await?;
    let agents = Agents::of(&system, &entities, 1).await?;
    let operator = NewKey { role: Role::Operator, entity: None, agent: None, source: None };
    let key: Arc<str> = system.base.roster.create_key(operator).await?.text.into();
    let (api, marks) = (system.pid("api"), Marks::now(&system.base.nats).await?);
    let claims = Claims { agents: &agents, offers: &offers, per_s: args.rate };

    let alone = claims.make(0, args.leads).await?;
    let before = api.and_then(resident_bytes);
    let mut slow = JoinSet::new();
    let there = Arc::new(Barrier::new(args.slow + 1));
    let at = system.api.trim_start_matches("http://").to_owned();
    for _ in 0..args.slow {
        let stream = TcpStream::connect(&at).await.context("the API takes no more connections")?;
        let (slowly, there) = (what(stream, key.clone()).await?, there.clone());
        slow.spawn(async move {
            there.wait().await;
            slowly.await;
        });
    }
    there.wait().await;
    let began = Instant::now();
    let beside = claims.make(args.leads, args.leads).await?;
    let took = began.elapsed();
    let after = api.and_then(resident_bytes);
    drop(slow);

    let ledger = Ledger::read(&system.base.nats, marks, &system.prefix).await?;
    let correct = account(2 * args.leads, ledger.claimed(), ledger.double_claims());
    let grown = after.zip(before).map(|(after, before)| after.saturating_sub(before));
    let ok = alone.count() + beside.count() == 2 * args.leads as u64;
    system.stop().await?;
    Ok(json!({
        "step": name, "slow": args.slow, "leads_per_s": rate(beside.count(), took),
        "claim": compared(&alone, &beside),
        "api_grew_by_bytes_each": grown.map(|grown| grown / args.slow.max(1) as u64),
        "correct": with(correct, json!({}), ok),
    }))
}

/// Agents who claim at a constant rate.
struct Claims<'a> {
    agents: &'a Agents,
    offers: &'a Offers<'a>,
    per_s: f64,
}

impl Claims<'_> {
    async fn make(&self, first: usize, count: usize) -> anyhow::Result<Times> {
        let progress = Progress::new("claiming", count);
        let claim = |number: usize| async move {
            let path = format!("/v1/leads/{}/claim", self.offers.lead(first + number)?);
            self.agents.claim((first + number) % ENTITIES, 0, &path).await
        };
        let done = Arrivals::Open { per_s: self.per_s }.drive(count, &progress, claim).await?;
        Times::of(done.iter().filter(|one| one.result == Heard::Won).map(|one| one.took))
    }
}
