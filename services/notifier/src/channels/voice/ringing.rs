//! Which call asks whom about what. It is kept in JetStream, as whoever learns
//! that an offer is over need not be who placed the call.

use async_nats::HeaderMap;
use async_nats::jetstream::stream::LastRawMessageErrorKind;
use bytes::Bytes;
use tipoff_runtime::{Nats, PublishError, Publisher};
use tipoff_wire::{Notice, Stream, subject};

/// The call could not be looked up.
#[derive(Debug, thiserror::Error)]
#[error("the stream of calls could not be reached")]
pub(super) struct Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>);

/// Remembers calls by the offers that they are about.
pub(super) struct Ringing {
    nats: Nats,
    publisher: Publisher,
}

impl Ringing {
    pub(super) fn new(nats: Nats) -> Self {
        Self { publisher: Publisher::new(nats.clone()), nats }
    }

    pub(super) async fn put(
        &self,
        notice: &Notice,
        round: u32,
        call: &str,
    ) -> Result<(), PublishError> {
        let (subject, body) = (at(notice, round), Bytes::from(call.to_owned()));
        self.publisher.publish(subject, call, None, HeaderMap::new(), body).await.map(drop)
    }

    /// The provider's name of the call; `None`: nobody was called.
    pub(super) async fn find(
        &self,
        notice: &Notice,
        round: u32,
    ) -> Result<Option<String>, Unavailable> {
        let stream = self.nats.jetstream.get_stream_no_info(Stream::Calls.name()).await;
        let stream = stream.map_err(|error| Unavailable(error.into()))?;
        match stream.get_last_raw_message_by_subject(&at(notice, round)).await {
            Ok(message) => Ok(String::from_utf8(message.payload.to_vec()).ok()),
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
            Err(error) => Err(Unavailable(error.into())),
        }
    }
}

fn at(notice: &Notice, round: u32) -> String {
    subject::call(&notice.entity, &notice.lead, round, &notice.agent)
}
