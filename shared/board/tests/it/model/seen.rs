//! Everything that can be seen, on both sides.

use std::collections::BTreeSet;
use std::fmt::Debug;

use chrono::TimeDelta;
use redis::AsyncCommands;
use tipoff_board::{BoardError, OnBoard, Turns};
use tipoff_domain::decision::CandidateVerdict;
use tipoff_domain::model::{Model, Place, Standing, Told, Why};
use tipoff_domain::{AgentId, LeadId, PondId};
use tipoff_wire::event::{PooledWhy, ReturnedWord};
use tipoff_wire::{After, Event, Partition};

use super::changes::{AGENTS, ENTITIES, PONDS};
use super::run::{Run, failed};
use crate::fixture::{PARTITIONS, id};

impl Run<'_> {
    /// All of the entity that was changed; and whether its neighbours stand as before.
    pub(super) async fn compare(&self, changed: usize) -> Result<(), String> {
        let failed = |error: BoardError| failed("it cannot be read", &error);
        for entity in 0..ENTITIES {
            self.compare_standings(entity).await?;
        }
        self.compare_events(changed).await?;
        self.compare_lists(changed).await.map_err(failed)??;
        self.compare_counts(changed).await?;
        self.compare_turns(changed).await.map_err(failed)??;
        self.compare_due().await.map_err(failed)?
    }

    async fn compare_standings(&self, entity: usize) -> Result<(), String> {
        let all = self.board.leads(&self.entity(entity), None, 10).await;
        let all = all.map_err(|error| failed("it cannot be read", &error))?.leads;
        for lead in self.leads(entity) {
            let ideal = self.models[entity].lead(&lead);
            let ideal = ideal.map(|lead| (lead.version(), without_events(lead)));
            let real = all.iter().find(|found| found.id == lead);
            let real = real.map(|lead| (lead.version, standing(&lead.now_is)));
            same(&format!("lead {lead}"), &real, &ideal)?;
        }
        Ok(())
    }

    async fn compare_events(&self, entity: usize) -> Result<(), String> {
        for lead in self.leads(entity) {
            let events = self.board.timeline(&self.entity(entity), &lead).await;
            let events = events.map_err(|error| failed("it cannot be read", &error))?;
            let versions: Vec<u64> = events.iter().map(|event| event.version).collect();
            same("versions", &versions, &(1..=events.len() as u64).collect())?;
            let real: Vec<Told> = events.iter().map(told).collect();
            let ideal = self.models[entity].lead(&lead).map(|lead| lead.told.clone());
            same(&format!("events of {lead}"), &real, &ideal.unwrap_or_default())?;
        }
        Ok(())
    }

    async fn compare_lists(&self, entity: usize) -> Result<Result<(), String>, BoardError> {
        let (board, model, name) = (self.board, &self.models[entity], self.entity(entity));
        let (mut real, mut ideal) = (Vec::new(), Vec::new());
        for agent in AGENTS.map(id::<AgentId>) {
            real.push(names(&board.offers_to(&name, &agent).await?));
            ideal.push(sorted(model.offers_to(&agent)));
            real.push(names(&board.leads_of(&name, &agent, None, 10).await?.leads));
            ideal.push(sorted(model.leads_of(&agent)));
        }
        for pond in [None].into_iter().chain(PONDS.map(|pond| Some(id::<PondId>(pond)))) {
            real.push(names(&board.pool(&name, pond.as_ref(), None, 10).await?.leads));
            ideal.push(sorted(model.pool(pond.as_ref())));
        }
        real.push(names(&board.held(&name, None, 10).await?.leads));
        ideal.push(sorted(model.held()));
        let ponds = PONDS.map(id::<PondId>);
        let counts = board.rest_counts(&name, &ponds).await?;
        let real_counts = (counts.pool, counts.held, counts.ponds.into_values().collect());
        let in_ponds: Vec<usize> = ponds.iter().map(|pond| model.pool(Some(pond)).len()).collect();
        let ideal_counts = (model.pool(None).len(), model.held().len(), in_ponds);
        Ok(same("lists", &real, &ideal).and_then(|()| same("counts", &real_counts, &ideal_counts)))
    }

    /// What limits count, which otherwise shows only when somebody is at one.
    async fn compare_counts(&self, entity: usize) -> Result<(), String> {
        let (model, name) = (&self.models[entity], self.entity(entity));
        let partition = Partition::of(&name, PARTITIONS);
        let members = async |what: &str| -> BTreeSet<String> {
            let (key, mut redis) = (format!("{{p{partition}}}:{what}"), self.table.redis.clone());
            redis.zrangebylex(key, format!("[{name}|"), format!("({name}}}")).await.unwrap()
        };
        let reserved = model.reserved().into_iter();
        let reserved = reserved.map(|(agent, lead)| format!("{name}|{agent}|{lead}")).collect();
        same("reserved places", &members("reserved").await, &reserved)?;
        let taken = model.taken().iter().map(|(agent, since, lead)| {
            format!("{name}|{agent}|{}|{lead}", since.timestamp_millis())
        });
        // No limit looks back further than a month.
        let oldest = (model.now - TimeDelta::days(31)).timestamp_millis().to_string();
        let recent = |member: &String| member.split('|').nth(2).is_some_and(|ms| ms > &*oldest);
        let real = members("taken").await.into_iter().filter(recent).collect::<BTreeSet<_>>();
        same("what was given", &real, &taken.filter(recent).collect())
    }

    async fn compare_turns(&self, entity: usize) -> Result<Result<(), String>, BoardError> {
        let real = self.board.turns(&self.entity(entity)).await?;
        let ideal = self.models[entity].turns();
        let missed = self.board.misses(&self.entity(entity), &AGENTS.map(id)).await?;
        if let Err(what) = same("missed in a row", &missed, self.models[entity].missed()) {
            return Ok(Err(what));
        }
        for route in ["r0", "r1"].map(id) {
            let turn = ideal.next.get(&route);
            let roll_on = ideal.roll_ons.get(&route);
            let ideal = Turns {
                next: turn.map(|turn| turn.next.clone()),
                list: turn.map(|turn| turn.list.clone()).unwrap_or_default(),
                next_roll_on: roll_on.map(|turn| turn.next.clone()),
                roll_on_list: roll_on.map(|turn| turn.list.clone()).unwrap_or_default(),
                first: ideal.first.get(&route).cloned(),
                near: ideal.near.get(&route).cloned().unwrap_or_default(),
                owed: ideal.owed.get(&route).cloned().unwrap_or_default(),
                along: ideal.along.get(&route).cloned().unwrap_or_default(),
            };
            let real = real.get(&route).cloned().unwrap_or_default();
            if let Err(what) = same(&format!("memory of {route}"), &real, &ideal) {
                return Ok(Err(what));
            }
        }
        Ok(Ok(()))
    }

    async fn compare_due(&self) -> Result<Result<(), String>, BoardError> {
        let mut real = BTreeSet::new();
        for partition in Partition::all(PARTITIONS) {
            real.extend(self.board.sweep(partition).await?.due);
        }
        let ideal = self.models.iter().flat_map(Model::due).cloned().collect();
        Ok(same("what is due", &real, &ideal))
    }
}

