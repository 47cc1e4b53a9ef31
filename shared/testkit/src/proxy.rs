//! A road between a service and a server that can be made bad.

mod resp;
mod steps;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

pub use self::steps::Steps;

/// How the road is at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Road {
    Open,
    /// Whatever goes through takes so much longer, either way.
    Slow(Duration),
    /// Every connection is reset, and so are new ones.
    Cut,
    /// Connections stand, and nothing arrives until the road is open again.
    HalfOpen,
    /// The same one way only: what is asked does not arrive.
    Mute,
    /// The same the other way: what is asked arrives, the answers do not.
    Deaf,
    /// Requests arrive; of the answer half does, and then a reset.
    Torn,
    /// Whoever asks Redis hears this error at once, and nothing arrives.
    Says(&'static str),
}

impl Road {
    /// Whether it keeps back what goes that way until it is open again: what
    /// TCP makes of packets that are lost.
    fn keeps(self, answers: bool) -> bool {
        match self {
            Self::HalfOpen => true,
            Self::Mute => !answers,
            Self::Deaf => answers,
            Self::Open | Self::Slow(_) | Self::Cut | Self::Torn | Self::Says(_) => false,
        }
    }
}

/// A TCP proxy on loopback, gone with the value.
#[derive(Debug)]
pub struct Proxy {
    at: SocketAddr,
    server: watch::Sender<SocketAddr>,
    road: watch::Sender<Road>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// Stands between whoever connects here and `server`.
    pub async fn to(server: SocketAddr) -> io::Result<Self> {
        Self::between(server, None).await
    }

    /// The same while `steps` are left; several may share them.
    pub async fn within(server: SocketAddr, steps: Steps) -> io::Result<Self> {
        Self::between(server, Some(steps)).await
    }

    async fn between(server: SocketAddr, steps: Option<Steps>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let (at, road) = (listener.local_addr()?, watch::Sender::new(Road::Open));
        let server = watch::Sender::new(server);
        let accepting = tokio::spawn(accept(listener, server.clone(), road.clone(), steps));
        Ok(Self { at, server, road, accepting })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.at
    }

    /// From now on it leads to another server; connections to the one before end.
    pub fn lead_to(&self, server: SocketAddr) {
        self.server.send_replace(server);
    }

