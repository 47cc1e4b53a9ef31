//! A result, for people.

use serde_json::{Map, Value};

use crate::term;

/// Name and value in two columns; percentiles, and what is simple about a
/// step, on one line.
pub(super) fn table(result: &Value) -> String {
    let mut rows = Vec::new();
    add(&mut rows, "", result);
    term::columns(&rows)
}

fn add(rows: &mut Vec<[String; 2]>, name: &str, value: &Value) {
    match value {
        Value::Object(fields) if fields.contains_key("p99") => {
            rows.push([name.to_owned(), line(fields)]);
        }
        Value::Object(fields) if fields.contains_key("calls") => {
            let [calls, us] = ["calls", "us"].map(|field| plain(&fields[field]));
            rows.push([name.to_owned(), format!("{calls} calls, {us} us")]);
        }
        Value::Object(fields) => {
            for (field, value) in fields {
                let name = if name.is_empty() { field.clone() } else { format!("{name}.{field}") };
                add(rows, &name, value);
            }
        }
        Value::Array(steps) if steps.iter().all(|step| step["step"].is_string()) => {
            for step in steps.iter().filter_map(Value::as_object) {
                add_step(rows, step);
            }
        }
        other => rows.push([name.to_owned(), plain(other)]),
    }
}

/// What adds up is told once, at the end.
fn add_step(rows: &mut Vec<[String; 2]>, step: &Map<String, Value>) {
    let name = plain(&step["step"]);
    let simple = step.iter().filter(|(field, value)| !value.is_object() && *field != "step");
    let simple = simple.map(|(field, value)| (field.clone(), value.clone())).collect();
    rows.push([name.clone(), line(&simple)]);
    for (field, value) in step.iter().filter(|(_, value)| value.is_object() && value["ok"] != true)
    {
        add(rows, &format!("{name}: {field}"), value);
    }
}

fn line(fields: &Map<String, Value>) -> String {
    let each = fields.iter().map(|(name, value)| format!("{name} {}", plain(value)));
    each.collect::<Vec<_>>().join("  ")
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lines(result: &Value) -> Vec<String> {
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        table(result).lines().map(words).collect()
    }

    #[test]
    fn nested_results_have_a_line_each() {
        let lines = lines(
            &json!({"leads": 5, "correct": {"ok": true}, "took_ms": {"p50": 1.5, "p99": 2.0}}),
        );
        assert!(lines.contains(&"correct.ok true".to_owned()), "{lines:?}");
        assert!(lines.contains(&"took_ms p50 1.5 p99 2.0".to_owned()), "{lines:?}");
    }

    #[test]
    fn a_step_is_told_on_a_line_of_its_own_and_what_does_not_add_up_on_another() {
        let steps = json!({"steps": [
            {"step": "1 route", "leads_per_s": 7.5, "correct": {"lost": 0, "ok": true}},
            {"step": "10 routes", "leads_per_s": 7.0, "correct": {"lost": 1, "ok": false}},
        ]});
        let told =
            ["1 route leads_per_s 7.5", "10 routes leads_per_s 7.0", "10 routes: correct.lost 1"];
        assert_eq!(lines(&steps)[..3], told);
    }
}
