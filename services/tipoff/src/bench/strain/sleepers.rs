//! Slow people at the API, while others claim.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use chrono::TimeDelta;
use serde_json::{Value, json};
use tipoff_domain::EntityId;
use tipoff_roster::{NewKey, Role};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

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
use super::super::tally::Times;
use super::super::team::{Like, Team};
use super::{StrainArgs, compared};

const ENTITIES: usize = 16;
/// Between two bytes of a request.
const DRIP: Duration = Duration::from_millis(50);

/// Requests that come byte by byte.
pub(super) async fn clients(args: &StrainArgs, setup: &Setup) -> anyhow::Result<Value> {
    beside("slow clients", args, setup, |mut stream, _| async move {
        let head = format!(
            "POST /v1/leads/x/claim HTTP/1.1\r\nhost: here\r\nx: {}\r\n",
            "x".repeat(2_000)
        );
        for byte in head.bytes() {
            stream.write_all(&[byte]).await?;
            tokio::time::sleep(DRIP).await;
        }
        Ok(stream)
    })
    .await
}

/// Live streams of everything, none of which is read.
pub(super) async fn readers(args: &StrainArgs, setup: &Setup) -> anyhow::Result<Value> {
    beside("slow readers", args, setup, |mut stream, key| async move {
        let head = format!(
            "GET /v1/events/stream HTTP/1.1\r\nhost: here\r\nauthorization: Bearer {key}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await?;
        Ok(stream)
    })
    .await
}

/// Claims alone, then beside so many who do `what`.
async fn beside<F>(
    name: &str,
    args: &StrainArgs,
    setup: &Setup,
    what: impl Fn(TcpStream, Arc<str>) -> F,
) -> anyhow::Result<Value>
where
    F: Future<Output = std::io::Result<TcpStream>> + Send + 'static,
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
        let (slowly, there) = (what(stream, key.clone()), there.clone());
        slow.spawn(async move {
            there.wait().await;
            let held = slowly.await;
            std::future::pending::<()>().await;
            drop(held);
        });
    }
    there.wait().await;
    let beside = claims.make(args.leads, args.leads).await?;
    let after = api.and_then(resident_bytes);
    drop(slow);

    let ledger = Ledger::read(&system.base.nats, marks, &system.prefix).await?;
    let correct = account(2 * args.leads, ledger.claimed(), ledger.double_claims());
    let grown = after.zip(before).map(|(after, before)| after.saturating_sub(before));
    let ok = alone.count() + beside.count() == 2 * args.leads as u64;
    system.stop().await?;
    Ok(json!({
        "step": name, "slow": args.slow, "claim": compared(&alone, &beside),
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
