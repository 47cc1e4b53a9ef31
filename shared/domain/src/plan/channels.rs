//! Over which channels an agent hears of a lead.

use chrono::{DateTime, Utc};

use crate::{Agent, Channel, EntityView, Route};

/// What the route allows and the agent wants and has, at that instant. Outside
/// of office hours only e-mail (D-18); in an agent's quiet hours nothing that
/// wakes them (D-17). `route`: `None` where the lead came by none.
pub fn channels_for(
    agent: &Agent,
    route: Option<&Route>,
    view: &EntityView,
    now: DateTime<Utc>,
) -> Vec<Channel> {
    let quiet = agent.is_quiet(now, view.entity.zone);
    let asked_anyway = route.is_none_or(|route| !route.strategy.is_assign_to_agent());
    let closed = !view.entity.is_open(now);
    let silence = closed || (quiet && asked_anyway);
    let wanted = Channel::ALL.into_iter().filter(|channel| {
        agent.is_reached_by(*channel)
            && route.is_none_or(|route| route.channels.contains(channel))
            && (channel.is_silent() || !silence)
    });
    wanted.collect()
}
