//! Redis: version, durability, memory and clock.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use tipoff_runtime::connect::OLDEST_REDIS;
use tipoff_runtime::{Clock, Redis};

use super::findings::Findings;

/// More than this, and people would see times that look wrong.
const MOST_SKEW: TimeDelta = TimeDelta::milliseconds(500);

pub(super) async fn examine(redis: &Redis, clock: &Clock, findings: &mut Findings) {
    let mut redis = redis.clone();
    match redis::cmd("INFO").arg("server").query_async::<String>(&mut redis).await {
        Ok(info) => version(&info, findings),
        Err(error) => findings.wrong(
            "redis",
            format!("does not say its version: {error}"),
            "allow the command INFO",
        ),
    }
    let durable = [
        (
            "appendonly",
            "yes",
            "set `appendonly yes`: without it a restart forgets who has which lead",
        ),
        (
            "appendfsync",
            "always",
            "set `appendfsync always`: otherwise a crash forgets the last second",
        ),
        (
            "maxmemory-policy",
            "noeviction",
            "set `maxmemory-policy noeviction`: evicted offers are lost offers",
        ),
    ];
    for (name, wanted, remedy) in durable {
        setting(&mut redis, name, wanted, remedy, findings).await;
    }
    match skew(&mut redis, clock).await {
        Ok(skew) => {
            let what = format!("clocks here and there differ by {} ms", skew.num_milliseconds());
            let remedy = "set both clocks by NTP: deadlines follow the clock of Redis, schedules the one of the router";
            findings.judge(skew.abs() <= MOST_SKEW, "clock", what, remedy);
        }
        Err(error) => findings.wrong(
            "clock",
            format!("Redis does not say the time: {error}"),
            "allow the command TIME",
        ),
    }
}

fn version(info: &str, findings: &mut Findings) {
    let field = |name: &str| info.lines().find_map(|line| line.trim().strip_prefix(name));
    let (name, said) = match field("valkey_version:") {
        Some(version) => ("Valkey", version),
        None => ("Redis", field("redis_version:").unwrap_or("unknown")),
    };
    let new_enough = numbers(said) >= OLDEST_REDIS;
    let (major, minor) = OLDEST_REDIS;
    findings.judge(
        new_enough,
        "redis",
        format!("{name} {said}"),
        &format!("use {major}.{minor} or newer"),
    );
}

/// Major and minor of a version; 0 for what cannot be read.
pub(super) fn numbers(version: &str) -> (u32, u32) {
    let mut parts =
        version.trim_start_matches('v').split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

async fn setting(
    redis: &mut Redis,
    name: &str,
    wanted: &str,
    remedy: &str,
    findings: &mut Findings,
) {
    let asked = redis::cmd("CONFIG")
        .arg("GET")
        .arg(name)
        .query_async::<HashMap<String, String>>(redis)
        .await;
    match asked {
        Ok(found) => {
            let found = found.get(name).map_or("unknown", String::as_str);
            findings.judge(found == wanted, "redis", format!("{name} is {found}"), remedy);
        }
        Err(error) => {
            findings.wrong(
                "redis",
                format!("does not say its {name}: {error}"),
                format!("allow the command CONFIG GET, or make sure: {remedy}"),
            );
        }
    }
}

/// How far the clock of Redis is ahead of ours, halfway through the question.
async fn skew(redis: &mut Redis, clock: &Clock) -> redis::RedisResult<TimeDelta> {
    let asked = clock.now();
    let (seconds, micros): (i64, u32) = redis::cmd("TIME").query_async(redis).await?;
    let answered = clock.now();
    let theirs: DateTime<Utc> =
        DateTime::from_timestamp(seconds, micros * 1_000).unwrap_or_default();
    Ok(theirs - (asked + (answered - asked) / 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_redis_is_found_and_a_valkey_is_called_by_its_name() {
        let told = |info: &str| {
            let mut findings = Findings::default();
            version(info, &mut findings);
            (findings.all_well(), findings.to_string())
        };
        assert!(!told("# Server\r\nredis_version:6.2.9\r\n").0);
        assert!(told("# Server\r\nredis_version:7.0.15\r\n").0);
        let valkey = told("redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.0.1\r\n");
        assert!(valkey.0 && valkey.1.contains("Valkey 8.0.1"), "{}", valkey.1);
    }
}
