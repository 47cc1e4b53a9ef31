//! TLS to the mail relay, from the first byte (smtps) or after STARTTLS.

use std::fmt;
use std::io::Result as IoResult;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::client::{AsyncTokioStream, Certificate, TlsParameters};
use rustls::ClientConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, InvalidDnsNameError, ServerName, pem};
use rustls_platform_verifier::Verifier;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::relay::{Privacy, Relay};

/// Why there can be no TLS to the relay.
#[derive(Debug, thiserror::Error)]
pub(super) enum BadTrust {
    #[error("the certificates in TIPOFF_SMTP_CA cannot be read")]
    Certificates(#[source] pem::Error),
    #[error("there is no certificate in TIPOFF_SMTP_CA")]
    NoCertificate,
    #[error("the mail relay's name cannot stand in a certificate")]
    Name(#[from] InvalidDnsNameError),
    #[error("this machine's trusted certificates cannot be used")]
    Machine(#[from] rustls::Error),
    #[error("STARTTLS cannot be set up")]
    StartTls(#[source] SmtpError),
}

/// How the way to the relay is guarded.
#[derive(Clone)]
pub(super) enum Guard {
    Plain,
    StartTls(TlsParameters),
    Tls(Arc<ClientConfig>, ServerName<'static>),
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").finish_non_exhaustive()
    }
}

impl Guard {
    /// Trusts what this machine trusts and the certificates in `authorities` (PEM).
    pub(super) fn of(relay: &Relay, authorities: Option<&[u8]>) -> Result<Self, BadTrust> {
        let more = authorities.map(certificates).transpose()?.unwrap_or_default();
        match relay.privacy {
            Privacy::Plain => Ok(Self::Plain),
            Privacy::StartTls => {
                start_tls(relay, more).map(Self::StartTls).map_err(BadTrust::StartTls)
            }
            Privacy::Tls => Ok(Self::Tls(config(more)?, ServerName::try_from(relay.host.clone())?)),
        }
    }

    /// The stream as the SMTP client takes it.
    pub(super) async fn wrap(&self, stream: TcpStream) -> IoResult<Box<dyn AsyncTokioStream>> {
        match self {
            Self::Plain | Self::StartTls(_) => Ok(Box::new(stream)),
            Self::Tls(config, name) => {
                let connector = TlsConnector::from(config.clone());
                Ok(Box::new(Private(connector.connect(name.clone(), stream).await?)))
            }
        }
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, BadTrust> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let read = read.map_err(BadTrust::Certificates)?;
    if read.is_empty() { Err(BadTrust::NoCertificate) } else { Ok(read) }
}

fn config(more: Vec<CertificateDer<'static>>) -> Result<Arc<ClientConfig>, rustls::Error> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Arc::new(Verifier::new_with_extra_roots(more, provider.clone())?);
    let config =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(Arc::new(
        config.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth(),
    ))
}

fn start_tls(
    relay: &Relay,
    more: Vec<CertificateDer<'static>>,
) -> Result<TlsParameters, SmtpError> {
    let mut builder = TlsParameters::builder(relay.host.clone());
    for certificate in more {
        builder = builder.add_root_certificate(Certificate::from_der(certificate.to_vec())?);
    }
    builder.build()
}

/// A TLS connection in the form that lettre takes. Its own way to connect
/// leaves Nagle's algorithm on, which costs 40 ms per mail.
#[derive(Debug)]
struct Private(TlsStream<TcpStream>);

impl AsyncTokioStream for Private {
    fn peer_addr(&self) -> IoResult<SocketAddr> {
        self.0.get_ref().0.peer_addr()
    }
}

impl AsyncRead for Private {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<IoResult<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Private {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<IoResult<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<IoResult<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<IoResult<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
