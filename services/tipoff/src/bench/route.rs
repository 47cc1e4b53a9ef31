//! Leads in; every one offered, and its agent told by mail.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::{Args, FromArgMatches, ValueEnum};
use serde_json::{Value, json};
use tipoff_domain::LeadId;
use tipoff_testkit::sink::relay::Mails;
use tipoff_wire::Stream;

use super::account::{together, with};
use super::arrivals::Arrivals;
use super::bare;
use super::cost::cpu;
use super::ledger::{Ledger, Marks, drained};
use super::made_up::{Kind, route};
use super::notices::Notices;
use super::progress::Progress;
use super::setup::Setup;
use super::sources::{Sources, Way};
use super::system::{Parts, System};
use super::tally::{Times, rate, rounded};
use super::team::Like;

/// Leads sent beforehand, so that every connection is open and every table unpacked.
const WARM_UP: usize = 500;

/// The numbers of the leads to send before `leads` others.
pub(super) fn warm_up(leads: usize) -> Range<usize> {
    leads..leads + leads.min(WARM_UP)
}

#[derive(Debug, Clone, Args)]
pub(super) struct RouteArgs {
    /// Leads to send
    #[arg(long, default_value_t = 20_000)]
    pub(super) leads: usize,
    /// Entities that they are spread over
    #[arg(long, default_value_t = 16)]
    pub(super) entities: usize,
    /// Agents of each entity
    #[arg(long, default_value_t = 20)]
    pub(super) agents: usize,
    /// How routes choose; `all` tries each in turn
    #[arg(long, default_value = "round-robin")]
    pub(super) strategy: String,
    #[command(flatten)]
    pub(super) load: Load,
    /// Nobody is told: only what comes before
    #[arg(long)]
    pub(super) no_notices: bool,
    /// Without the yardstick; where others started the servers there is none anyway
    #[arg(long)]
    pub(super) no_bare: bool,
}

impl RouteArgs {
    /// What they are where nothing is said.
    pub(super) fn usual() -> anyhow::Result<Self> {
        let command = Self::augment_args(clap::Command::new("route"));
        Ok(Self::from_arg_matches(&command.try_get_matches_from(["route"])?)?)
    }
}

/// How leads are sent.
#[derive(Debug, Clone, Args)]
pub(super) struct Load {
    /// How leads come in
    #[arg(long, value_enum, default_value = "batch")]
    pub(super) way: Way,
    /// Leads in a batch
    #[arg(long, default_value_t = 250)]
    pub(super) lines: usize,
    /// Requests on their way at once, where there is no rate
    #[arg(long, default_value_t = 4)]
    pub(super) at_once: usize,
    /// Leads per second, however long they wait; without it, as many as go through
    #[arg(long)]
    pub(super) rate: Option<f64>,
}

impl Load {
    /// In requests.
    pub(super) fn arrivals(&self) -> Arrivals {
        Arrivals::of_parcels(self.rate, self.way.lines(self.lines), self.at_once)
    }
}

pub(super) async fn run(args: RouteArgs, setup: &Setup) -> anyhow::Result<Value> {
    if args.strategy != "all" {
        let kind = Kind::from_str(&args.strategy, true).map_err(anyhow::Error::msg)?;
        return Box::pin(one(&args, kind, setup)).await;
    }
    let mut results = serde_json::Map::new();
    for kind in Kind::ALL {
        let args = RouteArgs { no_bare: args.no_bare || kind != Kind::RoundRobin, ..args.clone() };
        results.insert(kind.name(), Box::pin(one(&args, kind, setup)).await?);
    }
    let correct = together(results.values());
    let first = results[&Kind::RoundRobin.name()]["leads_per_s"].clone();
    Ok(
        json!({"scenario": "route", "leads_per_s": first, "strategies": results, "correct": correct}),
    )
}

