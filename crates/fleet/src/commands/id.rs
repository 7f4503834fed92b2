//! The ids of commands and of what belongs to them.

use diwan_kernel::{Id, id_kinds};

id_kinds! {
    /// Something that a machine is asked to do.
    CommandKind = "cmd",
    /// The commands of one request.
    BatchKind = "bat",
    /// Somebody's yes to a command.
    ApprovalKind = "apv",
}

/// The id of a command.
pub type CommandId = Id<CommandKind>;
/// The id of a batch.
pub(crate) type BatchId = Id<BatchKind>;
/// The id of an approval.
pub(crate) type ApprovalId = Id<ApprovalKind>;