fn same<T: PartialEq + Debug>(what: &str, real: &T, ideal: &T) -> Result<(), String> {
    if real == ideal {
        return Ok(());
    }
    Err(format!("{what}: the board has\n{real:#?}\nand the model\n{ideal:#?}"))
}

fn names(leads: &[OnBoard]) -> Vec<LeadId> {
    sorted(leads.iter().map(|lead| &lead.id).collect())
}

fn sorted(mut leads: Vec<&LeadId>) -> Vec<LeadId> {
    leads.sort_unstable();
    leads.into_iter().cloned().collect()
}

fn without_events(lead: &Standing) -> Standing {
    Standing { told: Vec::new(), ..lead.clone() }
}

fn standing(is: &After) -> Standing {
    let place = |pond: &PondId| match pond.as_str() {
        "pool" => Place::Pool,
        _ => Place::Pond(pond.clone()),
    };
    Standing {
        state: is.state,
        t0: is.t0,
        route: is.route.clone(),
        first_offer: is.first_offer,
        first_agents: is.first_agents.clone(),
        round: is.round,
        until: is.until,
        window: is.window_ms.map(TimeDelta::milliseconds),
        pending: is.pending.clone(),
        jump_ball: is.jump_ball,
        tried: is.tried.clone(),
        undo: is.undo.iter().map(|one| (one.agent.clone(), one.until)).collect(),
        again: is.again.clone(),
        agent: is.agent.clone(),
        how: is.how,
        since: is.since,
        act_by: is.act_by,
        why: is.why.map(|why| match why {
            PooledWhy::Planned(why) => Why::Planned(why),
            PooledWhy::Returned(ReturnedWord::Returned) => Why::Returned,
            PooledWhy::Returned(ReturnedWord::Reclaimed) => Why::Reclaimed,
        }),
        pond: is.pond.clone(),
        from: is.from_pond.as_ref().map(place),
        rested_at: is.rested_at,
        released: is.released,
        reroutes: is.reroutes,
        tags: is.tags.clone(),
        smart_plan: is.smart_plan.clone(),
        enrolled: is.enrolled.clone(),
        along: is.along.clone(),
        credited: is.credited,
        counted: is.counted,
        erased: is.erased,
        told: Vec::new(),
    }
}

fn told(event: &Event) -> Told {
    let offered = event.offers.iter().map(|offer| offer.agent.clone());
    let considered = event.decision.iter().flat_map(|decision| &decision.candidates);
    let with = |verdict| considered.clone().filter(move |one| one.verdict == verdict);
    let mut chosen = with(CandidateVerdict::Chosen);
    Told {
        what: event.kind.as_str(),
        agents: offered.chain(event.agents.iter().cloned()).collect(),
        by: chosen.next().and_then(|one| one.by),
        at_limit: with(CandidateVerdict::AtLimit).map(|one| one.agent.clone()).collect(),
        misses: event.misses.clone(),
        tags: event.tags.clone(),
        smart_plan: event.smart_plan.clone(),
    }
}
