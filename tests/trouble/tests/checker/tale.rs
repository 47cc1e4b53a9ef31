//! Histories made by hand: what happens is said in milliseconds.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tipoff_domain::{AgentId, LeadId};
use tipoff_trouble::checker::{Allowed, Rule, Verdict, check};
use tipoff_trouble::evidence::{Evidence, Logged, Told};
use tipoff_trouble::history::{Asked, Call, Said};

pub(crate) fn at(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_795_340_000_000).unwrap() + TimeDelta::milliseconds(ms)
}

pub(crate) fn lead(id: &str) -> LeadId {
    id.parse().unwrap()
}

pub(crate) fn agent(name: &str) -> AgentId {
    name.parse().unwrap()
}

fn address(who: &str) -> String {
    format!("{who}@acme.example.com")
}

/// A run that lasts a minute, on one round robin route of ana, ben and chloe.
pub(crate) struct Tale {
    pub(crate) evidence: Evidence,
}

impl Tale {
    pub(crate) fn new() -> Self {
        let list = ["ana", "ben", "chloe"].map(agent).to_vec();
        let addresses = list.iter().map(|who| (who.clone(), address(who.as_str()))).collect();
        let addresses = [("acme".parse().unwrap(), addresses)].into();
        let turns = [("route_1".parse().unwrap(), list)].into();
        Self { evidence: Evidence { turns, addresses, ended: at(60_000), ..Evidence::default() } }
    }

    pub(crate) fn call(&mut self, asked: Asked, said: Said, began: i64, ended: Option<i64>) {
        self.evidence.history.push(Call { asked, said, began: at(began), ended: ended.map(at) });
    }

    /// A source sends it and is told its id.
    pub(crate) fn take(&mut self, key: &str, id: &str, ms: i64) {
        let asked = Asked::Take { key: key.to_owned() };
        self.call(asked, Said::Accepted(Some(lead(id))), ms, Some(ms + 5));
    }

    pub(crate) fn claim(&mut self, id: &str, who: &str, said: Said, began: i64, ended: i64) {
        self.call(Asked::Claim { lead: lead(id), agent: agent(who) }, said, began, Some(ended));
    }

    pub(crate) fn shown(&mut self, id: &str, who: Option<&str>, began: i64, ended: i64) {
        let said = Said::Owner(who.map(agent));
        self.call(Asked::Show { lead: lead(id) }, said, began, Some(ended));
    }

    /// By the deadline that the log has last for that round.
    pub(crate) fn told(&mut self, id: &str, round: u32, who: &str, ms: i64) {
        let events = self.evidence.log.iter().rev().map(|logged| &logged.event);
        let mut of_round =
            events.filter(|event| event.lead == lead(id) && event.after.round == round);
        let until = of_round.find_map(|event| event.after.until).unwrap().timestamp_millis();
        let notice = format!("n:{id}:{round}:{who}:email:{until}");
        self.hears(who, &notice, ms);
    }

    pub(crate) fn hears(&mut self, who: &str, notice: &str, ms: i64) {
        let (notice, to) = (notice.to_owned(), address(who));
        self.evidence.told.push(Told { notice, to, at: at(ms) });
    }

    pub(crate) fn received(&mut self, id: &str, key: &str, ms: i64) {
        let more = json!({"payload": {"external_id": key}});
        self.event(id, "lead.received", ms, &more, &json!({"state": "held", "round": 0}));
    }

    pub(crate) fn offered(&mut self, id: &str, round: u32, who: &[&str], ms: i64, until: i64) {
        let offers: Vec<Value> =
            who.iter().map(|who| json!({"agent": who, "until": at(until)})).collect();
        let after = json!({"state": "offered", "round": round, "pending": who, "until": at(until), "agent": null});
        self.event(
            id,
            "lead.offered",
            ms,
            &json!({"route": "route_1", "round": round, "offers": offers}),
            &after,
        );
    }

    pub(crate) fn expired(&mut self, id: &str, ms: i64) {
        self.event(id, "lead.expired", ms, &json!({}), &json!({"pending": null}));
    }

    pub(crate) fn passed(&mut self, id: &str, who: &str, ms: i64) {
        let more = json!({"agents": [who], "by": who});
        self.event(id, "lead.passed", ms, &more, &json!({"pending": null}));
    }

    /// All in all it is put off by `put_off` then.
    pub(crate) fn extended(&mut self, id: &str, ms: i64, until: i64, put_off: i64) {
        let after = json!({"until": at(until), "put_off_ms": put_off});
        self.event(id, "offer.extended", ms, &json!({}), &after);
    }

    pub(crate) fn pooled(&mut self, id: &str, ms: i64) {
        self.event(id, "lead.pooled", ms, &json!({}), &json!({"state": "pooled", "until": null}));
    }

    pub(crate) fn claimed(&mut self, id: &str, who: &str, ms: i64) {
        let after = json!({"state": "assigned", "agent": who, "pending": [], "until": null});
        self.event(id, "lead.claimed", ms, &json!({"agents": [who], "by": who}), &after);
    }

    pub(crate) fn assigned(&mut self, id: &str, who: &str, by: Option<&str>, ms: i64) {
        let after = json!({"state": "assigned", "agent": who, "pending": [], "until": null});
        self.event(id, "lead.assigned", ms, &json!({"agents": [who], "by": by}), &after);
    }

    pub(crate) fn returned(&mut self, id: &str, who: &str, ms: i64) {
        self.event(
            id,
            "lead.returned",
            ms,
            &json!({"by": who}),
            &json!({"state": "pooled", "agent": null}),
        );
    }

    /// The log takes an event; what `after` does not say is as it was.
    fn event(&mut self, id: &str, kind: &str, ms: i64, more: &Value, after: &Value) {
        let last = self.evidence.log.iter().rfind(|logged| logged.event.lead == lead(id));
        let mut state = last.map_or(
            json!({"received_at": at(ms), "t0": at(ms), "reroutes": 0, "inquiries": 1}),
            |logged| serde_json::to_value(&logged.event.after).unwrap(),
        );
        let version = last.map_or(1, |logged| logged.event.version + 1);
        state.as_object_mut().unwrap().extend(after.as_object().unwrap().clone());
        let without_null: serde_json::Map<_, _> = state
            .as_object()
            .unwrap()
            .clone()
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .collect();
        let sequence = self.evidence.log.len() as u64 + 1;
        let mut event = json!({"id": format!("3-{}-{sequence}", at(ms).timestamp_millis()), "type": kind,
            "at": at(ms), "entity": "acme", "lead": id, "version": version, "after": without_null});
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let event = serde_json::from_value(event).unwrap();
        self.evidence.log.push(Logged { sequence, stored: at(ms + 1), event });
    }

    /// As if the log had lost that event.
    pub(crate) fn forget(&mut self, index: usize) {
        self.evidence.log.remove(index);
    }

    pub(crate) fn verdict(&self) -> Verdict {
        check(&self.evidence, Allowed::default())
    }

    /// Nothing is broken.
    #[track_caller]
    pub(crate) fn holds(&self) -> Verdict {
        let verdict = self.verdict();
        assert!(verdict.broken.is_empty(), "{:#?}", verdict.broken);
        verdict
    }

    /// This is broken, and nothing else.
    #[track_caller]
    pub(crate) fn breaks(&self, rule: Rule) {
        let broken = self.verdict().broken;
        assert!(!broken.is_empty(), "nobody noticed");
        assert!(broken.iter().all(|broken| broken.rule == rule), "{broken:#?}");
    }
}
