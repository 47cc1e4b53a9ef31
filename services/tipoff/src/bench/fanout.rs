//! One lead, thousands of agents, each told by mail, on a telephone and in a
//! browser: when the first and when the last of them knows.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, ensure};
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use serde_json::{Value, json};
use tipoff_domain::{Agent, AgentId, EntityId};
use tipoff_roster::{AppDevice, AppKind, Device, PushKeys, PushSubscription, mark};
use tipoff_testkit::sink::{ApnsSink, Mailbox, PushSink, apns};
use tipoff_wire::Stream;

use super::account::{account, with};
use super::batch::{BATCH, Fact, publish};
use super::ledger::{Ledger, Marks, drained};
use super::made_up::{Kind, route};
use super::offers::Offers;
use super::setup::Setup;
use super::system::{Parts, System};
use super::tally::{Times, rate, rounded};
use super::team::{Like, Team};
use crate::services::Base;

/// The sinks remember no more than this.
const MOST_AGENTS: usize = 10_000;
/// For the roster to see them all.
const PATIENCE: Duration = Duration::from_mins(5);

#[derive(Debug, Clone, Args)]
pub(super) struct FanoutArgs {
    /// Agents who are asked at once, 10,000 at most
    #[arg(long, default_value_t = MOST_AGENTS)]
    agents: usize,
}

pub(super) async fn run(args: FanoutArgs, setup: &Setup) -> anyhow::Result<Value> {
    let own = !setup.processes && setup.elsewhere()?.is_none();
    ensure!(own, "the sinks are in this process, so leave --processes and --system out");
    ensure!((1..=MOST_AGENTS).contains(&args.agents), "give 1 to {MOST_AGENTS} agents");
    let mut system = System::start(setup, Parts::default()).await?;
    let sinks = Sinks::start(&system).await?;
    for _ in 0..setup.notifiers {
        system.notify(sinks.notifier(&system)?);
    }
    let mut route = route(Kind::JumpBall, 1, "1d")?;
    route.channels = vec![tipoff_domain::Channel::Email, tipoff_domain::Channel::Push];
    let teams = system.teams(1, &Like::new(0, vec![route])).await?;
    let Some(Team { entity, .. }) = teams.into_iter().next() else { anyhow::bail!("no team") };
    sinks.equip(&system.base, &entity, args.agents).await?;

    let marks = Marks::now(&system.base.nats).await?;
    let before = system.probe().spent().await?;
    let offers = Offers::new(&system, &[entity], args.agents)?;
    offers.make("offering", 0, 1, |_| TimeDelta::days(1)).await?;
    drained(&system.base.nats, &[Stream::Events, Stream::Notify]).await?;
    let cost = system.probe().spent().await?.per_lead(&before, args.agents as u64);

    let ledger = Ledger::read(&system.base.nats, marks, &system.prefix).await?;
    let offered = ledger.stories.values().find_map(|story| story.offered);
    let offered = offered.context("the lead was offered to nobody")?;
    let told: [(&str, Vec<DateTime<Utc>>); 3] = [
        ("email", system.relay.mails().by_id.into_values().map(|mail| mail.at).collect()),
        ("apns", sinks.apns_mailbox.caught().into_iter().map(|one| one.at).collect()),
        ("web_push", sinks.push_mailbox.caught().into_iter().map(|one| one.at).collect()),
    ];
    let repeated = system.relay.mails().repeated;
    let counted = told.iter().all(|(_, at)| at.len() == args.agents);
    let all: Vec<DateTime<Utc>> = told.iter().flat_map(|(_, at)| at.iter().copied()).collect();
    let channels: BTreeMap<&str, Value> = told
        .iter()
        .map(|(channel, at)| Ok((*channel, summary(offered, at)?)))
        .collect::<anyhow::Result<_>>()?;
    system.stop().await?;
    let more = json!({"wanted": args.agents * 3, "told": all.len(), "repeated": repeated});
    let correct = account(1, ledger.offered(), ledger.double_claims());
    Ok(json!({
        "scenario": "fanout", "agents": args.agents, "channels": channels, "all": summary(offered, &all)?,
        "leads_per_s": leads_per_s(offered, &all), "per_agent": cost, "correct": with(correct, more, counted && repeated == 0),
    }))
}

/// How many such leads a second would have, one after the other; `None`: nobody was told.
fn leads_per_s(offered: DateTime<Utc>, told: &[DateTime<Utc>]) -> Option<f64> {
    let took = (*told.iter().max()? - offered).to_std().unwrap_or_default();
    Some(rounded(1.0 / took.as_secs_f64().max(0.001), 3))
}

