//! Networks of addresses: `203.0.113.0/24`, `2001:db8::/32`, or one address.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A network of addresses. One address is a network of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network {
    first: IpAddr,
    bits: u8,
}

/// Why a text is not a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", crate::config::NETWORK.text)]
pub struct NotANetwork;

impl Network {
    /// The network of this many leading bits around an address.
    pub(crate) fn around(address: IpAddr, bits: u8) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => {
                let bits = bits.min(32);
                let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
                Self { first: IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & mask)), bits }
            }
            IpAddr::V6(v6) => {
                let bits = bits.min(128);
                let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
                Self { first: IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & mask)), bits }
            }
        }
    }

    /// Whether the address lies in it.
    pub(crate) fn contains(self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.first.is_ipv4() == address.is_ipv4() && Self::around(address, self.bits) == self
    }

    /// Whom an address is counted as: itself in IPv4, the /56 that a household gets in IPv6.
    pub(crate) fn household(address: IpAddr) -> Self {
        let bits = if address.to_canonical().is_ipv4() { 32 } else { 56 };
        Self::around(address, bits)
    }
}

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(a, b)| (a, Some(b)));
        let address: IpAddr = address.parse().map_err(|_| NotANetwork)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let plain = |t: &&str| t.bytes().all(|b| b.is_ascii_digit()) && (t.len() == 1 || !t.starts_with('0'));
        let bits = match bits {
            None => most,
            Some(bits) => Some(bits).filter(plain).and_then(|b| b.parse().ok()).ok_or(NotANetwork)?,
        };
        // A mapped address (::ffff:203.0.113.7) would mean IPv4 to us and IPv6 to its writer.
        if bits > most || address.to_canonical() != address {
            return Err(NotANetwork);
        }
        Ok(Self::around(address, bits))
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = if self.first.is_ipv4() { 32 } else { 128 };
        if self.bits == whole { write!(f, "{}", self.first) } else { write!(f, "{}/{}", self.first, self.bits) }
    }
}

impl TryFrom<String> for Network {
    type Error = NotANetwork;

    fn try_from(text: String) -> Result<Self, NotANetwork> {
        text.parse()
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn contains(network: &str, address: &str) -> bool {
        network.parse::<Network>().unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn an_address_is_in_its_network_and_not_in_others() {
        assert!(contains("10.0.0.0/8", "10.255.0.1") && !contains("10.0.0.0/8", "11.0.0.1"));
        assert!(contains("2001:db8::/32", "2001:db8:ffff::1") && !contains("2001:db8::/32", "2001:db9::1"));
        assert!(contains("203.0.113.7", "203.0.113.7") && !contains("203.0.113.7", "203.0.113.8"));
        assert!(contains("0.0.0.0/0", "203.0.113.7") && !contains("0.0.0.0/0", "::1"));
        assert!(contains("10.0.0.0/8", "::ffff:10.1.2.3"), "a mapped address is the address it maps");
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in [
            "",
            "/",
            "10.0.0.0/33",
            "10.0.0.0/-1",
            "10.0.0.0/+8",
            "10.0.0.0/08",
            "10.0.0/8",
            "::/129",
            "010.0.0.1",
            "1",
            "::ffff:10.0.0.1",
            "10.0.0.1/8/8",
            " 10.0.0.1",
            "fe80::1%eth0",
        ] {
            assert_eq!(text.parse::<Network>(), Err(NotANetwork), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_network_survives_its_text(address: IpAddr, bits in 0u8..=128) {
            let network = Network::around(address, bits);
            // ::ffff:0:0/96 and below are only reachable as what they map.
            if network.first.to_canonical() == network.first {
                prop_assert_eq!(network.to_string().parse(), Ok(network));
            }
        }

        #[test]
        fn an_address_is_in_the_network_around_it(address: IpAddr, bits in 0u8..=128) {
            prop_assert!(Network::around(address, bits).contains(address));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC*") {
            let _ = text.parse::<Network>();
        }
    }
}
