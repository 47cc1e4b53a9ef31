//! The services' own settings, as a private system wants them.

pub(super) fn router() -> tipoff_router::Options {
    tipoff_router::Options::default()
}

pub(super) fn ingest(_intake: &str) -> tipoff_ingest::Options {
    tipoff_ingest::Options::default()
}

pub(super) fn notifier(_smtp: &str, _public_url: &str) -> tipoff_notifier::Options {
    tipoff_notifier::Options::default()
}

/// The sink listens on this machine, so any push endpoint will do.
pub(super) fn api(intake: &str) -> tipoff_api::Options {
    tipoff_api::Options {
        intake_url: intake.to_owned(),
        any_push_endpoint: true,
        ..tipoff_api::Options::default()
    }
}
