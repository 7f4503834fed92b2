//! The id of an SSH key on a machine.

use diwan_kernel::{Id, id_kinds};

id_kinds! {
    /// A key of the vault that is wanted on a machine.
    SshKeyKind = "ssk",
}

/// The id of a key of the vault that is wanted on a machine.
pub(crate) type SshKeyId = Id<SshKeyKind>;
