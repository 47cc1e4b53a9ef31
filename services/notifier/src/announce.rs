//! An edit of the configuration → what outsiders are told of it.
//!
//! The edit itself is the only thing that is written when it is made, so there
//! is none of which nobody hears; what is told twice has the same id.

use async_nats::HeaderMap;
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
        match self.announce(&delivery).await {
            Ok(()) => Outcome::Done,
            Err(error) => {
                error!(error = &*error as &dyn std::error::Error, "an edit is told of later");
                let name = delivery.sequence.to_string();
                Outcome::RetryIn(retry::soon(&name, delivery.deliveries))
            }
        }
    }
}

impl Announcer {
    async fn announce(
        &self,
        edit: &Delivery,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        for changed in self.roster.announced(&edit.subject, edit.sequence).await? {
            let (subject, body) =
                (subject::changes(&changed.entity), serde_json::to_vec(&changed)?);
            let headers = HeaderMap::new();
            self.publisher.publish(subject, &changed.id, None, headers, body.into()).await?;
        }
        Ok(())
    }
}
