use proptest::prelude::{any, proptest};
use proptest::prop_assert_eq;
use tipoff_domain::{AgentId, Span};

proptest! {
    #[test]
    fn a_span_reads_back_as_it_was_written(seconds in any::<u32>()) {
        let span = Span::seconds(seconds);
        prop_assert_eq!(span.to_string().parse::<Span>().unwrap(), span);
    }

    #[test]
    fn whatever_is_written_is_read_or_refused(text in ".{0,12}") {
        if let Ok(span) = text.parse::<Span>() {
            prop_assert_eq!(span.to_string().parse::<Span>().unwrap(), span);
        }
    }
}

#[test]
fn spans_are_written_as_people_write_them() {
    for (text, seconds) in
        [("90s", 90), ("15m", 900), ("2h", 7_200), ("1d12h", 129_600), ("1h30m10s", 5_410)]
    {
        assert_eq!(text.parse::<Span>().unwrap().as_seconds(), seconds, "{text}");
    }
    for text in ["", "15", "m15", "15m15m", "5s1m", "1.5h", "-1m", "99999999d"] {
        assert!(text.parse::<Span>().is_err(), "{text}");
    }
}

#[test]
fn what_is_refused_is_repeated_without_control_characters() {
    let refusals = [
        "1h\u{1b}[2J".parse::<Span>().unwrap_err().to_string(),
        "ana\r\nX: y\u{1b}[2J".parse::<AgentId>().unwrap_err().to_string(),
    ];
    for said in refusals {
        assert!(!said.chars().any(char::is_control), "{said:?}");
    }
}
