//! How many connections are let in: in all, and from one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::config::Network;
use crate::metrics::{Mark, Metrics};
use crate::pass::rate::client_bits;

/// Counts connections.
#[derive(Debug)]
pub(crate) struct Door {
    most: usize,
    most_per_address: usize,
    /// A trusted proxy brings everybody's connections.
    exempt: Vec<Network>,
    inside: Mutex<Inside>,
}

#[derive(Debug, Default)]
struct Inside {
    all: usize,
    by_address: HashMap<u128, usize>,
}

/// The place of one connection, given back when the last clone is dropped: an upgraded connection
/// outlives the HTTP that began it.
#[derive(Debug, Clone)]
pub(crate) struct Slot {
    _held: Arc<Held>,
}

#[derive(Debug)]
struct Held {
    door: Arc<Door>,
    address: Option<u128>,
    _mark: Mark,
}

impl Door {
    /// A door with these limits.
    pub(crate) fn new(most: usize, most_per_address: usize, exempt: Vec<Network>) -> Arc<Self> {
        Arc::new(Self { most, most_per_address, exempt, inside: Mutex::default() })
    }

    /// Lets a connection in, if there is room.
    pub(crate) fn admit(self: &Arc<Self>, peer: IpAddr, metrics: &Metrics) -> Option<Slot> {
        let counted = (!self.exempt.iter().any(|n| n.contains(peer))).then(|| client_bits(peer));
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        let from_there = counted.map_or(0, |address| inside.by_address.get(&address).copied().unwrap_or(0));
        if inside.all >= self.most || from_there >= self.most_per_address {
            metrics.turned_away.add(1);
            return None;
        }
        inside.all += 1;
        if let Some(address) = counted {
            inside.by_address.insert(address, from_there + 1);
        }
        metrics.accepted.add(1);
        let held = Held { door: self.clone(), address: counted, _mark: metrics.connections.mark() };
        Some(Slot { _held: Arc::new(held) })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut inside = self.door.inside.lock().unwrap_or_else(PoisonError::into_inner);
        inside.all -= 1;
        let Some(address) = self.address else { return };
        if let Some(count) = inside.by_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                inside.by_address.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_cannot_take_all_the_room() {
        let metrics = Metrics::new(&[], Arc::default());
        let door = Door::new(5, 2, vec!["10.0.0.9".parse().unwrap()]);
        let admit = |address: &str| door.admit(address.parse().unwrap(), &metrics);
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
}
