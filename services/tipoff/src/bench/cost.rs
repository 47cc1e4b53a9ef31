//! What a run cost: CPU of every process, what Redis was asked, bytes that
//! went to the disk.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering::Relaxed;

use serde_json::{Value, json};
use tipoff_runtime::{Nats, Redis};

use super::tally::rounded;

/// Ticks of a second in /proc, on every Linux there is.
const TICKS: u64 = 100;

/// Where to look.
pub(super) struct Probe {
    /// What each process is, and its id.
    pub(super) processes: Vec<(String, u32)>,
    pub(super) redis: Redis,
    /// The connection over which all of it goes; `None`: others have their own.
    pub(super) nats: Option<Nats>,
}

/// What was spent up to one moment.
#[derive(Debug, Clone, Default)]
pub(super) struct Spent {
    /// In microseconds, by what the process is.
    cpu: BTreeMap<String, u64>,
    /// Bytes sent to the disk.
    disk: BTreeMap<String, u64>,
    /// Calls and microseconds, by command.
    commands: BTreeMap<String, (u64, u64)>,
    redis_bytes: (u64, u64),
    /// In and out of the connection, if there is one for all.
    nats: Option<Carried>,
}

#[derive(Debug, Clone, Copy)]
struct Carried {
    messages: (u64, u64),
    bytes: (u64, u64),
}

impl Probe {
    /// What is spent so far. What this machine does not tell is left out.
    pub(super) async fn spent(&self) -> anyhow::Result<Spent> {
        let infos = self.infos("all").await?;
        let all = |name: &str| infos.iter().map(|info| number(info, name)).sum();
        let mut spent = Spent {
            redis_bytes: (all("total_net_input_bytes"), all("total_net_output_bytes")),
            ..Spent::default()
        };
        for (name, (calls, us)) in infos.iter().flat_map(|info| info.lines().filter_map(command)) {
            let sum = spent.commands.entry(name).or_default();
            *sum = (sum.0 + calls, sum.1 + us);
        }
        for (what, pid) in &self.processes {
            *spent.cpu.entry(what.clone()).or_default() += cpu_us(*pid).unwrap_or(0);
            *spent.disk.entry(what.clone()).or_default() += disk_bytes(*pid).unwrap_or(0);
        }
        spent.nats = self.nats.as_ref().map(|nats| {
            let seen = nats.client.statistics();
            Carried {
                messages: (seen.in_messages.load(Relaxed), seen.out_messages.load(Relaxed)),
                bytes: (seen.in_bytes.load(Relaxed), seen.out_bytes.load(Relaxed)),
            }
        });
        Ok(spent)
    }

    /// Bytes that Redis holds now.
    pub(super) async fn redis_memory(&self) -> anyhow::Result<u64> {
        let infos = self.infos("memory").await?;
        Ok(infos.iter().map(|info| number(info, "used_memory")).sum())
    }

    /// What every Redis server says of itself.
    async fn infos(&self, section: &str) -> anyhow::Result<Vec<String>> {
        let (mut redis, mut info) = (self.redis.clone(), redis::cmd("INFO"));
        info.arg(section);
        Ok(match redis {
            Redis::Single(_) | Redis::Followed(_) => vec![info.query_async(&mut redis).await?],
            Redis::Cluster(_) => {
                let by_node: BTreeMap<String, String> = info.query_async(&mut redis).await?;
                by_node.into_values().collect()
            }
        })
    }
}

impl Spent {
    /// What was spent since `before`, by the lead.
    pub(super) fn per_lead(&self, before: &Self, leads: u64) -> Value {
        let by = |now: u64, then: u64| rounded(ratio(now.saturating_sub(then), leads), 2);
        let each = |now: &BTreeMap<String, u64>, then: &BTreeMap<String, u64>| {
            let by_name = |(name, now): (&String, &u64)| {
                (name.clone(), json!(by(*now, then.get(name).copied().unwrap_or(0))))
            };
            now.iter().map(by_name).collect::<serde_json::Map<_, _>>()
        };
        let mut calls = serde_json::Map::new();
        for (name, (count, took)) in &self.commands {
            let (counted, taken) = before.commands.get(name).copied().unwrap_or((0, 0));
            let per_lead = by(*count, counted);
            if per_lead >= 0.05 {
                calls.insert(name.clone(), json!({"calls": per_lead, "us": by(*took, taken)}));
            }
        }
        let both = |now: (u64, u64), then: (u64, u64)| json!({"in": by(now.0, then.0), "out": by(now.1, then.1)});
        let mut cost = json!({
            "cpu_us": each(&self.cpu, &before.cpu),
            "disk_bytes": each(&self.disk, &before.disk),
            "redis": calls,
            "redis_bytes": both(self.redis_bytes, before.redis_bytes),
        });
        if let (Some(now), Some(then)) = (self.nats, before.nats) {
            cost["nats_messages"] = both(now.messages, then.messages);
            cost["nats_bytes"] = both(now.bytes, then.bytes);
        }
        cost
    }
}

/// Microseconds of all processes together.
pub(super) fn cpu(per_lead: &Value) -> f64 {
    let each = per_lead["cpu_us"].as_object().into_iter().flatten();
    rounded(each.filter_map(|(_, us)| us.as_f64()).sum(), 1)
}

#[expect(clippy::cast_precision_loss, reason = "for people to read")]
pub(super) fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// As in `used_memory:1024`.
fn number(info: &str, name: &str) -> u64 {
    let found = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    found.and_then(|value| value.trim().parse().ok()).unwrap_or(0)
}

/// As in `cmdstat_hset:calls=2,usec=5,usec_per_call=2.50,…`.
fn command(line: &str) -> Option<(String, (u64, u64))> {
    let (name, rest) = line.strip_prefix("cmdstat_")?.split_once(':')?;
    let field = |wanted: &str| {
        rest.split(',').find_map(|pair| {
            pair.split_once('=').filter(|(name, _)| *name == wanted)?.1.parse().ok()
        })
    };
    Some((name.to_owned(), (field("calls")?, field("usec")?)))
}

/// User and system time of a process and the threads it has had.
fn cpu_us(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name may hold anything, blanks and brackets too.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    Some(ticks * (1_000_000 / TICKS))
}

fn disk_bytes(pid: u32) -> Option<u64> {
    let io = std::fs::read_to_string(format!("/proc/{pid}/io")).ok()?;
    io.lines().find_map(|line| line.strip_prefix("write_bytes: ")?.trim().parse().ok())
}

/// Resident memory of a process, in bytes.
pub(super) fn resident_bytes(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_redis_says_of_a_command_is_read() {
        let line =
            "cmdstat_evalsha:calls=12,usec=340,usec_per_call=28.33,rejected_calls=0,failed_calls=0";
        assert_eq!(command(line), Some(("evalsha".to_owned(), (12, 340))));
        assert_eq!(command("used_memory:12"), None);
    }

    #[test]
    fn this_process_has_used_some_memory() {
        assert!(resident_bytes(std::process::id()).is_none_or(|bytes| bytes > 0));
    }
}
