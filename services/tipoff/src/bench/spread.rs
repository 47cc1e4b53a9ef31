//! How evenly leads fall on the masters of a Redis Cluster, worked out and not
//! run: entities to partitions, partitions to slots, slots to masters in equal
//! ranges, as `redis-cli --cluster create` deals them out.

use clap::Args;
use serde_json::{Value, json};
use tipoff_domain::EntityId;
use tipoff_wire::Partition;

use super::account::{account, together};
use super::tally::rounded;

/// Of a Redis Cluster.
const SLOTS: usize = 16_384;

#[derive(Debug, Clone, Args)]
pub(super) struct SpreadArgs {
    /// Numbers of masters to try, separated by commas
    #[arg(long, value_delimiter = ',', default_value = "1,3,5,10,20,45")]
    masters: Vec<usize>,
    /// Numbers of partitions to try, separated by commas
    #[arg(long, value_delimiter = ',', default_value = "64,1024")]
    partitions: Vec<u16>,
    /// Entities
    #[arg(long, default_value_t = 10_000)]
    entities: usize,
}

pub(super) fn run(args: &SpreadArgs) -> anyhow::Result<Value> {
    let names = (0..args.entities).map(|number| Ok(format!("entity-{number}").parse()?));
    let names = names.collect::<anyhow::Result<Vec<EntityId>>>()?;
    let names = &names;
    let each = args.partitions.iter().flat_map(|partitions| {
        args.masters.iter().map(move |masters| step(names, *partitions, (*masters).max(1)))
    });
    let steps: Vec<Value> = each.collect();
    Ok(
        json!({"scenario": "spread", "leads_per_s": null, "correct": together(&steps), "steps": steps}),
    )
}

/// One lead of each entity; and as many as there really are, where the second
/// entity has half as many as the first, the third a third, and so on.
fn step(names: &[EntityId], partitions: u16, masters: usize) -> Value {
    let (mut equal, mut real) = (vec![0_usize; masters], vec![0.0; masters]);
    let mut share = 0.0;
    for name in names {
        let master = master(Partition::of(name, partitions), masters);
        share += 1.0;
        equal[master] += 1;
        real[master] += 1.0 / share;
    }
    let mut held = vec![0_usize; masters];
    for partition in Partition::all(partitions) {
        held[master(partition, masters)] += 1;
    }
    let busy = equal.iter().filter(|leads| **leads > 0).count();
    json!({
        "step": format!("{partitions} partitions on {masters} masters"),
        "most_partitions": held.iter().max(), "idle_masters": masters - busy,
        "busiest_to_fair": busiest(&floats(&equal)), "busiest_to_fair_where_few_are_large": busiest(&real),
        "correct": account(names.len(), equal.iter().sum(), 0),
    })
}

#[expect(clippy::cast_precision_loss, reason = "there are not that many entities")]
fn floats(counts: &[usize]) -> Vec<f64> {
    counts.iter().map(|count| *count as f64).collect()
}

/// What the busiest has, to what each had if all had the same.
fn busiest(loads: &[f64]) -> f64 {
    let (most, all) = (loads.iter().copied().fold(0.0, f64::max), loads.iter().sum::<f64>());
    #[expect(clippy::cast_precision_loss, reason = "there are not that many masters")]
    let fair = all / loads.len() as f64;
    rounded(most / fair.max(f64::MIN_POSITIVE), 2)
}

/// Where the keys of a partition are: its tag is what is hashed.
fn master(partition: Partition, masters: usize) -> usize {
    let slot = usize::from(crc16(format!("p{partition}").as_bytes())) % SLOTS;
    (slot * masters / SLOTS).min(masters - 1)
}

/// CRC-16/XMODEM, as Redis hashes tags.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
            let shifted = crc << 1;
            if crc & 0x8000 == 0 { shifted } else { shifted ^ 0x1021 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_hashed_as_redis_does() {
        assert_eq!(crc16(b"123456789"), 0x31c3);
    }

    #[test]
    fn one_master_has_everything_and_many_share_it_unevenly() {
        let names: Vec<EntityId> =
            (0..1_000).map(|number| format!("entity-{number}").parse().expect("a name")).collect();
        let one = step(&names, 64, 1);
        assert_eq!((&one["most_partitions"], &one["busiest_to_fair"]), (&json!(64), &json!(1.0)));
        let many = step(&names, 64, 45);
        assert!(many["busiest_to_fair"].as_f64().unwrap_or_default() > 2.0, "{many}");
    }
}