async fn one(args: &RouteArgs, kind: Kind, setup: &Setup) -> anyhow::Result<Value> {
    let mut parts = Parts::whole(setup);
    if args.no_notices {
        parts.notifiers = 0;
    }
    let system = System::start(setup, parts).await?;
    let like = Like::new(args.agents, vec![route(kind, args.agents, "1h")?]);
    let teams = system.teams(args.entities, &like).await?;
    let sources =
        Sources::new(&system, teams, args.load.way).pack(warm_up(args.leads), args.load.lines);
    let passage = Passage::new(&system, parts.notifiers > 0, &system.prefix);
    let warmed = passage.of(&sources, Arrivals::Closed { at_once: 2 }).await?;

    let sources = sources.pack(0..args.leads, args.load.lines);
    let run = passage.after(&warmed).of(&sources, args.load.arrivals()).await?;
    let mut result = run.result(args, kind, setup)?;
    system.stop().await?;
    // It runs on servers of its own, on this machine: others cannot be held against it.
    if !args.no_bare && !setup.servers_are_given() {
        compare_to_bare(&mut result, args).await?;
    }
    Ok(result)
}

async fn compare_to_bare(result: &mut Value, args: &RouteArgs) -> anyhow::Result<()> {
    let yardstick = bare::run(args.leads, args.entities).await?;
    let ratio = |field: &str, of: &str| {
        let number = |value: &Value| value.as_f64().unwrap_or(0.0);
        json!(rounded(number(&result[field]) / number(&yardstick[of]).max(0.1), 3))
    };
    let ratios = json!({
        "leads_per_s": ratio("leads_per_s", "leads_per_s"), "offered_per_s": ratio("offered_per_s", "leads_per_s"),
        "cpu": ratio("cpu_us_per_lead", "cpu_us_per_lead"),
    });
    result["ratio_to_bare"] = ratios["leads_per_s"].clone();
    result["ratios_to_bare"] = ratios;
    result["bare"] = yardstick;
    Ok(())
}

/// A system that leads pass through.
#[derive(Clone, Copy)]
pub(super) struct Passage<'a> {
    pub(super) system: &'a System,
    /// Whether agents are told.
    pub(super) told: bool,
    /// What the names of the entities begin with whose leads these are.
    pub(super) prefix: &'a str,
    /// What passed before.
    pub(super) after: Option<&'a Passed>,
}

/// What became of the leads of one run.
pub(super) struct Passed {
    pub(super) sent: usize,
    pub(super) began: DateTime<Utc>,
    /// Where the streams stood then.
    pub(super) since: Marks,
    pub(super) ledger: Ledger,
    pub(super) notices: Option<Notices>,
    /// When nobody had anything left to do.
    over: DateTime<Utc>,
    /// When each lead was due, where that is known.
    pub(super) due: Vec<(LeadId, DateTime<Utc>)>,
    requests: Times,
    cost: Value,
    trouble: Trouble,
}

/// What went wrong on the way, or in what passed before; counts alone may not tell.
#[derive(Debug, Default, Clone)]
struct Trouble {
    /// Requests that were refused, or answered in part or not at all.
    refused: usize,
    /// What was said of the first of them.
    refusal: Option<String>,
    /// How often somebody was told to wait, and asked again; that is no trouble by itself.
    told_to_wait: usize,
    /// The services were not done when nobody waited for them any longer.
    late: bool,
}

impl Trouble {
    fn note_refusal(&mut self, error: &anyhow::Error) {
        self.refused += 1;
        self.refusal.get_or_insert_with(|| format!("{error:#}"));
    }

    fn is_none(&self) -> bool {
        self.refused == 0 && !self.late
    }

    /// Only what there was.
    fn told(&self) -> Value {
        let mut told = json!({});
        if let Some(refusal) = &self.refusal {
            told["refused_requests"] = json!(self.refused);
            told["first_refusal"] = json!(refusal);
        }
        if self.told_to_wait > 0 {
            told["told_to_wait"] = json!(self.told_to_wait);
        }
        if self.late {
            told["finished_in_time"] = json!(false);
        }
        told
    }
}

