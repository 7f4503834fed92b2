//! Where a job stands, and what a queued one waits for.

use serde::{Deserialize, Serialize};

// The words are token trees, since what makes the document of the interface reads them before they are literals.
macro_rules! words {
    ($(#[$meta:meta])* $type:ident { $($(#[$about:meta])* $name:ident = $text:tt,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        pub(crate) enum $type {$($(#[$about])* #[serde(rename = $text)] $name),+}

        impl $type {
            /// The name used in the API and in the database.
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }

            /// Reads its name.
            pub(crate) fn parse(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$name),)+ _ => None }
            }
        }
    };
}

words! {
    /// Where a job stands.
    JobState {
        /// It waits for its turn.
        Queued = "queued",
        /// A machine was chosen, and it is carried there.
        Leased = "leased",
        /// The machine has begun.
        Running = "running",
        /// It was done.
        Succeeded = "succeeded",
        /// It was tried as often as it may be, or nobody knows what became of it.
        Failed = "failed",
        /// Somebody stopped it, or what it stands on did not succeed.
        Cancelled = "cancelled",
        /// It ran longer than it may.
        TimedOut = "timed_out",
        /// It did not begin in time.
        Expired = "expired",
    }
}

impl JobState {
    /// Whether something may still become of it by itself.
    pub(crate) const fn is_open(self) -> bool {
        matches!(self, Self::Queued | Self::Leased | Self::Running)
    }

    /// Whether somebody has to look at it.
    pub(crate) const fn is_dead(self) -> bool {
        matches!(self, Self::Failed | Self::TimedOut | Self::Expired)
    }
}

words! {
    /// Why a queued job is not ready.
    JobHold {
        /// It is ready.
        None = "",
        /// It is not time yet: a delay, or a pause before another try.
        Time = "time",
        /// What it stands on has not ended.
        Dependencies = "dependencies",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for name in ["queued", "leased", "running", "succeeded", "failed", "cancelled", "timed_out", "expired"] {
            let state = JobState::parse(name).expect("it is a state");
            assert_eq!(state.as_str(), name);
            assert!(!(state.is_open() && state.is_dead()));
        }
        assert_eq!(JobState::parse("Queued"), None);
    }
}
