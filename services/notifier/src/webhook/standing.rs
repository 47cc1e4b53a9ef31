//! What is known of an endpoint: whether anything gets through to it.
//!
//! It is written into the roster, where its owner sees it, and only when it
//! changes. Two who write at once are no harm: one of them is refused, and
//! looks again with its next message.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tipoff_roster::{Disabled, EditError, Expect, Roster, Webhook};
use tipoff_wire::Telling;
use tracing::{debug, warn};

/// A failure that lasts for less is not worth noting.
const HICCUP: Duration = Duration::from_mins(1);
/// A failure is noted at the second or third attempt.
const SOON: TimeDelta = TimeDelta::hours(1);

/// An endpoint as it stands in the roster.
#[derive(Clone, Copy)]
pub(super) struct Standing<'a> {
    pub(super) telling: &'a Telling,
    pub(super) hook: &'a Webhook,
    pub(super) version: u64,
}

impl Standing<'_> {
    /// Something got through.
    pub(super) async fn works(self, roster: &Roster) {
        if self.hook.failing_since.is_some() {
            let hook = Webhook { failing_since: None, failing_why: None, ..self.hook.clone() };
            self.write(roster, hook).await;
        }
    }

    /// A message did not get through `since` it was made.
    pub(super) async fn fails(
        self,
        roster: &Roster,
        now: DateTime<Utc>,
        since: Duration,
        why: &str,
    ) {
        if self.hook.failing_since.is_none() && since >= HICCUP {
            let failing_why = Some(why.to_owned());
            let hook = Webhook { failing_since: Some(now), failing_why, ..self.hook.clone() };
            self.write(roster, hook).await;
        }
    }

    /// Whether nothing at all got through since then, or soon after: whatever
    /// gets through takes the note of a failure away.
    pub(super) fn failed_since(self, instant: DateTime<Utc>) -> bool {
        self.hook.failing_since.is_some_and(|since| since <= instant + SOON)
    }

    /// Whether its owner gave it another address since it was called: what the old one
    /// answered says nothing any more.
    pub(super) fn has_moved(self, roster: &Roster) -> bool {
        let Telling { entity, webhook, .. } = self.telling;
        roster.webhook(entity, webhook).is_some_and(|(hook, _)| !self.is_at(&hook))
    }

    /// Nothing is sent until its owner turns it on again. Answers with whether that is
    /// noted; if not, it has to be looked at again.
    pub(super) async fn disable(self, roster: &Roster, now: DateTime<Utc>, why: &str) -> bool {
        // Whatever else was edited in the meantime, it holds.
        let Telling { entity, webhook, .. } = self.telling;
        let Some((hook, version)) = roster.webhook(entity, webhook) else { return true };
        if !self.is_at(&hook) {
            return false;
        }
        let disabled = Some(Disabled { at: now, why: why.to_owned() });
        Standing { version, ..self }.write(roster, Webhook { disabled, ..hook }).await
    }

    fn is_at(self, hook: &Webhook) -> bool {
        hook.wanted.url == self.hook.wanted.url
    }

    async fn write(self, roster: &Roster, hook: Webhook) -> bool {
        let Telling { entity, webhook, .. } = self.telling;
        let expect = Expect::Version(self.version);
        let written = roster.put_webhook(entity, webhook, hook, expect).await;
        match &written {
            Ok(_) => {}
            Err(EditError::Conflict { .. } | EditError::NotFound { .. }) => {
                debug!(webhook.id = %webhook, "somebody else changed the endpoint first");
            }
            Err(error) => {
                warn!(error = error as &dyn std::error::Error, webhook.id = %webhook, "how an endpoint stands was not noted");
            }
        }
        written.is_ok()
    }
}
