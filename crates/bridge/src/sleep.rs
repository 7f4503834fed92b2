//! Notices that the machine slept or its clock was set: then the connection may be dead without a sign.

use std::convert::Infallible;
use std::time::Duration;

use diwan_kernel::{Timestamp, World};
use diwan_link::Link;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(5);
/// Clocks that part by more than this between two looks did not do so by themselves.
const JUMP: Duration = Duration::from_secs(3);
/// How long the other end may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// What both clocks showed.
#[derive(Debug)]
pub(crate) struct Sleep<'a> {
    world: &'a World,
    wall: Timestamp,
    monotonic: Duration,
}

impl<'a> Sleep<'a> {
    pub(crate) fn new(world: &'a World) -> Self {
        Self { world, wall: world.now(), monotonic: world.monotonic() }
    }

    /// Looks again and again, and has the link prove that it lives whenever there is a doubt.
    pub(crate) async fn watch(mut self, link: &Link) -> Infallible {
        loop {
            tokio::time::sleep(EVERY).await;
            if let Some(jump) = self.jumped() {
                tracing::info!("the clock jumped by {} s, as after a sleep: is the connection alive?", jump.as_secs());
                link.probe(PATIENCE).await;
            }
        }
    }

    /// By how much the clock jumped since the last look, either way.
    fn jumped(&mut self) -> Option<Duration> {
        let (wall, monotonic) = (self.world.now(), self.world.monotonic());
        let expected = self.wall.plus(monotonic.saturating_sub(self.monotonic));
        (self.wall, self.monotonic) = (wall, monotonic);
        let jump = wall.since(expected).max(expected.since(wall));
        (jump > JUMP).then_some(jump)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use diwan_kernel::world::Clock;

    use super::*;

    #[derive(Default)]
    struct Hands {
        wall_ms: AtomicI64,
        monotonic_ms: AtomicI64,
    }

    impl Clock for Hands {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(self.wall_ms.load(Ordering::SeqCst))
        }

        fn monotonic(&self) -> Duration {
            Duration::from_millis(self.monotonic_ms.load(Ordering::SeqCst).unsigned_abs())
        }
    }

    #[test]
    fn only_what_parts_the_clocks_is_a_jump() {
        let hands = Arc::new(Hands::default());
        let world = World::real().with_clock(Arc::clone(&hands) as Arc<dyn Clock>);
        let mut sleep = Sleep::new(&world);
        for (wall, monotonic, jump) in
            [(5000, 5000, None), (2000, 0, None), (3_600_000, 5000, Some(3595)), (-60_000, 5000, Some(65))]
        {
            hands.wall_ms.fetch_add(wall, Ordering::SeqCst);
            hands.monotonic_ms.fetch_add(monotonic, Ordering::SeqCst);
            assert_eq!(sleep.jumped().map(|jump| jump.as_secs()), jump, "{wall} {monotonic}");
        }
    }
}
