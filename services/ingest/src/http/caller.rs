//! Who is sending.

use std::sync::Arc;

use axum::http::{HeaderMap, header};
use tipoff_domain::{EntityView, SourceId};
use tipoff_roster::Role;
use tracing::warn;

use crate::intake::Intake;
use crate::pace::Sender;
use crate::problem::Problem;

/// Somebody who may send leads.
pub(super) struct Caller {
    pub(super) entity: Arc<EntityView>,
    /// `None`: an admin, whose leads say themselves where they are from.
    pub(super) source: Option<SourceId>,
}

impl Caller {
    /// As the tokens of a subject.
    pub(super) fn names(&self) -> (&str, &str) {
        (self.entity.id.as_str(), self.source.as_ref().map_or("_", SourceId::as_str))
    }

    pub(super) fn sender(&self) -> Sender<'_> {
        Sender { entity: &self.entity, source: self.source.as_ref() }
    }

    /// Whoever has the key that came with the request.
    pub(super) async fn of(headers: &HeaderMap, intake: &Intake) -> Result<Self, Problem> {
        let given = headers.get(header::AUTHORIZATION).and_then(|given| given.to_str().ok());
        let (scheme, key) =
            given.and_then(|given| given.split_once(' ')).ok_or_else(Problem::unauthorized)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Problem::unauthorized());
        }
        let access = intake.roster.verify(key.trim()).await.map_err(|error| {
            warn!(error = &error as &dyn std::error::Error, "a key could not be verified");
            Problem::unavailable()
        })?;
        let access = access.ok_or_else(Problem::unauthorized)?;
        let source = match access.role {
            Role::Source => access.source,
            Role::Admin => None,
            Role::Agent | Role::Operator => {
                return Err(Problem::forbidden(
                    "use the key of a source, or an admin key of its entity",
                ));
            }
        };
        let entity = access.entity.and_then(|entity| intake.roster.view(&entity));
        let entity = entity
            .ok_or_else(|| Problem::forbidden("the entity of this key does not exist any more"))?;
        Ok(Self { entity, source })
    }
}
