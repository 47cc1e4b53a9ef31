//! What became of notices, noted on the board for whoever asks why. It is
//! written beside the work, many at once; what is in the way is left out.

use std::time::Duration;

use opentelemetry::global;
use opentelemetry::metrics::Counter;
use tipoff_board::Board;
use tipoff_domain::notified::{About, Became, Notified};
use tipoff_domain::{EntityId, LeadId};
use tipoff_letters::plain::shortened;
use tipoff_runtime::Clock;
use tipoff_wire::Notice;
use tipoff_wire::notice::What;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};
use tracing::warn;

/// So many may wait to be written.
const WAITING: usize = 16_384;
/// So many are written at once,
const TOGETHER: usize = 4_096;
/// or as many as come within this time.
const WINDOW: Duration = Duration::from_millis(250);
/// Longest reason, in characters.
const REASON: usize = 120;

type Entry = (EntityId, LeadId, Notified);

/// Takes down what became of notices. Cheap to clone; what was taken down is
/// written by the time all clones are gone and the writing has ended.
#[derive(Clone)]
pub(crate) struct Noted {
    clock: Clock,
    entries: mpsc::Sender<Entry>,
    left_out: Counter<u64>,
}

impl Noted {
    /// And what writes it, to be run.
    pub(crate) fn on(board: Board, clock: Clock) -> (Self, impl Future<Output = ()> + Send) {
        let (entries, waiting) = mpsc::channel(WAITING);
        let left_out = global::meter("tipoff-notifier")
            .u64_counter("tipoff_notifications_not_noted")
            .with_description("Notices of which nobody can say what became of them")
            .build();
        let writing = write(board, waiting, left_out.clone());
        (Self { clock, entries, left_out }, writing)
    }

    /// Waits for nothing.
    pub(crate) fn note(&self, notice: &Notice, became: Became, why: Option<&str>) {
        let (about, round) = match notice.what {
            What::Offer { round, .. } => (About::Offer, Some(round)),
            What::Assigned { .. } => (About::Assigned, None),
            What::Over { round, .. } => (About::Over, Some(round)),
            What::Missed { .. } => (About::Missed, None),
        };
        let noted = Notified {
            at: self.clock.now(),
            agent: notice.agent.clone(),
            channel: notice.channel,
            about,
            round,
            became,
            why: why.map(|why| shortened(why, REASON)),
        };
        let entry = (notice.entity.clone(), notice.lead.clone(), noted);
        if self.entries.try_send(entry).is_err() {
            self.left_out.add(1, &[]);
        }
    }
}

async fn write(board: Board, mut waiting: mpsc::Receiver<Entry>, left_out: Counter<u64>) {
    let mut entries = Vec::new();
    while waiting.recv_many(&mut entries, TOGETHER).await > 0 {
        let end = Instant::now() + WINDOW;
        while entries.len() < TOGETHER {
            let room = TOGETHER - entries.len();
            match timeout_at(end, waiting.recv_many(&mut entries, room)).await {
                Ok(more) if more > 0 => {}
                _ => break,
            }
        }
        if let Err(error) = board.note_notices(&entries).await {
            warn!(
                error = &error as &dyn std::error::Error,
                notices = entries.len(),
                "what became of notices is not noted"
            );
            left_out.add(u64::try_from(entries.len()).unwrap_or(u64::MAX), &[]);
        }
        entries.clear();
    }
}
