//! The board's keys, written in this file only. Every key of a partition
//! carries the partition's hash tag, so that one script touches one slot.

use tipoff_domain::{AgentId, EntityId, LeadId};
use tipoff_wire::Partition;

/// Who routes; one key for the whole deployment.
pub(crate) const ROUTERS: &str = "{tipoff}:routers";

/// Keys of one partition.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Keys(pub(crate) Partition);

impl Keys {
    fn key(self, rest: &str) -> String {
        format!("{{p{}}}:{rest}", self.0)
    }

    pub(crate) fn lead(self, lead: &LeadId) -> String {
        self.key(&format!("lead:{lead}"))
    }

    pub(crate) fn payload(self, lead: &LeadId) -> String {
        self.key(&format!("payload:{lead}"))
    }

    /// What became of the notices about a lead.
    pub(crate) fn notices(self, lead: &LeadId) -> String {
        self.key(&format!("notices:{lead}"))
    }

    pub(crate) fn clock(self) -> String {
        self.key("clock")
    }

    pub(crate) fn deadlines(self) -> String {
        self.key("deadlines")
    }

    pub(crate) fn offers(self) -> String {
        self.key("offers")
    }

    pub(crate) fn owned(self) -> String {
        self.key("owned")
    }

    pub(crate) fn taken(self) -> String {
        self.key("taken")
    }

    pub(crate) fn reserved(self) -> String {
        self.key("reserved")
    }

    pub(crate) fn turns(self) -> String {
        self.key("turns")
    }

    pub(crate) fn outbox(self) -> String {
        self.key("outbox")
    }

    pub(crate) fn leads(self, entity: &EntityId) -> String {
        self.key(&format!("leads:{entity}"))
    }

    /// What is part of another lead since it came in: no list has it.
    pub(crate) fn inquiries(self, entity: &EntityId) -> String {
        self.key(&format!("inquiries:{entity}"))
    }

    pub(crate) fn pool(self, entity: &EntityId) -> String {
        self.key(&format!("pool:{entity}"))
    }

    /// `mark` stands for an e-mail address or a phone number without giving it away.
    pub(crate) fn person(self, entity: &EntityId, mark: &str) -> String {
        self.key(&format!("person:{entity}:{mark}"))
    }

    /// The keys of every script that changes a lead, in the order of `prelude.lua`.
    pub(crate) fn of_lead(self, entity: &EntityId, lead: &LeadId) -> [String; 12] {
        [
            self.lead(lead),
            self.payload(lead),
            self.clock(),
            self.deadlines(),
            self.offers(),
            self.owned(),
            self.turns(),
            self.outbox(),
            self.leads(entity),
            self.pool(entity),
            self.taken(),
            self.reserved(),
        ]
    }
}

/// The entity and the agent that a member of `offers` or `owned` is about.
pub(crate) fn whose(member: &str) -> Option<(EntityId, AgentId)> {
    let (entity, rest) = member.split_once('|')?;
    let (agent, _) = rest.split_once('|')?;
    Some((entity.parse().ok()?, agent.parse().ok()?))
}

/// What stands in `offers`, `owned` and `reserved` for an agent and a lead.
pub(crate) fn member(entity: &EntityId, agent: &AgentId, lead: &LeadId) -> String {
    format!("{entity}|{agent}|{lead}")
}

/// Where an agent's leads stand in `offers` and `owned`: all members between the two.
pub(crate) fn of_agent(entity: &EntityId, agent: &AgentId) -> (String, String) {
    (format!("[{entity}|{agent}|"), format!("({entity}|{agent}}}"))
}

/// Where the leads of one pond stand in `pool`: all members between the two.
pub(crate) fn of_pond(pond: &str) -> (String, String) {
    (format!("[{pond}|"), format!("({pond}}}"))
}
