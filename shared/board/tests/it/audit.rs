use chrono::{DateTime, TimeDelta, Utc};
use futures::TryStreamExt;
use tipoff_board::Looked;
use tipoff_domain::audit::Fault;
use tipoff_wire::Partition;

use crate::fixture::{PARTITIONS, Table, nine};

/// Redis answers nobody else meanwhile, so it must not be asked for everything at once (D-37).
#[tokio::test]
async fn a_partition_is_looked_over_few_leads_at_a_time() {
    let table = Table::laid().await;
    table.pool_leads_of((0..250).map(|ms| nine() + TimeDelta::milliseconds(ms))).await;
    let partition = Partition::of(&table.entity, PARTITIONS);
    let look = async || {
        let entities = vec![table.entity.clone()];
        let chunks = table.board.look_over(partition, entities, DateTime::<Utc>::MAX_UTC);
        chunks.try_collect::<Vec<Looked>>().await.unwrap()
    };
    let chunks = look().await;
    assert!(chunks.iter().all(|chunk| chunk.examined <= 100 && chunk.found.is_empty()));
    assert_eq!(chunks.iter().map(|chunk| chunk.examined).sum::<usize>(), 250);

    // Nothing rests anywhere any more, and many places are held for nothing.
    let mut broken = redis::pipe();
    broken.zrembylex(format!("{{p{partition}}}:pool:acme"), "-", "+");
    for agent in 0..150 {
        broken.zadd(
            format!("{{p{partition}}}:reserved"),
            format!("acme|agent_{agent}|lead_0000"),
            0,
        );
    }
    let () = broken.query_async(&mut table.redis.clone()).await.unwrap();
    let found: Vec<_> = look().await.into_iter().flat_map(|chunk| chunk.found).collect();
    let count = |fault| found.iter().filter(|found| found.fault == fault).count();
    assert_eq!((count(Fault::Stuck), count(Fault::IdleReservation)), (250, 150), "{found:?}");
}
