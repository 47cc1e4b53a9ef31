//! One sequence: the real board, and a model for each entity.

use chrono::TimeDelta;
use redis::AsyncCommands;
use tipoff_board::{
    Actor, Assign, Board, BoardError, Chance, Claim, Claiming, Close, Credit, Erase, Known,
    MovedOn, Pass, Passing, Placed, Release, Return, Undone, Withdrawal, Withdrawn, Worked,
};
use tipoff_domain::model::{Answer, Model};
use tipoff_domain::plan::{Plan, Then};
use tipoff_domain::{AgentId, Cap, EntityId, LeadId, Span};
use tipoff_wire::Partition;

use super::OUT_OF_REACH;
use super::changes::{AGENTS, Change, ENTITIES, LEADS};
use crate::fixture::{PARTITIONS, Table, accepted, id, nine};

pub(super) struct Run<'a> {
    pub(super) table: &'a Table,
    pub(super) board: &'a Board,
    number: u32,
    /// Where the log ended before this sequence.
    before: u64,
    pub(super) models: Vec<Model>,
}

impl<'a> Run<'a> {
    /// Of entities and leads that nobody has heard of, on an empty Redis.
    pub(super) async fn begin(table: &'a Table, board: &'a Board) -> Self {
        let now = board.time(&id("anybody")).await.unwrap().max(nine());
        let number = table.next_number();
        let models = vec![Model::empty(now); ENTITIES];
        let mut events = table.jetstream().await.get_stream("EVENTS").await.unwrap();
        let before = events.info().await.unwrap().state.last_sequence;
        let run = Self { table, board, number, before, models };
        run.wipe().await;
        run
    }

    /// What was before this sequence is of no interest.
    async fn wipe(&self) {
        let mut redis = self.table.redis.clone();
        let () = redis::cmd("FLUSHDB").query_async(&mut redis).await.unwrap();
        for partition in Partition::all(PARTITIONS) {
            let clock = format!("{{p{partition}}}:clock");
            let () = redis.hset(clock, "logged", self.before).await.unwrap();
        }
        self.board.advance_clock_to(self.models[0].now).await.unwrap();
    }

    pub(super) fn entity(&self, entity: usize) -> EntityId {
        id(&format!("e{}-{entity}", self.number))
    }

    pub(super) fn lead(&self, entity: usize, lead: usize) -> LeadId {
        id(&format!("lead_{}_{entity}_{lead}", self.number))
    }

    pub(super) fn leads(&self, entity: usize) -> Vec<LeadId> {
        (0..LEADS).map(|lead| self.lead(entity, lead)).collect()
    }

    /// Makes the change on both sides and looks at both.
    pub(super) async fn make_and_compare(
        &mut self,
        entity: usize,
        change: &Change,
    ) -> Result<(), String> {
        let (real, ideal) = self
            .make(entity, change)
            .await
            .map_err(|error| failed(&format!("{change:?} failed"), &error))?;
        if real != ideal {
            return Err(format!("answers to {change:?}: {real:?}, but {ideal:?} is right"));
        }
        let seen = self.compare(entity).await;
        let audited = self.audit(entity).await;
        seen.and(audited).map_err(|what| format!("after {change:?}:\n{what}"))
    }

    /// On both sides; what each answers.
    async fn make(
        &mut self,
        entity: usize,
        change: &Change,
    ) -> Result<(Answer, Answer), BoardError> {
        if let Some(answers) = self.route(entity, change).await? {
            return Ok(answers);
        }
        if let Some(answers) = self.claim_or_pass(entity, change).await? {
            return Ok(answers);
        }
        if let Some(answers) = self.think_twice(entity, change).await? {
            return Ok(answers);
        }
        if let Some(answers) = self.intervene(entity, change).await? {
            return Ok(answers);
        }
        if let Some(answers) = self.end(entity, change).await? {
            return Ok(answers);
        }
        if let Change::Wait { seconds } = change {
            self.wait(*seconds).await?;
        } else {
            // Whoever asks next finds the board empty, and fills it from the log.
            self.wipe().await;
            for model in &mut self.models {
                model.forget();
            }
        }
        Ok((Answer::Known, Answer::Known))
    }

    async fn wait(&mut self, seconds: i64) -> Result<(), BoardError> {
        let later = self.models[0].now + TimeDelta::seconds(seconds);
        for model in &mut self.models {
            model.now = later;
        }
        self.board.advance_clock_to(later).await
    }

