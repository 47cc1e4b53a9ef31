//! What is logged on this thread at its most talkative, spans and all.

use tipoff_testkit::Lines;
use tracing::subscriber::DefaultGuard;
use tracing::{Dispatch, Level};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Layer, SubscriberExt};

/// Everything from when it was made on.
pub(crate) struct Heard {
    lines: Lines,
    _listening: DefaultGuard,
    _second: Dispatch,
}

impl Heard {
    pub(crate) fn listen() -> Self {
        let lines = Lines::default();
        let to = lines.clone();
        let written = tracing_subscriber::fmt::layer();
        let written = written.with_writer(move || to.clone()).with_ansi(false);
        // At its most talkative the NATS client writes down everything that passes by.
        let everything = Targets::new()
            .with_default(Level::TRACE)
            .with_target("async_nats::connection", Level::DEBUG);
        let everything = tracing_subscriber::registry().with(written.with_filter(everything));
        // Where there is only one subscriber, tracing asks the thread that comes to a
        // line first whether anybody wants it, and that may be another test's.
        let second = Dispatch::new(tracing_subscriber::registry());
        let listening = tracing::subscriber::set_default(everything);
        Self { lines, _listening: listening, _second: second }
    }

    /// What it was.
    pub(crate) fn end(self) -> String {
        self.lines.text()
    }
}
