//! A result, for people.

use serde_json::Value;

use crate::term;

/// Name and value in two columns; percentiles on one line.
pub(super) fn table(result: &Value) -> String {
    let mut rows = Vec::new();
    add(&mut rows, "", result);
    term::columns(&rows)
}

fn add(rows: &mut Vec<[String; 2]>, name: &str, value: &Value) {
    match value {
        Value::Object(fields) if fields.contains_key("p99") => {
            let line: Vec<String> =
                fields.iter().map(|(name, value)| format!("{name} {}", plain(value))).collect();
            rows.push([name.to_owned(), line.join("  ")]);
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
        other => rows.push([name.to_owned(), plain(other)]),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nested_results_have_a_line_each() {
        let result =
            json!({"leads": 5, "correct": {"ok": true}, "took_ms": {"p50": 1.5, "p99": 2.0}});
        let table = table(&result);
        let lines: Vec<Vec<&str>> =
            table.lines().map(|line| line.split_whitespace().collect()).collect();
        assert!(lines.contains(&vec!["correct.ok", "true"]), "{table}");
        assert!(lines.contains(&vec!["took_ms", "p50", "1.5", "p99", "2.0"]), "{table}");
    }
}
