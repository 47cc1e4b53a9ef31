//! `tipoff trace`: everything that happened to a lead, and why, from the log itself.

mod render;

use std::time::Duration;

use anyhow::Context;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use async_nats::jetstream::stream::Stream as JetStream;
use futures::TryStreamExt;
use serde::Serialize;
use tipoff_domain::explain::Words;
use tipoff_domain::{AgentId, EntityId, LeadId, Notified};
use tipoff_letters::plain::without_contact;
use tipoff_runtime::{Nats, Settings};
use tipoff_wire::{Event, Stream};
use tokio::time::timeout;

use crate::exit::Usage;
use crate::tell::Titles;
use crate::{reach, term, why};

/// Messages asked for at once.
const BATCH: usize = 200;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The lead's id, or how it ends
    lead: String,
    /// For programs: the events as they stand in the log, without contact details
    #[arg(long)]
    json: bool,
    /// Every decision in words: each route, each agent, and what spoke for or against them
    #[arg(long, conflicts_with = "json")]
    why: bool,
    /// With --why: as that agent is told
    #[arg(long, requires = "why")]
    agent: Option<AgentId>,
    #[command(flatten)]
    settings: Settings,
}

/// How long Redis may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// What `--json` prints.
#[derive(Serialize)]
struct Traced<'a> {
    lead: &'a LeadId,
    events: &'a [Event],
    /// `null`: Redis, which keeps them for a week, does not answer.
    notices: Option<Vec<Notified>>,
}

/// What the log does not have.
#[derive(Default)]
struct Beside {
    titles: Titles,
    words: Words,
    /// `None`: Redis does not answer.
    notices: Option<Vec<Notified>>,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let nats = reach::nats(&args.settings).await?;
    let log = reach::stream(&nats, Stream::Events).await?;
    let lead = find(&log, &args.lead).await?;
    let events = read(&log, &lead).await?;
    let Some(first) = events.first() else {
        return Err(Usage(format!("the log knows no lead {lead}")).into());
    };
    let Beside { titles, words, notices } =
        beside(&nats, &args.settings, &first.entity, &lead).await?;
    if args.json {
        let traced = Traced { lead: &lead, events: &events, notices };
        term::out(&format!("{}\n", serde_json::to_string_pretty(&traced)?));
        return Ok(());
    }
    let said = notices.as_deref().unwrap_or_default();
    if args.why {
        term::out(&why::render(&events, said, &words, args.agent.as_ref()));
    } else {
        term::out(&render::render(&events, said, &titles, &chrono::Local));
    }
    if notices.is_none() {
        term::out(
            "Redis does not answer, so it is not known what became of notices (--redis-url)\n",
        );
    }
    Ok(())
}

/// The whole id, where only its end was given.
async fn find(log: &JetStream, given: &str) -> anyhow::Result<LeadId> {
    let end: LeadId = given.parse().map_err(|error| Usage(format!("{error}")))?;
    if given.starts_with("lead_") {
        return Ok(end);
    }
    let subjects =
        log.info_with_subjects("events.>").await.context("the log cannot be searched")?;
    let subjects: Vec<String> = subjects.map_ok(|(subject, _)| subject).try_collect().await?;
    let leads: Vec<&str> = subjects
        .iter()
        .filter_map(|subject| subject.rsplit('.').next())
        .filter(|lead| lead.ends_with(given))
        .collect();
    match leads.as_slice() {
        [] => Err(Usage(format!("the log knows no lead whose id ends in {given}")).into()),
        [lead] => Ok(lead.parse()?),
        several => Err(Usage(format!("several ids end in {given}: {}", several.join(", "))).into()),
    }
}

/// Its events, oldest first, without contact details.
async fn read(log: &JetStream, lead: &LeadId) -> anyhow::Result<Vec<Event>> {
    let config = pull::Config {
        filter_subject: format!("events.*.*.{lead}"),
        deliver_policy: DeliverPolicy::All,
        ack_policy: AckPolicy::None,
        memory_storage: true,
        ..pull::Config::default()
    };
    let consumer = log.create_consumer(config).await.context("the log cannot be read")?;
    let expected = usize::try_from(consumer.cached_info().num_pending).unwrap_or(usize::MAX);
    let mut events = Vec::new();
    while events.len() < expected {
        let before = events.len();
        let mut batch = consumer.fetch().max_messages(BATCH).messages().await?;
        while let Some(message) = batch.try_next().await.map_err(anyhow::Error::from_boxed)? {
            let event: Event =
                serde_json::from_slice(&message.payload).context("an event cannot be read")?;
            events.push(event.without_contact(without_contact));
        }
        // The server has no more than this, whatever it said before.
        if events.len() == before {
            break;
        }
    }
    Ok(events)
}

/// Today's titles, and what became of notices; a trace reads better with them, and
/// tells what happened without.
async fn beside(
    nats: &Nats,
    settings: &Settings,
    entity: &EntityId,
    lead: &LeadId,
) -> anyhow::Result<Beside> {
    if nats.jetstream.get_key_value("roster").await.is_err() {
        return Ok(Beside::default());
    }
    let (roster, stop) = reach::roster(nats, settings).await?;
    let asking = async {
        let redis = reach::redis(settings).await?;
        let board = reach::board(redis, nats, &roster);
        Ok::<_, anyhow::Error>(board.notices(entity, lead).await?)
    };
    let notices = timeout(PATIENCE, asking).await.ok().and_then(Result::ok);
    let words = roster.view(entity).map(|view| Words::of(&view)).unwrap_or_default();
    let titles = Titles::of(&roster, entity);
    stop.cancel();
    Ok(Beside { titles, words, notices })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_somebody_said_is_traced_without_contact_details() {
        let passed = json!({"id": "1-0", "type": "lead.passed", "at": "2026-11-22T09:30:00Z", "entity": "acme",
            "lead": "lead_1", "version": 3, "agents": ["ana"], "by": "ana",
            "reason": "rings from 512-555-0101, writes from dana@example.com",
            "payload": {"emails": ["dana@example.com"]},
            "after": {"state": "offered", "round": 1, "reroutes": 0, "inquiries": 1,
                "received_at": "2026-11-22T09:30:00Z", "t0": "2026-11-22T09:30:00Z"}});
        let passed: Event = serde_json::from_value(passed).unwrap();
        let traced = passed.without_contact(without_contact);
        assert_eq!(traced.reason.as_deref(), Some("rings from •••, writes from •••"));
        assert_eq!(traced.payload, None);
    }
}
