//! What a server is told when it is started.

use std::io;

use tipoff_runtime::User;

use super::Watched;
use super::guard::Place;

pub(super) fn nats(place: &Place) -> io::Result<Vec<String>> {
    let (name, port) = (&place.name, place.port);
    let store = place.directory.join("jetstream");
    let store = store.display();
    let mut text = format!(
        "server_name: \"{name}\"\nlisten: \"127.0.0.1:{port}\"\nmax_payload: 8MB\n\
         jetstream {{\n  store_dir: \"{store}\"\n  sync_interval: always\n}}\n"
    );
    if let Some(tls) = &place.tls {
        let (cert, key) = (tls.cert.display(), tls.key.display());
        let clients = tls.clients.as_ref().map_or_else(String::new, |clients| {
            format!("  ca_file: \"{}\"\n  verify: true\n", clients.display())
        });
        text.extend([
            format!("tls {{\n  cert_file: \"{cert}\"\n  key_file: \"{key}\"\n"),
            clients,
            "}\n".to_owned(),
        ]);
    }
    text.extend(place.monitor.map(|monitor| format!("http: \"{monitor}\"\n")));
    if let Some(users) = &place.users {
        text += &users.nats();
    }
    let file = place.directory.join("nats.conf");
    std::fs::write(&file, text)?;
    Ok(vec!["-c".to_owned(), file.display().to_string()])
}

pub(super) fn redis(place: &Place) -> io::Result<Vec<String>> {
    let (port, directory) = (place.port.to_string(), place.directory.display().to_string());
    let mut told: Vec<String> =
        ["--bind", "127.0.0.1", "--dir", &directory, "--save", ""].map(str::to_owned).into();
    let durable = [
        ("appendonly", "yes"),
        ("appendfsync", "always"),
        ("maxmemory-policy", "noeviction"),
        // A replica that still fetches everything is not cut off for what comes meanwhile.
        ("client-output-buffer-limit", "replica 0 0 0"),
        // A replica need not wait for others that may follow as well.
        ("repl-diskless-sync-delay", "0"),
    ];
    let mut tell = |name: &str, value: &str| told.extend([format!("--{name}"), value.to_owned()]);
    for (name, value) in durable {
        tell(name, value);
    }
    if let Some(tls) = &place.tls {
        tell("port", "0");
        tell("tls-port", &port);
        tell("tls-cert-file", &tls.cert.display().to_string());
        tell("tls-key-file", &tls.key.display().to_string());
        // It wants authorities even where it asks nobody for a certificate.
        let clients = tls.clients.as_ref().unwrap_or(&tls.cert);
        tell("tls-ca-cert-file", &clients.display().to_string());
        tell("tls-auth-clients", if tls.clients.is_some() { "yes" } else { "no" });
        tell("unixsocket", &socket(place));
    } else {
        tell("port", &port);
    }
    if let Some(users) = &place.users {
        let file = place.directory.join("users.acl");
        std::fs::write(&file, users.redis())?;
        tell("aclfile", &file.display().to_string());
    }
    Ok(told)
}

/// It writes into its file what it learns.
pub(super) fn sentinel(place: &Place) -> io::Result<Vec<String>> {
    let file = place.directory.join("sentinel.conf");
    let watched = place.watches.as_ref().ok_or_else(|| io::Error::other("it watches nobody"))?;
    let Watched { name, port, quorum } = watched;
    let before = std::fs::read_to_string(&file).unwrap_or_default();
    let port_line = format!("port {}", place.port);
    if !before.lines().any(|line| line == port_line) {
        let text = format!(
            "bind 127.0.0.1\n{port_line}\ndir \"{}\"\n\
             sentinel monitor {name} 127.0.0.1 {port} {quorum}\n\
             sentinel down-after-milliseconds {name} 1000\n\
             sentinel failover-timeout {name} 5000\n",
            place.directory.display(),
        );
        std::fs::write(&file, text)?;
    }
    Ok(vec![file.display().to_string(), "--sentinel".to_owned()])
}

/// Where to ask a Redis whether it is there.
pub(super) fn knock(place: &Place) -> String {
    let admin = User::Admin.name();
    match (&place.tls, &place.users) {
        (Some(_), _) => format!("unix://{}", socket(place)),
        (None, Some(users)) => users.address(&format!("redis://127.0.0.1:{}", place.port), admin),
        (None, None) => format!("redis://127.0.0.1:{}", place.port),
    }
}

/// Who has the directory needs no certificate.
fn socket(place: &Place) -> String {
    place.directory.join("redis.sock").display().to_string()
}
