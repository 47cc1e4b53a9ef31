//! Which addresses may be asked that strangers gave: browsers say where their
//! pushes go, and may name anything. Nobody may use us to reach into the network
//! that we run in.

use std::io::{Error, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

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

/// Resolves names, leaving out addresses that are not on the open internet.
#[derive(Debug)]
pub(crate) struct OpenInternet;

impl Resolve for OpenInternet {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let here = name.as_str() == "localhost";
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

fn is_open(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_open_v4(ip),
        IpAddr::V6(ip) => match ip.to_ipv4_mapped() {
            Some(mapped) => is_open_v4(mapped),
            None => is_open_v6(ip),
        },
    }
}

fn is_open_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let closed = ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_documentation();
    let shared = a == 100 && (64..128).contains(&b);
    let benchmarks = a == 198 && (18..20).contains(&b);
    let protocols = (a, b, c) == (192, 0, 0);
    !(closed || shared || benchmarks || protocols || a == 0 || a >= 240)
}

/// Global unicast (2000::/3), but not what stands for an IPv4 address or a test.
fn is_open_v6(ip: Ipv6Addr) -> bool {
    let [first, second, ..] = ip.segments();
    let documentation = (first, second) == (0x2001, 0x0db8);
    let six_to_four = first == 0x2002;
    let teredo = (first, second) == (0x2001, 0);
    (first & 0xe000) == 0x2000 && !documentation && !six_to_four && !teredo
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
