//! Where a command stands, and how one ended.

use diwan_protocol::run::{Outcome, Usage};
use serde::{Deserialize, Serialize};

use super::words::plain;

macro_rules! words {
    ($(#[$meta:meta])* $type:ident { $($(#[$about:meta])* $name:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub(crate) enum $type {$($(#[$about])* $name),+}

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
    /// Where a command stands.
    CommandState {
        /// Its machine is not there; it is carried to it when it comes, if that is in time.
        Waiting = "waiting",
        /// It is written down and about to be sent.
        Written = "written",
        /// It is on its way to the machine.
        Sent = "sent",
        /// The machine has begun.
        Running = "running",
        /// It came to an end that is known.
        Ended = "ended",
        /// It was not carried out: the machine's policy, or something before that, refused it.
        Refused = "refused",
        /// The machine's policy wants somebody else to say yes.
        NeedsApproval = "needs_approval",
        /// Its time was over before the machine came.
        Expired = "expired",
        /// Nobody knows what became of it.
        Unknown = "unknown",
    }
}

impl CommandState {
    /// Whether something may still become of it.
    pub(crate) const fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Written | Self::Sent | Self::Running)
    }

    /// As it is stored: what happens between being written down and its end is not.
    pub(crate) const fn stored(self) -> Self {
        match self {
            Self::Sent | Self::Running => Self::Written,
            other => other,
        }
    }
}

words! {
    /// How a command ended.
    CommandOutcome {
        /// By itself, with `exit_code`.
        Exited = "exited",
        /// By `signal`.
        Signalled = "signalled",
        /// It took longer than it may.
        TimedOut = "timed_out",
        /// It said more than it may, or took more memory.
        OverLimit = "over_limit",
        /// Somebody stopped it.
        Cancelled = "cancelled",
        /// It could not be begun.
        NotStarted = "not_started",
    }
}

/// What a command took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CommandUsage {
    /// Processor time in the program.
    pub user_us: u64,
    /// Processor time in the system on its behalf.
    pub system_us: u64,
    /// The most memory at once.
    pub memory_bytes: u64,
    /// From start to end.
    pub wall_us: u64,
}

/// The largest number that every reader of JSON understands exactly.
const LARGEST: u64 = (1 << 53) - 1;

impl From<Usage> for CommandUsage {
    fn from(usage: Usage) -> Self {
        Self {
            user_us: usage.user_us.min(LARGEST),
            system_us: usage.system_us.min(LARGEST),
            memory_bytes: usage.memory_bytes.min(LARGEST),
            wall_us: usage.wall_us.min(LARGEST),
        }
    }
}

/// An outcome as it is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) outcome: Option<CommandOutcome>,
    pub(crate) exit_code: Option<i32>,
    pub(crate) signal: Option<i32>,
    pub(crate) detail: Option<String>,
}

impl Told {
    pub(crate) fn simply(outcome: CommandOutcome) -> Self {
        Self { outcome: Some(outcome), ..Self::default() }
    }

    pub(crate) fn because(outcome: CommandOutcome, why: &str) -> Self {
        Self { detail: Some(plain(why, 500)), ..Self::simply(outcome) }
    }
}

/// The state and the outcome that a machine tells. `None` when it remembers no such command.
pub(crate) fn told(outcome: &Outcome) -> Option<(CommandState, Told)> {
    let ended = |told| Some((CommandState::Ended, told));
    match outcome {
        Outcome::Exited(code) => ended(Told { exit_code: Some(*code), ..Told::simply(CommandOutcome::Exited) }),
        Outcome::Signalled(signal) => ended(Told { signal: Some(*signal), ..Told::simply(CommandOutcome::Signalled) }),
        Outcome::TimedOut => ended(Told::simply(CommandOutcome::TimedOut)),
        Outcome::OverLimit(why) => ended(Told::because(CommandOutcome::OverLimit, why)),
        Outcome::Cancelled => ended(Told::simply(CommandOutcome::Cancelled)),
        Outcome::NotStarted(why) => ended(Told::because(CommandOutcome::NotStarted, why)),
        Outcome::Unknown => Some((CommandState::Unknown, Told::default())),
        Outcome::Forgotten => None,
    }
}
