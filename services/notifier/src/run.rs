//! The notifier's workers, put together.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tipoff_board::Board;
use tipoff_domain::Channel;
use tipoff_roster::Roster;
use tipoff_runtime::{Clock, Nats, Publisher, WorkerError, WorkerLimits, worker};
use tipoff_wire::link::{BadLink, read_secret};
use tipoff_wire::{Stream, subject};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::Options;
use crate::deliver::{Deliverer, Transport};
use crate::email::{BadRelay, BadTrust, Email, Pool, Relay};
use crate::letter::Writer;
use crate::meter::Meter;
use crate::push::{BadVapidKey, Push, Sender, Shown, Vapid};
use crate::spread::Spreader;

const DRAIN: Duration = Duration::from_secs(20);
/// How often is each notice's own business: it ends with its deadline. This is
/// more than the longest deadline has minutes.
const MOST_DELIVERIES: i64 = 50_000;
/// Work that takes longer is kept alive; what a crash leaves behind comes again after this.
const ACK_WAIT: Duration = Duration::from_secs(10);

/// Why the notifier does not work.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("TIPOFF_SMTP_URL is of no use")]
    Relay(#[from] BadRelay),
    #[error("TIPOFF_SMTP_CA={} cannot be read", path.display())]
    Authorities { path: PathBuf, source: std::io::Error },
    #[error("the mail relay cannot be reached privately")]
    Trust(#[from] BadTrust),
    #[error("the deployment's link secret is of no use")]
    LinkSecret(#[from] BadLink),
    #[error("push messages cannot be signed")]
    Vapid(#[from] BadVapidKey),
    #[error("push messages cannot be sent")]
    Http(#[from] reqwest::Error),
    #[error("a template of this build is broken")]
    Template(#[from] minijinja::Error),
    #[error("a worker ended")]
    Worker(#[from] WorkerError),
}

/// Tells agents until `stop` is cancelled and what is in hand is finished.
pub async fn run(
    nats: Nats,
    board: Board,
    roster: Roster,
    clock: Clock,
    options: Options,
    stop: CancellationToken,
) -> Result<(), Error> {
    let secret = read_secret(&roster.deployment().link_secret)?;
    let writer = Arc::new(Writer::new(&options.public_url, secret)?);
    let mut staff =
        Staff { nats, board, roster, clock, workers: JoinSet::new(), stop: stop.child_token() };
    let mut channels = vec![Channel::Push];
    if let Some(address) = &options.smtp_url {
        channels.push(Channel::Email);
        staff.email(&options, address, writer.clone())?;
    } else {
        warn!("TIPOFF_SMTP_URL is not set: nobody is told by e-mail");
    }
    let push = staff.push(&options, writer)?;
    staff.deliver(Channel::Push, push, options.push_in_flight);
    staff.spread(channels, options.notifier_in_flight);
    staff.work().await
}

/// The workers and what they share.
struct Staff {
    nats: Nats,
    board: Board,
    roster: Roster,
    clock: Clock,
    workers: JoinSet<Result<(), WorkerError>>,
    stop: CancellationToken,
}

impl Staff {
    fn email(
        &mut self,
        options: &Options,
        address: &SecretString,
        writer: Arc<Writer>,
    ) -> Result<(), Error> {
        let patience = Duration::from_secs(options.smtp_timeout_seconds);
        let read = |path: &PathBuf| {
            std::fs::read(path).map_err(|source| Error::Authorities { path: path.clone(), source })
        };
        let authorities = options.smtp_ca.as_ref().map(read).transpose()?;
        let connections = options.smtp_connections;
        let pool =
            Pool::new(Relay::parse(address)?, authorities.as_deref(), connections, patience)?;
        let email = Email { pool, writer, from: options.mail_from.clone() };
        // While one half is handed over, the other half is written.
        self.deliver(Channel::Email, email, connections.saturating_mul(2));
        Ok(())
    }

    fn push(&self, options: &Options, writer: Arc<Writer>) -> Result<Push, Error> {
        let subject = options
            .vapid_subject
            .clone()
            .unwrap_or_else(|| format!("mailto:{}", options.mail_from.email));
        let vapid = Vapid::new(&self.roster.deployment().vapid_key, subject)?;
        let sender = Sender::new(vapid, self.clock.clone())?;
        Ok(Push { sender, roster: self.roster.clone(), writer, shown: Shown::default() })
    }

    fn deliver<T: Transport>(&mut self, channel: Channel, transport: T, in_flight: usize) {
        let (board, roster) = (self.board.clone(), self.roster.clone());
        let handler = Deliverer { board, roster, channel, transport, meter: Meter::new(channel) };
        let durable = format!("notify-{}", channel.as_str());
        let filter = Some(subject::notify_channel(channel));
        self.start(limits(Stream::Notify, durable, filter, in_flight), handler);
    }

    fn spread(&mut self, channels: Vec<Channel>, in_flight: usize) {
        let handler = Spreader {
            publisher: Publisher::new(self.nats.clone()),
            board: self.board.clone(),
            roster: self.roster.clone(),
            clock: self.clock.clone(),
            channels,
        };
        let limits = limits(Stream::Events, "notifier".to_owned(), None, in_flight);
        self.start(limits, handler);
    }

    fn start(&mut self, limits: WorkerLimits, handler: impl tipoff_runtime::Handler) {
        self.workers.spawn(worker::work(
            self.nats.clone(),
            self.clock.clone(),
            limits,
            handler,
            self.stop.clone(),
        ));
    }

    /// Until all have ended. When one cannot go on, the others finish what they have.
    async fn work(mut self) -> Result<(), Error> {
        let mut ended = Ok(());
        while let Some(worker) = self.workers.join_next().await {
            let worker =
                worker.unwrap_or_else(|panicked| std::panic::resume_unwind(panicked.into_panic()));
            if let Err(error) = worker {
                self.stop.cancel();
                ended = Err(error.into());
            }
        }
        ended
    }
}

fn limits(
    stream: Stream,
    durable: String,
    filter: Option<String>,
    in_flight: usize,
) -> WorkerLimits {
    WorkerLimits {
        stream,
        durable,
        filter,
        in_flight: in_flight.max(1),
        ack_wait: ACK_WAIT,
        most_deliveries: MOST_DELIVERIES,
        drain: DRAIN,
    }
}
