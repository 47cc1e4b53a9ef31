//! The bell in the console. It is kept in JetStream, one message per agent and
//! lead; the api reads it and follows it.

use std::sync::Arc;

use async_nats::HeaderMap;
use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use tipoff_domain::{Agent, AgentId, Channel, EntityView};
use tipoff_runtime::Publisher;
use tipoff_wire::bell::{BellItem, Stands};
use tipoff_wire::notice::What;
use tipoff_wire::subject;

use super::{Opened, Parts};
use crate::carrier::{Carrier, Pace, SendError};
use crate::letter::{Card, Writer};
use crate::seen::Told;

/// JetStream takes them in batches, so many wait for it together.
const AT_ONCE: usize = 64;

/// Puts notices at the bell.
struct InApp {
    publisher: Publisher,
    writer: Arc<Writer>,
}

/// Needs nothing but JetStream.
#[expect(clippy::unnecessary_wraps, reason = "every channel is opened in the same way")]
pub(super) fn open(parts: &Parts) -> Opened {
    let publisher = Publisher::new(parts.nats.clone());
    Ok(Some(Arc::new(InApp { publisher, writer: parts.writer.clone() })))
}

#[async_trait]
impl Carrier for InApp {
    fn channel(&self) -> Channel {
        Channel::InApp
    }

    fn pace(&self) -> Pace {
        Pace::new(AT_ONCE, 0)
    }

    fn reaches(&self, _: &EntityView, _: &AgentId, _: &Agent) -> bool {
        true
    }

    fn takes_back(&self) -> bool {
        true
    }

    async fn send(&self, told: &Told, now: DateTime<Utc>) -> Result<(), SendError> {
        let Card { title, body, url } = self.writer.card(told, now)?;
        let notice = &told.notice;
        let mut subject = subject::bell(&notice.entity, &notice.agent, &notice.lead);
        let stands = match notice.what.clone() {
            What::Offer { round, until, .. } => Stands::Offered { round, until, url },
            What::Assigned { .. } => Stands::Assigned,
            What::Over { round, why, .. } => Stands::Over { round, why },
            What::Missed { misses, .. } => {
                subject = subject::bell_missed(&notice.entity, &notice.agent, &notice.lead);
                Stands::Missed { misses }
            }
        };
        let item = BellItem { lead: notice.lead.clone(), at: now, title, body, stands };
        let item = serde_json::to_vec(&item).expect("an item is plain data");
        let (key, body) = (notice.key(), Bytes::from(item));
        let put = self.publisher.publish(subject, &key, None, HeaderMap::new(), body);
        put.await.map(drop).map_err(|error| SendError::not_now(error.to_string()))
    }
}
