//! The files that TLS needs, and what a failed handshake means.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_nats::ConnectOptions;
use redis::{ClientTlsConfig, TlsCertificates};

use super::ConnectError;
use crate::Tls;

impl Tls {
    /// For Redis.
    pub(super) fn certificates(&self) -> Result<TlsCertificates, ConnectError> {
        let own = match (&self.tls_cert, &self.tls_key) {
            (Some(cert), Some(key)) => Some(ClientTlsConfig {
                client_cert: read("TIPOFF_TLS_CERT", cert)?,
                client_key: read("TIPOFF_TLS_KEY", key)?,
            }),
            _ => None,
        };
        let root_cert = self.tls_ca.as_deref().map(|ca| read("TIPOFF_TLS_CA", ca)).transpose()?;
        Ok(TlsCertificates { client_tls: own, root_cert })
    }

    /// For NATS, which reads the files itself; that they are there is seen here.
    pub(super) fn options(
        &self,
        mut options: ConnectOptions,
    ) -> Result<ConnectOptions, ConnectError> {
        self.certificates()?;
        if let Some(ca) = &self.tls_ca {
            options = options.add_root_certificates(ca.clone());
        }
        if let (Some(cert), Some(key)) = (&self.tls_cert, &self.tls_key) {
            options = options.add_client_certificate(PathBuf::clone(cert), PathBuf::clone(key));
        }
        Ok(options)
    }
}

fn read(setting: &'static str, path: &Path) -> Result<Vec<u8>, ConnectError> {
    let bad = |source| ConnectError::BadFile { setting, path: path.display().to_string(), source };
    let text = std::fs::read(path).map_err(bad)?;
    if text.windows(11).any(|part| part == b"-----BEGIN ") {
        return Ok(text);
    }
    Err(bad(io::Error::new(io::ErrorKind::InvalidData, "it is not PEM")))
}

/// Whether a handshake failed because of the other side's certificate: waiting
/// does not mend that.
pub(super) fn is_untrusted(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        // The client of Redis shares its errors; those of the system hold others.
        let shared = error.downcast_ref::<Arc<dyn Error + Send + Sync>>();
        let error = shared.map_or(error, |shared| &**shared as &(dyn Error + 'static));
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let inner = inner.map(|inner| inner as &(dyn Error + 'static));
        for one in [Some(error), inner].into_iter().flatten() {
            if matches!(one.downcast_ref(), Some(rustls::Error::InvalidCertificate(_))) {
                return true;
            }
        }
        cause = error.source();
    }
    false
}
