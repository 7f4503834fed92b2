//! The operations of the vault.

mod body;
mod break_glass;
mod create_secret;
mod create_secret_hook;
mod create_secret_policy;
mod delete_secret;
mod delete_secret_hook;
mod delete_secret_policy;
mod destroy_secret_version;
mod forget_retired_keys;
mod get_secret;
mod get_vault;
mod import_secrets;
mod initialise_vault;
mod list_master_rotations;
mod list_secret_hooks;
mod list_secret_leases;
mod list_secret_policies;
mod list_secret_readers;
mod list_secret_versions;
mod list_secrets;
mod policy_body;
mod reveal_secret;
mod revoke_secret_lease;
mod roll_back_secret;
mod rotate_master_key;
mod rotate_secret;
mod seal_vault;
mod set_secret_value;
mod start_vault_over;
mod test_secret_hook;
mod unseal_vault;
mod update_secret;
mod update_secret_policy;
mod verify_vault;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::vault::Vault;

/// All of them, with paths relative to `/api/v1`.
pub(crate) fn routes() -> OpenApiRouter<Vault> {
    OpenApiRouter::new()
        .routes(routes!(get_vault::get_vault))
        .routes(routes!(initialise_vault::initialise_vault))
        .routes(routes!(unseal_vault::unseal_vault))
        .routes(routes!(seal_vault::seal_vault))
        .routes(routes!(rotate_master_key::rotate_master_key))
        .routes(routes!(forget_retired_keys::forget_retired_keys))
        .routes(routes!(start_vault_over::start_vault_over))
        .routes(routes!(verify_vault::verify_vault))
        .routes(routes!(list_master_rotations::list_master_rotations))
        .routes(routes!(list_secrets::list_secrets))
        .routes(routes!(create_secret::create_secret))
        .routes(routes!(import_secrets::import_secrets))
        .routes(routes!(get_secret::get_secret))
        .routes(routes!(update_secret::update_secret))
        .routes(routes!(delete_secret::delete_secret))
        .routes(routes!(list_secret_versions::list_secret_versions))
        .routes(routes!(set_secret_value::set_secret_value))
        .routes(routes!(rotate_secret::rotate_secret))
        .routes(routes!(roll_back_secret::roll_back_secret))
        .routes(routes!(destroy_secret_version::destroy_secret_version))
        .routes(routes!(reveal_secret::reveal_secret))
        .routes(routes!(break_glass::break_glass))
        .routes(routes!(list_secret_readers::list_secret_readers))
        .routes(routes!(list_secret_policies::list_secret_policies))
        .routes(routes!(create_secret_policy::create_secret_policy))
        .routes(routes!(update_secret_policy::update_secret_policy))
        .routes(routes!(delete_secret_policy::delete_secret_policy))
        .routes(routes!(list_secret_hooks::list_secret_hooks))
        .routes(routes!(create_secret_hook::create_secret_hook))
        .routes(routes!(delete_secret_hook::delete_secret_hook))
        .routes(routes!(test_secret_hook::test_secret_hook))
        .routes(routes!(list_secret_leases::list_secret_leases))
        .routes(routes!(revoke_secret_lease::revoke_secret_lease))
}
