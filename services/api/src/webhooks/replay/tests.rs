use super::*;

fn range(body: serde_json::Value) -> Result<Range, Problem> {
    serde_json::from_value::<ReplayWanted>(body).unwrap().range()
}

#[test]
fn one_event_or_a_time_is_told_again_and_nothing_else() {
    let at: DateTime<Utc> = "2026-11-22T09:00:00Z".parse().unwrap();
    let one = range(json!({"event": "3-1795338000000-0"})).unwrap();
    assert_eq!(one, Range::One { id: "3-1795338000000-0".to_owned(), at: Some(at) });
    let change = range(json!({"event": "change-41"})).unwrap();
    assert_eq!(change, Range::One { id: "change-41".to_owned(), at: None });
    assert!(
        range(json!({"from": "2026-11-22T09:00:00Z", "until": "2026-11-22T10:00:00Z"})).is_ok()
    );
    for bad in [
        json!({}),
        json!({"event": "nonsense"}),
        json!({"event": "3-1795338000000-0", "from": "2026-11-22T09:00:00Z"}),
        json!({"from": "2026-11-22T09:00:00Z"}),
        json!({"from": "2026-11-22T09:00:00Z", "until": "2026-11-22T09:00:00Z"}),
    ] {
        assert!(range(bad.clone()).is_err(), "{bad}");
    }
}
