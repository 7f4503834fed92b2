//! What several of these operations read and answer.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Problem, Secret, text};
use serde::{Deserialize, Deserializer, Serialize};

use crate::generate::Recipe;
use crate::secret::SecretId;
use crate::take::Taken;
use crate::unseal::Guard;

/// A field that is there, even if it is null: so that null can mean "none" and absence "as it is".
pub(super) fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// A label that may be empty.
pub(super) fn check_label(field: &str, label: &str, longest: usize) -> Result<String, Problem> {
    if label.trim().is_empty() {
        return Ok(String::new());
    }
    text::line(field, label, longest).map_err(|error| Problem::invalid_fields(vec![error]))
}

pub(super) fn check_reason(reason: &str) -> Result<String, Problem> {
    text::line("reason", reason, 500).map_err(|error| Problem::invalid_fields(vec![error]))
}

/// The words that policies use for what a value is for.
pub(super) fn check_purpose(purpose: &str) -> Result<String, Problem> {
    let letters = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let fits = purpose.len() <= 80
        && purpose.bytes().next().is_some_and(letters)
        && purpose.bytes().all(|b| letters(b) || b"._-".contains(&b));
    if fits {
        return Ok(purpose.to_owned());
    }
    let message = "A purpose is a word of up to 80 lower-case letters, digits, dots, dashes and underscores.";
    Err(Problem::invalid_field("purpose", "purpose_invalid", message))
}

pub(super) fn check_recipe(recipe: Option<&Recipe>) -> Result<(), Problem> {
    let checked = recipe.map_or(Ok(()), Recipe::validate);
    checked.map_err(|(field, message)| Problem::invalid_field(field, "out_of_range", message))
}

pub(super) fn check_days(rotation_days: Option<u16>, overlap_hours: Option<u16>) -> Result<(), Problem> {
    if rotation_days.is_some_and(|days| !(1..=3650).contains(&days)) {
        return Err(Problem::invalid_field("rotation_days", "out_of_range", "A rotation is due after 1 to 3650 days."));
    }
    if overlap_hours.is_some_and(|hours| hours > 2160) {
        return Err(Problem::invalid_field("overlap_hours", "out_of_range", "An overlap lasts at most 2160 hours."));
    }
    Ok(())
}

/// What ends already was hardly meant: a slip in the year, or a clock that is wrong.
pub(super) fn check_end(expires_at: Option<Timestamp>, now: Timestamp) -> Result<(), Problem> {
    if expires_at.is_some_and(|at| at <= now) {
        return Err(Problem::invalid_field("expires_at", "in_the_past", "The end must be a moment to come."));
    }
    Ok(())
}

/// How a new master key is guarded.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = MasterKeyGuardBody)]
#[serde(deny_unknown_fields)]
pub(super) struct GuardBody {
    /// What guards it.
    pub(super) guard: Guard,
    /// The passphrase, when that is the guard: 15 to 1024 characters.
    #[schema(value_type = Option<String>, max_length = 1024)]
    pub(super) passphrase: Option<Secret<String>>,
}

/// How the next master key is guarded.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = MasterKeyRotationBody)]
#[serde(deny_unknown_fields)]
pub(super) struct RotationBody {
    /// What guards it; what guards the one in use by default.
    #[schema(inline)]
    pub(super) guard: Option<Guard>,
    /// The passphrase, when that is the guard: 15 to 1024 characters.
    #[schema(value_type = Option<String>, max_length = 1024)]
    pub(super) passphrase: Option<Secret<String>>,
}

/// A value that was taken out. No cache keeps the answer.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct RevealedSecret {
    /// Which secret.
    id: SecretId,
    /// What it is called.
    name: String,
    /// Which version.
    version: i64,
    /// The value.
    #[schema(value_type = String)]
    value: Exposed,
}

/// A value or a key on its way into an answer: the one place where a secret is written out.
#[derive(Debug)]
pub(super) struct Exposed(pub(super) Secret<String>);

impl Serialize for Exposed {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose())
    }
}

impl From<Taken> for RevealedSecret {
    fn from(taken: Taken) -> Self {
        let (id, name) = (taken.secret.id, taken.secret.name.to_string());
        Self { id, name, version: taken.version, value: Exposed(taken.value) }
    }
}

impl IntoResponse for RevealedSecret {
    fn into_response(self) -> Response {
        let mut response = axum::Json(self).into_response();
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}
