//! What comes next for a key on a machine. Pure: what is known in, one step out.

use std::time::Duration;

use diwan_kernel::world::Timestamp;
use diwan_vault::SshPublicKey;

use super::table::{Line, SshKey};

/// A proof says how things are now: before an older line is taken away it must not be older than this.
const FRESH: Duration = Duration::from_secs(600);

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Put this version there.
    Install(Line),
    /// Find out whether it opens the door.
    Prove(Line),
    /// Take this version away.
    Remove(Line),
    /// Nothing of it is left: it need not be remembered.
    Forget,
    /// The vault has no such key any more. What is on the machine stays, until somebody decides.
    Orphaned,
    /// Everything is as it is wanted.
    Rest,
}

/// The next step. As long as a key is wanted, no line is taken away before a newer one is proven; so there is never
/// a moment in which none opens the door that did.
pub(crate) fn next(key: &SshKey, lines: &[Line], current: Option<&SshPublicKey>, now: Timestamp) -> Step {
    if key.removed_at.is_some() {
        return lines.first().map_or(Step::Forget, |line| Step::Remove(line.clone()));
    }
    let Some(current) = current else { return Step::Orphaned };
    let Some(line) = lines.iter().find(|line| line.version == current.version) else {
        return Step::Install(Line::wanted(current));
    };
    let older = lines.iter().find(|line| line.version != current.version);
    match (line.installed_at, line.proven_at, older) {
        (None, ..) => Step::Install(line.clone()),
        (Some(_), None, _) => Step::Prove(line.clone()),
        (Some(_), Some(_), _) if key.is_check_asked => Step::Prove(line.clone()),
        (Some(_), Some(at), Some(_)) if now.since(at) > FRESH => Step::Prove(line.clone()),
        (Some(_), Some(_), Some(older)) => Step::Remove(older.clone()),
        (Some(_), Some(_), None) => Step::Rest,
    }
}

#[cfg(test)]
mod tests;
