//! The same document. Numbers may differ in their last digit: reading a float
//! that has 17 of them is exact to one unit in the last place only.

use serde::Serialize;
use serde_json::Value;

pub(crate) fn same(one: &impl Serialize, other: &impl Serialize) -> bool {
    near(&json(one), &json(other))
}

fn json(document: &impl Serialize) -> Value {
    serde_json::to_value(document).expect("it is JSON")
}

fn near(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) if one != other => {
            let (one, other) = (one.as_f64().unwrap_or(0.0), other.as_f64().unwrap_or(0.0));
            (one - other).abs() <= one.abs() * 1e-15
        }
        (Value::Array(ones), Value::Array(others)) => {
            ones.len() == others.len()
                && ones.iter().zip(others).all(|(one, other)| near(one, other))
        }
        (Value::Object(ones), Value::Object(others)) => {
            ones.len() == others.len()
                && ones
                    .iter()
                    .all(|(name, one)| others.get(name).is_some_and(|other| near(one, other)))
        }
        _ => one == other,
    }
}