    /// What routers do.
    async fn route(
        &mut self,
        entity: usize,
        change: &Change,
    ) -> Result<Option<(Answer, Answer)>, BoardError> {
        let now = self.models[entity].now;
        let (board, name, names) = (self.board, self.entity(entity), self.leads(entity));
        let model = &mut self.models[entity];
        Ok(Some(match change {
            Change::Place { lead, plan } => {
                let (lead, plan) = (&names[*lead], at(plan, now));
                let new = tipoff_wire::Accepted {
                    entity: name,
                    ..accepted(lead.as_str(), "dana@example.com")
                };
                let said = match board.place(&new, &plan, Known::Ignore).await? {
                    Placed::New => Answer::Placed,
                    Placed::Full(full) => Answer::Full(full),
                    _ => Answer::Known,
                };
                (said, model.place(lead, &plan))
            }
            Change::RollOn { lead, stale, plan } => {
                let (lead, plan) = (&names[*lead], at(plan, now));
                let Some(mut found) = board.lead(&name, lead).await? else {
                    return Ok(Some((Answer::Unknown, Answer::Unknown)));
                };
                found.version -= u64::from(*stale);
                let said = moved(board.roll_on(&found, &plan).await?);
                (said, model.roll_on(lead, found.version, &plan))
            }
            Change::Serve { lead, stale, plan } => {
                let (lead, plan) = (&names[*lead], at(plan, now));
                let Some(mut found) = board.lead(&name, lead).await? else {
                    return Ok(Some((Answer::Unknown, Answer::Unknown)));
                };
                found.version -= u64::from(*stale);
                let said = moved(board.serve(&found, &plan).await?);
                (said, model.serve(lead, found.version, &plan))
            }
            Change::Reclaim { lead, stale, ponds } => {
                let lead = &names[*lead];
                let Some(mut found) = board.lead(&name, lead).await? else {
                    return Ok(Some((Answer::Unknown, Answer::Unknown)));
                };
                found.version -= u64::from(*stale);
                let said = moved(board.reclaim(&found, ponds).await?);
                (said, model.reclaim(lead, found.version, ponds))
            }
            _ => return Ok(None),
        }))
    }

    /// What agents do about an offer, or in a pond.
    async fn claim_or_pass(
        &mut self,
        entity: usize,
        change: &Change,
    ) -> Result<Option<(Answer, Answer)>, BoardError> {
        let now = self.models[entity].now;
        let (board, name, names) = (self.board, self.entity(entity), self.leads(entity));
        let model = &mut self.models[entity];
        let agent = |number: &usize| -> AgentId { id(AGENTS[*number]) };
        Ok(Some(match change {
            Change::Claim { lead, agent: who, round, terms } => {
                let (lead, who) = (&names[*lead], agent(who));
                let claiming = Claiming {
                    round: *round,
                    caps: caps_at(&terms.caps, now),
                    ponds: terms.ponds.clone(),
                    pool_counts: terms.pool_counts,
                    ..Claiming::by(&who, "")
                };
                let said = board.claim(&name, lead, &claiming).await?;
                (claimed(&said), model.claim(lead, &claiming))
            }
            Change::Pass { lead, agent: who, round, undo } => {
                let (lead, who, undo) = (&names[*lead], agent(who), undo.map(Span::seconds));
                let passing = Passing { round: *round, undo, ..Passing::by(&who, "") };
                let said = board.pass(&name, lead, &passing).await?;
                (passed(said), model.pass(lead, &who, *round, undo))
            }
            Change::Worked { lead, agent: who } => {
                let (lead, who) = (&names[*lead], agent(who));
                let said = match board.worked(&name, lead, &who).await? {
                    Worked::Done => Answer::Worked,
                    Worked::NotYours => Answer::NotYours,
                    Worked::Unknown => Answer::Unknown,
                };
                (said, model.worked(lead, &who))
            }
            _ => return Ok(None),
        }))
    }

    /// What agents do afterwards.
    async fn think_twice(
        &mut self,
        entity: usize,
        change: &Change,
    ) -> Result<Option<(Answer, Answer)>, BoardError> {
        let (board, name, names) = (self.board, self.entity(entity), self.leads(entity));
        let model = &mut self.models[entity];
        let agent = |number: &usize| -> AgentId { id(AGENTS[*number]) };
        Ok(Some(match change {
            Change::UndoPass { lead, agent: who } => {
                let (lead, who) = (&names[*lead], agent(who));
                let said = match board.undo_pass(&name, lead, &who, "").await? {
                    Undone::Pending => Answer::Pending,
                    Undone::TooLate => Answer::TooLate,
                    Undone::NotPassed => Answer::NotPassed,
                    Undone::Unknown => Answer::Unknown,
                };
                (said, model.undo_pass(lead, &who))
            }
            Change::AnotherChance { lead, agent: who } => {
                let (lead, who) = (&names[*lead], agent(who));
                let said = match board.another_chance(&name, lead, &who, "").await? {
                    Chance::Queued => Answer::Queued,
                    Chance::Offered => Answer::Offered,
                    Chance::AlreadyYours => Answer::AlreadyYours,
                    Chance::Taken => Answer::Taken,
                    Chance::InPool => Answer::InPool,
                    Chance::NotOffered => Answer::NotOffered,
                    Chance::Unknown => Answer::Unknown,
                };
                (said, model.another_chance(lead, &who))
            }
            _ => return Ok(None),
        }))
    }

