//! A server that lets nobody in: it hangs up in the middle, or shows a certificate
//! that nobody vouches for.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::desk::PATIENCE;

/// How many came, and what they said to a server that they should not have trusted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Visits {
    turned_away: u64,
    trusting: u64,
    /// Who stands there and is answered nothing.
    waiting: u64,
    /// Who stood there and went.
    gone: u64,
}

/// Where clients are turned away; gone with the test.
pub(crate) struct Door {
    at: SocketAddr,
    scheme: &'static str,
    visits: watch::Sender<Visits>,
}

impl Door {
    /// Reads something of what is said, and hangs up.
    pub(crate) async fn that_slams() -> Self {
        let (listener, door) = Self::listen("http").await;
        let visits = door.visits.clone();
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let heard = client.read(&mut [0; 256]).await.unwrap_or(0);
                if heard > 0 {
                    visits.send_modify(|visits| visits.turned_away += 1);
                }
            }
        });
        door
    }

    /// Hears everybody out and says nothing, for as long as they stand there.
    pub(crate) async fn that_stays_shut() -> Self {
        let (listener, door) = Self::listen("http").await;
        let visits = door.visits.clone();
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let visits = visits.clone();
                tokio::spawn(async move {
                    let mut heard = [0; 4096];
                    if client.read(&mut heard).await.unwrap_or(0) == 0 {
                        return;
                    }
                    visits.send_modify(|visits| visits.waiting += 1);
                    while client.read(&mut heard).await.unwrap_or(0) > 0 {}
                    visits.send_modify(|visits| visits.gone += 1);
                });
            }
        });
        door
    }

    /// Waits until somebody stands at a door that stays shut.
    pub(crate) async fn knocked_at(&self, who: &str) {
        let mut visits = self.visits.subscribe();
        let waited =
            tokio::time::timeout(PATIENCE, visits.wait_for(|visits| visits.waiting > 0)).await;
        assert!(waited.is_ok(), "{who} did not come");
    }

    /// Whether nobody has given up waiting at it.
    pub(crate) fn is_waited_at(&self) -> bool {
        let visits = *self.visits.borrow();
        visits.waiting > 0 && visits.gone == 0
    }

    /// Shows a certificate of its own making, for the right name.
    pub(crate) async fn that_nobody_vouches_for() -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder().with_no_client_auth();
        let mut config = config.with_single_cert(vec![made.cert.der().clone()], key).unwrap();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let (listener, door) = Self::listen("https").await;
        let visits = door.visits.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                // A client may take the handshake for done before it has looked at the certificate.
                let heard = match acceptor.accept(client).await {
                    Ok(mut client) => client.read(&mut [0; 256]).await.unwrap_or(0),
                    Err(_) => 0,
                };
                visits.send_modify(|visits| match heard {
                    0 => visits.turned_away += 1,
                    _ => visits.trusting += 1,
                });
            }
        });
        door
    }

    async fn listen(scheme: &'static str) -> (TcpListener, Self) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        (listener, Self { at, scheme, visits: watch::Sender::default() })
    }

    pub(crate) fn url(&self) -> String {
        format!("{}://localhost:{}", self.scheme, self.at.port())
    }

    /// Waits until so many were turned away; nobody may have told it anything.
    pub(crate) async fn turned_away(&self, who: &str, times: u64) {
        let mut visits = self.visits.subscribe();
        let enough = visits.wait_for(|visits| visits.turned_away >= times);
        let waited = tokio::time::timeout(PATIENCE, enough).await;
        let seen = *self.visits.borrow();
        assert!(waited.is_ok(), "{who} came only {seen:?}");
        assert_eq!(seen.trusting, 0, "{who} trusted a stranger");
    }
}