/// From the offer in the log to each notice.
fn summary(offered: DateTime<Utc>, told: &[DateTime<Utc>]) -> anyhow::Result<Value> {
    let mut times = Times::none()?;
    for at in told {
        times.note_delta(*at - offered);
    }
    let after = |at: Option<&DateTime<Utc>>| {
        at.and_then(|at| (*at - offered).to_std().ok()).unwrap_or_default()
    };
    let (first, last) = (after(told.iter().min()), after(told.iter().max()));
    let ms = |took: Duration| took.as_secs_f64() * 1_000.0;
    Ok(json!({
        "first_ms": ms(first).round(), "last_ms": ms(last).round(), "per_s": rate(told.len() as u64, last),
        "told_ms": times.summary(),
    }))
}

/// Push services that are as strict as the real ones.
struct Sinks {
    apns: ApnsSink,
    push: PushSink,
    apns_mailbox: Mailbox,
    push_mailbox: Mailbox,
    key: tempfile::NamedTempFile,
}

impl Sinks {
    async fn start(system: &System) -> anyhow::Result<Self> {
        let mailbox = || Mailbox::new(system.base.clock.clone());
        let (apns_mailbox, push_mailbox) = (mailbox(), mailbox());
        let anywhere: SocketAddr = (Ipv4Addr::LOCALHOST, 0).into();
        let apns = ApnsSink::start(apns_mailbox.clone(), anywhere).await?;
        let push = PushSink::start(push_mailbox.clone(), anywhere).await?;
        let key = tempfile::NamedTempFile::new()?;
        std::fs::write(key.path(), apns.key_pem())?;
        Ok(Self { apns, push, apns_mailbox, push_mailbox, key })
    }

    fn notifier(&self, system: &System) -> anyhow::Result<tipoff_notifier::Options> {
        let url = system.relay.url();
        let mut options = crate::dev::options::notifier(&url, "http://127.0.0.1:1")?;
        let to = &mut options.channels.push.apns;
        to.apns_key = Some(self.key.path().to_owned());
        to.apns_key_id = Some(apns::KEY_ID.to_owned());
        to.apns_team = Some(apns::TEAM.to_owned());
        to.apns_topic = Some(apns::TOPIC.to_owned());
        to.apns_url = self.apns.base_url().parse()?;
        Ok(options)
    }

    /// So many agents, each with an address, a telephone and a browser: written as the
    /// roster keeps them, in batches, as one by one they would take minutes.
    async fn equip(&self, base: &Base, entity: &EntityId, agents: usize) -> anyhow::Result<()> {
        let facts = (0..agents).map(|number| self.facts(entity, number));
        let facts: Vec<Fact> = facts.collect::<anyhow::Result<Vec<_>>>()?.concat();
        for batch in facts.chunks(BATCH) {
            publish(&base.nats, batch.to_vec(), true).await?;
        }
        // They come in the order in which they were written.
        let last: AgentId = format!("agent{}", agents - 1).parse()?;
        let there = |_: &Option<u64>| base.roster.devices(entity, &last).len() == 2;
        let mut changes = base.roster.changes();
        let seen = tokio::time::timeout(PATIENCE, changes.wait_for(there));
        seen.await.context("the roster does not keep up")??;
        Ok(())
    }

    /// An agent and two devices.
    fn facts(&self, entity: &EntityId, number: usize) -> anyhow::Result<Vec<Fact>> {
        let id: AgentId = format!("agent{number}").parse()?;
        let agent: Agent = serde_json::from_value(json!({
            "name": format!("Agent {number}"), "email": format!("{id}@{entity}.example.com"),
            "channels": ["email", "push"],
        }))?;
        let token = self.apns.device(entity.as_str(), id.as_str());
        let phone = Device::from(AppDevice { kind: AppKind::Apns, token });
        let made = self.push.subscription(entity.as_str(), id.as_str());
        let keys = PushKeys { p256dh: made.p256dh, auth: made.auth };
        let browser = Device::from(PushSubscription { endpoint: made.endpoint, keys });
        let fact = |key: String, value: Vec<u8>| {
            let subject = format!("$KV.roster.{key}");
            (subject.clone(), subject, Bytes::from(value))
        };
        let mut facts = vec![fact(format!("agent.{entity}.{id}"), serde_json::to_vec(&agent)?)];
        for device in [phone, browser] {
            let key = format!("push.{entity}.{id}.{}", mark(device.address()));
            facts.push(fact(key, serde_json::to_vec(&device)?));
        }
        Ok(facts)
    }
}
