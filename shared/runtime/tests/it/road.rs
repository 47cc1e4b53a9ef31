//! A road to a server on which answers get lost, and which breaks.

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// Whatever the server says is lost.
    Deaf,
}

/// Breaks with the value.
pub(crate) struct Road {
    port: u16,
    state: watch::Sender<State>,
    broken: watch::Sender<u32>,
}

impl Road {
    pub(crate) async fn to(server: &str) -> Self {
        let server = server.trim_start_matches("nats://").to_owned();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let (state, broken) = (watch::Sender::new(State::Open), watch::Sender::new(0));
        let road = Self { port: listener.local_addr().unwrap().port(), state, broken };
        let (state, broken) = (road.state.subscribe(), road.broken.subscribe());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (server, state, mut broken) = (server.clone(), state.clone(), broken.clone());
                broken.mark_unchanged();
                tokio::spawn(async move {
                    tokio::select! {
                        _ = broken.changed() => {}
                        () = carry(client, server, state) => {}
                    }
                });
            }
        });
        road
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// From now on the server is not heard any more.
    pub(crate) fn lose_answers(&self) {
        self.state.send_replace(State::Deaf);
    }

    /// Every connection ends; new ones are as good as new.
    pub(crate) fn break_down(&self) {
        self.state.send_replace(State::Open);
        self.broken.send_modify(|times| *times += 1);
    }
}

async fn carry(client: TcpStream, server: String, state: watch::Receiver<State>) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let Ok(server) = TcpStream::connect(server).await else { return };
    let ((mut asks, mut hears), (mut says, mut listens)) =
        (client.into_split(), server.into_split());
    let there = async { drop(tokio::io::copy(&mut asks, &mut listens).await) };
    let back = async {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(read @ 1..) = says.read(&mut buffer).await {
            let heard = *state.borrow() == State::Open;
            if heard && hears.write_all(&buffer[..read]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! { () = there => {} () = back => {} }
}
