//! JSON lines that say why, too: the formatter we build on writes down what an
//! error says and leaves out what caused it.

use std::error::Error;
use std::fmt::{self, Debug};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{Format, Json, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// Flat JSON, and `error.sources` beside an error that has any.
pub(super) struct WithCauses(Format<Json>);

impl WithCauses {
    pub(super) fn new() -> Self {
        let json = tracing_subscriber::fmt::format().json().flatten_event(true);
        // It is the last of the list, which is written as well.
        Self(json.with_current_span(false))
    }
}

impl<S, N> FormatEvent<S, N> for WithCauses
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = String::new();
        self.0.format_event(context, Writer::new(&mut line), event)?;
        let mut causes = Causes::default();
        event.record(&mut causes);
        match line.trim_end().strip_suffix('}') {
            Some(open) if !causes.0.is_empty() => {
                let causes = serde_json::to_string(&causes.0).map_err(|_| fmt::Error)?;
                writeln!(writer, "{open},\"error.sources\":{causes}}}")
            }
            Some(_) | None => writer.write_str(&line),
        }
    }
}

/// What caused the errors of an event, the nearest first.
#[derive(Default)]
struct Causes(Vec<String>);

impl Visit for Causes {
    fn record_error(&mut self, _field: &Field, error: &(dyn Error + 'static)) {
        let mut next = error.source();
        while let Some(cause) = next {
            self.0.push(cause.to_string());
            next = cause.source();
        }
    }

    fn record_debug(&mut self, _field: &Field, _value: &dyn Debug) {}
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use tracing::{error, error_span};
    use tracing_subscriber::fmt::format::JsonFields;
    use tracing_subscriber::fmt::layer;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the lead could not be put on the board")]
    struct NotPlaced(#[source] io::Error);

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(say: impl FnOnce()) -> serde_json::Value {
        let lines = Lines::default();
        let writer = lines.clone();
        let json = layer()
            .event_format(WithCauses::new())
            .fmt_fields(JsonFields::new())
            .with_writer(move || writer.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(json), say);
        let written = lines.0.lock().unwrap().clone();
        serde_json::from_slice(&written).unwrap()
    }

    #[test]
    fn a_line_about_an_error_tells_its_causes() {
        let _turn = crate::telemetry::turn();
        let cause = io::Error::other("Redis said \"no\"");
        let line =
            logged(|| error!(error = &NotPlaced(cause) as &dyn Error, sequence = 7, "not placed"));
        assert_eq!(line["error"], "the lead could not be put on the board");
        assert_eq!(line["error.sources"], serde_json::json!(["Redis said \"no\""]));
        assert_eq!((&line["sequence"], &line["message"]), (&7.into(), &"not placed".into()));
    }

    #[test]
    fn where_a_line_was_written_stands_in_it_once() {
        let _turn = crate::telemetry::turn();
        let line = logged(|| error_span!("request", request.id = "7").in_scope(|| error!("no")));
        assert_eq!(line.to_string().matches("request.id").count(), 1, "{line}");
        assert_eq!(line["spans"][0]["request.id"], "7");
    }

    #[test]
    fn a_line_without_a_cause_stays_as_it_is() {
        let _turn = crate::telemetry::turn();
        let line = logged(|| error!(sequence = 7, "not placed"));
        assert!(line.get("error.sources").is_none());
        assert_eq!(line["message"], "not placed");
    }
}
