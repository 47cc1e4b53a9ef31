use chrono::TimeDelta;
use futures::TryStreamExt;
use tipoff_board::Stands;
use tipoff_domain::LeadId;
use tipoff_domain::standing::State;

use crate::fixture::{Table, nine};

/// An import stamps thousands with one millisecond; a report counts each once.
#[tokio::test]
async fn a_report_reads_every_lead_of_its_time_once_and_in_order() {
    let table = Table::laid().await;
    // 700 at once, and one each millisecond after that.
    let times =
        (0..1_300).map(|number: i64| nine() + TimeDelta::milliseconds((number - 700).max(0)));
    table.pool_leads_of(times).await;

    let to = nine() + TimeDelta::milliseconds(590);
    let chunks: Vec<Vec<Stands>> =
        table.board.standings(&table.entity, nine(), to).try_collect().await.unwrap();
    assert!(chunks.iter().all(|chunk| chunk.len() <= 500));
    let found: Vec<&Stands> = chunks.iter().flatten().collect();
    let expected: Vec<LeadId> =
        (0..1_290).map(|number| format!("lead_{number:04}").parse().unwrap()).collect();
    assert_eq!(found.iter().map(|lead| lead.id.clone()).collect::<Vec<_>>(), expected);
    assert!(found.iter().all(|lead| lead.now_is.state == State::Pooled && lead.version == 2));

    let later = to + TimeDelta::days(1);
    let none: Vec<_> =
        table.board.standings(&table.entity, later, later).try_collect().await.unwrap();
    assert_eq!(none, Vec::<Vec<Stands>>::new());
}
