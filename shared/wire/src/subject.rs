//! Subjects, written and read in this file only.

use tipoff_domain::{AgentId, Channel, EntityId, LeadId, SourceId, WebhookId};

use crate::{Line, Partition, Stream};

/// Where a source publishes its leads.
pub fn leads_in(entity: &EntityId, source: &SourceId) -> String {
    format!("leads.in.{entity}.{source}")
}

/// The entity and source tokens of `leads.in.<entity>.<source>`, as they stand.
pub fn read_leads_in(subject: &str) -> Option<(&str, &str)> {
    let mut tokens = subject.strip_prefix("leads.in.")?.split('.');
    let found = (tokens.next()?, tokens.next()?);
    tokens.next().is_none().then_some(found)
}

/// Where an accepted lead waits for a router.
pub fn leads_new(partition: Partition, entity: &EntityId, line: Line) -> String {
    match line {
        Line::Prompt => format!("leads.new.{partition}.{entity}"),
        Line::Bulk => format!("leads.new.{partition}.{entity}.{BULK}"),
    }
}

const BULK: &str = "bulk";

/// Where all accepted leads of one line wait.
pub fn leads_new_of(line: Line) -> String {
    match line {
        Line::Prompt => "leads.new.*.*".to_owned(),
        Line::Bulk => format!("leads.new.*.*.{BULK}"),
    }
}

/// Where all accepted leads of one partition wait.
pub fn leads_new_in(partition: Partition) -> String {
    format!("leads.new.{partition}.>")
}

/// The partition, entity and line of a subject that [`leads_new`] wrote.
pub fn read_leads_new(subject: &str) -> Option<(Partition, EntityId, Line)> {
    let mut tokens = subject.strip_prefix("leads.new.")?.split('.');
    let (partition, entity) = (tokens.next()?, tokens.next()?);
    let line = match (tokens.next(), tokens.next()) {
        (None, _) => Line::Prompt,
        (Some(BULK), None) => Line::Bulk,
        _ => return None,
    };
    Some((Partition(partition.parse().ok()?), entity.parse().ok()?, line))
}

/// Where something that could not be a lead is kept. The tokens may be
/// anything that was sent, so they are made safe.
pub fn rejected(entity: &str, source: &str) -> String {
    format!("leads.rejected.{}.{}", token(entity), token(source))
}

/// Everything of one entity that could not be a lead.
pub fn rejected_of(entity: &EntityId) -> String {
    format!("leads.rejected.{entity}.>")
}

/// Everything that the sources of one entity published themselves.
pub fn leads_in_of(entity: &EntityId) -> String {
    format!("leads.in.{entity}.>")
}

/// The log of one lead.
pub fn events(partition: Partition, entity: &EntityId, lead: &LeadId) -> String {
    format!("events.{partition}.{entity}.{lead}")
}

/// The logs of all leads of one partition.
pub fn events_in(partition: Partition) -> String {
    format!("events.{partition}.>")
}

/// What to ask EVENTS for, to read what is about these partitions; see [`leads_new_about`].
pub fn events_about(partitions: &[Partition]) -> Vec<String> {
    about(partitions, events_in, Stream::Events)
}

/// What to ask LEADS for, to read what is about these partitions. If they are several it is
/// everything, and whoever reads passes over what is about others: among several filters JetStream
/// looks up every message, for which it takes a hundred times as long as to hand it out.
pub fn leads_new_about(partitions: &[Partition]) -> Vec<String> {
    about(partitions, leads_new_in, Stream::Leads)
}

fn about(partitions: &[Partition], of: fn(Partition) -> String, stream: Stream) -> Vec<String> {
    match partitions {
        [one] => vec![of(*one)],
        _ => vec![stream.filter().to_owned()],
    }
}

/// The partition, entity and lead of `events.<partition>.<entity>.<lead>`.
pub fn read_events(subject: &str) -> Option<(Partition, EntityId, LeadId)> {
    let mut tokens = subject.strip_prefix("events.")?.split('.');
    let mut token = || tokens.next();
    let partition = Partition(token()?.parse().ok()?);
    Some((partition, token()?.parse().ok()?, token()?.parse().ok()?))
}

/// The logs of all leads of one entity.
pub fn events_of(entity: &EntityId) -> String {
    format!("events.*.{entity}.>")
}

/// Notices for one channel and entity.
pub fn notify(channel: Channel, entity: &EntityId) -> String {
    format!("notify.{}.{entity}", channel.as_str())
}

/// All notices of one channel.
pub fn notify_channel(channel: Channel) -> String {
    format!("notify.{}.>", channel.as_str())
}

/// Test messages for one channel and entity.
pub fn trial(channel: Channel, entity: &EntityId) -> String {
    format!("notify.test.{}.{entity}", channel.as_str())
}

/// All test messages.
pub const TRIALS: &str = "notify.test.>";

/// Where it is kept which channels failed to tell `agent` of the offer of `round`.
pub fn undelivered(entity: &EntityId, lead: &LeadId, round: u32, agent: &AgentId) -> String {
    format!("undelivered.{entity}.{lead}.{round}.{agent}")
}

