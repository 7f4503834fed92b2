//! What a stream is for: its opening says so, and the first message after it what is wanted.

use minicbor::{Decode, Encode};

use crate::artifacts::FetchArtifact;
use crate::command::{Actor, Operation};

/// How every stream opens. It is short: what may be long is the message after it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Opening {
    /// A machine without a certificate asks for one: a [`JoinRequest`](crate::join::JoinRequest) follows. The
    /// only stream of such a connection.
    #[n(0)]
    Join,
    /// A machine is here: a [`Hello`](crate::control::Hello) follows. The first stream of its connection.
    #[n(1)]
    Control,
    /// The control plane wants something done: a [`SignedCommand`](crate::SignedCommand) follows, then what
    /// [`crate::run`] says.
    #[n(2)]
    Run,
    /// The control plane goes on following a command that was brought before, as [`crate::run`] says.
    #[n(3)]
    Follow(#[n(0)] Follow),
    /// The control plane asks what the machine's policy would say: a [`Judge`] follows, and the answer is one
    /// [`Verdict`](crate::run::Verdict).
    #[n(4)]
    Judge,
    /// The control plane takes up the input and output of a command that has a pipe: bytes follow, both ways, in
    /// messages of any length. One stream for each command, once.
    #[n(5)]
    Pipe(#[n(0)] String),
    /// The control plane asks for rules, or brings somebody's yes to that: a
    /// [`SignedRules`](crate::SignedRules) follows, and the answer is one [`RuleNews`](crate::rules::RuleNews).
    #[n(6)]
    Rules,
    /// The control plane has work that does nothing on the machine, which is carried in batches as
    /// [`crate::light`] says. It is not signed, because nothing follows from it.
    #[n(7)]
    Light,
    /// The control plane wants a file that a command has left: the answer is one
    /// [`FoundArtifact`](crate::artifacts::FoundArtifact), and the bytes of the file behind it.
    #[n(8)]
    Artifact(#[n(0)] FetchArtifact),
}

/// Which command, and from where on.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Follow {
    /// Which.
    #[n(0)]
    pub command: String,
    /// How much of its output is there already.
    #[n(1)]
    pub output: u64,
    /// How much of its error output is there already.
    #[n(2)]
    pub errors: u64,
    /// How much input was given it already, as far as the control plane knows.
    #[n(3)]
    pub input: u64,
}

/// A question about the policy. It is not signed, because nothing follows from it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Judge {
    /// What would be done.
    #[n(0)]
    pub operation: Operation,
    /// Who would want it.
    #[n(1)]
    pub actor: Actor,
}
