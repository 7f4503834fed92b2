//! How many connections are let in: in all, and from one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::config::ServerConfig;
use crate::metrics::{Mark, Metrics};
use crate::pass::rate::client_bits;

/// Counts connections.
#[derive(Debug, Default)]
pub(crate) struct Door(Mutex<Inside>);

#[derive(Debug, Default)]
struct Inside {
    all: usize,
    by_address: HashMap<u128, usize>,
}

/// A place, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    door: Arc<Door>,
    address: u128,
}

/// The place of one connection, given back when the last clone is dropped: an upgraded connection
/// outlives the HTTP that began it.
#[derive(Debug, Clone)]
pub(crate) struct Slot {
    _held: Arc<(Place, Mark)>,
}

impl Door {
    /// Lets a connection in, if these settings leave room. Those inside stay, whatever changes.
    pub(crate) fn admit(self: &Arc<Self>, peer: IpAddr, settings: &ServerConfig, metrics: &Metrics) -> Option<Slot> {
        // A trusted proxy brings everybody's connections.
        let is_exempt = settings.trusted_proxies.iter().any(|n| n.contains(peer));
        let from_there = if is_exempt { usize::MAX } else { settings.max_connections_per_address };
        let Some(place) = self.take(peer, (settings.max_connections, from_there)) else {
            metrics.turned_away.add(1);
            return None;
        };
        metrics.accepted.add(1);
        Some(Slot { _held: Arc::new((place, metrics.connections.mark())) })
    }

    /// Takes one of so many places in all, and of so many for one address.
    pub(crate) fn take(self: &Arc<Self>, peer: IpAddr, (most, from_there): (usize, usize)) -> Option<Place> {
        let address = client_bits(peer);
        let mut inside = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let already = inside.by_address.get(&address).copied().unwrap_or(0);
        if inside.all >= most || already >= from_there {
            return None;
        }
        inside.all += 1;
        inside.by_address.insert(address, already + 1);
        Some(Place { door: self.clone(), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut inside = self.door.0.lock().unwrap_or_else(PoisonError::into_inner);
        inside.all -= 1;
        if let Some(count) = inside.by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                inside.by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(most: usize, per_address: usize, proxies: &[&str]) -> ServerConfig {
        ServerConfig {
            max_connections: most,
            max_connections_per_address: per_address,
            trusted_proxies: proxies.iter().map(|proxy| proxy.parse().unwrap()).collect(),
            ..ServerConfig::default()
        }
    }

    #[test]
    fn one_address_cannot_take_all_the_room() {
        let metrics = Metrics::new(&[], Arc::default());
        let (door, settings) = (Arc::<Door>::default(), settings(5, 2, &["10.0.0.9"]));
        let admit = |address: &str| door.admit(address.parse().unwrap(), &settings, &metrics);
        let first = admit("203.0.113.1");
        let second = admit("::ffff:203.0.113.1");
        assert!(first.is_some() && second.is_some() && admit("203.0.113.1").is_none());
        let proxy = [admit("10.0.0.9"), admit("10.0.0.9"), admit("10.0.0.9")];
        assert!(proxy.iter().all(Option::is_some), "a trusted proxy is exempt");
        assert!(admit("203.0.113.2").is_none(), "the house is full");
        drop(first);
        assert!(admit("203.0.113.1").is_some());
        assert_eq!((metrics.turned_away.get(), metrics.connections.get()), (2, 4));
    }

    #[test]
    fn who_is_inside_counts_whatever_was_in_force_when_they_came() {
        let metrics = Metrics::new(&[], Arc::default());
        let door = Arc::<Door>::default();
        let admit = |settings: &ServerConfig| door.admit("10.0.0.9".parse().unwrap(), settings, &metrics);
        let (trusting, strict) = (settings(5, 2, &["10.0.0.0/8"]), settings(5, 2, &[]));
        let mut inside = [admit(&trusting), admit(&trusting), admit(&trusting)];
        assert!(inside.iter().all(Option::is_some) && admit(&strict).is_none(), "three are inside, two may be");
        inside[..2].fill_with(|| None);
        let fourth = admit(&strict);
        assert!(fourth.is_some() && admit(&strict).is_none() && admit(&settings(2, 9, &[])).is_none());
        drop((inside, fourth));
        let emptied = door.0.lock().unwrap();
        assert_eq!((emptied.all, emptied.by_address.len()), (0, 0));
    }
}
