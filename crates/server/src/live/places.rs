//! How many live connections one person has.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use diwan_kernel::id::User;
use diwan_kernel::{Id, Problem};

/// Counts them.
#[derive(Debug, Default)]
pub(crate) struct Places(Mutex<HashMap<Id<User>, usize>>);

/// One of a person's places, given back on drop.
#[derive(Debug)]
pub(crate) struct Place {
    places: Arc<Places>,
    user: Id<User>,
}

impl Places {
    /// Takes one of so many places. Those that are taken stay so, even if they are more.
    ///
    /// # Errors
    /// 429 when all are taken.
    pub(crate) fn take(self: &Arc<Self>, user: Id<User>, most: usize) -> Result<Place, Problem> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(user).or_default();
        if *count >= most {
            let detail = "This account has as many live connections open as it may.";
            return Err(Problem::too_many("too_many_live_connections", detail, Duration::from_secs(30)));
        }
        *count += 1;
        Ok(Place { places: self.clone(), user })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.user) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_is_given_back_can_be_taken_again() {
        let places = Arc::<Places>::default();
        let first = places.take(Id::from_bits(1), 1);
        assert!(first.is_ok() && places.take(Id::from_bits(2), 1).is_ok());
        assert!(places.take(Id::from_bits(1), 1).is_err());
        drop(first);
        assert!(places.take(Id::from_bits(1), 1).is_ok());
    }
}
