//! The HTTP operations, one file each.

pub(crate) mod answers;

use utoipa_axum::router::OpenApiRouter;

use crate::identity::Identity;

/// All of them.
pub(crate) fn routes() -> OpenApiRouter<Identity> {
    OpenApiRouter::new().merge(crate::factor::routes())
}
