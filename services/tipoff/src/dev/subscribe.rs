//! A browser for every agent: whoever takes push gets a subscription at the sink.

use std::collections::HashMap;
use std::sync::Arc;

use tipoff_domain::{AgentId, Channel, EntityId, EntityView};
use tipoff_roster::{PushKeys, PushSubscription, Roster};
use tipoff_testkit::sink::PushSink;
use tokio_util::sync::CancellationToken;
use tracing::warn;

/// Looks after every edit of the roster, until stopped.
pub(super) async fn everybody(
    roster: Roster,
    push: PushSink,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    forget_earlier(&roster).await?;
    let mut changes = roster.changes();
    let mut looked_at: HashMap<EntityId, Arc<EntityView>> = HashMap::new();
    loop {
        changes.mark_unchanged();
        for entity in roster.entities() {
            let Some(view) = roster.view(&entity) else { continue };
            let before = looked_at.get(&entity);
            if !before.is_some_and(|before| Arc::ptr_eq(before, &view)) {
                for agent in unsubscribed(&roster, &view) {
                    let browser = browser(&push, &entity, agent);
                    if let Err(error) = roster.add_push_subscription(&entity, agent, browser).await
                    {
                        // Most likely the agent was removed in the meantime.
                        let error: &dyn std::error::Error = &error;
                        warn!(error, %entity, %agent, "no push subscription was made");
                    }
                }
                looked_at.insert(entity, view);
            }
        }
        let next = stop.run_until_cancelled(changes.changed()).await;
        if !matches!(next, Some(Ok(()))) {
            return Ok(());
        }
    }
}

/// The sinks of earlier runs are gone, and so are the browsers there.
async fn forget_earlier(roster: &Roster) -> anyhow::Result<()> {
    for entity in roster.entities() {
        let Some(view) = roster.view(&entity) else { continue };
        for agent in view.agents.keys() {
            for earlier in roster.push_subscriptions(&entity, agent) {
                roster.remove_push_subscription(&entity, agent, &earlier.endpoint).await?;
            }
        }
    }
    Ok(())
}

fn unsubscribed<'a>(roster: &Roster, view: &'a EntityView) -> Vec<&'a AgentId> {
    let takes_push =
        view.agents.iter().filter(|(_, agent)| agent.channels.contains(&Channel::Push));
    let agents = takes_push.map(|(id, _)| id);
    agents.filter(|agent| roster.push_subscriptions(&view.id, agent).is_empty()).collect()
}

fn browser(push: &PushSink, entity: &EntityId, agent: &AgentId) -> PushSubscription {
    let made = push.subscription(entity.as_str(), agent.as_str());
    let keys = PushKeys { p256dh: made.p256dh, auth: made.auth };
    PushSubscription { endpoint: made.endpoint, keys }
}
