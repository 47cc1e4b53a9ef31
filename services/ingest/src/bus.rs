//! Leads that sources publish to NATS themselves.

use std::sync::Arc;
use std::time::Duration;

use async_nats::header::NATS_MESSAGE_ID;
use tipoff_domain::{EntityId, EntityView, Invalid, SourceId};
use tipoff_runtime::{ACK_WAIT, Delivery, Handler, NoTurn, Outcome, Turns, WorkerLimits};
use tipoff_wire::{Stream, subject};
use tracing::warn;

use crate::Options;
use crate::identity::Key;
use crate::intake::{Intake, Refusal, Sent};
use crate::pace::Sender;
use crate::read::{LARGEST, Unreadable};

/// An entity that was made a moment ago may not be known here yet.
const UNKNOWN_ENTITY: (i64, Duration) = (3, Duration::from_secs(1));

/// Takes in what was published. Entities take turns, and those who send too
/// fast come again later; whatever is in the stream is not lost.
pub(crate) struct Pulled {
    pub(crate) intake: Arc<Intake>,
    pub(crate) turns: Turns,
}

impl Handler for Pulled {
    async fn handle(&self, delivery: Delivery) -> Outcome {
        let Some((entity, source)) = subject::read_leads_in(&delivery.subject) else {
            let problem = Invalid::one("", "publish to leads.in.<entity>.<source>");
            return self.reject("_", "_", problem, &delivery).await;
        };
        let (id, from) = match (entity.parse::<EntityId>(), source.parse::<SourceId>()) {
            (Ok(id), Ok(from)) => (id, from),
            (Err(bad), _) | (_, Err(bad)) => {
                return self
                    .reject(entity, source, Invalid::one("", bad.to_string()), &delivery)
                    .await;
            }
        };
        match self.intake.roster.view(&id) {
            Some(view) => self.take(&view, &from, &delivery).await,
            None if delivery.deliveries < UNKNOWN_ENTITY.0 => Outcome::RetryIn(UNKNOWN_ENTITY.1),
            None => {
                let problem = Invalid::one("", format!("entity `{id}` does not exist"));
                self.reject(entity, source, problem, &delivery).await
            }
        }
    }
}

impl Pulled {
    pub(crate) fn limits(&self, options: &Options) -> WorkerLimits {
        WorkerLimits {
            stream: Stream::LeadsIn,
            durable: "ingest".to_owned(),
            filter: None,
            since: None,
            in_flight: self.turns.in_hand().into(),
            ack_wait: ACK_WAIT,
            // What cannot be a lead is rejected at once. A retry is asked for only
            // while JetStream is away, and no lead is set aside for that.
            most_deliveries: 1_000,
            drain: options.drain(),
        }
    }

    async fn take(&self, entity: &EntityView, source: &SourceId, delivery: &Delivery) -> Outcome {
        if delivery.body.len() > LARGEST {
            let problems = Unreadable::TooLarge.problems();
            return self.reject(entity.id.as_str(), source.as_str(), problems, delivery).await;
        }
        let sender = Sender { entity, source: Some(source) };
        if let Err(wait) = self.intake.paces.take_or_return(sender, self.intake.now()) {
            return Outcome::NotNow(wait);
        }
        let _turn = match self.turns.take(&entity.id).await {
            Ok(turn) => turn,
            Err(NoTurn::Crowded(wait)) => return Outcome::NotNow(wait),
            Err(NoTurn::Stopping) => return Outcome::NotNow(Duration::ZERO),
        };
        // JetStream takes no notice of an empty one either.
        let id = delivery.headers.get(NATS_MESSAGE_ID).filter(|id| !id.as_str().is_empty());
        let key = id.map(|id| Key::MessageId(id.to_string()));
        let sent = Sent {
            entity,
            source: Some(source),
            key,
            at: delivery.published,
            body: &delivery.body,
        };
        match self.intake.accept(sent).await {
            Ok(_) => Outcome::Done,
            Err(Refusal::Unreadable(unreadable)) => {
                self.reject(entity.id.as_str(), source.as_str(), unreadable.problems(), delivery)
                    .await
            }
            Err(refusal) => again(&refusal, delivery),
        }
    }

    async fn reject(
        &self,
        entity: &str,
        source: &str,
        problems: Invalid,
        delivery: &Delivery,
    ) -> Outcome {
        let id = format!("rejected:{}:{}", Stream::LeadsIn.name(), delivery.sequence);
        match self.intake.reject(entity, source, &id, problems, &delivery.body).await {
            Ok(()) => Outcome::Done,
            Err(error) => again(&error, delivery),
        }
    }
}

/// After 1, 2, 4 … 64 seconds.
fn again(error: &(dyn std::error::Error + 'static), delivery: &Delivery) -> Outcome {
    warn!(error, sequence = delivery.sequence, "a lead is not taken in yet");
    let doublings = delivery.deliveries.clamp(1, 7) - 1;
    Outcome::RetryIn(Duration::from_secs(1 << doublings))
}
