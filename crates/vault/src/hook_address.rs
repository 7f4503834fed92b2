//! Where hooks may go: out, to this very machine, and, where a setting says so, into private networks. Not to
//! what only this machine can reach: services of its cloud, of itself under another name.
//!
//! A name is judged when it is used, by every address behind it, and the conversation goes to those addresses: whoever
//! owns the name cannot have it lead elsewhere meanwhile.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use diwan_kernel::config::Live;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use crate::config::VaultConfig;

/// The longest address.
const LONGEST_URL: usize = 2048;
/// The name that is this machine everywhere.
const HERE: &str = "localhost";

/// How far hooks may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Range {
    /// To what everybody can reach.
    Outside,
    /// And to private networks.
    Private,
}

impl Range {
    fn holds(self, ip: IpAddr) -> bool {
        match place_of(ip) {
            Place::Outside => true,
            Place::Private => self == Self::Private,
            Place::Inside => false,
        }
    }
}

/// An address that may be told something: https, or plain http on this machine.
pub(crate) fn safe_address(text: &str, range: Range) -> Option<Url> {
    let url = Url::parse(text).ok().filter(|_| text.len() <= LONGEST_URL)?;
    let (is_here, is_sane) = match url.host()? {
        Host::Ipv4(ip) => (ip.is_loopback(), ip.is_loopback() || range.holds(ip.into())),
        Host::Ipv6(ip) => (ip.is_loopback(), ip.is_loopback() || range.holds(ip.into())),
        Host::Domain(name) => (name == HERE, true),
    };
    let is_private = url.scheme() == "https" || url.scheme() == "http" && is_here;
    let is_bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    (is_private && is_sane && is_bare).then_some(url)
}

/// Looks names up for hooks.
#[derive(Debug)]
pub(crate) struct LookUp(pub(crate) Live<VaultConfig>);

impl Resolve for LookUp {
    fn resolve(&self, name: Name) -> Resolving {
        let range = self.0.get().hook_range();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let fit: Addrs = Box::new(judge(name.as_str(), found, range)?.into_iter());
            Ok(fit)
        })
    }
}

fn judge(name: &str, found: Vec<SocketAddr>, range: Range) -> Result<Vec<SocketAddr>, &'static str> {
    let is_fit = |ip: IpAddr| if name == HERE { ip.is_loopback() } else { range.holds(ip) };
    if found.iter().all(|at| is_fit(at.ip())) {
        Ok(found)
    } else {
        Err("its name leads to an address where hooks may not go")
    }
}

/// Who can reach an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Everybody.
    Outside,
    /// The machines of a private network.
    Private,
    /// Only this machine, or one that asks its cloud for its credentials.
    Inside,
}

/// Where several clouds answer to their machines within ranges that are private otherwise.
const CLOUDS: [IpAddr; 2] =
    [IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)), IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254))];

fn place_of(ip: IpAddr) -> Place {
    if CLOUDS.contains(&ip) {
        return Place::Inside;
    }
    let ip = match ip {
        IpAddr::V4(ip) => ip,
        // An IPv4 address in another dress: mapped, compatible, or behind a translator (RFC 6052, RFC 3056).
        IpAddr::V6(ip) => match ip.segments() {
            [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
            | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
            | [0x2002, high, low, ..] => Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)),
            // What is given out to everybody lies in 2000::/3, what everybody may take in fc00::/7.
            [first, ..] if first >> 13 == 1 => return Place::Outside,
            [first, ..] if first >> 9 == 0x7e => return Place::Private,
            _ => return Place::Inside,
        },
    };
    if CLOUDS.contains(&ip.into()) {
        return Place::Inside;
    }
    let [a, b, c, _] = ip.octets();
    match (a, b, c) {
        (100, 64..128, _) => Place::Private,
        _ if ip.is_private() => Place::Private,
        (0 | 127 | 224.., ..) | (169, 254, _) | (192, 0, 0) | (198, 18 | 19, _) => Place::Inside,
        _ => Place::Outside,
    }
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
            assert!(safe_address(good, Range::Outside).is_some(), "{good}");
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
            assert!(safe_address(bad, Range::Outside).is_none(), "{bad}");
        }
        assert!(safe_address(&format!("https://example.org/{}", "x".repeat(3000)), Range::Outside).is_none());
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
            assert!(safe_address(&format!("https://{inside}/"), Range::Outside).is_none(), "{inside}");
        }
    }

    #[test]
    fn where_a_setting_says_so_private_networks_are_reached_and_nothing_else() {
        let goes = |host: &str| safe_address(&format!("https://{host}/"), Range::Private).is_some();
        for private in ["10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "[fd12::1]", "[::ffff:10.0.0.1]"] {
            assert!(goes(private), "{private}");
        }
        for inside in [
            "169.254.169.254",
            "100.100.100.200",
            "0.0.0.0",
            "[fe80::1]",
            "[fd00:ec2::254]",
            "[::ffff:6464:64c8]",
            "[ff02::1]",
        ] {
            assert!(!goes(inside), "{inside}");
        }
        assert!(safe_address("http://10.0.0.1/", Range::Private).is_none(), "in the open on the way");
    }

    #[test]
    fn a_name_is_judged_by_every_address_behind_it() {
        let at = |ips: &[&str]| ips.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), 0)).collect::<Vec<_>>();
        let (outside, both) = (at(&["93.184.215.14", "2606:2800:21f::1"]), at(&["93.184.215.14", "10.0.0.1"]));
        assert_eq!(judge("example.org", outside.clone(), Range::Outside), Ok(outside.clone()));
        assert!(judge("example.org", both.clone(), Range::Outside).is_err());
        assert!(judge("example.org", both, Range::Private).is_ok());
        for inside in ["127.0.0.1", "::1", "169.254.169.254", "fd00::1"] {
            assert!(judge("rebound.example", at(&[inside]), Range::Outside).is_err(), "{inside}");
        }
        assert!(judge(HERE, at(&["127.0.0.1", "::1"]), Range::Outside).is_ok());
        assert!(judge(HERE, outside, Range::Private).is_err(), "this machine is nowhere else");
    }
}
