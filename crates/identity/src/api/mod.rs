//! The HTTP operations, one file each.

pub(crate) mod answers;
pub(crate) mod confirm_totp;
pub(crate) mod delete_passkey;
pub(crate) mod disable_totp;
pub(crate) mod finish_oidc_sign_in;
pub(crate) mod finish_passkey_registration;
pub(crate) mod finish_passkey_sign_in;
pub(crate) mod finish_passkey_step_up;
pub(crate) mod list_linked_identities;
pub(crate) mod list_outbox_mails;
pub(crate) mod list_passkeys;
pub(crate) mod redeem_magic_link;
pub(crate) mod regenerate_recovery_codes;
pub(crate) mod rename_passkey;
pub(crate) mod request_magic_link;
pub(crate) mod start_oidc_link;
pub(crate) mod start_oidc_sign_in;
pub(crate) mod start_passkey_registration;
pub(crate) mod start_passkey_sign_in;
pub(crate) mod start_passkey_step_up;
pub(crate) mod start_totp;
pub(crate) mod unlink_identity;

use utoipa_axum::router::OpenApiRouter;

use crate::identity::Identity;

/// All of them.
pub(crate) fn routes() -> OpenApiRouter<Identity> {
    OpenApiRouter::new().merge(crate::factor::routes())
}
