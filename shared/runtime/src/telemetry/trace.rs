//! Traces, and carrying them over NATS.

use async_nats::HeaderMap;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::{TraceContextExt, TracerProvider};
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Span;
use tracing_opentelemetry::{OpenTelemetryLayer, OpenTelemetrySpanExt};
use tracing_subscriber::registry::LookupSpan;

/// Traces leave this process only where somebody said whereto.
pub(super) fn exporting(service: &'static str) -> Option<SdkTracerProvider> {
    std::env::var_os("OTEL_EXPORTER_OTLP_ENDPOINT")?;
    // The exporter's connection lives on the runtime it is made in.
    tokio::runtime::Handle::try_current().ok()?;
    let exporter = SpanExporter::builder().with_tonic().build().ok()?;
    let resource = Resource::builder().with_service_name(service).build();
    Some(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
}

pub(super) fn layer<S>(
    traces: &SdkTracerProvider,
) -> OpenTelemetryLayer<S, opentelemetry_sdk::trace::SdkTracer>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
{
    tracing_opentelemetry::layer().with_tracer(traces.tracer("tipoff"))
}

/// Writes the current span's W3C context into `headers`.
pub fn inject(headers: &mut HeaderMap) {
    let context = Span::current().context();
    TraceContextPropagator::new().inject_context(&context, &mut Writing(headers));
}

/// Makes `span` a child of the context in `headers`, if there is one. To be
/// called before the span is entered.
pub fn adopt(span: &Span, headers: &HeaderMap) {
    if headers.get("traceparent").is_none() {
        return;
    }
    let parent = TraceContextPropagator::new().extract(&Reading(headers));
    if parent.span().span_context().is_valid() {
        // Refused where nobody listens to the span; then nobody misses it.
        span.set_parent(parent).ok();
    }
}

struct Writing<'a>(&'a mut HeaderMap);

impl Injector for Writing<'_> {
    fn set(&mut self, key: &str, value: String) {
        // An empty `tracestate` says nothing and costs bytes in every message.
        if !value.is_empty() {
            self.0.insert(key, value);
        }
    }
}

struct Reading<'a>(&'a HeaderMap);

impl Extractor for Reading<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(async_nats::HeaderValue::as_str)
    }

    fn keys(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| name.as_ref()).collect()
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::TraceId;
    use tracing::info_span;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[test]
    fn a_trace_goes_on_on_the_other_side_of_a_message() {
        let _turn = crate::telemetry::turn();
        let provider = SdkTracerProvider::builder().build();
        let subscriber = tracing_subscriber::registry().with(layer(&provider));
        tracing::subscriber::with_default(subscriber, || {
            let mut headers = HeaderMap::new();
            let sent = info_span!("sent");
            sent.in_scope(|| inject(&mut headers));
            assert!(headers.get("traceparent").is_some());

            let received = info_span!("received");
            adopt(&received, &headers);

            let trace = |span: &Span| span.context().span().span_context().trace_id();
            assert_ne!(trace(&sent), TraceId::INVALID);
            assert_eq!(trace(&received), trace(&sent));
        });
    }

    #[test]
    fn a_broken_trace_header_is_left_alone() {
        let _turn = crate::telemetry::turn();
        let mut headers = HeaderMap::new();
        headers.insert("traceparent", "00-nonsense");
        adopt(&info_span!("received"), &headers);
    }
}
