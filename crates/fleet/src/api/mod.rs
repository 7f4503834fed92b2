//! The operations of the fleet that are about machines.

mod body;
mod create_join_token;
mod delete_machine;
mod get_fleet_keys;
mod get_join_token;
mod get_machine;
mod list_join_tokens;
mod list_machine_certificates;
mod list_machine_samples;
mod list_machines;
mod revoke_machine;
mod rotate_fleet_keys;
mod unlock_machine;
mod update_machine;
mod watch_machine;
mod withdraw_join_token;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::fleet::Fleet;

/// All of them, with paths relative to `/api/v1`.
pub(crate) fn routes() -> OpenApiRouter<Fleet> {
    OpenApiRouter::new()
        .routes(routes!(list_join_tokens::list_join_tokens, create_join_token::create_join_token))
        .routes(routes!(get_join_token::get_join_token, withdraw_join_token::withdraw_join_token))
        .routes(routes!(list_machines::list_machines))
        .routes(routes!(get_machine::get_machine, update_machine::update_machine, delete_machine::delete_machine))
        .routes(routes!(revoke_machine::revoke_machine))
        .routes(routes!(unlock_machine::unlock_machine))
        .routes(routes!(get_fleet_keys::get_fleet_keys))
        .routes(routes!(rotate_fleet_keys::rotate_fleet_keys))
        .routes(routes!(watch_machine::watch_machine))
        .routes(routes!(list_machine_samples::list_machine_samples))
        .routes(routes!(list_machine_certificates::list_machine_certificates))
}
