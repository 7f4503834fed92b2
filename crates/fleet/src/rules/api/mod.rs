//! The operations about requests for rules.

mod approve_rule_request;
mod create_rule_request;
mod get_rule_request;
mod list_rule_requests;
mod refuse_rule_request;
mod view;
mod withdraw_rule_request;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::fleet::Fleet;

/// All of them, with paths relative to `/api/v1`.
pub(crate) fn routes() -> OpenApiRouter<Fleet> {
    OpenApiRouter::new()
        .routes(routes!(list_rule_requests::list_rule_requests, create_rule_request::create_rule_request))
        .routes(routes!(get_rule_request::get_rule_request, withdraw_rule_request::withdraw_rule_request))
        .routes(routes!(approve_rule_request::approve_rule_request))
        .routes(routes!(refuse_rule_request::refuse_rule_request))
}
