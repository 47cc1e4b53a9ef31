//! A device for every agent who takes push: a telephone for some of the demo's, a
//! browser for all others, at the sinks. And the demo's rooms.

use std::collections::HashMap;
use std::sync::Arc;

use tipoff_domain::{AgentId, Channel, EntityId, EntityView};
use tipoff_roster::{AppDevice, AppKind, Device, PushKeys, PushSubscription, Room, Roster};
use tipoff_testkit::sink::RoomSink;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::sinks::Sinks;
use super::teams;

/// Looks after every edit of the roster, until stopped.
pub(super) async fn everybody(
    roster: Roster,
    sinks: Arc<Sinks>,
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
                    let device = device(&sinks, &entity, agent);
                    if let Err(error) = roster.add_device(&entity, agent, device).await {
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

/// The sinks of earlier runs are gone, and so are the devices there.
async fn forget_earlier(roster: &Roster) -> anyhow::Result<()> {
    for entity in roster.entities() {
        let Some(view) = roster.view(&entity) else { continue };
        for agent in view.agents.keys() {
            for earlier in roster.devices(&entity, agent) {
                roster.remove_push_subscription(&entity, agent, earlier.address()).await?;
            }
        }
    }
    Ok(())
}

fn unsubscribed<'a>(roster: &Roster, view: &'a EntityView) -> Vec<&'a AgentId> {
    let takes_push =
        view.agents.iter().filter(|(_, agent)| agent.channels.contains(&Channel::Push));
    let agents = takes_push.map(|(id, _)| id);
    agents.filter(|agent| roster.devices(&view.id, agent).is_empty()).collect()
}

/// Rooms of the demo teams that have some; those of earlier runs are gone.
pub(super) async fn rooms(roster: &Roster, sink: &RoomSink) -> anyhow::Result<()> {
    for (entity, chat) in teams::ROOMS {
        let url = sink.webhook(chat.as_str(), entity);
        roster.put_room(&entity.parse()?, chat, Room { url, gone: None }).await?;
    }
    Ok(())
}

fn device(sinks: &Sinks, entity: &EntityId, agent: &AgentId) -> Device {
    let (entity, agent) = (entity.as_str(), agent.as_str());
    let app = |kind, token| AppDevice { kind, token }.into();
    match teams::telephone(entity, agent) {
        Some(AppKind::Fcm) => app(AppKind::Fcm, sinks.fcm.device(entity, agent)),
        Some(AppKind::Apns) => app(AppKind::Apns, sinks.apns.device(entity, agent)),
        None => {
            let made = sinks.push.subscription(entity, agent);
            let keys = PushKeys { p256dh: made.p256dh, auth: made.auth };
            PushSubscription { endpoint: made.endpoint, keys }.into()
        }
    }
}
