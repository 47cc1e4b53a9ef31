//! What is logged on this thread at its most talkative, spans and all.

use std::io::Write;
use std::sync::{Arc, Mutex};

use tracing::subscriber::DefaultGuard;
use tracing::{Dispatch, Level};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
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
        let written = tracing_subscriber::fmt::layer().with_writer(lines.clone()).with_ansi(false);
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
        let lines = self.lines.0.clone();
        drop(self);
        let said = lines.lock().unwrap().clone();
        String::from_utf8(said).unwrap()
    }
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