impl<'a> Passage<'a> {
    pub(super) fn new(system: &'a System, told: bool, prefix: &'a str) -> Self {
        Self { system, told, prefix, after: None }
    }

    /// The same for what comes after that.
    pub(super) fn after(self, passed: &'a Passed) -> Self {
        Self { after: Some(passed), ..self }
    }

    /// Sends everything and waits until all of it is through. What is refused, or not
    /// through in time, does not end it: it is told with the counts.
    pub(super) async fn of(&self, sources: &Sources, arrivals: Arrivals) -> anyhow::Result<Passed> {
        let (nats, clock) = (&self.system.base.nats, &self.system.base.clock);
        self.system.relay.clear();
        let earlier = self.after.map(|passed| passed.ledger.end).unwrap_or_default();
        let (probe, since) = (self.system.probe(), Marks::now(nats).await?.at_least(earlier));
        let before = probe.spent().await?;
        let progress = Progress::new("sending", sources.parcels());
        let (began, told_to_wait) = (clock.now(), sources.patient.told_to_wait());
        let send = |parcel| async move { anyhow::Ok((clock.now(), sources.send(parcel).await)) };
        let done = arrivals.drive(sources.parcels(), &progress, send).await?;
        drop(progress);
        let in_time = drained(nats, self.streams()).await?;
        let (after, over) = (probe.spent().await?, clock.now());
        let (ledger, notices) = self.seen(since).await?;

        let sent: usize = done.iter().map(|one| sources.size(one.number)).sum();
        let requests = Times::of(done.iter().map(|one| one.took))?;
        let mut trouble = self.after.map(|passed| passed.trouble.clone()).unwrap_or_default();
        trouble.late |= !in_time;
        trouble.told_to_wait += sources.patient.told_to_wait() - told_to_wait;
        let mut due = Vec::new();
        for one in done {
            let (sent_at, answer) = one.result;
            let at = match arrivals {
                Arrivals::Open { per_s } => began + nth(one.number, per_s),
                Arrivals::Closed { .. } => sent_at,
            };
            match answer {
                Ok(leads) => due.extend(leads.into_iter().map(|lead| (lead, at))),
                Err(error) => trouble.note_refusal(&error),
            }
        }
        let cost = after.per_lead(&before, sent as u64);
        Ok(Passed { sent, began, since, ledger, notices, over, due, requests, cost, trouble })
    }

    /// What the streams say, and who was told.
    async fn seen(&self, since: Marks) -> anyhow::Result<(Ledger, Option<Notices>)> {
        let nats = &self.system.base.nats;
        if !self.told {
            return Ok((Ledger::read(nats, since, self.prefix).await?, None));
        }
        let ledger = Ledger::read_with_asked(nats, since, self.prefix).await?;
        // Each of them had a notice, so many must be readable.
        let notices = Notices::of(self.system, ledger.asked()).await?;
        Ok((ledger, Some(notices)))
    }

    fn streams(&self) -> &'static [Stream] {
        let all = &[Stream::LeadsIn, Stream::Leads, Stream::Events, Stream::Notify];
        if self.told { all } else { &all[..2] }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of leads are far below 2^52")]
fn nth(number: usize, per_s: f64) -> Duration {
    Duration::from_secs_f64(number as f64 / per_s)
}

impl Passed {
    pub(super) fn cost(&self) -> &Value {
        &self.cost
    }

    /// From the first lead until the last was offered, and until its agent was told.
    pub(super) fn took(&self) -> (Duration, Duration) {
        let since = |end: Option<DateTime<Utc>>| {
            end.and_then(|end| (end - self.began).to_std().ok()).unwrap_or_default()
        };
        let offered = since(self.ledger.last_offered());
        let last = |notices: &Notices| notices.last().unwrap_or(self.over);
        let told = self.notices.as_ref().map(|notices| since(Some(last(notices))));
        (offered, told.unwrap_or(offered))
    }

