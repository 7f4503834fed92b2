//! How much a machine may say: a burst, and then as much as a machine that is watched has to say.

use std::time::Duration;

use diwan_kernel::World;

/// So many messages at once.
const BURST: u32 = 60;
/// And one for each of these.
const EACH: Duration = Duration::from_secs(1);

/// What is left of it.
pub(crate) struct Patience {
    world: World,
    left: u32,
    since: Duration,
}

impl Patience {
    /// All of it.
    pub(crate) fn new(world: &World) -> Self {
        Self { world: world.clone(), left: BURST, since: world.monotonic() }
    }

    /// Whether there is some left for a message more.
    pub(crate) fn bears_one_more(&mut self) -> bool {
        let now = self.world.monotonic();
        let gained = now.saturating_sub(self.since).as_secs() / EACH.as_secs();
        if gained > 0 {
            self.left = self.left.saturating_add(u32::try_from(gained).unwrap_or(BURST)).min(BURST);
            self.since = now;
        }
        let bears = self.left > 0;
        self.left = self.left.saturating_sub(1);
        bears
    }
}
