//! Mail over TLS, to a relay with a certificate of its own and a password.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use serde_json::json;
use tokio::io::{
    AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, copy_bidirectional,
};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;

use crate::desk::{Desk, dana};

/// A relay that speaks TLS in front of one that does not.
struct Front {
    at: SocketAddr,
    /// The certificate that clients must trust, as a file.
    authority: tempfile::NamedTempFile,
    /// A message for everybody who hung up during the handshake.
    mistrusted: mpsc::UnboundedReceiver<()>,
}

impl Front {
    async fn of(desk: &Desk, start_tls: bool) -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder().with_no_client_auth();
        let config = config.with_single_cert(vec![made.cert.der().clone()], key).unwrap();
        let authority = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(authority.path(), made.cert.pem()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (at, behind) = (listener.local_addr().unwrap(), desk.smtp.url().replace("smtp://", ""));
        let (acceptor, (tell, mistrusted)) =
            (TlsAcceptor::from(Arc::new(config)), mpsc::unbounded_channel());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if let Ok(client) = private(client, &acceptor, start_tls).await {
                    tokio::spawn(join(client, behind.clone(), start_tls));
                } else {
                    tell.send(()).unwrap_or_default();
                }
            }
        });
        Self { at, authority, mistrusted }
    }

    fn authority(&self) -> String {
        self.authority.path().display().to_string()
    }
}

async fn private(
    client: TcpStream,
    acceptor: &TlsAcceptor,
    start_tls: bool,
) -> std::io::Result<impl AsyncRead + AsyncWrite + Unpin + use<>> {
    let mut client = BufReader::new(client);
    if start_tls {
        let mut line = String::new();
        client.write_all(b"220 front\r\n").await?;
        client.read_line(&mut line).await?;
        client.write_all(b"250-front\r\n250 STARTTLS\r\n").await?;
        line.clear();
        client.read_line(&mut line).await?;
        assert_eq!(line, "STARTTLS\r\n", "nothing else is said in the open");
        client.write_all(b"220 go ahead\r\n").await?;
    }
    acceptor.accept(client).await
}

async fn join(mut client: impl AsyncRead + AsyncWrite + Unpin, behind: String, start_tls: bool) {
    let mut server = BufReader::new(TcpStream::connect(behind).await.unwrap());
    if start_tls {
        // The greeting was said in the open already.
        server.read_line(&mut String::new()).await.unwrap();
    }
    // Ends with an error when a client just hangs up.
    drop(copy_bidirectional(&mut client, &mut server).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_goes_over_tls_with_a_password_either_way() {
    for (scheme, start_tls) in [("smtps", false), ("smtp+starttls", true)] {
        let desk = Desk::set_up().await;
        desk.agent("ana", json!({})).await;
        desk.smtp.demand("ana@example.com", "p/ss: word");
        let front = Front::of(&desk, start_tls).await;
        let relay =
            format!("{scheme}://ana%40example.com:p%2Fss%3A%20word@localhost:{}", front.at.port());
        let _notifier = desk.notifier_over(&relay, &["--smtp-ca", &front.authority()]);
        for _ in 0..2 {
            let lead = desk.offer(&["ana"], dana()).await;
            desk.caught(&lead, "email").await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_nobody_vouches_for_gets_no_mail() {
    for (scheme, start_tls) in [("smtps", false), ("smtp+starttls", true)] {
        let desk = Desk::set_up().await;
        desk.agent("ana", json!({})).await;
        let mut front = Front::of(&desk, start_tls).await;
        let _notifier =
            desk.notifier_over(&format!("{scheme}://localhost:{}", front.at.port()), &[]);
        let lead = desk.offer(&["ana"], dana()).await;
        front.mistrusted.recv().await.unwrap();
        assert_eq!(desk.count(&lead, "email"), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_no_fault_of_the_mail_which_waits() {
    let desk = Desk::set_up().await;
    desk.agent("ana", json!({})).await;
    desk.smtp.demand("ana", "right");
    let relay = desk.smtp.url().replace("smtp://", "smtp://ana:wrong@");
    let notifier = desk.notifier_over(&relay, &[]);
    let lead = desk.offer(&["ana"], dana()).await;
    desk.smtp.struck(1).await;
    notifier.end().await;

    let _notifier =
        desk.notifier_over(&desk.smtp.url().replace("smtp://", "smtp://ana:right@"), &[]);
    desk.caught(&lead, "email").await;
}
