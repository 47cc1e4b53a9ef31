//! Connecting to NATS.

use std::time::Duration;

use async_nats::jetstream::context::ContextBuilder;
use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event, ServerAddr};
use futures::future::BoxFuture;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{ConnectError, Nats, OLDEST_NATS, tls, version, without_secret};
use crate::publish::PATIENCE;
use crate::{Backoff, Settings};

/// Longest pause between two tries of the first connection.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// The same when one was lost: a server that comes back is found at once.
const LONGEST_ABSENCE: Duration = Duration::from_secs(1);

/// Connects and checks the version. Keeps trying, with a clear line in the log
/// every time, until the server answers or `stop` is cancelled.
///
/// Boxed, so that it is compiled here and not in every program that connects.
pub fn nats<'a>(
    settings: &'a Settings,
    name: &'a str,
    stop: &'a CancellationToken,
) -> BoxFuture<'a, Result<Nats, ConnectError>> {
    Box::pin(connect(settings, name, stop))
}

async fn connect(
    settings: &Settings,
    name: &str,
    stop: &CancellationToken,
) -> Result<Nats, ConnectError> {
    let addresses = addresses(&settings.nats_url)?;
    let connections = watch::Sender::new(0);
    // Seen before anything is tried.
    options(name, &addresses, settings, &connections)?;
    let mut backoff = Backoff::new(Duration::from_millis(100), LONGEST_PAUSE);
    let client = loop {
        let attempt = tokio::select! {
            biased;
            () = stop.cancelled() => return Err(ConnectError::Stopped { server: "NATS" }),
            attempt = options(name, &addresses, settings, &connections)?.connect(addresses.clone()) => attempt,
        };
        match attempt {
            Ok(client) => break client,
            Err(error) if tls::is_untrusted(&error) => {
                let source = error.into();
                return Err(ConnectError::Untrusted {
                    server: "NATS",
                    setting: "TIPOFF_NATS_URL",
                    source,
                });
            }
            Err(error) if is_hopeless(error.kind()) => return Err(ConnectError::Nats(error)),
            Err(error) => warn!(
                error = &error as &dyn std::error::Error,
                server = without_secret(&settings.nats_url),
                "NATS does not answer, trying again; start nats-server there or set TIPOFF_NATS_URL"
            ),
        }
        if !backoff.wait(stop).await {
            return Err(ConnectError::Stopped { server: "NATS" });
        }
    };
    check(&client)?;
    let jetstream = ContextBuilder::new().timeout(PATIENCE).build(client.clone());
    let (trial, connections) = (settings.r#unsafe, connections.subscribe());
    Ok(Nats { client, jetstream, trial, connections })
}

fn check(client: &Client) -> Result<(), ConnectError> {
    let found = client.server_info().version;
    version::check("nats-server", &found, OLDEST_NATS)
}

fn addresses(given: &str) -> Result<Vec<ServerAddr>, ConnectError> {
    let bad =
        || ConnectError::BadAddress { setting: "TIPOFF_NATS_URL", given: without_secret(given) };
    let read = given.split(',').map(|one| one.trim().parse().map_err(|_| bad()));
    read.collect()
}

/// With the user and password, or the token, that stand in the address. A user
/// is told answers on subjects of its own.
fn options(
    name: &str,
    addresses: &[ServerAddr],
    settings: &Settings,
    connections: &watch::Sender<u64>,
) -> Result<ConnectOptions, ConnectError> {
    let named = addresses.iter().find_map(|one| Some((one.username()?, one.password())));
    let options = match named {
        None => ConnectOptions::new(),
        Some((user, Some(password))) => {
            ConnectOptions::with_user_and_password(plain(user), plain(password))
                .custom_inbox_prefix(format!("_INBOX_{}", plain(user)))
        }
        Some((token, None)) => ConnectOptions::with_token(plain(token)),
    };
    settings.tls.options(patient(options.name(name), connections.clone()))
}

/// As it was before it was put into an address.
fn plain(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Counts connections in `connections`, for [`Nats::insist`].
fn patient(options: ConnectOptions, connections: watch::Sender<u64>) -> ConnectOptions {
    options
        .ping_interval(Duration::from_secs(5))
        .max_reconnects(None)
        .reconnect_delay_callback(|tries| {
            let doubled = 50_u64.saturating_mul(1 << tries.min(10));
            Duration::from_millis(doubled).min(LONGEST_ABSENCE)
        })
        .event_callback(move |event| {
            log(&event);
            if event == Event::Connected {
                connections.send_modify(|count| *count += 1);
            }
            std::future::ready(())
        })
}

/// What will not mend itself by waiting.
fn is_hopeless(kind: ConnectErrorKind) -> bool {
    matches!(
        kind,
        ConnectErrorKind::ServerParse
            | ConnectErrorKind::Authentication
            | ConnectErrorKind::AuthorizationViolation
            | ConnectErrorKind::Tls
    )
}

fn log(event: &Event) {
    match event {
        Event::Connected => info!("connected to NATS"),
        Event::Disconnected => warn!("the connection to NATS is lost, reconnecting"),
        Event::Draining | Event::Closed => info!("the connection to NATS is closing"),
        Event::LameDuckMode => info!("the NATS server is about to stop, looking for another"),
        Event::SlowConsumer(_) | Event::ServerError(_) | Event::ClientError(_) => {
            warn!(event = %event, "NATS complains");
        }
    }
}
