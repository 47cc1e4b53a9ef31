//! The real scripts on a real Redis, driven by the same random sequences as
//! the state machine in `tipoff_domain::model`, must stay equal to it in
//! everything that can be seen.
//!
//! `TIPOFF_MODEL_CASES` sets how many sequences are tried.

use std::sync::atomic::{AtomicU32, Ordering};

use chrono::TimeDelta;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::test_runner::{Config, TestRunner};
use proptest::{collection, option};
use tipoff_board::{
    Actor, Assign, BoardError, Claim, Claiming, Known, MovedOn, OnBoard, Pass, Passing, Placed,
    Return,
};
use tipoff_domain::decision::By;
use tipoff_domain::model::{Answer, Model, Standing, Why};
use tipoff_domain::plan::{Candidate, How, Otherwise, Pick, Plan, Rest, Step, Then};
use tipoff_domain::{AgentId, Cap, Decision, EntityId, LeadId};
use tipoff_wire::PooledWhy;

use crate::fixture::{Table, accepted, id, nine};

const AGENTS: [&str; 4] = ["a", "an", "ana", "an-a"];
const ENTITIES: usize = 2;
const LEADS: usize = 3;

/// A change, with people and leads by number.
#[derive(Debug, Clone)]
enum Change {
    Place { lead: usize, plan: Plan },
    RollOn { lead: usize, stale: bool, plan: Plan },
    Claim { lead: usize, agent: usize, round: Option<u32>, caps: Vec<Cap> },
    Pass { lead: usize, agent: usize, round: Option<u32> },
    Assign { lead: usize, agent: usize },
    GiveBack { lead: usize, by: Option<usize> },
    Wait { seconds: i64 },
}

/// No limit as a rule; else few since a moment of the run, or few at once.
fn caps() -> impl Strategy<Value = Vec<Cap>> {
    let since = option::of(0..40_i64)
        .prop_map(|back| back.map(|back| nine() + TimeDelta::seconds(back * 60)));
    let cap = (since, 0..3_u32).prop_map(|(since, count)| Cap { since, count });
    prop_oneof![3 => Just(Vec::new()), 1 => collection::vec(cap, 1..3)]
}

fn plans() -> impl Strategy<Value = Plan> {
    let pick = prop_oneof![
        Just(Pick::Turn),
        Just(Pick::Fresh),
        Just(Pick::Smooth),
        Just(Pick::First),
        Just(Pick::All)
    ];
    let assign = prop_oneof![4 => Just(None), 1 => Just(Some(How::Direct))];
    let list = Just([0, 1, 2, 3]).prop_shuffle();
    let open = collection::vec(proptest::bool::weighted(0.75), 4);
    let step = (
        pick,
        assign,
        list,
        1..=4_usize,
        (open, collection::vec(caps(), 4)),
        0..2_u8,
        1..4_i64,
        0..3_u32,
    )
        .prop_map(
            |(pick, assign, list, length, (mut open, limits), route, window, reroutes)| {
                open[0] = true;
                let candidate = |(place, agent): (usize, &usize)| Candidate {
                    agent: id(AGENTS[*agent]),
                    eligible: open[place],
                    weight: 1 + *agent as u64 * 3,
                    caps: limits[place].clone(),
                };
                let pick = if assign.is_some() && pick == Pick::All { Pick::First } else { pick };
                Then::Step(Step {
                    route: Some(id(&format!("r{route}"))),
                    pick,
                    by: By::Turn,
                    candidates: list.iter().take(length).enumerate().map(candidate).collect(),
                    assign,
                    window: TimeDelta::seconds(window * 10),
                    reroutes,
                    marks: None,
                })
            },
        );
    let then = prop_oneof![8 => step, 1 => Just(Then::Pool(Rest::in_pool(Otherwise::Exhausted)))];
    then.prop_map(|then| Plan { then, decision: Decision::default() })
}

