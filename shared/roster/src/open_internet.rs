//! Which addresses strangers may give us to call: nobody can use us to reach
//! into the network that we run in.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Why an address may not be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotOutside {
    #[error("is not an address")]
    NoAddress,
    #[error("must begin with https://")]
    NotHttps,
    #[error("must not hold a user name or a password")]
    Credentials,
    #[error("must lie on the open internet")]
    Inside,
}

/// What names end in that only a network of one's own knows.
const INSIDE: [&str; 6] = ["localhost", "local", "internal", "lan", "home", "corp"];

/// Whether `url` can be called over the open internet. What its name resolves
/// to is looked at when it is called.
pub fn is_outside(url: &str) -> Result<(), NotOutside> {
    let url = Url::parse(url).map_err(|_| NotOutside::NoAddress)?;
    if url.scheme() != "https" {
        return Err(NotOutside::NotHttps);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(NotOutside::Credentials);
    }
    let open = match url.host().ok_or(NotOutside::NoAddress)? {
        Host::Ipv4(ip) => is_open(ip.into()),
        Host::Ipv6(ip) => is_open(ip.into()),
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            name.contains('.')
                && name.rsplit('.').next().is_some_and(|last| !INSIDE.contains(&last))
        }
    };
    if open { Ok(()) } else { Err(NotOutside::Inside) }
}

/// Whether the address is one of the open internet.
pub fn is_open(ip: IpAddr) -> bool {
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
    fn only_https_to_the_open_internet_is_outside() {
        assert_eq!(is_outside("https://hooks.example.com/x"), Ok(()));
        assert_eq!(is_outside("https://8.8.8.8/x"), Ok(()));
        assert_eq!(is_outside("http://hooks.example.com/x"), Err(NotOutside::NotHttps));
        assert_eq!(is_outside("https://a:b@hooks.example.com/"), Err(NotOutside::Credentials));
        assert_eq!(is_outside("nonsense"), Err(NotOutside::NoAddress));
        let inside = [
            "https://localhost/",
            "https://db/",
            "https://db.internal/",
            "https://printer.lan/",
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://0177.0.0.1/",
            "https://10.0.0.1/",
            "https://169.254.169.254/latest/meta-data",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://[fd00:ec2::254]/",
            "https://metadata.google.internal./",
        ];
        for url in inside {
            assert_eq!(is_outside(url), Err(NotOutside::Inside), "{url}");
        }
    }
}
