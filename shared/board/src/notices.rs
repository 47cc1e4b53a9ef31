//! What became of notices, kept for a while for whoever asks why.
//!
//! Nothing is decided by it, so it is neither in the log nor ever put back.

use std::collections::BTreeMap;

use chrono::DateTime;
use futures::future::try_join_all;
use tipoff_domain::{EntityId, LeadId, Notified};
use tipoff_wire::Partition;

use crate::keys::Keys;
use crate::read::{from_word, to_word};
use crate::{Board, BoardError};

/// For so long after the last of a lead.
const KEPT_SECONDS: i64 = 7 * 86_400;

impl Board {
    /// Notes what became of these notices, all in one go: one round trip for each
    /// partition. Of each notice the latest counts.
    pub async fn note_notices(
        &self,
        noted: &[(EntityId, LeadId, Notified)],
    ) -> Result<(), BoardError> {
        let mut leads: BTreeMap<(Partition, &LeadId), Vec<(String, String)>> = BTreeMap::new();
        for (entity, lead, notice) in noted {
            leads.entry((self.partition(entity), lead)).or_default().push(written(notice));
        }
        let mut pipes: BTreeMap<Partition, redis::Pipeline> = BTreeMap::new();
        for ((partition, lead), fields) in leads {
            let key = Keys(partition).notices(lead);
            let pipe = pipes.entry(partition).or_default();
            // By its one name that services may use.
            pipe.cmd("HSET").arg(&key).arg(&fields).ignore();
            pipe.expire(&key, KEPT_SECONDS).ignore();
        }
        let all = pipes
            .into_values()
            .map(|pipe| async move { pipe.query_async::<()>(&mut self.redis.clone()).await });
        Ok(try_join_all(all).await.map(drop)?)
    }

    /// What became of the notices about a lead, in order, as far as it is kept.
    pub async fn notices(
        &self,
        entity: &EntityId,
        lead: &LeadId,
    ) -> Result<Vec<Notified>, BoardError> {
        let mut all = redis::cmd("HGETALL");
        all.arg(Keys(self.partition(entity)).notices(lead));
        let fields: Vec<(String, String)> = all.query_async(&mut self.redis.clone()).await?;
        // What a later release wrote may be unreadable here.
        let mut notices: Vec<Notified> =
            fields.iter().filter_map(|(field, value)| read(field, value)).collect();
        notices.sort_by(|one, other| (one.at, &one.agent).cmp(&(other.at, &other.agent)));
        Ok(notices)
    }

    pub(crate) async fn forget_notices(
        &self,
        entity: &EntityId,
        lead: &LeadId,
    ) -> Result<(), BoardError> {
        let mut forget = redis::cmd("DEL");
        forget.arg(Keys(self.partition(entity)).notices(lead));
        let _: u64 = forget.query_async(&mut self.redis.clone()).await?;
        Ok(())
    }
}

/// As in `ana|email|offer|3` and `sent|1732268000120|`.
fn written(notice: &Notified) -> (String, String) {
    let Notified { at, agent, channel, about, round, became, why } = notice;
    let round = round.map(|round| round.to_string()).unwrap_or_default();
    let field = format!("{agent}|{}|{}|{round}", channel.as_str(), to_word(about));
    let why = why.as_deref().unwrap_or_default();
    (field, format!("{}|{}|{why}", to_word(became), at.timestamp_millis()))
}

fn read(field: &str, value: &str) -> Option<Notified> {
    let mut name = field.split('|');
    let mut what = value.splitn(3, '|');
    Some(Notified {
        agent: name.next()?.parse().ok()?,
        channel: from_word(name.next()?)?,
        about: from_word(name.next()?)?,
        round: name.next()?.parse().ok(),
        became: from_word(what.next()?)?,
        at: DateTime::from_timestamp_millis(what.next()?.parse().ok()?)?,
        why: what.next().filter(|why| !why.is_empty()).map(str::to_owned),
    })
}
