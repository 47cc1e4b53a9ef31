//! NATS and Redis over TLS: they must show a certificate that somebody we trust
//! has signed, for the name that we call them by.

use std::error::Error;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;
use tipoff_runtime::{ConnectError, Settings, Tls, connect};
use tipoff_testkit::servers::{Certificates, ServerOptions};
use tipoff_testkit::{NatsServer, RedisServer};
use tokio_util::sync::CancellationToken;

/// Somebody who signs certificates, and where they lie.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    directory: TempDir,
}

impl Authority {
    fn named(name: &str) -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { issuer, directory }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A certificate for `name` and its key.
    fn sign(&self, name: &str) -> (PathBuf, PathBuf) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let cert = params.signed_by(&key, &self.issuer).unwrap();
        let (cert_file, key_file) =
            (self.file(&format!("{name}.pem")), self.file(&format!("{name}.key")));
        std::fs::write(&cert_file, cert.pem()).unwrap();
        std::fs::write(&key_file, key.serialize_pem()).unwrap();
        (cert_file, key_file)
    }

    /// Both servers, with a certificate for `name`.
    async fn servers(&self, name: &str, clients: Option<PathBuf>) -> (NatsServer, RedisServer) {
        let (cert, key) = self.sign(name);
        let tls = Some(Certificates { cert, key, clients });
        let options = ServerOptions { tls, ..Default::default() };
        tokio::try_join!(NatsServer::start_with(options.clone()), RedisServer::start_with(options))
            .unwrap()
    }
}

fn settings((nats, redis): &(NatsServer, RedisServer), ca: &Path) -> Settings {
    let tls = Tls { tls_ca: Some(ca.to_owned()), ..Tls::default() };
    Settings { tls, ..Settings::at(nats.url(), redis.url()) }
}

/// What came of connecting to each.
async fn tried(settings: &Settings) -> (Result<(), ConnectError>, Result<(), ConnectError>) {
    let stop = CancellationToken::new();
    let nats = connect::nats(settings, "test", &stop).await.map(drop);
    (nats, connect::redis(settings, &stop).await.map(drop))
}

fn is_refused_as_untrusted(outcome: Result<(), ConnectError>, why: &str) {
    let error = outcome.unwrap_err();
    assert!(matches!(error, ConnectError::Untrusted { .. }), "{error:?}");
    assert!(error.to_string().contains("TIPOFF_TLS_CA"), "{error}");
    let mut said = String::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        said.push_str(&error.to_string());
        cause = error.source();
    }
    assert!(said.contains(why), "{said}");
}

#[tokio::test]
async fn servers_are_believed_that_show_a_certificate_of_an_authority_we_trust() {
    let authority = Authority::named("ours");
    let servers = authority.servers("127.0.0.1", None).await;
    assert!(servers.0.url().starts_with("tls://") && servers.1.url().starts_with("rediss://"));
    let (nats, redis) = tried(&settings(&servers, &authority.file("ca.pem"))).await;
    nats.unwrap();
    redis.unwrap();
}

#[tokio::test]
async fn a_certificate_that_somebody_else_signed_is_refused() {
    let (authority, stranger) = (Authority::named("ours"), Authority::named("a stranger"));
    let servers = authority.servers("127.0.0.1", None).await;
    let (nats, redis) = tried(&settings(&servers, &stranger.file("ca.pem"))).await;
    is_refused_as_untrusted(nats, "UnknownIssuer");
    is_refused_as_untrusted(redis, "UnknownIssuer");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let authority = Authority::named("ours");
    let servers = authority.servers("elsewhere.example.com", None).await;
    let (nats, redis) = tried(&settings(&servers, &authority.file("ca.pem"))).await;
    is_refused_as_untrusted(nats, "not valid for name");
    is_refused_as_untrusted(redis, "not valid for name");
}

#[tokio::test]
async fn servers_that_ask_for_our_certificate_are_shown_it() {
    let authority = Authority::named("ours");
    let ca = authority.file("ca.pem");
    let servers = authority.servers("127.0.0.1", Some(ca.clone())).await;
    let mut settings = settings(&servers, &ca);
    let stop = CancellationToken::new();
    let nats = connect::nats(&settings, "test", &stop);
    let hung_up = tokio::time::timeout(std::time::Duration::from_secs(2), nats).await;
    assert!(!matches!(hung_up, Ok(Ok(_))), "whoever shows none is not let in");

    let (cert, key) = authority.sign("a-service");
    settings.tls.tls_cert = Some(cert);
    settings.tls.tls_key = Some(key);
    let (nats, redis) = tried(&settings).await;
    nats.unwrap();
    redis.unwrap();
}

#[tokio::test]
async fn a_file_that_is_not_there_or_no_certificate_is_named_by_its_setting() {
    let directory = tempfile::tempdir().unwrap();
    let nothing = directory.path().join("nothing.pem");
    let nonsense = directory.path().join("nonsense.pem");
    std::fs::write(&nonsense, "no certificate").unwrap();
    for file in [nothing, nonsense] {
        let tls = Tls { tls_ca: Some(file.clone()), ..Tls::default() };
        let settings =
            Settings { tls, ..Settings::at("tls://127.0.0.1:1", "rediss://127.0.0.1:1") };
        let (nats, redis) = tried(&settings).await;
        for error in [nats.unwrap_err(), redis.unwrap_err()] {
            let said = error.to_string();
            assert!(
                said.contains("TIPOFF_TLS_CA") && said.contains(&file.display().to_string()),
                "{said}"
            );
        }
    }
}
