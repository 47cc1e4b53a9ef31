//! An edit of the configuration → what outsiders are told of it.
//!
//! The edit itself is the only thing that is written when it is made, so there
//! is none of which nobody hears; what is told twice has the same id.

use std::time::Duration;

use async_nats::HeaderMap;
use bytes::Bytes;
use tipoff_roster::Roster;
use tipoff_runtime::{Delivery, Handler, Outcome, Publisher};
use tipoff_wire::subject;
use tracing::error;

use crate::retry;

/// Follows the bucket of the roster.
pub(crate) struct Announcer {
    pub(crate) roster: Roster,
    pub(crate) publisher: Publisher,
}

impl Handler for Announcer {
    async fn handle(&self, delivery: Delivery) -> Outcome {
        let wait = || {
            let name = delivery.sequence.to_string();
            Outcome::RetryIn(
                retry::backoff(&name, delivery.deliveries).min(Duration::from_secs(10)),
            )
        };
        let announced = match self.roster.announced(&delivery.subject, delivery.sequence).await {
            Ok(announced) => announced,
            Err(error) => {
                error!(error = &error as &dyn std::error::Error, "an edit is told of later");
                return wait();
            }
        };
        for changed in announced {
            let body = Bytes::from(serde_json::to_vec(&changed).expect("a change is plain data"));
            let subject = subject::changes(&changed.entity);
            let told = self.publisher.publish(subject, &changed.id, None, HeaderMap::new(), body);
            if let Err(error) = told.await {
                error!(error = &error as &dyn std::error::Error, "an edit is told of later");
                return wait();
            }
        }
        Outcome::Done
    }
}
