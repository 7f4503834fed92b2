//! What a machine is to the fleet.

use diwan_kernel::Id;

diwan_kernel::id_kinds! {
    /// A machine.
    Machine = "mch",
}

/// The id of a machine.
pub type MachineId = Id<Machine>;
