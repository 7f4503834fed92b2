//! What the process holds in memory stays there: no core dump, and no look from other programs.

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// Asks the system never to write this process's memory to a file, and to let nobody else of this user
/// read it. A system that refuses is said so in the log: keys and secrets are in that memory.
pub fn keep_memory_private() {
    let no_dumps = Rlimit { current: Some(0), maximum: Some(0) };
    if let Err(error) = setrlimit(Resource::Core, no_dumps) {
        tracing::warn!(%error, "core dumps cannot be switched off; switch them off for this service");
    }
    if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        tracing::warn!(%error, "other programs of this user may be able to read this process's memory");
    }
}