/// The call by which `agent` is asked about the offer of `round`.
pub fn call(entity: &EntityId, lead: &LeadId, round: u32, agent: &AgentId) -> String {
    format!("calls.{entity}.{lead}.{round}.{agent}")
}

/// What a provider said of a notice after it had taken it.
pub fn setback(entity: &EntityId) -> String {
    format!("notify.failed.{entity}")
}

/// All of that.
pub const SETBACKS: &str = "notify.failed.>";

/// What an agent sees of one lead at the bell.
pub fn bell(entity: &EntityId, agent: &AgentId, lead: &LeadId) -> String {
    format!("bell.{entity}.{agent}.{lead}")
}

/// What an agent who looks after the entity sees of those who missed that lead.
pub fn bell_missed(entity: &EntityId, agent: &AgentId, lead: &LeadId) -> String {
    format!("bell.{entity}.{agent}.missed-{lead}")
}

/// Everything that an agent sees at the bell.
pub fn bell_of(entity: &EntityId, agent: &AgentId) -> String {
    format!("bell.{entity}.{agent}.*")
}

/// What everybody sees of one lead at the bell.
pub fn bell_about(entity: &EntityId, lead: &LeadId) -> String {
    format!("bell.{entity}.*.{lead}")
}

/// Where events wait that an endpoint is told of.
pub fn webhook(entity: &EntityId, webhook: &WebhookId) -> String {
    format!("webhooks.{entity}.{webhook}")
}

/// What came of calls to an endpoint.
pub fn attempts(entity: &EntityId, webhook: &WebhookId) -> String {
    format!("attempts.{entity}.{webhook}")
}

/// What was done by right of administration in an entity; `None`: beyond all.
pub fn audit(entity: Option<&EntityId>) -> String {
    format!("audit.{}", entity.map_or("_", |entity| entity.as_str()))
}

/// What changed in an entity.
pub fn changes(entity: &EntityId) -> String {
    format!("changes.{entity}")
}

/// Where a message is set aside that nobody could handle.
pub fn dead(stream: Stream) -> String {
    format!("dead.{}", stream.name())
}

/// Whose the messages of a subject are; `None`: nobody's alone.
pub fn entity_of(subject: &str) -> Option<EntityId> {
    let tokens: Vec<&str> = subject.split('.').collect();
    let (["leads", "in" | "rejected", entity, ..]
    | ["leads", "new", _, entity, ..]
    | ["events", _, entity, ..]
    | ["notify", "test", _, entity]
    | ["notify", _, entity]
    | ["undelivered" | "bell" | "webhooks" | "calls" | "changes", entity, ..]) = tokens[..]
    else {
        return None;
    };
    entity.parse().ok()
}

/// Tells whoever sweeps a partition that something there is due now. Plain
/// NATS: if it is lost, the sweep comes a moment later by itself.
pub fn wake(partition: Partition) -> String {
    format!("wake.{partition}")
}

/// All wake-up calls.
pub const WAKE_ALL: &str = "wake.*";

/// Makes any text one subject token: what is not a letter, digit, `-` or `_`
/// becomes `_`, and nothing becomes `_`.
pub fn token(text: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '_' };
    let token: String = text.chars().take(64).map(safe).collect();
    if token.is_empty() { "_".to_owned() } else { token }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_partition_is_asked_for_by_itself_and_several_with_all_others() {
        assert_eq!(events_about(&[Partition(3)]), ["events.3.>"]);
        assert_eq!(events_about(&[Partition(3), Partition(4)]), ["events.>"]);
        assert_eq!(leads_new_about(&[Partition(3), Partition(4)]), ["leads.new.>"]);
    }

    fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
        text.parse().unwrap()
    }

    #[test]
    fn the_line_of_a_lead_stands_in_its_subject() {
        let acme: EntityId = id("acme");
        for line in Line::EVERY {
            let subject = leads_new(Partition(3), &acme, line);
            assert_eq!(read_leads_new(&subject), Some((Partition(3), acme.clone(), line)));
        }
        for stranger in ["leads.new.3", "leads.new.3.acme.later", "leads.new.3.acme.bulk.x"] {
            assert_eq!(read_leads_new(stranger), None, "{stranger}");
        }
    }

    #[test]
    fn every_subject_that_names_an_entity_says_whose_it_is() {
        let acme: EntityId = id("acme");
        let (lead, agent) = (id("lead_1"), id("ana"));
        for subject in [
            leads_in(&acme, &id("zillow")),
            leads_new(Partition(3), &acme, Line::Prompt),
            leads_new(Partition(3), &acme, Line::Bulk),
            rejected("acme", "zillow"),
            events(Partition(3), &acme, &lead),
            notify(Channel::Email, &acme),
            trial(Channel::Sms, &acme),
            undelivered(&acme, &lead, 1, &agent),
            bell(&acme, &agent, &lead),
            webhook(&acme, &id("hook_1")),
            call(&acme, &lead, 1, &agent),
            setback(&acme),
        ] {
            assert_eq!(entity_of(&subject), Some(acme.clone()), "{subject}");
        }
        assert_eq!(entity_of("wake.3"), None);
        assert_eq!(entity_of("dead.NOTIFY"), None);
    }
}
