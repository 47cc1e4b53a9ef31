//! Logs, traces and metrics.

mod causes;
mod metrics;
mod trace;

use std::io::IsTerminal;
use std::sync::Once;

use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Level, warn};
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::layer::{Filter, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

pub use metrics::metrics;
pub use trace::{adopt, inject};

/// A process has one subscriber and one set of metrics, however often it is asked.
static STARTED: Once = Once::new();

/// Keeps telemetry running; flushes when it is dropped.
#[derive(Debug)]
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
}

/// Starts telemetry for `service`. Logs go to stderr, as text on a terminal and
/// as JSON otherwise (`TIPOFF_LOG_FORMAT`), filtered by `TIPOFF_LOG`
/// (default `info`). Traces go to `OTEL_EXPORTER_OTLP_ENDPOINT` where that is
/// set. Metrics can be scraped from [`crate::health`].
///
/// Only the first call of a process does anything.
pub fn start(service: &'static str) -> Telemetry {
    start_at(service, "info")
}

/// [`start`], with another default for `TIPOFF_LOG`.
pub fn start_at(service: &'static str, unless_told: &str) -> Telemetry {
    let mut traces = None;
    STARTED.call_once(|| {
        traces = trace::exporting(service);
        let layers = traces.as_ref().map(trace::layer);
        // A test may have a subscriber of its own; it is as good as ours.
        tracing_subscriber::registry().with(layers).with(logs(unless_told)).try_init().ok();
        metrics::start(service);
    });
    Telemetry { traces }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(traces) = &self.traces
            && let Err(error) = traces.shutdown()
        {
            warn!(error = &error as &dyn std::error::Error, "the last traces could not be sent");
        }
    }
}

/// What these write below that level holds whole messages, and so people. No
/// setting lets it out.
const CAPPED: [(&str, Level); 4] = [
    ("async_nats::connection", Level::DEBUG),
    // What JetStream answers, messages that were asked for among it.
    ("async_nats::jetstream", Level::INFO),
    ("h2", Level::DEBUG),
    ("hyper", Level::DEBUG),
];

/// As asked for, less what holds people.
fn filter<S: tracing::Subscriber>(wanted: EnvFilter) -> impl Filter<S> + Send + Sync {
    wanted.and(filter_fn(|line| {
        let (target, level) = (line.target(), *line.level());
        !CAPPED.iter().any(|(capped, finest)| target.starts_with(capped) && level > *finest)
    }))
}

fn logs<S>(unless_told: &str) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
{
    let wanted = std::env::var("TIPOFF_LOG").unwrap_or_else(|_| unless_told.to_owned());
    let filter =
        filter(EnvFilter::try_new(&wanted).unwrap_or_else(|_| EnvFilter::new(unless_told)));
    let text = match std::env::var("TIPOFF_LOG_FORMAT").as_deref() {
        Ok("text") => true,
        Ok("json") => false,
        Ok(_) | Err(_) => std::io::stderr().is_terminal(),
    };
    if text {
        fmt::layer()
            .with_ansi(std::io::stderr().is_terminal())
            .with_writer(std::io::stderr)
            .with_filter(filter)
            .boxed()
    } else {
        fmt::layer()
            .event_format(causes::WithCauses::new())
            .fmt_fields(fmt::format::JsonFields::new())
            .with_writer(std::io::stderr)
            .with_filter(filter)
            .boxed()
    }
}

/// Tests that look at what is let through take turns: tracing remembers answers
/// for the whole process.
#[cfg(test)]
fn turn() -> std::sync::MutexGuard<'static, ()> {
    static TURN: std::sync::Mutex<()> = std::sync::Mutex::new(());
    TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use tracing::Subscriber;
    use tracing::subscriber::with_default;

    use super::*;

    /// Whether a line would come out that the target writes at that level.
    macro_rules! lets_out {
        ($wanted:expr, $target:expr, $level:expr) => {{
            let layer = fmt::layer().with_writer(std::io::sink);
            let layer = layer.with_filter(filter(EnvFilter::new($wanted)));
            let logs: Box<dyn Subscriber + Send + Sync> =
                Box::new(tracing_subscriber::registry().with(layer));
            with_default(logs, || tracing::enabled!(target: $target, $level))
        }};
    }

    #[test]
    fn whole_messages_are_never_let_out() {
        let _turn = turn();
        for wanted in
            ["trace", "hyper=trace,h2=trace,async_nats=trace,async_nats::connection=trace"]
        {
            assert!(!lets_out!(wanted, "async_nats::connection", Level::TRACE));
            assert!(!lets_out!(wanted, "h2::codec::framed_read", Level::TRACE));
            assert!(!lets_out!(wanted, "hyper::proto::h1::io", Level::TRACE));
            assert!(!lets_out!(wanted, "async_nats::jetstream::context", Level::DEBUG));
            assert!(lets_out!(wanted, "async_nats::connection", Level::DEBUG));
        }
    }

    #[test]
    fn nobody_is_louder_than_was_asked_for() {
        let _turn = turn();
        assert!(!lets_out!("warn", "hyper_util::client::legacy::pool", Level::DEBUG));
        assert!(!lets_out!("warn", "async_nats::connection", Level::INFO));
        assert!(lets_out!("warn", "async_nats::connection", Level::WARN));
        assert!(!lets_out!("info", "tipoff_router", Level::DEBUG));
    }
}
