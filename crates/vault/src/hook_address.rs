//! Where hooks may go: out, or to this very machine. Not to what only this machine can reach: services of its
//! network, of its cloud, of itself under another name.
//!
//! A name is judged when it is used, by every address behind it, and the conversation goes to those addresses: whoever
//! owns the name cannot have it lead elsewhere meanwhile.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// The longest address.
const LONGEST_URL: usize = 2048;
/// The name that is this machine everywhere.
const HERE: &str = "localhost";

/// An address that may be told something: https, or plain http on this machine.
pub(crate) fn safe_address(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok().filter(|_| text.len() <= LONGEST_URL)?;
    let (is_here, is_sane) = match url.host()? {
        Host::Ipv4(ip) => (ip.is_loopback(), ip.is_loopback() || !is_inside(ip.into())),
        Host::Ipv6(ip) => (ip.is_loopback(), ip.is_loopback() || !is_inside(ip.into())),
        Host::Domain(name) => (name == HERE, true),
    };
    let is_private = url.scheme() == "https" || url.scheme() == "http" && is_here;
    let is_bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    (is_private && is_sane && is_bare).then_some(url)
}

/// Looks names up for hooks.
#[derive(Debug)]
pub(crate) struct LookUp;

impl Resolve for LookUp {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let fit: Addrs = Box::new(judge(name.as_str(), found)?.into_iter());
            Ok(fit)
        })
    }
}

fn judge(name: &str, found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, &'static str> {
    let is_fit = |ip: IpAddr| if name == HERE { ip.is_loopback() } else { !is_inside(ip) };
    if found.iter().all(|at| is_fit(at.ip())) {
        Ok(found)
    } else {
        Err("its name leads to an address inside of a network")
    }
}

/// Whether an address is one that only some machines can reach.
fn is_inside(ip: IpAddr) -> bool {
    let ip = match ip {
        IpAddr::V4(ip) => ip,
        // An IPv4 address in another dress: mapped, compatible, or behind a translator (RFC 6052, RFC 3056).
        IpAddr::V6(ip) => match ip.segments() {
            [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
            | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
            | [0x2002, high, low, ..] => Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)),
            // What is given out to everybody lies in 2000::/3.
            [first, ..] => return first >> 13 != 1,
        },
    };
    let [a, b, c, _] = ip.octets();
    ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || matches!((a, b, c), (0 | 224.., ..) | (100, 64..128, _) | (192, 0, 0) | (198, 18 | 19, _))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_that_are_private_on_the_way_are_taken() {
        for good in [
            "https://example.org/hooks/1?token=x",
            "https://93.184.215.14/",
            "https://[2606:2800:21f::1]/",
            "http://127.0.0.1:8080/",
            "http://localhost/x",
            "http://[::1]/",
        ] {
            assert!(safe_address(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "example.org",
            "http://example.org/",
            "https://user:word@example.org/",
            "https://example.org/#part",
            "file:///etc/passwd",
            "ftp://example.org/",
            "javascript:alert(1)",
            "http://localhost.example.org/",
        ] {
            assert!(safe_address(bad).is_none(), "{bad}");
        }
        assert!(safe_address(&format!("https://example.org/{}", "x".repeat(3000))).is_none());
    }

    #[test]
    fn what_only_this_machine_can_reach_is_refused_in_every_spelling() {
        for inside in [
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "0.1.2.3",
            "100.64.0.1",
            "100.100.100.200",
            "192.0.0.192",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "0x0a000001",
            "167772161",
            "[fe80::1]",
            "[fd00:ec2::254]",
            "[ff02::1]",
            "[::]",
            "[::ffff:10.0.0.1]",
            "[::ffff:127.0.0.1]",
            "[64:ff9b::a9fe:a9fe]",
            "[2002:a00:1::]",
            "[fec0::1]",
            "[100::1]",
        ] {
            assert!(safe_address(&format!("https://{inside}/")).is_none(), "{inside}");
        }
    }

    #[test]
    fn a_name_is_judged_by_every_address_behind_it() {
        let at = |ips: &[&str]| ips.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), 0)).collect::<Vec<_>>();
        let (outside, both) = (at(&["93.184.215.14", "2606:2800:21f::1"]), at(&["93.184.215.14", "10.0.0.1"]));
        assert_eq!(judge("example.org", outside.clone()), Ok(outside.clone()));
        assert!(judge("example.org", both).is_err());
        for inside in ["127.0.0.1", "::1", "169.254.169.254", "fd00::1"] {
            assert!(judge("rebound.example", at(&[inside])).is_err(), "{inside}");
        }
        assert!(judge(HERE, at(&["127.0.0.1", "::1"])).is_ok());
        assert!(judge(HERE, outside).is_err(), "this machine is nowhere else");
    }
}
