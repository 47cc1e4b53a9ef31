//! One lead, thousands of agents, all at once.
//!
//! Claims go to the board as a process of the API makes them, without HTTP, and
//! are all timed from the one moment at which all are let go: an agent who waits
//! for the processor waits.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use chrono::TimeDelta;
use clap::Args;
use serde_json::{Value, json};
use tipoff_board::{Claim, Claiming};
use tipoff_domain::{AgentId, EntityId};
use tokio::sync::{Barrier, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::account::{account, with};
use super::ledger::{Ledger, Marks};
use super::made_up::{Kind, route};
use super::offers::Offers;
use super::setup::Setup;
use super::system::{Parts, System};
use super::tally::{Times, rate};
use super::team::{Like, Team};

#[derive(Debug, Clone, Args)]
pub(super) struct JumpballArgs {
    /// Agents who claim it
    #[arg(long, default_value_t = 10_000)]
    agents: usize,
    /// Leads, one after the other
    #[arg(long, default_value_t = 5)]
    leads: usize,
}

pub(super) async fn run(args: JumpballArgs, setup: &Setup) -> anyhow::Result<Value> {
    let system = System::start(setup, Parts::default()).await?;
    let like = Like::new(1, vec![route(Kind::JumpBall, 1, "1d")?]);
    let teams = system.teams(1, &like).await?;
    let entities: Vec<EntityId> = teams.into_iter().map(|Team { entity, .. }| entity).collect();
    let offers = Offers::new(&system, &entities, args.agents)?;
    let marks = Marks::now(&system.base.nats).await?;
    let (mut times, mut rounds) = (Times::none()?, Times::none()?);
    let (mut winners, mut answered, mut odd, mut took) = (0, 0, 0, Duration::ZERO);
    for lead in 0..args.leads {
        offers.make("offering", lead, 1, |_| TimeDelta::days(1)).await?;
        let scramble = scramble(&offers, lead, args.agents).await?;
        answered += scramble.answers.len();
        winners += scramble.count(|claim| matches!(claim, Claim::Won(_)));
        odd += scramble.count(|claim| !matches!(claim, Claim::Won(_) | Claim::Taken));
        let longest = scramble.answers.iter().map(|(_, took)| *took).max().unwrap_or_default();
        rounds.note(longest);
        took += longest;
        for (_, took) in &scramble.answers {
            times.note(*took);
        }
    }
    let ledger = Ledger::read(&system.base.nats, marks, &system.prefix).await?;
    system.stop().await?;
    let claims = args.agents * args.leads;
    let more =
        json!({"claims": claims, "answered": answered, "winners": winners, "other_answers": odd});
    let correct = account(args.leads, ledger.claimed(), ledger.double_claims());
    let ok = winners == args.leads && odd == 0 && answered == claims;
    Ok(json!({
        "scenario": "jumpball", "agents": args.agents, "leads": args.leads,
        "leads_per_s": rate(args.leads as u64, took), "claims_per_s": rate(claims as u64, took),
        "answered_ms": times.summary(), "all_answered_ms": rounds.summary(),
        "correct": with(correct, more, ok),
    }))
}

struct Scramble {
    answers: Vec<(Claim, Duration)>,
}

impl Scramble {
    fn count(&self, which: impl Fn(&Claim) -> bool) -> usize {
        self.answers.iter().filter(|(claim, _)| which(claim)).count()
    }
}

/// Every agent has a task of their own, and none begins before all are there.
async fn scramble(offers: &Offers<'_>, number: usize, agents: usize) -> anyhow::Result<Scramble> {
    let (gate, lead) = (Arc::new(Barrier::new(agents + 1)), offers.lead(number)?);
    let (release, released) = watch::channel(Instant::now());
    let mut claims = JoinSet::new();
    for agent in 0..agents {
        let (gate, lead, board) = (gate.clone(), lead.clone(), offers.system.board.clone());
        let (entity, agent) =
            (offers.desk(number).entity.clone(), format!("agent{agent}").parse::<AgentId>()?);
        let mut released = released.clone();
        claims.spawn(async move {
            gate.wait().await;
            released.changed().await?;
            let began = *released.borrow();
            let claiming = Claiming::by(&agent, agent.as_str()).in_round(Some(1));
            let claim = board.claim(&entity, &lead, &claiming).await?;
            anyhow::Ok((claim, began.elapsed()))
        });
    }
    gate.wait().await;
    release.send(Instant::now())?;
    let mut answers = Vec::with_capacity(agents);
    while let Some(answer) = claims.join_next().await {
        answers.push(answer.context("a claim broke down")??);
    }
    Ok(Scramble { answers })
}
