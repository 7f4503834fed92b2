//! How many commands one person looks at.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use diwan_kernel::Problem;
use diwan_kernel::id::UserId;

/// More than this nobody looks at.
const MOST: usize = 64;

/// Counts them.
#[derive(Debug, Default)]
pub(crate) struct Places(Mutex<HashMap<UserId, usize>>);

/// One of a person's places, given back on drop.
#[derive(Debug)]
pub(crate) struct Place {
    places: Arc<Places>,
    user: UserId,
}

impl Places {
    /// Takes one.
    ///
    /// # Errors
    /// 429 when all are taken.
    pub(crate) fn take(self: &Arc<Self>, user: UserId) -> Result<Place, Problem> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(user).or_default();
        if *count >= MOST {
            let detail = format!("This account looks at {MOST} commands already.");
            return Err(Problem::too_many("too_many_live_connections", detail, Duration::from_secs(30)));
        }
        *count += 1;
        Ok(Place { places: Arc::clone(self), user })
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
