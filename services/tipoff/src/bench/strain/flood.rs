//! A source that sends a hundred times as much as it may, beside others.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use anyhow::bail;
use reqwest::{Client, StatusCode, header};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::super::account::{account, together, with};
use super::super::arrivals::Arrivals;
use super::super::ledger::{Ledger, Marks};
use super::super::made_up::{Kind, lead, route};
use super::super::progress::Progress;
use super::super::route::Passage;
use super::super::setup::Setup;
use super::super::sources::{Sources, Way};
use super::super::system::{Parts, System};
use super::super::tally::rate;
use super::super::team::Like;
use super::{StrainArgs, compared};

const ENTITIES: usize = 16;
const AGENTS: usize = 3;
/// Leads per second that the loud source may send, and a minute's worth at once.
const ALLOWED: u32 = 5;
/// How much more it sends.
const TIMES: f64 = 100.0;

pub(super) async fn run(args: &StrainArgs, setup: &Setup) -> anyhow::Result<Value> {
    let setup = Setup { processes: true, ..setup.clone() };
    let system = System::start(&setup, Parts::whole(&setup)).await?;
    let like = Like::new(AGENTS, vec![route(Kind::RoundRobin, AGENTS, "1h")?]);
    let names = (format!("{}-quiet", system.prefix), format!("{}-loud", system.prefix));
    let quiet = system.teams_called(&names.0, ENTITIES, &like).await?;
    let like = Like { source_rate: ALLOWED, ..like };
    let loud = system.teams_called(&names.1, 1, &like).await?;
    let single = |from: usize| {
        Sources::new(&system, quiet.clone(), Way::Single).pack(from..from + args.leads, 1)
    };
    let (passage, open) =
        (Passage::new(&system, true, &names.0), Arrivals::Open { per_s: args.rate });
    let alone = passage.of(&single(0), open).await?;
    let (marks, over) = (Marks::now(&system.base.nats).await?, CancellationToken::new());
    let flood = Flood::new(&system.intake, &loud[0].source_key);
    let flooding = async {
        // As long as the others send, and no longer.
        over.run_until_cancelled(flood.send()).await.unwrap_or(Ok(()))
    };
    let passing = async {
        let beside = passage.of(&single(args.leads), open).await;
        over.cancel();
        beside
    };
    let (beside, ()) = tokio::try_join!(passing, flooding)?;
    let accepted = Ledger::read(&system.base.nats, marks, &names.1).await?.accepted();
    let (taken, refused) = (flood.taken.load(Relaxed), flood.refused.load(Relaxed));
    system.stop().await?;
    // The answer to the last request may not have been waited for.
    let lost = usize::try_from(taken)?.saturating_sub(accepted);
    let parts = [alone.correct(), beside.correct(), account(accepted + lost, accepted, 0)];
    let correct = together(&parts.map(|correct| json!({"correct": correct})));
    Ok(json!({
        "step": "flood", "allowed_per_s": ALLOWED, "sent": taken + refused, "taken_in": taken, "told_to_wait": refused,
        "leads_per_s": rate(beside.ledger.offered() as u64, beside.took().0),
        "due_to_offered": compared(&alone.due_to_offer()?, &beside.due_to_offer()?),
        "correct": with(correct, json!({}), refused > 0),
    }))
}

struct Flood<'a> {
    http: Client,
    intake: &'a str,
    key: &'a str,
    taken: AtomicU64,
    /// With 429, and with when to come again.
    refused: AtomicU64,
}

impl<'a> Flood<'a> {
    fn new(intake: &'a str, key: &'a str) -> Self {
        let (taken, refused) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { http: Client::new(), intake, key, taken, refused }
    }

    /// Until it is stopped.
    async fn send(&self) -> anyhow::Result<()> {
        let open = Arrivals::Open { per_s: f64::from(ALLOWED) * TIMES };
        open.drive(usize::MAX, &Progress::none(), |number| self.one(number)).await.map(drop)
    }

    async fn one(&self, number: usize) -> anyhow::Result<()> {
        let request = self.http.post(format!("{}/v1/leads", self.intake)).bearer_auth(self.key);
        let request = request.header(header::CONTENT_TYPE, "application/json").body(lead(number));
        let answer = request.send().await?;
        match answer.status() {
            StatusCode::ACCEPTED => self.taken.fetch_add(1, Relaxed),
            StatusCode::TOO_MANY_REQUESTS if answer.headers().contains_key(header::RETRY_AFTER) => {
                self.refused.fetch_add(1, Relaxed)
            }
            status => bail!("a lead of a flood was answered {status}"),
        };
        Ok(())
    }
}