    /// From now on the road is like that, for connections that stand as well.
    pub fn make(&self, road: Road) {
        self.road.send_replace(road);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(
    listener: TcpListener,
    server: watch::Sender<SocketAddr>,
    road: watch::Sender<Road>,
    steps: Option<Steps>,
) {
    while let Ok((client, _)) = listener.accept().await {
        let (server, mut road, steps) = (server.subscribe(), road.subscribe(), steps.clone());
        // Whoever is cut off finds out by themselves.
        tokio::spawn(async move {
            let now = *road.borrow_and_update();
            match now {
                Road::Cut => Ok(()),
                Road::Says(error) => resp::refuse(client, error, road.clone()).await,
                _ => connect(client, server, road.clone(), steps).await,
            }
        });
    }
}

/// Carries both ways until one side has had enough, or the road.
async fn connect(
    client: TcpStream,
    mut to: watch::Receiver<SocketAddr>,
    mut road: watch::Receiver<Road>,
    steps: Option<Steps>,
) -> io::Result<()> {
    let at = *to.borrow_and_update();
    let server = TcpStream::connect(at).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let ((from_client, to_client), (from_server, to_server)) =
        (client.into_split(), server.into_split());
    let (one, other) = (road.clone(), road.clone());
    let over = road.wait_for(|road| matches!(road, Road::Cut | Road::Says(_)));
    tokio::select! {
        _ = over => {}
        _ = to.changed() => {}
        _ = carry(from_client, to_server, one, false, steps) => {}
        _ = carry(from_server, to_client, other, true, None) => {}
    }
    Ok(())
}

/// One way. Dropping the halves with something unread resets the connection.
async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut road: watch::Receiver<Road>,
    answers: bool,
    steps: Option<Steps>,
) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = from.read(&mut buffer).await?;
        if read == 0 || steps.as_ref().is_some_and(|steps| !steps.take()) {
            return Ok(());
        }
        let now = *road.borrow_and_update();
        match now {
            Road::Slow(by) => sleep(by).await,
            Road::HalfOpen | Road::Mute | Road::Deaf => {
                // Nobody changes a road that is gone.
                drop(road.wait_for(|road| !road.keeps(answers)).await);
            }
            Road::Torn if answers => {
                to.write_all(&buffer[..read / 2]).await?;
                return Ok(());
            }
            Road::Torn | Road::Open | Road::Cut | Road::Says(_) => {}
        }
        to.write_all(&buffer[..read]).await?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that says everything back.
    async fn echo() -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let at = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut read, mut write) = stream.into_split();
                    tokio::io::copy(&mut read, &mut write).await
                });
            }
        });
        at
    }

    async fn ask(stream: &mut TcpStream, text: &[u8]) -> io::Result<Vec<u8>> {
        stream.write_all(text).await?;
        let mut heard = vec![0; 16];
        let read = stream.read(&mut heard).await?;
        heard.truncate(read);
        Ok(heard)
    }

    #[tokio::test]
    async fn an_open_road_carries_both_ways_and_a_cut_one_nothing() {
        let proxy = Proxy::to(echo().await).await.unwrap();
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(ask(&mut stream, b"hello").await.unwrap(), b"hello");
        proxy.make(Road::Cut);
        assert!(!ask(&mut stream, b"again").await.is_ok_and(|heard| !heard.is_empty()));
    }

    #[tokio::test]
    async fn what_was_said_on_a_half_open_road_arrives_once_it_is_open() {
        let proxy = Proxy::to(echo().await).await.unwrap();
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(ask(&mut stream, b"hello").await.unwrap(), b"hello");
        proxy.make(Road::HalfOpen);
        let asking = ask(&mut stream, b"again");
        let opening = async {
            tokio::task::yield_now().await;
            proxy.make(Road::Open);
        };
        assert_eq!(tokio::join!(asking, opening).0.unwrap(), b"again");
    }

    #[tokio::test]
    async fn on_a_one_way_road_only_the_other_way_arrives() {
        for (road, arrives) in [(Road::Mute, false), (Road::Deaf, true)] {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            let proxy = Proxy::to(listener.local_addr().unwrap()).await.unwrap();
            let mut client = TcpStream::connect(proxy.address()).await.unwrap();
            let (mut server, _) = listener.accept().await.unwrap();
            proxy.make(road);
            client.write_all(b"ask").await.unwrap();
            server.write_all(b"say").await.unwrap();
            let (mut asked, mut said) = ([0; 3], [0; 3]);
            let (first, second) = if arrives {
                (server.read_exact(&mut asked), client.read_exact(&mut said))
            } else {
                (client.read_exact(&mut said), server.read_exact(&mut asked))
            };
            first.await.unwrap();
            let mut second = std::pin::pin!(second);
            assert!(futures::poll!(&mut second).is_pending());
            proxy.make(Road::Open);
            second.await.unwrap();
            assert_eq!((&asked, &said), (b"ask", b"say"));
        }
    }

    #[tokio::test]
    async fn of_a_torn_answer_half_arrives() {
        let proxy = Proxy::to(echo().await).await.unwrap();
        proxy.make(Road::Torn);
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(ask(&mut stream, b"hello").await.unwrap(), b"he");
        assert!(!ask(&mut stream, b"again").await.is_ok_and(|heard| !heard.is_empty()));
    }

    #[tokio::test]
    async fn over_roads_that_share_their_steps_so_much_is_said_and_no_more() {
        let (steps, server) = (Steps::without_end(), echo().await);
        let mut streams = Vec::new();
        for _ in 0..2 {
            let proxy = Proxy::within(server, steps.clone()).await.unwrap();
            streams.push((TcpStream::connect(proxy.address()).await.unwrap(), proxy));
        }
        for (stream, _) in &mut streams {
            assert_eq!(ask(stream, b"hello").await.unwrap(), b"hello");
        }
        assert_eq!(steps.taken(), 2);
        steps.allow(1);
        assert_eq!(ask(&mut streams[0].0, b"once").await.unwrap(), b"once");
        steps.over().await;
        for (stream, _) in &mut streams {
            assert!(!ask(stream, b"again").await.is_ok_and(|heard| !heard.is_empty()));
        }
        assert_eq!(steps.taken(), 3);
    }

    #[tokio::test]
    async fn every_command_is_answered_with_what_redis_would_say() {
        let proxy = Proxy::to(echo().await).await.unwrap();
        proxy.make(Road::Says("LOADING later"));
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        let heard = ask(&mut stream, b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n").await.unwrap();
        assert_eq!(heard, b"-LOADING later\r\n");
    }
}