fn changes() -> impl Strategy<Value = Vec<(usize, Change)>> {
    let (lead, agent, round) = (0..LEADS, 0..AGENTS.len(), option::of(1..4_u32));
    let change = prop_oneof![
        2 => (lead.clone(), plans()).prop_map(|(lead, plan)| Change::Place { lead, plan }),
        4 => (lead.clone(), proptest::bool::weighted(0.1), plans())
            .prop_map(|(lead, stale, plan)| Change::RollOn { lead, stale, plan }),
        4 => ((lead.clone(), agent.clone(), round.clone()), caps())
            .prop_map(|((lead, agent, round), caps)| Change::Claim { lead, agent, round, caps }),
        4 => (lead.clone(), agent.clone(), round)
            .prop_map(|(lead, agent, round)| Change::Pass { lead, agent, round }),
        1 => (lead.clone(), agent.clone()).prop_map(|(lead, agent)| Change::Assign { lead, agent }),
        2 => (lead, option::of(agent)).prop_map(|(lead, by)| Change::GiveBack { lead, by }),
        3 => any::<u8>().prop_map(|spin| Change::Wait { seconds: i64::from(spin % 5) * 5 }),
    ];
    collection::vec((0..ENTITIES, change), 1..50)
}

/// One sequence: the real board, and a model for each entity.
struct Run<'a> {
    table: &'a Table,
    number: u32,
    models: Vec<Model>,
}

impl Run<'_> {
    fn entity(&self, entity: usize) -> EntityId {
        id(&format!("e{}-{entity}", self.number))
    }

    fn lead(&self, entity: usize, lead: usize) -> LeadId {
        id(&format!("lead_{}_{entity}_{lead}", self.number))
    }

    /// Makes the change on both sides; answers what each said.
    async fn make(
        &mut self,
        entity: usize,
        change: &Change,
    ) -> Result<(Answer, Answer), BoardError> {
        let (board, name) = (&self.table.board, self.entity(entity));
        let names: Vec<LeadId> = (0..LEADS).map(|lead| self.lead(entity, lead)).collect();
        let model = &mut self.models[entity];
        let agent = |number: usize| -> AgentId { id(AGENTS[number]) };
        Ok(match change {
            Change::Place { lead, plan } => {
                let new = tipoff_wire::Accepted {
                    entity: name,
                    ..accepted(names[*lead].as_str(), "dana@example.com")
                };
                let said = match board.place(&new, plan, Known::Ignore).await? {
                    Placed::New => Answer::Placed,
                    Placed::Full(full) => Answer::Full(full),
                    _ => Answer::Known,
                };
                (said, model.place(&names[*lead], plan))
            }
            Change::RollOn { lead, stale, plan } => {
                let Some(mut found) = board.lead(&name, &names[*lead]).await? else {
                    return Ok((Answer::Unknown, Answer::Unknown));
                };
                found.version -= u64::from(*stale);
                let said = match board.roll_on(&found, plan).await? {
                    MovedOn::Done => Answer::MovedOn,
                    MovedOn::Stale => Answer::Stale,
                    MovedOn::Early => Answer::Early,
                    MovedOn::Full(full) => Answer::Full(full),
                };
                (said, model.roll_on(&names[*lead], found.version, plan))
            }
            Change::Claim { lead, agent: who, round, caps } => {
                let (lead, who) = (&names[*lead], agent(*who));
                let claiming =
                    Claiming { round: *round, caps: caps.clone(), ..Claiming::by(&who, "") };
                let said = board.claim(&name, lead, &claiming).await?;
                (claimed(&said), model.claim(lead, &who, *round, caps))
            }
            Change::Pass { lead, agent: who, round } => {
                let (lead, who) = (&names[*lead], agent(*who));
                let said = board
                    .pass(&name, lead, &Passing { round: *round, ..Passing::by(&who, "") })
                    .await?;
                (passed(said), model.pass(lead, &who, *round))
            }
            Change::Assign { lead, agent: who } => {
                let (lead, who) = (&names[*lead], agent(*who));
                let said = match board.assign(&name, lead, &who, &Actor::Admin, "").await? {
                    Assign::Assigned(_) => Answer::Assigned,
                    Assign::Closed => Answer::Closed,
                    Assign::Unknown => Answer::Unknown,
                };
                (said, model.assign(lead, &who))
            }
            Change::GiveBack { lead, by } => {
                let (lead, by) = (&names[*lead], by.map(agent));
                let actor = by.clone().map_or(Actor::Admin, Actor::Agent);
                let said = match board.give_back(&name, lead, &actor, None, "").await? {
                    Return::Returned(_) => Answer::Returned,
                    Return::NotYours => Answer::NotYours,
                    Return::Unknown => Answer::Unknown,
                };
                (said, model.give_back(lead, by.as_ref()))
            }
            Change::Wait { seconds } => {
                let later = board.time(&name).await? + TimeDelta::seconds(*seconds);
                board.advance_clock_to(later).await?;
                for model in &mut self.models {
                    model.now = later;
                }
                (Answer::Known, Answer::Known)
            }
        })
    }

    /// Everything that can be seen of an entity, on both sides.
    async fn seen(&self, entity: usize) -> Result<(String, String), BoardError> {
        let (board, model, name) = (&self.table.board, &self.models[entity], self.entity(entity));
        let (mut real, mut ideal) = (Vec::new(), Vec::new());
        for lead in (0..LEADS).map(|lead| self.lead(entity, lead)) {
            real.push(format!("{:?}", board.lead(&name, &lead).await?.map(|lead| standing(&lead))));
            let ideally =
                model.lead(&lead).map(|lead| Standing { reserved: false, ..lead.clone() });
            ideal.push(format!("{ideally:?}"));
            let logged =
                board.timeline(&name, &lead).await?.last().map_or(0, |event| event.version);
            let version = model.lead(&lead).map_or(0, |lead| lead.version);
            real.push(format!("log {logged}"));
            ideal.push(format!("log {version}"));
        }
        for agent in AGENTS.map(id::<AgentId>) {
            real.push(names(&board.offers_to(&name, &agent).await?));
            ideal.push(format!("{:?}", model.offers_to(&agent)));
            real.push(names(&board.leads_of(&name, &agent).await?));
            ideal.push(format!("{:?}", model.leads_of(&agent)));
        }
        real.push(names(&board.pool(&name, None, None, 10).await?.leads));
        ideal.push(format!("{:?}", model.pool()));
        Ok((real.join("\n"), ideal.join("\n")))
    }
}

