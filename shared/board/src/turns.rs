//! What routes remember from lead to lead.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use futures::StreamExt;
use tipoff_domain::{AgentId, EntityId, RouteId};

use crate::keys::Keys;
use crate::{Board, BoardError};

/// The memory of one route.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Turns {
    /// Who is next, and the list on which they stood (D-7).
    pub next: Option<AgentId>,
    pub list: Vec<AgentId>,
    /// The same for roll-ons that have a turn of their own.
    pub next_roll_on: Option<AgentId>,
    pub roll_on_list: Vec<AgentId>,
    /// Who was first for the lead before (D-8).
    pub first: Option<AgentId>,
    /// How near everybody has come (D-11).
    pub near: BTreeMap<AgentId, i64>,
    /// Who is owed a lead, and until when that counts; longest first.
    pub owed: Vec<(AgentId, DateTime<Utc>)>,
}

impl Board {
    /// What the routes of an entity remember; those that have chosen nobody yet
    /// are left out.
    pub async fn turns(&self, entity: &EntityId) -> Result<BTreeMap<RouteId, Turns>, BoardError> {
        let mut redis = self.redis.clone();
        let partition = self.partition(entity);
        self.expect_open(partition).await?;
        let key = Keys(partition).turns();
        let mut scan = redis::cmd("HSCAN").arg(key).cursor_arg(0).clone();
        scan.arg("MATCH").arg(format!("*:{entity}|*")).arg("COUNT").arg(1_000);
        let mut found = scan.iter_async::<(String, String)>(&mut redis).await?;
        let mut all = BTreeMap::<RouteId, Turns>::new();
        while let Some(pair) = found.next().await {
            let (field, value) = pair?;
            let Some((what, route)) = field.split_once(&format!(":{entity}|")) else { continue };
            // Beside each there is when it was changed.
            let Ok(route) = route.parse().map_err(drop) else { continue };
            if !what.starts_with("at:") {
                all.entry(route).or_default().read(what, &value);
            }
        }
        Ok(all)
    }
}

impl Turns {
    fn read(&mut self, what: &str, value: &str) {
        let names = || value.split(',').filter_map(|name| name.parse().ok()).collect();
        match what {
            "next" => self.next = value.parse().ok(),
            "list" => self.list = names(),
            "roll" => self.next_roll_on = value.parse().ok(),
            "round" => self.roll_on_list = names(),
            "first" => self.first = value.parse().ok(),
            "near" => self.near = pairs(value).collect(),
            "credit" => {
                let until = |(agent, ms)| Some((agent, DateTime::from_timestamp_millis(ms)?));
                self.owed = pairs(value).filter_map(until).collect();
            }
            // Of a later release.
            _ => {}
        }
    }
}

/// `ana:3,ben:-3`.
fn pairs(text: &str) -> impl Iterator<Item = (AgentId, i64)> {
    let read = |pair: &str| {
        let (agent, number) = pair.split_once(':')?;
        Some((agent.parse().ok()?, number.parse().ok()?))
    };
    text.split(',').filter_map(read)
}
