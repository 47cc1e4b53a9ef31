//! Which addresses may be asked that strangers gave: browsers say where their
//! pushes go, and may name anything. Nobody may use us to reach into the network
//! that we run in.

use std::io::{Error, ErrorKind};
use std::net::{IpAddr, SocketAddr};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tipoff_roster::is_open;

/// The endpoint, if it may be asked for: https to the open internet, or this
/// machine itself, where tests and the demo listen.
pub(crate) fn endpoint(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let host = url.host_str()?;
    let literal = host.trim_matches(['[', ']']).parse::<IpAddr>().ok();
    let here = host == "localhost" || literal.is_some_and(|ip| ip.is_loopback());
    let open = literal.is_none_or(is_open);
    match url.scheme() {
        "http" if here => Some(url),
        "https" if here || open => Some(url),
        _ => None,
    }
}

/// Resolves names, leaving out addresses that are not on the open internet. What
/// is found is what is connected to: nobody can change their mind in between.
#[derive(Debug)]
pub(crate) struct OpenInternet {
    /// `localhost` counts as well, where tests and the demo listen.
    pub(crate) or_here: bool,
}

impl Resolve for OpenInternet {
    fn resolve(&self, name: Name) -> Resolving {
        let here = self.or_here && name.as_str() == "localhost";
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let open: Vec<SocketAddr> = found.filter(|at| here || is_open(at.ip())).collect();
            if open.is_empty() {
                return Err(
                    Error::new(ErrorKind::PermissionDenied, "not on the open internet").into()
                );
            }
            Ok(Box::new(open.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for good in [
            "https://push.example.com/x",
            "http://127.0.0.1:9/x",
            "http://[::1]/x",
            "http://localhost/x",
        ] {
            assert!(endpoint(good).is_some(), "{good}");
        }
        for bad in [
            "http://push.example.com/x",
            "http://127.0.0.1.example.com/x",
            "file:///x",
            "ftp://localhost",
            "x",
        ] {
            assert!(endpoint(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn the_network_we_run_in_is_not_the_open_internet() {
        let closed = [
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "fd00::1",
            "fe80::1",
            "::ffff:10.0.0.1",
            "::",
            "ff02::1",
            "2002:a00:1::",
            "64:ff9b::a00:1",
        ];
        for ip in closed {
            assert!(!is_open(ip.parse().unwrap()), "{ip}");
        }
        for ip in ["8.8.8.8", "100.128.0.1", "2606:4700::1111"] {
            assert!(is_open(ip.parse().unwrap()), "{ip}");
        }
        assert!(endpoint("https://169.254.169.254/latest").is_none());
        assert!(endpoint("https://[fd00::1]/").is_none());
    }
}
