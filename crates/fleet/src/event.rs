//! What this capability announces about machines.

use diwan_kernel::Permission;
use diwan_kernel::events::{Audience, DomainEvent};
use diwan_kernel::id::UserId;
use serde::Serialize;

use crate::join_token::JoinTokenId;
use crate::machine::{MachineId, MachineState};
use crate::rules::{RuleRequestId, RuleRequestState};
use crate::samples::MachineSample;

macro_rules! events {
    ($($(#[$meta:meta])* $name:ident { $($field:ident: $type:ty),* } = $text:literal for $permission:ident;)+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Serialize)]
        pub(crate) struct $name {$(pub(crate) $field: $type),*}

        impl DomainEvent for $name {
            const TOPIC: &'static str = "machines";
            const NAME: &'static str = $text;

            fn audience(&self) -> Audience {
                Audience::Permission(Permission::$permission)
            }
        }
    )+};
}

events! {
    /// A machine joined, for the first time or anew.
    MachineJoined { id: MachineId, name: String } = "machine.joined" for MachinesRead;
    /// A machine came, went, or is described otherwise.
    MachineChanged { id: MachineId, state: MachineState } = "machine.changed" for MachinesRead;
    /// Two places used the identity of a machine.
    MachineLocked { id: MachineId, name: String } = "machine.locked" for MachinesRead;
    /// A machine was removed.
    MachineGone { id: MachineId } = "machine.gone" for MachinesRead;
    /// Rules are asked for, or it was decided on that.
    RuleRequestChanged { id: RuleRequestId, machine_id: MachineId, state: RuleRequestState }
        = "rule_request.changed" for MachinesRead;
    /// A join token was made, used or withdrawn.
    JoinTokenChanged { id: JoinTokenId } = "join_token.changed" for MachinesManage;
}

/// How a machine is doing, for one who watches it.
#[derive(Debug, Serialize)]
pub(crate) struct MachineSampled<'a> {
    pub(crate) id: MachineId,
    pub(crate) sample: &'a MachineSample,
    #[serde(skip)]
    pub(crate) watcher: UserId,
}

impl DomainEvent for MachineSampled<'_> {
    const TOPIC: &'static str = "machines";
    const NAME: &'static str = "machine.sample";

    fn audience(&self) -> Audience {
        Audience::User(self.watcher)
    }
}
