use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use bytes::Bytes;
use futures::StreamExt;
use tipoff_runtime::serve::{ServeLimits, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

const PATIENCE: Duration = Duration::from_secs(20);
const STALLED: Duration = Duration::from_millis(300);

/// Ten pages, or pages without end; says when they are not wanted any more.
fn pages(gone: mpsc::UnboundedSender<()>) -> Router {
    let endless = move || async move {
        let held = Held(gone);
        Body::from_stream(futures::stream::repeat(Bytes::from_static(&[b'.'; 4_096])).map(
            move |page| {
                let _held = &held;
                Ok::<_, std::convert::Infallible>(page)
            },
        ))
    };
    Router::new().route("/endless", get(endless)).route("/", get(|| async { "good" }))
}

struct Held(mpsc::UnboundedSender<()>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.send(()).ok();
    }
}

async fn served(app: Router, stop: CancellationToken) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let at = listener.local_addr().unwrap();
    let limits = ServeLimits {
        connections: 4,
        patience: PATIENCE,
        haste: PATIENCE,
        stalled: STALLED,
        drain: STALLED,
    };
    tokio::spawn(async move { serve(listener, app, limits, stop).await.unwrap() });
    at
}

async fn ask(at: SocketAddr, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(at).await.unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nhost: here\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn readers_who_take_nothing_are_cut_off_and_leave_their_places_to_others() {
    let (gone, mut left) = mpsc::unbounded_channel();
    let at = served(pages(gone), CancellationToken::new()).await;
    let mut asleep = Vec::new();
    for _ in 0..4 {
        asleep.push(ask(at, "/endless").await);
    }
    for _ in 0..4 {
        timeout(PATIENCE, left.recv()).await.expect("a sleeper was never cut off").unwrap();
    }
    let mut said = [0; 15];
    timeout(PATIENCE, ask(at, "/").await.read_exact(&mut said)).await.unwrap().unwrap();
    assert_eq!(&said, b"HTTP/1.1 200 OK");
}

#[tokio::test]
async fn a_reader_who_is_slow_but_awake_is_not_cut_off() {
    let (gone, mut left) = mpsc::unbounded_channel();
    let at = served(pages(gone), CancellationToken::new()).await;
    let mut slow = ask(at, "/endless").await;
    // Far more than lies between the two in buffers, and for longer than a stall may last.
    let (mut taken, mut page) = (0, vec![0; 64 * 1_024]);
    let began = tokio::time::Instant::now();
    while taken < 32 * 1_024 * 1_024 || began.elapsed() < 3 * STALLED {
        taken += timeout(PATIENCE, slow.read(&mut page)).await.unwrap().unwrap();
    }
    assert!(left.try_recv().is_err());
}
