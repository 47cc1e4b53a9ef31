//! TLS to the mail relay, from the first byte (smtps) or after STARTTLS.

use std::fmt;
use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use lettre::transport::smtp::client::{AsyncTokioStream, TlsParameters};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use rustls_platform_verifier::ConfigVerifierExt;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A TLS connection in the form that lettre takes. Its own way to connect
/// leaves Nagle's algorithm on, which costs 40 ms per mail.
#[derive(Debug)]
pub(super) struct Private(TlsStream<TcpStream>);

/// Trusts what this machine trusts.
#[derive(Clone)]
pub(super) struct Trust {
    config: Arc<ClientConfig>,
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trust").finish_non_exhaustive()
    }
}

impl Trust {
    pub(super) fn of_this_machine() -> std::result::Result<Self, rustls::Error> {
        Ok(Self { config: Arc::new(ClientConfig::with_platform_verifier()?) })
    }

    pub(super) async fn wrap(&self, stream: TcpStream, host: &str) -> Result<Private> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|bad| Error::new(ErrorKind::InvalidInput, bad))?;
        Ok(Private(TlsConnector::from(self.config.clone()).connect(name, stream).await?))
    }
}

/// For STARTTLS, which lettre does itself.
pub(super) fn parameters(
    host: &str,
) -> std::result::Result<TlsParameters, lettre::transport::smtp::Error> {
    TlsParameters::new(host.to_owned())
}

impl AsyncTokioStream for Private {
    fn peer_addr(&self) -> Result<SocketAddr> {
        self.0.get_ref().0.peer_addr()
    }
}

impl AsyncRead for Private {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Private {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
