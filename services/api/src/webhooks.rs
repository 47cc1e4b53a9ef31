//! Endpoints of others that are told what happens: who hears of what.

pub(crate) mod attempts;
pub(crate) mod deliveries;
pub(crate) mod manage;
pub(crate) mod replay;
pub(crate) mod secrets;

use chrono::{DateTime, Utc};
use serde::Serialize;
use tipoff_domain::{EntityId, WebhookId};
use tipoff_roster::{Disabled, Webhook, is_outside};
use tipoff_wire::{ChangeKind, EventKind};

use crate::Api;
use crate::access::Caller;
use crate::problem::Problem;

/// An endpoint as it is shown: without its secrets.
#[derive(Debug, Serialize)]
pub(crate) struct Shown {
    id: WebhookId,
    entity: EntityId,
    url: String,
    events: Option<Vec<String>>,
    contact: bool,
    active: bool,
    description: Option<String>,
    created_at: DateTime<Utc>,
    failing_since: Option<DateTime<Utc>>,
    failing_why: Option<String>,
    disabled: Option<Disabled>,
    version: u64,
}

impl Shown {
    fn new(entity: EntityId, id: WebhookId, webhook: Webhook, version: u64) -> Self {
        let Webhook { wanted, created_at, failing_since, failing_why, disabled, .. } = webhook;
        Self {
            id,
            entity,
            url: wanted.url,
            events: wanted.events,
            contact: wanted.contact,
            active: wanted.active,
            description: wanted.description,
            created_at,
            failing_since,
            failing_why,
            disabled,
            version,
        }
    }
}

/// All types of events.
fn types() -> Vec<&'static str> {
    let of_leads = EventKind::ALL.iter().map(|kind| kind.as_str());
    of_leads.chain(ChangeKind::ALL.iter().map(|kind| kind.as_str())).collect()
}

fn missing(id: &WebhookId) -> Problem {
    Problem::not_found(&format!("webhook `{id}`"))
}

impl Api {
    /// The endpoint, if the caller administers its entity.
    fn own_webhook(
        &self,
        caller: &Caller,
        asked: Option<EntityId>,
        id: &WebhookId,
    ) -> Result<(EntityId, Webhook, u64), Problem> {
        let entity = caller.entity(asked)?;
        caller.admin_of(&entity)?;
        let (webhook, version) = self.roster.webhook(&entity, id).ok_or_else(|| missing(id))?;
        Ok((entity, webhook, version))
    }

    fn check_webhook(&self, wanted: &tipoff_roster::WebhookWanted) -> Result<(), Problem> {
        wanted.check(&types()).map_err(Problem::invalid)?;
        if self.webhooks_inside {
            return Ok(());
        }
        is_outside(&wanted.url).map_err(|error| Problem::invalid_field("/url", error.to_string()))
    }
}
