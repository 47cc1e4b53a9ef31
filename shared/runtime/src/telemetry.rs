//! Logs, traces and metrics.

use async_nats::HeaderMap;

/// Keeps telemetry running; flushes when it is dropped.
#[derive(Debug)]
pub struct Telemetry {}

/// Starts telemetry for `service`. Logs go to stderr, as text on a terminal and
/// as JSON otherwise (`TIPOFF_LOG_FORMAT`), filtered by `TIPOFF_LOG`
/// (default `info`). Traces go to `OTEL_EXPORTER_OTLP_ENDPOINT` where that is
/// set. Metrics can be scraped from [`crate::health`].
pub fn start(service: &'static str) -> Telemetry {
    let _ = service;
    todo!()
}

/// Writes the current span's W3C context into `headers`.
pub fn inject(headers: &mut HeaderMap) {
    let _ = headers;
    todo!()
}

/// Makes the current span a child of the context in `headers`, if there is one.
pub fn adopt(span: &tracing::Span, headers: &HeaderMap) {
    let _ = (span, headers);
    todo!()
}