    /// Due until offered: what somebody who sends at that rate has to wait.
    pub(super) fn due_to_offer(&self) -> anyhow::Result<Times> {
        let mut times = Times::none()?;
        for (lead, due) in &self.due {
            if let Some(offered) = self.ledger.stories.get(lead).and_then(|story| story.offered) {
                times.note_delta(offered - *due);
            }
        }
        Ok(times)
    }

    fn to_notice(&self) -> anyhow::Result<Times> {
        let mut times = Times::none()?;
        let mails = self.notices.iter().filter_map(Notices::mails);
        for mail in mails.flat_map(|mails| mails.by_id.values()) {
            if let Some(accepted) =
                self.ledger.stories.get(&mail.lead).and_then(|story| story.accepted)
            {
                times.note_delta(mail.at - accepted);
            }
        }
        Ok(times)
    }

    /// Leads in, offered and told, and what must never be.
    pub(super) fn correct(&self) -> Value {
        let (offered, stories) = (self.ledger.offered(), &self.ledger.stories);
        let offered_twice = stories.values().filter(|story| story.offers > 1).count();
        let mut more = json!({"offered": offered, "offered_twice": offered_twice});
        let mut ok = offered == self.sent && offered_twice == 0;
        if let Some(told) = self.notices.as_ref().and_then(|notices| self.leads_told(notices)) {
            more["notified"] = json!(told);
            ok &= told == self.sent;
        }
        if let Some(mails) = self.notices.as_ref().and_then(Notices::mails) {
            more["asked"] = json!(self.ledger.asked());
            more["notices"] = json!(mails.by_id.len());
            more["notices_repeated"] = json!(mails.repeated);
        }
        let correct = with(self.ledger.correct(self.sent), more, ok);
        with(correct, self.trouble.told(), self.trouble.is_none())
    }

    /// Leads of which everybody was told who was asked first; of mails that others have
    /// caught it is known only which leads they are about.
    fn leads_told(&self, notices: &Notices) -> Option<usize> {
        let stories = &self.ledger.stories;
        let Some(mails) = notices.mails() else {
            let leads = notices.leads()?;
            return Some(leads.into_iter().filter(|lead| stories.contains_key(*lead)).count());
        };
        let told = agents_told(mails);
        let all_told = stories.iter().filter(|(lead, story)| {
            told.get(*lead).is_some_and(|agents| story.was_offered_to(agents))
        });
        Some(all_told.count())
    }

    fn result(&self, args: &RouteArgs, kind: Kind, setup: &Setup) -> anyhow::Result<Value> {
        let (offered, told) = self.took();
        // Over NATS nobody is told which lead is which.
        let due_is_known = !self.due.is_empty();
        let due = due_is_known.then(|| self.due_to_offer()).transpose()?;
        // What servers and services that others started spend is not seen from here.
        let cpu = (!setup.servers_are_given()).then(|| cpu(&self.cost));
        Ok(json!({
            "scenario": "route", "strategy": kind.name(), "leads": self.sent, "entities": args.entities,
            "agents": args.agents, "routers": setup.routers, "notifiers": setup.notifiers,
            "load": args.load.arrivals().name(),
            "leads_per_s": rate(self.sent as u64, told),
            "offered_per_s": rate(self.sent as u64, offered),
            "request_ms": self.requests.summary(),
            "accepted_to_offered_ms": self.ledger.to_offer()?.summary(),
            "due_to_offered_ms": due.as_ref().map(Times::summary),
            "accepted_to_notified_ms": self.to_notice()?.summary(),
            "cpu_us_per_lead": cpu,
            "per_lead": self.cost,
            "correct": self.correct(),
        }))
    }
}

/// Who had a mail about each lead: a mail's id is `<n.<lead>.<round>.<agent>.email…`.
fn agents_told(mails: &Mails) -> HashMap<&LeadId, HashSet<&str>> {
    let mut told: HashMap<&LeadId, HashSet<&str>> = HashMap::new();
    for (id, mail) in &mails.by_id {
        told.entry(&mail.lead).or_default().extend(id.split('.').nth(3));
    }
    told
}
