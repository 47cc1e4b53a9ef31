//! A worker for every endpoint, hired and dismissed as the roster changes.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use tipoff_board::Board;
use tipoff_domain::{EntityId, WebhookId};
use tipoff_roster::Roster;
use tipoff_runtime::{
    ACK_WAIT, Backoff, Clock, Nats, Publisher, WorkerError, WorkerLimits, worker,
};
use tipoff_wire::{Stream, subject};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error};

use super::Unusable;
use super::call::Caller;
use super::options::Options;
use super::teller::{Meter, Teller};

/// Between tries of a worker that could not begin.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

type Endpoint = (EntityId, WebhookId);

/// Each endpoint's worker.
pub(crate) struct Staff {
    teller: Teller,
    in_flight: usize,
    stop: CancellationToken,
    hired: HashMap<Endpoint, CancellationToken>,
    at_work: JoinSet<()>,
}

impl Staff {
    pub(crate) fn new(
        nats: Nats,
        board: Board,
        roster: Roster,
        clock: Clock,
        options: &Options,
        stop: CancellationToken,
    ) -> Result<Self, Unusable> {
        let (caller, meter) = (Caller::new(options)?, Meter::default());
        let publisher = Publisher::new(nats.clone());
        let teller = Teller { nats, publisher, board, roster, clock, caller, meter };
        let in_flight = options.webhook_in_flight.max(1);
        Ok(Self { teller, in_flight, stop, hired: HashMap::new(), at_work: JoinSet::new() })
    }

    /// Until stopped; then what is in hand is finished.
    pub(crate) async fn run(mut self) -> Result<(), WorkerError> {
        let mut changes = self.teller.roster.changes();
        while !self.stop.is_cancelled() {
            changes.borrow_and_update();
            self.follow().await;
            tokio::select! {
                () = self.stop.cancelled() => break,
                changed = changes.changed() => if changed.is_err() { break },
                Some(ended) = self.at_work.join_next(), if !self.at_work.is_empty() => Self::left(ended),
            }
        }
        while let Some(ended) = self.at_work.join_next().await {
            Self::left(ended);
        }
        Ok(())
    }

    /// Hires for endpoints that are new, dismisses from those that are gone.
    async fn follow(&mut self) {
        let wanted: HashSet<Endpoint> = self.teller.roster.webhooks_of_all().into_iter().collect();
        let gone: Vec<Endpoint> =
            self.hired.keys().filter(|endpoint| !wanted.contains(*endpoint)).cloned().collect();
        for endpoint in gone {
            if let Some(dismissed) = self.hired.remove(&endpoint) {
                dismissed.cancel();
            }
            self.tidy(&endpoint).await;
        }
        for endpoint in wanted {
            if !self.hired.contains_key(&endpoint) {
                self.hire(endpoint);
            }
        }
    }

    fn hire(&mut self, endpoint: Endpoint) {
        let stop = self.stop.child_token();
        let limits = limits(&endpoint, self.in_flight);
        let (teller, stopped) = (self.teller.clone(), stop.clone());
        self.hired.insert(endpoint.clone(), stop);
        self.at_work.spawn(work(endpoint.1, limits, teller, stopped));
    }

    /// The consumer of an endpoint that does not exist any more goes with it.
    async fn tidy(&self, endpoint: &Endpoint) {
        let (entity, webhook) = endpoint;
        if self.teller.roster.webhook(entity, webhook).is_some() {
            return;
        }
        let durable = durable(endpoint);
        let stream = Stream::Webhooks.name();
        let deleting = self.teller.nats.jetstream.delete_consumer_from_stream(&durable, stream);
        // Another notifier may have been first.
        if let Err(failed) = deleting.await {
            debug!(error = &failed as &dyn std::error::Error, durable, "no consumer was removed");
        }
    }

    fn left(ended: Result<(), JoinError>) {
        ended.unwrap_or_else(|panicked| std::panic::resume_unwind(panicked.into_panic()));
    }
}

/// Until dismissed. Whoever cannot begin tries again: it may be made good without
/// any change of the roster.
async fn work(hook: WebhookId, limits: WorkerLimits, teller: Teller, stop: CancellationToken) {
    let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
    loop {
        let (nats, clock) = (teller.nats.clone(), teller.clock.clone());
        let working = worker::work(nats, clock, limits.clone(), teller.clone(), stop.clone());
        let Err(failed) = working.await else { return };
        error!(error = &failed as &dyn std::error::Error, webhook.id = %hook, "an endpoint is told nothing for now, trying again");
        if !backoff.wait(&stop).await {
            return;
        }
    }
}

fn durable((_, webhook): &Endpoint) -> String {
    format!("webhook-{webhook}")
}

fn limits(endpoint: &Endpoint, in_flight: usize) -> WorkerLimits {
    WorkerLimits {
        stream: Stream::Webhooks,
        durable: durable(endpoint),
        filter: Some(subject::webhook(&endpoint.0, &endpoint.1)),
        since: None,
        in_flight: in_flight.into(),
        ack_wait: ACK_WAIT,
        // The schedule says when it is enough.
        most_deliveries: i64::MAX,
        drain: Duration::from_secs(20),
    }
}
