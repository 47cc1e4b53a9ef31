//! Everything that Redis holds, so that two moments can be compared.

use std::collections::BTreeMap;

use crate::fixture::Table;

/// Keys, and what stands there as text.
pub(crate) type Picture = BTreeMap<String, BTreeMap<String, String>>;

/// What the scripts keep of themselves, and which event told last what a route
/// remembers, is left out; so is how many offers in a row agents let run out,
/// which nothing hangs on.
pub(crate) async fn picture(table: &Table) -> Picture {
    let mut redis = table.redis.clone();
    let keys: Vec<String> = redis::cmd("KEYS").arg("*").query_async(&mut redis).await.unwrap();
    let mut all = Picture::new();
    for key in keys {
        let kind: String = redis::cmd("TYPE").arg(&key).query_async(&mut redis).await.unwrap();
        let mut holds: BTreeMap<String, String> = match kind.as_str() {
            "hash" => redis::cmd("HGETALL").arg(&key).query_async(&mut redis).await.unwrap(),
            "zset" => {
                let mut range = redis::cmd("ZRANGE");
                range.arg(&key).arg(0).arg(-1).arg("WITHSCORES");
                let members: Vec<(String, String)> = range.query_async(&mut redis).await.unwrap();
                members.into_iter().collect()
            }
            "string" => {
                let value: String =
                    redis::cmd("GET").arg(&key).query_async(&mut redis).await.unwrap();
                // The same, however it is written down.
                let json = serde_json::from_str::<serde_json::Value>(&value);
                BTreeMap::from([("value".to_owned(), json.map_or(value, |json| json.to_string()))])
            }
            _ => BTreeMap::new(),
        };
        // Left out or not, it is the same.
        let usual = [("round", "0"), ("reroutes", "0"), ("inquiries", "1")];
        let is_passing = |field: &str| field.starts_with("at:") || field.starts_with("missed:");
        holds.retain(|field, _| !is_passing(field));
        holds.retain(|field, value| !usual.contains(&(field.as_str(), value.as_str())));
        if key.ends_with(":clock") || key.ends_with(":outbox") || holds.is_empty() {
            continue;
        }
        all.insert(key, holds);
    }
    all
}

/// Where two pictures differ.
pub(crate) fn differences(before: &Picture, after: &Picture) -> Vec<String> {
    let keys = before.keys().chain(after.keys().filter(|key| !before.contains_key(*key)));
    let differ = keys.filter(|key| before.get(*key) != after.get(*key));
    differ.map(|key| format!("{key}: {:?} → {:?}", before.get(key), after.get(key))).collect()
}
