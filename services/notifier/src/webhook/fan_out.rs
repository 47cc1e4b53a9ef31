//! An event → one message per endpoint that wants to know.

use std::borrow::Cow;
use std::time::Duration;

use async_nats::HeaderMap;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use tipoff_domain::{EntityId, LeadId};
use tipoff_roster::Roster;
use tipoff_runtime::{Delivery, Handler, Outcome, Publisher};
use tipoff_wire::{Telling, subject};
use tracing::error;

use crate::retry;

/// Writes down which endpoints have to be told.
pub(crate) struct FanOut {
    pub(crate) publisher: Publisher,
    pub(crate) roster: Roster,
}

/// As much of an event as tells whom it concerns.
#[derive(Deserialize)]
struct Glance<'a> {
    id: String,
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    at: DateTime<Utc>,
    entity: EntityId,
    lead: LeadId,
}

impl Handler for FanOut {
    async fn handle(&self, delivery: Delivery) -> Outcome {
        let event: Glance<'_> = match serde_json::from_slice(&delivery.body) {
            Ok(event) => event,
            Err(error) => {
                return Outcome::GiveUp(format!("the event cannot be read by this build: {error}"));
            }
        };
        for telling in self.tellings(&event, delivery.sequence) {
            if let Err(error) = self.write(&telling).await {
                error!(error = &error as &dyn std::error::Error, webhook.id = %telling.webhook, "an endpoint is told later");
                let wait = retry::backoff(&event.id, delivery.deliveries);
                return Outcome::RetryIn(wait.min(Duration::from_secs(10)));
            }
        }
        Outcome::Done
    }
}

impl FanOut {
    /// An endpoint hears of what happened since it is there.
    fn tellings(&self, event: &Glance<'_>, sequence: u64) -> Vec<Telling> {
        let hooks = self.roster.webhooks(&event.entity).into_iter();
        let told = hooks.filter(|(_, hook, _)| {
            hook.is_on() && hook.wanted.wants(&event.kind) && hook.created_at <= event.at
        });
        let telling = |(webhook, _, _)| Telling {
            entity: event.entity.clone(),
            webhook,
            lead: event.lead.clone(),
            event: event.id.clone(),
            sequence,
            replay: None,
        };
        told.map(telling).collect()
    }

    async fn write(&self, telling: &Telling) -> Result<(), tipoff_runtime::PublishError> {
        let body = Bytes::from(serde_json::to_vec(telling).expect("a telling is plain data"));
        let subject = subject::webhook(&telling.entity, &telling.webhook);
        let key = telling.key();
        self.publisher.publish(subject, &key, None, HeaderMap::new(), body).await.map(drop)
    }
}
