//! Redis loses everything, and the log puts it back.

use anyhow::{Context, ensure};
use chrono::TimeDelta;
use clap::Args;
use serde_json::{Value, json};
use tipoff_board::{Board, CaughtUp, Claim, Claiming};
use tipoff_domain::{AgentId, EntityId};

use super::account::{account, with};
use super::arrivals::Arrivals;
use super::made_up::{Kind, route};
use super::offers::Offers;
use super::progress::Progress;
use super::setup::Setup;
use super::system::{Parts, System};
use super::tally::rate;
use super::team::{Like, Team};
use crate::rebuild::per_second;

const ENTITIES: usize = 64;
const AT_ONCE: Arrivals = Arrivals::Closed { at_once: 1_024 };
/// Leads that come in before one is claimed.
const BETWEEN: usize = 3_000;

#[derive(Debug, Clone, Args)]
pub(super) struct RebuildArgs {
    /// Leads on the board, each with three events: received, offered, claimed
    #[arg(long, default_value_t = 100_000)]
    leads: usize,
}

pub(super) async fn run(args: RebuildArgs, setup: &Setup) -> anyhow::Result<Value> {
    ensure!(!setup.servers_are_given(), "this empties Redis, so it wants one of its own");
    let system = System::start(setup, Parts::default()).await?;
    let like = Like::new(1, vec![route(Kind::RoundRobin, 1, "1d")?]);
    let teams = system.teams(ENTITIES, &like).await?;
    let entities: Vec<EntityId> = teams.into_iter().map(|Team { entity, .. }| entity).collect();
    let offers = Offers::new(&system, &entities, 1)?;
    let agent: AgentId = "agent0".parse()?;
    let progress = Progress::new("offered and claimed", args.leads + BETWEEN);
    // Nobody waits for an answer, so it may take as long as the log does.
    let board = system.board.clone().patient();
    let live = |number: usize| {
        let (board, offers, agent) = (&board, &offers, &agent);
        async move {
            if number < args.leads {
                offers.place(number, TimeDelta::days(1)).await?;
            }
            match number.checked_sub(BETWEEN) {
                Some(earlier) => claim(board, offers, earlier, agent).await,
                None => Ok(()),
            }
        }
    };
    AT_ONCE.drive(args.leads + BETWEEN, &progress, live).await.map(drop)?;
    drop(progress);

    let mut redis = system.redis.clone();
    let () = redis::cmd("FLUSHALL").query_async(&mut redis).await?;
    let progress = Progress::new("rebuilt", args.leads * 3);
    let mut told = |done: CaughtUp| progress.at(done.events);
    let rebuilt = system.board.rebuild(&mut told).await?;
    drop(progress);
    let (verified, differences) = system.board.verify(false, &mut |_| {}).await?;
    system.stop().await?;
    Ok(json!({
        "scenario": "rebuild",
        "leads": args.leads,
        "leads_per_s": rate(rebuilt.repaired, rebuilt.took),
        "events": rebuilt.events,
        "partitions": rebuilt.partitions,
        "seconds": rebuilt.took.as_secs_f64(),
        "events_per_s": per_second(rebuilt.events, rebuilt.took),
        "verify_events_per_s": per_second(verified.events, verified.took),
        "correct": with(
            account(args.leads, args.leads.saturating_sub(differences.len()), 0),
            json!({ "differences": differences.len() }),
            rebuilt.events == 3 * args.leads as u64,
        ),
    }))
}

async fn claim(
    board: &Board,
    offers: &Offers<'_>,
    number: usize,
    agent: &AgentId,
) -> anyhow::Result<()> {
    let (entity, lead) = (&offers.desk(number).entity, offers.lead(number)?);
    let claimed = board.claim(entity, &lead, &Claiming::by(agent, "")).await;
    let claimed = claimed.context("a lead could not be claimed")?;
    ensure!(matches!(claimed, Claim::Won(_)), "a lead was not there to be claimed");
    Ok(())
}
