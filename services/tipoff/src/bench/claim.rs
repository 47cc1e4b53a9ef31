//! Agents claim what they were offered, over HTTP.

use anyhow::ensure;
use chrono::TimeDelta;
use clap::Args;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tipoff_domain::EntityId;

use super::account::{account, with};
use super::arrivals::Arrivals;
use super::ledger::{Ledger, Marks};
use super::made_up::{Kind, route};
use super::offers::Offers;
use super::patient::Patient;
use super::progress::Progress;
use super::setup::Setup;
use super::system::{Parts, System};
use super::tally::{Times, rate};
use super::team::{Like, Team, agent_key};

#[derive(Debug, Clone, Args)]
pub(super) struct ClaimArgs {
    /// Leads to claim
    #[arg(long, default_value_t = 10_000)]
    leads: usize,
    /// Entities that they are spread over
    #[arg(long, default_value_t = 16)]
    entities: usize,
    /// Agents who want each lead
    #[arg(long, default_value_t = 2)]
    contenders: usize,
    /// Claims on their way at once, where there is no rate
    #[arg(long, default_value_t = 64)]
    at_once: usize,
    /// Claims per second, however long they wait; without it, as many as go through
    #[arg(long)]
    rate: Option<f64>,
}

/// What an agent heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    Won,
    Taken,
}

pub(super) async fn run(args: ClaimArgs, setup: &Setup) -> anyhow::Result<Value> {
    let contenders = args.contenders.max(1);
    let system = System::start(setup, Parts { api: true, ..Parts::default() }).await?;
    let like = Like::new(contenders, vec![route(Kind::JumpBall, contenders, "1d")?]);
    let teams = system.teams(args.entities, &like).await?;
    let entities: Vec<EntityId> = teams.into_iter().map(|Team { entity, .. }| entity).collect();
    let offers = Offers::new(&system, &entities, contenders)?;
    offers.make("offering", 0, args.leads, |_| TimeDelta::days(1)).await?;
    let agents = Agents::of(&system, &entities, contenders).await?;

    let (nats, clock) = (&system.base.nats, &system.base.clock);
    let (probe, marks, before) =
        (system.probe(), Marks::now(nats).await?, system.probe().spent().await?);
    let claims = args.leads * contenders;
    let (progress, began) = (Progress::new("claiming", claims), clock.now());
    let arrivals = Arrivals::new(args.rate, args.at_once);
    let (agents, offers) = (&agents, &offers);
    let claim = |number: usize| async move {
        // All who want a lead ask for it one right after the other.
        let (lead, agent) = (number / contenders, number % contenders);
        let path = format!("/v1/leads/{}/claim", offers.lead(lead)?);
        agents.claim(lead % args.entities.max(1), agent, &path).await
    };
    let done = arrivals.drive(claims, &progress, claim).await?;
    let took = (clock.now() - began).to_std().unwrap_or_default();
    let cost = probe.spent().await?.per_lead(&before, claims as u64);
    let ledger = Ledger::read(nats, marks, &system.prefix).await?;
    let won = done.iter().filter(|one| one.result == Heard::Won).count();
    let logged = ledger.claimed();
    let answered = json!({
        "claims": claims, "answered": done.len(), "won": won,
        "told_to_wait": agents.patient.told_to_wait(),
    });
    let correct = account(args.leads, logged, ledger.double_claims());
    let only = |what: Heard| done.iter().filter(move |one| one.result == what).map(|one| one.took);
    let result = json!({
        "scenario": "claim", "leads": args.leads, "contenders": contenders, "load": arrivals.name(),
        "claims_per_s": rate(claims as u64, took), "leads_per_s": rate(args.leads as u64, took),
        "won_ms": Times::of(only(Heard::Won))?.summary(), "taken_ms": Times::of(only(Heard::Taken))?.summary(),
        "per_claim": cost,
        "correct": with(correct, answered, won == logged && done.len() == claims),
    });
    system.stop().await?;
    Ok(result)
}

/// Agents with a key each.
pub(super) struct Agents {
    http: Client,
    patient: Patient,
    base: String,
    keys: Vec<Vec<String>>,
}

impl Agents {
    pub(super) async fn of(
        system: &System,
        entities: &[EntityId],
        each: usize,
    ) -> anyhow::Result<Self> {
        let mut keys = Vec::with_capacity(entities.len());
        for entity in entities {
            let of_one = (0..each).map(|agent| agent_key(&system.base.roster, entity, agent));
            keys.push(futures::future::try_join_all(of_one).await?);
        }
        let (http, patient) = (Client::new(), Patient::default());
        Ok(Self { http, patient, base: system.api.clone(), keys })
    }

    pub(super) async fn claim(
        &self,
        entity: usize,
        agent: usize,
        path: &str,
    ) -> anyhow::Result<Heard> {
        let request =
            self.http.post(format!("{}{path}", self.base)).bearer_auth(&self.keys[entity][agent]);
        let response = self.patient.send(request.json(&json!({"round": 1}))).await?;
        let (status, text) = (response.status(), response.text().await?);
        if status == StatusCode::OK {
            return Ok(Heard::Won);
        }
        ensure!(status == StatusCode::CONFLICT, "a claim was answered {status}: {text}");
        Ok(Heard::Taken)
    }
}
