//! Memory that nothing needs any more goes back to the system.

use std::time::Duration;

use diwan_heap::give_back;

use crate::supervisor::Supervisor;

/// How often it is given back.
const EVERY: Duration = Duration::from_secs(30);

/// Gives back, again and again, what is not needed any more. After a crowd most of what it needed lies in pages
/// that the C library keeps although nothing is in them: a bridge that carried out a thousand commands, fifty at
/// a time, kept 9 MiB.
pub async fn keep_giving_back(supervisor: Supervisor) {
    while supervisor.pause(EVERY).await {
        // Whoever asks for memory meanwhile waits a little: nobody else should wait for that as well.
        let _ = tokio::task::spawn_blocking(give_back).await;
    }
}
