//! What this capability announces once it is committed. Names and numbers, never values.

use diwan_kernel::Permission;
use diwan_kernel::events::{Audience, DomainEvent};
use serde::Serialize;

use crate::hook::HookId;
use crate::lease::LeaseId;
use crate::secret::SecretId;

macro_rules! events {
    ($($(#[$meta:meta])* $name:ident { $($field:ident: $type:ty),* } = $text:literal for $permission:ident;)+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Serialize)]
        pub(crate) struct $name {$(pub(crate) $field: $type),*}

        impl DomainEvent for $name {
            const TOPIC: &'static str = "secrets";
            const NAME: &'static str = $text;

            fn audience(&self) -> Audience {
                Audience::Permission(Permission::$permission)
            }
        }
    )+};
}

events! {
    /// The vault was sealed or unsealed, or its master key changes.
    VaultChanged {} = "vault.changed" for StatusRead;
    /// There is a new secret, a new version, or another description.
    SecretChanged { id: SecretId } = "secret.changed" for SecretsManage;
    /// A secret has a new value made by rotation.
    SecretRotated { id: SecretId, version: i64 } = "secret.rotated" for SecretsManage;
    /// A secret is gone.
    SecretDeleted { id: SecretId } = "secret.deleted" for SecretsManage;
    /// A value was taken out past the policies.
    GlassBroken { id: SecretId } = "secret.glass_broken" for SecretsManage;
    /// A secret ends soon, or its rotation is due and only people can do it.
    SecretDue { id: SecretId } = "secret.due" for SecretsManage;
    /// A hook was made, removed, or told something.
    HookChanged { id: HookId } = "secret.hook_changed" for SecretsManage;
    /// The policies changed.
    PoliciesChanged {} = "secret.policies_changed" for SecretsManage;
    /// A lease began, was renewed or ended.
    LeaseChanged { id: LeaseId } = "secret.lease_changed" for SecretsManage;
}
