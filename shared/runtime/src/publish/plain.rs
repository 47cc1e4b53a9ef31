//! Message by message.
//!
//! What was on its way when a connection broke is sent again with the next one.
//! Its id tells it if it was there already; where JetStream says instead that it
//! does not follow what it expects, whoever published it looks what stands there.

use async_nats::HeaderValue;
use async_nats::header::{NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, NATS_MESSAGE_ID};
use async_nats::jetstream::context::{PublishError as ClientError, PublishErrorKind};

use super::{Message, PublishError, Published};
use crate::Nats;

/// Publishes one after the other; each expects to follow the one before.
pub(super) async fn publish(
    nats: &Nats,
    messages: Vec<Message>,
    mut expect: Option<u64>,
) -> Result<Vec<Published>, PublishError> {
    let mut published = Vec::with_capacity(messages.len());
    for message in messages {
        let one = publish_one(nats, message, expect).await?;
        expect = expect.map(|_| one.sequence);
        published.push(one);
    }
    Ok(published)
}

async fn publish_one(
    nats: &Nats,
    message: Message,
    expect: Option<u64>,
) -> Result<Published, PublishError> {
    let Message { subject, id, mut headers, body } = message;
    headers.insert(NATS_MESSAGE_ID, id.as_str());
    if let Some(sequence) = expect {
        headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, HeaderValue::from(sequence));
    }
    let attempt = || async {
        let (to, headers, body) = (subject.clone(), headers.clone(), body.clone());
        nats.jetstream.publish_with_headers(to, headers, body).await?.await
    };
    match nats.insist(attempt).await {
        Ok(ack) => Ok(Published { sequence: ack.sequence, duplicate: ack.duplicate }),
        Err(error) => Err(because(subject, error)),
    }
}

fn because(subject: String, source: ClientError) -> PublishError {
    match source.kind() {
        PublishErrorKind::TimedOut | PublishErrorKind::BrokenPipe => {
            PublishError::Timeout { subject }
        }
        PublishErrorKind::WrongLastSequence => PublishError::WrongSequence { subject },
        PublishErrorKind::StreamNotFound
        | PublishErrorKind::WrongLastMessageId
        | PublishErrorKind::MaxAckPending
        | PublishErrorKind::MaxPayloadExceeded
        | PublishErrorKind::Other => PublishError::Refused { subject, source },
    }
}