fn names(leads: &[OnBoard]) -> String {
    let mut names: Vec<&LeadId> = leads.iter().map(|lead| &lead.id).collect();
    names.sort_unstable();
    format!("{names:?}")
}

fn standing(lead: &OnBoard) -> Standing {
    let is = &lead.now_is;
    Standing {
        state: is.state,
        version: lead.version,
        route: is.route.clone(),
        round: is.round,
        until: is.until,
        pending: is.pending.clone(),
        tried: is.tried.clone(),
        agent: is.agent.clone(),
        how: is.how,
        why: is.why.map(|why| match why {
            PooledWhy::Planned(why) => Why::Planned(why),
            PooledWhy::Returned(_) => Why::Returned,
        }),
        reroutes: is.reroutes,
        // Not seen as such; what it does is.
        reserved: false,
    }
}

fn claimed(said: &Claim) -> Answer {
    match said {
        Claim::Won(_) => Answer::Won,
        Claim::AlreadyYours(_) => Answer::AlreadyYours,
        Claim::Taken => Answer::Taken,
        Claim::TooLate => Answer::TooLate,
        Claim::Withdrawn => Answer::Withdrawn,
        Claim::Passed => Answer::Passed,
        Claim::NotOffered => Answer::NotOffered,
        Claim::LimitReached => Answer::LimitReached,
        Claim::Unknown => Answer::Unknown,
    }
}

fn passed(said: Pass) -> Answer {
    match said {
        Pass::Passed => Answer::Passed,
        Pass::AlreadyYours => Answer::AlreadyYours,
        Pass::Taken => Answer::Taken,
        Pass::TooLate => Answer::TooLate,
        Pass::Withdrawn => Answer::Withdrawn,
        Pass::NotOffered => Answer::NotOffered,
        Pass::Unknown => Answer::Unknown,
    }
}

#[test]
fn the_scripts_do_what_the_state_machine_says() {
    let cases =
        std::env::var("TIPOFF_MODEL_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(48);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let table = runtime.block_on(Table::laid());
    let runs = AtomicU32::new(0);
    let mut runner =
        TestRunner::new(Config { cases, max_shrink_iters: 2_000, ..Config::default() });
    let outcome = runner.run(&changes(), |changes| {
        let number = runs.fetch_add(1, Ordering::Relaxed);
        runtime.block_on(async {
            let now = table.board.time(&id("anybody")).await.unwrap().max(nine());
            let mut run = Run { table: &table, number, models: vec![Model::empty(now); ENTITIES] };
            for (entity, change) in &changes {
                let (real, ideal) = run.make(*entity, change).await.unwrap();
                assert_eq!(real, ideal, "answers to {change:?}");
                for entity in 0..ENTITIES {
                    let (real, ideal) = run.seen(entity).await.unwrap();
                    assert_eq!(real, ideal, "seen of entity {entity} after {change:?}");
                }
            }
        });
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
