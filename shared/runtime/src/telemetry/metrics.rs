//! Metrics, kept where Prometheus can read them.

use opentelemetry::global;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::{
    Aggregation, Instrument, InstrumentKind, SdkMeterProvider, Stream,
};
use prometheus::TextEncoder;
use tracing::warn;

/// From 100 µs to a minute: what we promise lies between 1 ms and 1 s.
const SECONDS: [f64; 18] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0, 30.0, 60.0,
];

pub(super) fn start(service: &'static str) {
    let registry = prometheus::default_registry().clone();
    match opentelemetry_prometheus::exporter()
        .with_registry(registry)
        .scope_info_enabled(false)
        .build()
    {
        Ok(exporter) => {
            let resource = Resource::builder().with_service_name(service).build();
            let provider = SdkMeterProvider::builder()
                .with_resource(resource)
                .with_reader(exporter)
                .with_view(in_seconds)
                .build();
            global::set_meter_provider(provider);
        }
        Err(error) => warn!(error = &error as &dyn std::error::Error, "metrics cannot be kept"),
    }
}

/// Buckets that suit durations; the library's own are made for milliseconds.
fn in_seconds(instrument: &Instrument) -> Option<Stream> {
    if instrument.kind() != InstrumentKind::Histogram || instrument.unit() != "s" {
        return None;
    }
    let buckets = Aggregation::ExplicitBucketHistogram {
        boundaries: SECONDS.to_vec(),
        record_min_max: false,
    };
    Stream::builder().with_aggregation(buckets).build().ok()
}

/// Everything measured so far, in Prometheus' text format.
pub fn metrics() -> String {
    TextEncoder::new().encode_to_string(&prometheus::gather()).unwrap_or_default()
}
