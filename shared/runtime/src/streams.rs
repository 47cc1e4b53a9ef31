//! The streams as JetStream keeps them: created where missing, checked where
//! they exist.

use crate::Nats;
use tipoff_wire::Stream;

/// A stream that is not as it must be.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    #[error("stream {stream} could not be created or read")]
    Unavailable { stream: &'static str, #[source] source: Box<dyn std::error::Error + Send + Sync> },
    #[error("stream {stream} has {setting} = {found}, but must have {wanted}; change it or remove the stream")]
    Different { stream: &'static str, setting: &'static str, found: String, wanted: String },
}

/// What [`ensure`] did to one stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ensured {
    Created,
    Updated,
    AsWanted,
}

/// Creates or updates every stream; safe to repeat and to run from several
/// processes at once. Says what it did, stream by stream.
pub async fn ensure(nats: &Nats, replicas: usize) -> Result<Vec<(Stream, Ensured)>, StreamError> {
    let _ = (nats, replicas);
    todo!()
}
