//! Which try at a job is meant.

use serde::Deserialize;

/// It, by its number.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AttemptQuery {
    /// Which try, from 1 on; without it the last one.
    #[param(minimum = 1)]
    pub(super) attempt: Option<u32>,
}