    /// What admins do about who has a lead.
    async fn intervene(
        &mut self,
        entity: usize,
        change: &Change,
    ) -> Result<Option<(Answer, Answer)>, BoardError> {
        let (board, name, names) = (self.board, self.entity(entity), self.leads(entity));
        let model = &mut self.models[entity];
        let agent = |number: &usize| -> AgentId { id(AGENTS[*number]) };
        Ok(Some(match change {
            Change::Assign { lead, agent: who } => {
                let (lead, who) = (&names[*lead], agent(who));
                let said = match board.assign(&name, lead, &who, &Actor::Admin, "").await? {
                    Assign::Assigned(_) => Answer::Assigned,
                    Assign::Closed => Answer::Closed,
                    Assign::Unknown => Answer::Unknown,
                };
                (said, model.assign(lead, &who))
            }
            Change::GiveBack { lead, by, ponds } => {
                let (lead, by) = (&names[*lead], by.as_ref().map(agent));
                let actor = by.clone().map_or(Actor::Admin, Actor::Agent);
                let said = match board.give_back(&name, lead, &actor, None, "", ponds).await? {
                    Return::Returned(_) => Answer::Returned,
                    Return::NotYours => Answer::NotYours,
                    Return::Unknown => Answer::Unknown,
                };
                (said, model.give_back(lead, by.as_ref(), ponds))
            }
            Change::Withdraw { lead, agent: who, round } => {
                let (lead, who) = (&names[*lead], agent(who));
                let why = Withdrawal::Undeliverable;
                let said = match board.withdraw(&name, lead, &who, *round, why).await? {
                    Withdrawn::Done => Answer::Withdrawn,
                    Withdrawn::NotPending => Answer::NotPending,
                    Withdrawn::Unknown => Answer::Unknown,
                };
                (said, model.withdraw(lead, &who, *round))
            }
            Change::WithdrawAll { agent: who } => {
                let who = agent(who);
                let count = board.withdraw_all_of(&name, &who, Withdrawal::AgentGone).await?;
                let ideally = names.iter().map(|lead| model.withdraw(lead, &who, None));
                let ideally = ideally.filter(|answer| *answer == Answer::Withdrawn).count();
                let said =
                    |count: usize| if count == 0 { Answer::NotPending } else { Answer::Withdrawn };
                (said(count), said(ideally))
            }
            _ => return Ok(None),
        }))
    }

    /// What admins do about the lead itself.
    async fn end(
        &mut self,
        entity: usize,
        change: &Change,
    ) -> Result<Option<(Answer, Answer)>, BoardError> {
        let (board, name, names) = (self.board, self.entity(entity), self.leads(entity));
        let model = &mut self.models[entity];
        Ok(Some(match change {
            Change::Close { lead, credit } => {
                let lead = &names[*lead];
                let said =
                    match board.close(&name, lead, &Actor::Admin, Some("junk"), *credit, "").await?
                    {
                        Close::Closed(_) => Answer::Closed,
                        Close::Unknown => Answer::Unknown,
                    };
                (said, model.close(lead, *credit))
            }
            Change::Credit { lead } => {
                let lead = &names[*lead];
                let said = match board.credit(&name, lead, &Actor::Admin, None, "").await? {
                    Credit::Credited(_) => Answer::Credited,
                    Credit::NotRouted => Answer::NotRouted,
                    Credit::Unknown => Answer::Unknown,
                };
                (said, model.credit(lead))
            }
            Change::Erase { lead } => {
                let lead = &names[*lead];
                let said = match board.erase(&name, lead, &Actor::Admin, "").await? {
                    Erase::Erased(_) => Answer::Erased,
                    Erase::Unknown => Answer::Unknown,
                };
                (said, model.erase(lead))
            }
            Change::Release { lead, how } => {
                let lead = &names[*lead];
                let releasing = board.release(&name, lead, None, Known::Ignore, *how, "");
                let said = match releasing.await? {
                    Release::Released(_) => Answer::Released,
                    Release::AlreadyRouted => Answer::AlreadyRouted,
                    Release::NotHeld => Answer::NotHeld,
                    Release::Unknown => Answer::Unknown,
                };
                (said, model.release(lead, *how))
            }
            _ => return Ok(None),
        }))
    }
}

/// Whether the board is wrong, or only out of reach.
pub(super) fn failed(what: &str, error: &BoardError) -> String {
    let what = if error.will_pass() { OUT_OF_REACH } else { what };
    format!("{what}: {error:?}")
}

/// The plan with its limits and its opening counted from now instead of nine.
fn at(plan: &Plan, now: chrono::DateTime<chrono::Utc>) -> Plan {
    let mut plan = plan.clone();
    match &mut plan.then {
        Then::Step(step) => {
            for candidate in &mut step.candidates {
                candidate.caps = caps_at(&candidate.caps, now);
            }
        }
        Then::Wait(until) => *until = now + (*until - nine()),
        Then::Pool(_) | Then::Hold(_) => {}
    }
    plan
}

fn caps_at(caps: &[Cap], now: chrono::DateTime<chrono::Utc>) -> Vec<Cap> {
    let at = |cap: &Cap| Cap { since: cap.since.map(|since| now - (since - nine())), ..*cap };
    caps.iter().map(at).collect()
}

fn moved(said: MovedOn) -> Answer {
    match said {
        MovedOn::Done => Answer::MovedOn,
        MovedOn::Stale => Answer::Stale,
        MovedOn::Early => Answer::Early,
        MovedOn::Full(full) => Answer::Full(full),
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
