//! What was overlooked: leads that were accepted and are nowhere on the board,
//! and events that the board does not have.
//!
//! A consumer can be starved while all reports look well: it stands ahead of
//! what it delivered, it is paused, somebody acknowledged in its name. So LEADS
//! and EVENTS are read by sequence here, however far any consumer has come, and
//! the board is asked about every lead. Those that were overlooked are placed,
//! or repaired from the log; they are counted and told of.
//!
//! How far that has come stands on the board: if the board is lost, everything
//! is looked over again. Whoever sweeps a partition does it; two at once do no harm.

use std::collections::HashSet;
use std::time::Duration;

use async_nats::jetstream;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use opentelemetry::global;
use opentelemetry::metrics::{Counter, Gauge};
use tipoff_board::{Audited, Awareness, Board, BoardError};
use tipoff_domain::{EntityId, LeadId};
use tipoff_runtime::Nats;
use tipoff_runtime::past::{self, Begin, PastError, Range, Stored};
use tipoff_wire::{Line, Partition, Stream as Kept, subject};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use crate::place::Placer;
use crate::rounds::every;
use crate::starved::Progress;

/// Leads asked about in one go.
const CHUNK: usize = 500;
/// Overlooked leads placed, or leads asked about in the log, at once.
const AT_ONCE: usize = 32;
/// Messages of one stream that a round looks at: where everything is to be looked over, starved
/// consumers are not left to themselves for hours, and nothing of it is lost with a router.
const MOST_PER_ROUND: u64 = 1_000_000;
/// How long one answer of JetStream may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// Why nobody could look.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LookError {
    #[error("the board could not be asked")]
    Board(#[from] BoardError),
    #[error("what was sent could not be read")]
    Past(#[from] PastError),
    #[error("JetStream did not say how far it is: {0}")]
    Stream(String),
}

/// Looks for what was overlooked.
pub(crate) struct Overlooked {
    nats: Nats,
    board: Board,
    placer: Placer,
    missing: Gauge<u64>,
    placed: Counter<u64>,
    behind: Counter<u64>,
    starved: Counter<u64>,
    heartbeat: Gauge<u64>,
    /// How far LEADS and EVENTS were, and the routers with each line, a round ago.
    before: Option<Ends>,
}

#[derive(Debug, Clone, Copy)]
struct Ends {
    leads: u64,
    events: u64,
    prompt: Option<Progress>,
    bulk: Option<Progress>,
}

impl Ends {
    /// Of each line, now and then; a line without a consumer has nothing on its way.
    fn lines(self, before: Self) -> impl Iterator<Item = (Line, Progress, Progress)> {
        let lines =
            [(Line::Prompt, self.prompt, before.prompt), (Line::Bulk, self.bulk, before.bulk)];
        lines.into_iter().filter_map(|(line, is, was)| Some((line, is?, was?)))
    }
}

/// A message, the lead that it is about, and what the board knows of that.
struct About {
    stored: Stored,
    partition: Partition,
    entity: EntityId,
    lead: LeadId,
}

impl Overlooked {
    pub(crate) fn new(nats: Nats, board: Board, placer: Placer) -> Self {
        let meter = global::meter("tipoff-router");
        let missing = meter
            .u64_gauge("tipoff_audit_missing")
            .with_description("Accepted leads that were nowhere on the board when last looked for");
        let placed = meter
            .u64_counter("tipoff_audit_placed")
            .with_description("Accepted leads that had been overlooked and were placed");
        let behind = meter
            .u64_counter("tipoff_audit_behind")
            .with_description("Leads that had stayed behind the log and were repaired from it");
        let starved = meter
            .u64_counter("tipoff_audit_starved")
            .with_description("Times that a consumer of the routers stood still and was made anew");
        let heartbeat = meter
            .u64_gauge("tipoff_audit_rounds")
            .with_description("Rounds in which what was overlooked was looked for");
        let (missing, placed) = (missing.build(), placed.build());
        let (behind, starved, heartbeat) = (behind.build(), starved.build(), heartbeat.build());
        Self { nats, board, placer, missing, placed, behind, starved, heartbeat, before: None }
    }

    /// Looks every so often, in the partitions that this router sweeps at the time.
    pub(crate) async fn watch(
        mut self,
        period: Duration,
        mine: watch::Receiver<Vec<Partition>>,
        stop: CancellationToken,
    ) {
        let (mut rounds, mut every) = (0, every(Instant::now(), period));
        while stop.run_until_cancelled(every.tick()).await.is_some() {
            let mine = mine.borrow().clone();
            match stop.run_until_cancelled(self.round(&mine)).await {
                Some(Ok(())) => {
                    rounds += 1;
                    self.heartbeat.record(rounds, &[]);
                }
                // Until somebody has caught up; who does so tells of it.
                Some(Err(LookError::Board(BoardError::Shut { .. }))) => {}
                Some(Err(error)) => {
                    warn!(
                        error = &error as &dyn std::error::Error,
                        "nobody could look for what was overlooked"
                    );
                }
                None => break,
            }
        }
    }

    /// Whatever stood in the streams a round ago has had time enough.
    async fn round(&mut self, mine: &[Partition]) -> Result<(), LookError> {
        let now = self.ends().await?;
        let Some(before) = self.before.replace(now) else { return Ok(()) };
        if mine.is_empty() {
            return Ok(());
        }
        // One router is enough for that, and first of all: those who wait there come by themselves then.
        let is_ours = mine.contains(&Partition(0));
        let fed = if is_ours { self.feed(before, now).await } else { Ok(()) };
        let audited = self.board.audited(mine).await?;
        let first = |of: fn(&Audited) -> u64| audited.iter().map(of).min().unwrap_or(0);
        let lines = now.lines(before);
        let until = lines.map(|(_, is, was)| is.has_had_time(was, before.leads)).min();
        let from = Audited { leads: first(|one| one.leads), events: first(|one| one.events) };
        let done = Audited {
            leads: until.unwrap_or(before.leads).min(from.leads + MOST_PER_ROUND),
            events: before.events.min(from.events + MOST_PER_ROUND),
        };
        // Events first, so that what the log has is repaired and not taken for overlooked.
        self.events(mine, from.events, done.events).await?;
        self.leads(mine, from.leads, done.leads).await?;
        self.board.note_audited(mine, done).await?;
        fed
    }

    /// Makes a consumer of the routers anew if it is starved.
    async fn feed(&self, before: Ends, now: Ends) -> Result<(), LookError> {
        for (line, is, was) in now.lines(before) {
            if !is.is_starved(was) {
                continue;
            }
            error!(?line, consumer = ?is,
                "the routers' consumer brings nothing though leads wait; it is made anew");
            self.starved.add(1, &[]);
            is.go_on(line, &self.stream(Kept::Leads).await?).await?;
        }
        Ok(())
    }

    async fn ends(&self) -> Result<Ends, LookError> {
        let (leads, events) = (self.stream(Kept::Leads).await?, self.stream(Kept::Events).await?);
        let of = |stream: &jetstream::stream::Stream| stream.cached_info().state.last_sequence;
        // After the streams: whatever stood there and does not wait was given to somebody.
        let prompt = Progress::of(Line::Prompt, &leads).await?;
        let bulk = Progress::of(Line::Bulk, &leads).await?;
        Ok(Ends { leads: of(&leads), events: of(&events), prompt, bulk })
    }

    async fn stream(&self, stream: Kept) -> Result<jetstream::stream::Stream, LookError> {
        let asked = timeout(PATIENCE, self.nats.jetstream.get_stream(stream.name())).await;
        asked.map_err(unsaid)?.map_err(unsaid)
    }

    /// Leads that were accepted, and are nowhere on the board.
    async fn leads(&self, mine: &[Partition], after: u64, until: u64) -> Result<(), LookError> {
        let filters = subject::leads_new_about(mine);
        let chunks = self
            .read(Kept::Leads, Range { filters, from: Begin::Behind(after), until, bodies: false })
            .await?;
        let (mut chunks, mut missing) = (std::pin::pin!(chunks), 0);
        while let Some(chunk) = chunks.try_next().await? {
            let about = chunk.into_iter().filter_map(accepted);
            let about = about.filter(|about| mine.contains(&about.partition)).collect();
            let known = self.ask(about).await?.into_iter();
            let nowhere = known.filter(|(_, known)| !known.is_there);
            let overlooked = self.still_here(nowhere.collect()).await?;
            missing += overlooked.len() as u64;
            let placing =
                overlooked.into_iter().map(|(about, _)| async move { self.place(about).await });
            stream::iter(placing).buffer_unordered(AT_ONCE).try_collect::<Vec<()>>().await?;
        }
        self.missing.record(missing, &[]);
        Ok(())
    }

    async fn place(&self, about: About) -> Result<(), LookError> {
        let (entity, lead, sequence) = (&about.entity, &about.lead, about.stored.sequence);
        error!(entity.id = %entity, lead.id = %lead, sequence,
            "an accepted lead was overlooked; it is placed now");
        let range = Range {
            filters: vec![about.stored.subject.clone()],
            from: Begin::Behind(sequence - 1),
            until: sequence,
            bodies: true,
        };
        let (_, whole) = past::range(&self.nats, Kept::Leads.name(), range).await?;
        let Some(whole) = std::pin::pin!(whole).try_next().await? else { return Ok(()) };
        match self.placer.place(&whole.body, true).await {
            Ok(_) => {
                self.placed.add(1, &[]);
                Ok(())
            }
            Err(error) if error.will_pass() => Err(LookError::Stream(error.to_string())),
            // It was set aside with the same reason, or will be.
            Err(error) => {
                error!(
                    error = &error as &dyn std::error::Error,
                    sequence, "an overlooked lead cannot be placed"
                );
                Ok(())
            }
        }
    }

    /// Leads that the board has, but not as their last event says.
    async fn events(&self, mine: &[Partition], after: u64, until: u64) -> Result<(), LookError> {
        let filters = subject::events_about(mine);
        let chunks = self
            .read(Kept::Events, Range { filters, from: Begin::Behind(after), until, bodies: false })
            .await?;
        let mut chunks = std::pin::pin!(chunks);
        while let Some(chunk) = chunks.try_next().await? {
            let about = chunk.into_iter().filter_map(happened);
            let about = about.filter(|about| mine.contains(&about.partition)).collect();
            let known = self.ask(about).await?.into_iter();
            let behind =
                known.filter(|(about, is)| is.sequence < about.stored.sequence && !is.waits);
            for (about, known) in self.still_here(behind.collect()).await? {
                let (entity, lead) = (&about.entity, &about.lead);
                error!(entity.id = %entity, lead.id = %lead, sequence = about.stored.sequence,
                    board.sequence = known.sequence, "the board stayed behind the log; the lead is repaired");
                match self.board.recover(entity, lead).await {
                    Ok(_) => self.behind.add(1, &[]),
                    Err(error) if error.will_pass() => return Err(error.into()),
                    // One that this build cannot read keeps no other from being looked for.
                    Err(error) => {
                        error!(error = &error as &dyn std::error::Error, lead.id = %lead,
                            "a lead that stayed behind cannot be repaired");
                    }
                }
            }
        }
        Ok(())
    }

    /// Those that the board should have: not those that only the log has by now.
    async fn still_here(
        &self,
        all: Vec<(About, Awareness)>,
    ) -> Result<Vec<(About, Awareness)>, BoardError> {
        let nowhere = all.iter().filter(|(_, known)| !known.is_there);
        // What happened to a lead often stands close together.
        let leads: HashSet<_> =
            nowhere.map(|(about, _)| (about.entity.clone(), about.lead.clone())).collect();
        let asking = leads.into_iter().map(|(entity, lead)| async move {
            let has_aged_out = self.board.has_aged_out(&entity, &lead).await?;
            Ok::<_, BoardError>(has_aged_out.then_some(lead))
        });
        let gone = stream::iter(asking).buffer_unordered(AT_ONCE).try_collect::<Vec<_>>().await?;
        let gone: HashSet<LeadId> = gone.into_iter().flatten().collect();
        let here = all.into_iter();
        Ok(here.filter(|(about, known)| known.is_there || !gone.contains(&about.lead)).collect())
    }

    async fn read(
        &self,
        stream: Kept,
        range: Range,
    ) -> Result<impl Stream<Item = Result<Vec<Stored>, PastError>> + use<>, LookError> {
        let (_, stored) = past::range(&self.nats, stream.name(), range).await?;
        Ok(stored.try_chunks(CHUNK).map_err(|broken| broken.1))
    }

    async fn ask(&self, about: Vec<About>) -> Result<Vec<(About, Awareness)>, BoardError> {
        let leads: Vec<_> = about.iter().map(|one| (one.partition, one.lead.clone())).collect();
        let known = self.board.known(&leads).await?;
        Ok(about.into_iter().zip(known).collect())
    }
}

/// The message's id begins with the lead's.
fn accepted(stored: Stored) -> Option<About> {
    let (partition, entity, _) = subject::read_leads_new(&stored.subject)?;
    let id = stored.headers.get(async_nats::header::NATS_MESSAGE_ID)?.as_str();
    let lead = id.split(':').next()?.parse().ok()?;
    Some(About { stored, partition, entity, lead })
}

fn happened(stored: Stored) -> Option<About> {
    let (partition, entity, lead) = subject::read_events(&stored.subject)?;
    Some(About { stored, partition, entity, lead })
}

pub(crate) fn unsaid(error: impl std::fmt::Display) -> LookError {
    LookError::Stream(error.to_string())
}
