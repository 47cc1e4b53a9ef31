//! What rests in ponds, served when somebody is free.

use tipoff_domain::plan::Plan;
use tipoff_domain::{EntityId, LeadId, PondId};

use crate::keys::{self, Keys};
use crate::lists::lead_of;
use crate::place::agents;
use crate::ponds::POOL;
use crate::words::of_plan;
use crate::{Board, BoardError, MovedOn, OnBoard};

impl Board {
    /// What has rested longest in a pond, the oldest first; `pond` left out: in
    /// the entity's pool. `behind`: only what stands behind that. Answers where
    /// to go on as well; `None`: there is no more.
    pub async fn oldest(
        &self,
        entity: &EntityId,
        pond: Option<&PondId>,
        behind: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<OnBoard>, Option<String>), BoardError> {
        let partition = self.partition(entity);
        let (from, to) = keys::of_pond(pond.map_or(POOL, |pond| pond.as_str()));
        let from = behind.map_or(from, |last| format!("({last}"));
        let mut range = redis::cmd("ZRANGE");
        range.arg(Keys(partition).pool(entity)).arg(from).arg(to).arg("BYLEX");
        range.arg("LIMIT").arg(0).arg(limit);
        let found: Vec<String> = self.read_one(partition, &range).await?;
        let leads: Vec<LeadId> = found.iter().filter_map(|member| lead_of(member)).collect();
        let last = found.last().filter(|_| found.len() == limit).cloned();
        Ok((self.load(partition, &leads).await?, last))
    }

    /// Takes a lead out of its pond by a plan made from `lead` as it stands there.
    pub async fn serve(&self, lead: &OnBoard, plan: &Plan) -> Result<MovedOn, BoardError> {
        let verb = &self.scripts.serve;
        let (version, words) = (lead.version.to_string(), of_plan(plan));
        let args: Vec<&str> = std::iter::once(&version).chain(&words).map(String::as_str).collect();
        let reply = self.change(verb, &lead.entity, &lead.id, &args).await?;
        match reply.word.as_str() {
            "served" => Ok(MovedOn::Done),
            "stale" => Ok(MovedOn::Stale),
            "full" => Ok(MovedOn::Full(agents(&lead.id, &reply.detail)?)),
            _ => Err(verb.unknown(reply.word)),
        }
    }
}
