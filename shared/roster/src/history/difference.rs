//! What differs between two versions, field by field.

use serde::Serialize;
use serde_json::Value;

/// A field that is not what it was.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldChange {
    /// JSON pointer.
    pub field: String,
    /// `null` where it was not there; of a secret always.
    pub before: Value,
    pub after: Value,
}

/// Objects are compared field by field, everything else as a whole.
pub(super) fn fields(before: &Value, after: &Value) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    compare("", before, after, &mut changes);
    changes
}

fn compare(field: &str, before: &Value, after: &Value, changes: &mut Vec<FieldChange>) {
    let (Value::Object(old), Value::Object(new)) = (before, after) else {
        if before != after {
            let (before, after) = (before.clone(), after.clone());
            changes.push(FieldChange { field: field.to_owned(), before, after });
        }
        return;
    };
    let gone = old.keys().filter(|name| !new.contains_key(*name));
    for name in new.keys().chain(gone) {
        let part = |object: &serde_json::Map<String, Value>| {
            object.get(name).cloned().unwrap_or(Value::Null)
        };
        let pointer = format!("{field}/{}", name.replace('~', "~0").replace('/', "~1"));
        compare(&pointer, &part(old), &part(new), changes);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_differs_is_told_and_where_it_stands() {
        let before = json!({"title": "A", "strategy": {"kind": "random", "agents": ["ana"]}, "tags": [], "old": 1});
        let after = json!({"title": "A", "strategy": {"kind": "random", "agents": "all"}, "tags": [], "new": 2});
        let told: Vec<_> = fields(&before, &after)
            .into_iter()
            .map(|change| (change.field, change.before, change.after))
            .collect();
        let mut wanted = vec![
            ("/strategy/agents".to_owned(), json!(["ana"]), json!("all")),
            ("/new".to_owned(), json!(null), json!(2)),
            ("/old".to_owned(), json!(1), json!(null)),
        ];
        wanted.sort_by(|one, other| one.0.cmp(&other.0));
        let mut told = told;
        told.sort_by(|one, other| one.0.cmp(&other.0));
        assert_eq!(told, wanted);
        assert_eq!(fields(&before, &before), []);
    }
}
