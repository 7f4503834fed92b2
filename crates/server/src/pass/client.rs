//! Where a request really comes from: the peer, or what a trusted proxy says about the one behind it.

use std::net::IpAddr;

use axum::http::HeaderMap;

use crate::config::Network;

/// The client behind a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Client {
    /// Its address.
    pub address: IpAddr,
    /// Whether it speaks https, to us or to the proxy.
    pub secure: bool,
}

impl Client {
    /// Works it out. Headers of anybody but a trusted proxy count for nothing.
    pub(crate) fn of(peer: IpAddr, tls: bool, headers: &HeaderMap, trusted: &[Network]) -> Self {
        let peer = peer.to_canonical();
        let is_trusted = |address: IpAddr| trusted.iter().any(|n| n.contains(address));
        if trusted.is_empty() || !is_trusted(peer) {
            return Self { address: peer, secure: tls };
        }
        Self { address: forwarded_for(peer, headers, is_trusted), secure: tls || forwarded_https(headers) }
    }
}

/// Each proxy appends who spoke to it, so the list is read from its end: the first address that is
/// not a trusted proxy's is the client's. What stands before it is anybody's invention.
fn forwarded_for(peer: IpAddr, headers: &HeaderMap, is_trusted: impl Fn(IpAddr) -> bool) -> IpAddr {
    let lines = headers.get_all("x-forwarded-for").iter().rev();
    let hops = lines.flat_map(|line| line.to_str().unwrap_or("?").rsplit(','));
    let mut nearest = peer;
    for hop in hops {
        let Some(address) = parse_hop(hop.trim()) else { return nearest };
        nearest = address;
        if !is_trusted(address) {
            return address;
        }
    }
    nearest
}

/// An address, perhaps with a port, perhaps in brackets.
fn parse_hop(text: &str) -> Option<IpAddr> {
    let plain = text.parse::<IpAddr>().ok();
    let address = plain.or_else(|| text.parse::<std::net::SocketAddr>().ok().map(|a| a.ip()));
    let address = address.or_else(|| text.strip_prefix('[')?.strip_suffix(']')?.parse().ok());
    address.map(|a| a.to_canonical())
}

fn forwarded_https(headers: &HeaderMap) -> bool {
    let last = headers.get_all("x-forwarded-proto").iter().next_back().and_then(|v| v.to_str().ok());
    last.and_then(|line| line.rsplit(',').next()).is_some_and(|proto| proto.trim().eq_ignore_ascii_case("https"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, lines: &[(&'static str, &'static str)]) -> (String, bool) {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        let trusted = ["10.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()];
        let client = Client::of(peer.parse().unwrap(), false, &headers, &trusted);
        (client.address.to_string(), client.secure)
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let spoofed = [("x-forwarded-for", "1.2.3.4"), ("x-forwarded-proto", "https")];
        assert_eq!(client("203.0.113.9", &spoofed), ("203.0.113.9".into(), false));
        assert_eq!(client("10.0.0.1", &spoofed), ("1.2.3.4".into(), true));
        assert_eq!(client("::ffff:10.0.0.1", &spoofed), ("1.2.3.4".into(), true));
    }

    #[test]
    fn what_the_client_wrote_itself_before_the_proxy_counts_for_nothing() {
        assert_eq!(client("10.0.0.1", &[("x-forwarded-for", "6.6.6.6, 198.51.100.7, 10.0.0.2")]).0, "198.51.100.7");
        let two_lines = [("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "198.51.100.7")];
        assert_eq!(client("10.0.0.1", &two_lines).0, "198.51.100.7");
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_forwarded_a_foreign_peer_stays_itself(line in "[ -~]{0,80}") {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", line.parse().unwrap());
            let trusted = ["10.0.0.0/8".parse().unwrap()];
            let peer = "203.0.113.9".parse().unwrap();
            proptest::prop_assert_eq!(Client::of(peer, false, &headers, &trusted).address, peer);
            Client::of("10.0.0.1".parse().unwrap(), false, &headers, &trusted);
        }
    }

    #[test]
    fn nonsense_ends_the_list() {
        assert_eq!(client("10.0.0.1", &[("x-forwarded-for", "1.2.3.4, unknown")]).0, "10.0.0.1");
        assert_eq!(client("10.0.0.1", &[("x-forwarded-for", "1.2.3.4, nonsense, 10.0.0.9")]).0, "10.0.0.9");
        assert_eq!(client("10.0.0.1", &[("x-forwarded-for", "")]).0, "10.0.0.1");
    }

    #[test]
    fn ports_and_brackets_are_understood() {
        for (written, address) in
            [("1.2.3.4:55", "1.2.3.4"), ("[2001:db8::1]:55", "2001:db8::1"), ("[2001:db8::1]", "2001:db8::1")]
        {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", written.parse().unwrap());
            let found = Client::of("10.0.0.1".parse().unwrap(), false, &headers, &["10.0.0.0/8".parse().unwrap()]);
            assert_eq!(found.address.to_string(), address);
        }
    }
}
