//! The HTTP operations, one file each.

pub(crate) mod accept_invitation;
pub(crate) mod approve_device_login;
pub(crate) mod change_password;
pub(crate) mod claim_owner;
pub(crate) mod confirm_totp;
pub(crate) mod create_api_token;
pub(crate) mod create_invitation;
pub(crate) mod delete_avatar;
pub(crate) mod delete_passkey;
pub(crate) mod delete_user;
pub(crate) mod deny_device_login;
pub(crate) mod disable_totp;
pub(crate) mod finish_oidc_sign_in;
pub(crate) mod finish_passkey_registration;
pub(crate) mod finish_passkey_sign_in;
pub(crate) mod finish_passkey_step_up;
pub(crate) mod get_avatar;
pub(crate) mod get_device_login;
pub(crate) mod get_me;
pub(crate) mod get_setup;
pub(crate) mod get_user;
pub(crate) mod list_api_tokens;
pub(crate) mod list_invitations;
pub(crate) mod list_linked_identities;
pub(crate) mod list_my_sessions;
pub(crate) mod list_outbox_mails;
pub(crate) mod list_passkeys;
pub(crate) mod list_plans;
pub(crate) mod list_user_sessions;
pub(crate) mod list_users;
pub(crate) mod no_store;
pub(crate) mod poll_device_login;
pub(crate) mod preview_invitation;
pub(crate) mod preview_rescue;
pub(crate) mod put_avatar;
pub(crate) mod read;
pub(crate) mod redeem_magic_link;
pub(crate) mod redeem_rescue;
pub(crate) mod refresh_tokens;
pub(crate) mod regenerate_recovery_codes;
pub(crate) mod rename_passkey;
pub(crate) mod request_magic_link;
pub(crate) mod resend_invitation;
pub(crate) mod reset_second_factor;
pub(crate) mod revoke_api_token;
pub(crate) mod revoke_invitation;
pub(crate) mod revoke_my_other_sessions;
pub(crate) mod revoke_my_session;
pub(crate) mod revoke_user_sessions;
pub(crate) mod sign_in_with_password;
pub(crate) mod sign_in_with_second_factor;
pub(crate) mod sign_out;
pub(crate) mod start_device_login;
pub(crate) mod start_oidc_link;
pub(crate) mod start_oidc_sign_in;
pub(crate) mod start_passkey_registration;
pub(crate) mod start_passkey_sign_in;
pub(crate) mod start_passkey_step_up;
pub(crate) mod start_totp;
pub(crate) mod step_up;
pub(crate) mod unlink_identity;
pub(crate) mod update_me;
pub(crate) mod update_user;

pub(crate) use diwan_kernel::answers;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::identity::Identity;

/// All of them.
pub(crate) fn routes() -> OpenApiRouter<Identity> {
    OpenApiRouter::new().merge(coming_in()).merge(oneself()).merge(people()).merge(crate::factor::routes())
}

/// What is open to everybody: coming in.
fn coming_in() -> OpenApiRouter<Identity> {
    OpenApiRouter::new()
        .routes(routes!(get_setup::get_setup))
        .routes(routes!(claim_owner::claim_owner))
        .routes(routes!(sign_in_with_password::sign_in_with_password))
        .routes(routes!(sign_in_with_second_factor::sign_in_with_second_factor))
        .routes(routes!(refresh_tokens::refresh_tokens))
        .routes(routes!(start_device_login::start_device_login))
        .routes(routes!(poll_device_login::poll_device_login))
        .routes(routes!(preview_invitation::preview_invitation))
        .routes(routes!(accept_invitation::accept_invitation))
        .routes(routes!(preview_rescue::preview_rescue))
        .routes(routes!(redeem_rescue::redeem_rescue))
}

/// What people do about themselves.
fn oneself() -> OpenApiRouter<Identity> {
    OpenApiRouter::new()
        .routes(routes!(sign_out::sign_out))
        .routes(routes!(step_up::step_up))
        .routes(routes!(get_device_login::get_device_login))
        .routes(routes!(approve_device_login::approve_device_login))
        .routes(routes!(deny_device_login::deny_device_login))
        .routes(routes!(get_me::get_me, update_me::update_me))
        .routes(routes!(put_avatar::put_avatar, delete_avatar::delete_avatar))
        .routes(routes!(change_password::change_password))
        .routes(routes!(list_my_sessions::list_my_sessions))
        .routes(routes!(revoke_my_session::revoke_my_session))
        .routes(routes!(revoke_my_other_sessions::revoke_my_other_sessions))
        .routes(routes!(list_api_tokens::list_api_tokens, create_api_token::create_api_token))
        .routes(routes!(revoke_api_token::revoke_api_token))
        .routes(routes!(list_plans::list_plans))
}

/// What people do about others.
fn people() -> OpenApiRouter<Identity> {
    OpenApiRouter::new()
        .routes(routes!(list_users::list_users))
        .routes(routes!(get_user::get_user, update_user::update_user, delete_user::delete_user))
        .routes(routes!(reset_second_factor::reset_second_factor))
        .routes(routes!(get_avatar::get_avatar))
        .routes(routes!(list_user_sessions::list_user_sessions, revoke_user_sessions::revoke_user_sessions))
        .routes(routes!(list_invitations::list_invitations, create_invitation::create_invitation))
        .routes(routes!(revoke_invitation::revoke_invitation))
        .routes(routes!(resend_invitation::resend_invitation))
}
