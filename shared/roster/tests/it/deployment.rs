use tipoff_roster::{Deployment, Roster};
use tipoff_testkit::NatsServer;
use tokio_util::sync::CancellationToken;

use crate::{connected, open};

#[tokio::test]
async fn of_all_who_start_together_one_decides_for_everybody() {
    let server = NatsServer::start().await.unwrap();
    let nats = connected(&server).await;
    let starting = [8, 16, 32, 64]
        .map(|partitions| Roster::open(&nats, partitions, 1, CancellationToken::new()));
    let rosters = futures::future::try_join_all(starting).await.unwrap();
    let agreed = rosters[0].deployment();
    for roster in &rosters {
        assert_eq!(roster.deployment(), agreed);
    }
    assert!([8, 16, 32, 64].contains(&agreed.partitions));
}

#[tokio::test]
async fn the_deployment_stays_what_it_was() {
    let server = NatsServer::start().await.unwrap();
    let first = open(&server).await.deployment().clone();
    let later =
        Roster::open(&connected(&server).await, 7, 1, CancellationToken::new()).await.unwrap();
    assert_eq!(*later.deployment(), first);
    assert_eq!((first.partitions, first.board_days), (64, 0));
    // 32 bytes in Base64url.
    assert_eq!((first.link_secret.len(), first.draw_secret.len()), (43, 43));
    assert_ne!(first.link_secret, first.draw_secret);
}

#[tokio::test]
async fn for_how_long_leads_stay_on_the_board_can_be_changed_and_nothing_else() {
    let server = NatsServer::start().await.unwrap();
    let first = open(&server).await;
    first.keep_on_board(400).await.unwrap();
    let later = open(&server).await;
    let wanted = Deployment { board_days: 400, ..first.deployment().clone() };
    assert_eq!(*later.deployment(), wanted);
    later.keep_on_board(0).await.unwrap();
    assert_eq!(open(&server).await.deployment(), first.deployment());
}
