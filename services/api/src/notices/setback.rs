//! What a provider says afterwards, passed on to the notifier: it sees whether the
//! agent can be told of the offer another way.

use async_nats::HeaderMap;
use bytes::Bytes;
use tipoff_wire::{Setback, subject};
use tracing::error;

use crate::Api;
use crate::problem::Problem;

impl Api {
    /// However often it is said, it counts once.
    pub(crate) async fn set_back(&self, setback: &Setback) -> Result<(), Problem> {
        let (subject, key) = (subject::setback(&setback.entity), setback.key());
        let body = Bytes::from(serde_json::to_vec(setback).map_err(|_| Problem::internal())?);
        let told = self.publisher.publish(subject, &key, None, HeaderMap::new(), body).await;
        told.map(drop).map_err(|failed| {
            error!(
                error = &failed as &dyn std::error::Error,
                "a failed delivery was not written down"
            );
            Problem::unavailable("busy", "It cannot be noted now", "say it again in a moment")
        })
    }
}
