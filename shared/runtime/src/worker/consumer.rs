//! The durable consumer.

use async_nats::jetstream::consumer::{AckPolicy, Consumer, DeliverPolicy, pull};
use async_nats::jetstream::stream::ConsumerError;
use async_nats::jetstream::stream::ConsumerErrorKind;
use tokio::time::timeout;

use super::WorkerLimits;
use crate::Nats;
use crate::publish::PATIENCE;

pub(super) type Durable = Consumer<pull::Config>;

/// Messages that JetStream lets be in hand over all processes, those that wait
/// to be tried again included: many, so that one crowd does not block the rest.
const MAX_ACK_PENDING: i64 = 100_000;

/// Why the consumer is not there.
#[derive(Debug, thiserror::Error)]
pub(super) enum OpenError {
    #[error("JetStream did not answer in time")]
    Timeout,
    #[error("JetStream refused the consumer")]
    Refused(#[source] ConsumerError),
}

impl OpenError {
    /// Whether waiting could not mend it: the stream does not exist, or the
    /// consumer exists and cannot become what we need.
    pub(super) fn is_final(&self) -> bool {
        match self {
            Self::Refused(error) => match error.kind() {
                ConsumerErrorKind::JetStream(cause) => (400..500).contains(&cause.code()),
                ConsumerErrorKind::TimedOut
                | ConsumerErrorKind::Request
                | ConsumerErrorKind::InvalidConsumerType
                | ConsumerErrorKind::InvalidName
                | ConsumerErrorKind::Other => false,
            },
            Self::Timeout => false,
        }
    }
}

/// Creates the consumer, or updates it, or finds it as it should be.
pub(super) async fn open(nats: &Nats, limits: &WorkerLimits) -> Result<Durable, OpenError> {
    let (stream, mut config) = (limits.stream.name(), wanted(limits));
    let opening = async {
        let there = nats.jetstream.get_consumer_from_stream(&limits.durable, stream).await;
        if let Ok::<Durable, _>(there) = there {
            // Where it began cannot be changed any more.
            config.deliver_policy = there.cached_info().config.deliver_policy;
        }
        nats.jetstream.create_consumer_on_stream(config, stream).await
    };
    match timeout(PATIENCE, opening).await {
        Ok(opened) => opened.map_err(OpenError::Refused),
        Err(_) => Err(OpenError::Timeout),
    }
}

fn wanted(limits: &WorkerLimits) -> pull::Config {
    let from = limits.since.map(|start_time| DeliverPolicy::ByStartTime { start_time });
    pull::Config {
        durable_name: Some(limits.durable.clone()),
        filter_subject: limits.filter.clone().unwrap_or_default(),
        deliver_policy: from.unwrap_or_default(),
        ack_policy: AckPolicy::Explicit,
        ack_wait: limits.ack_wait,
        // We count ourselves: a message is set aside with its reason, not forgotten.
        max_deliver: -1,
        max_ack_pending: MAX_ACK_PENDING,
        ..pull::Config::default()
    }
}

/// Whether the server has messages that it does not send us.
pub(super) async fn is_starved(consumer: &Durable) -> bool {
    match timeout(PATIENCE, consumer.get_info()).await {
        Ok(Ok(info)) => info.num_pending > 0,
        // It is gone, or out of reach: pull anew and find out.
        Ok(Err(_)) | Err(_) => true,
    }
}
