//! What a schedule fires by.

use crate::id::JobId;

/// What a schedule fires by.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trigger {
    /// `clock`, `hand`, `webhook`, or what happened.
    pub(super) kind: &'static str,
    /// The job that ended or pushed.
    pub(super) job: Option<JobId>,
    /// How many jobs began one another up to here.
    pub(super) depth: u32,
}

impl Trigger {
    pub(super) fn of(kind: &'static str) -> Self {
        Self { kind, ..Self::default() }
    }
}
