//! What can go wrong here, as problems.

use std::time::Duration;

use axum::http::StatusCode;
use diwan_kernel::Problem;

use crate::backend::BackendError;
use crate::name::SecretName;
use crate::seal::Seal;

/// Why the capability could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database does not answer.
    #[error(transparent)]
    Db(#[from] diwan_kernel::DbError),
    /// A setting that only shows its fault when it is used.
    #[error("{name} is not acceptable: {why}")]
    Setting {
        /// Which one.
        name: String,
        /// Why.
        why: String,
    },
}

pub(crate) fn sealed(seal: &Seal) -> Problem {
    let detail = seal.why().map_or_else(|| "The vault is being unsealed.".to_owned(), |(_, detail)| detail);
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "vault_sealed",
        "The vault is sealed",
        format!("No secret can be read or written now. {detail}"),
        "An owner unseals it: in the dashboard under Secrets, or with `diwan unseal`.",
    )
    .retry_after(Duration::from_secs(30))
}

pub(crate) fn no_secret() -> Problem {
    Problem::not_found("secret")
}

pub(crate) fn denied(action: &str, name: &SecretName) -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "secret_denied",
        "Not allowed by the vault's policies",
        format!("No policy lets you {action} the secret {name}, or one denies it."),
        "Ask an owner or admin for a policy that allows it.",
    )
}

pub(crate) fn name_taken(name: &SecretName) -> Problem {
    Problem::conflict(
        "secret_name_taken",
        "The name is taken",
        format!("There is a secret with the name {name} already."),
        "Choose another name, or give that secret a new version.",
    )
}

pub(crate) fn changed_meanwhile() -> Problem {
    Problem::conflict(
        "secret_changed_meanwhile",
        "The secret was changed meanwhile",
        "Somebody else gave it a new version or removed it at the same moment.",
        "Look at it again, then repeat what you wanted.",
    )
}

pub(crate) fn version_gone() -> Problem {
    Problem::conflict(
        "secret_version_destroyed",
        "The version was destroyed",
        "The value of this version was destroyed and cannot be brought back.",
        "Choose another version.",
    )
}

const TAMPERED: &str = "secret_tampered";

/// Whether something that is stored seems to have been changed behind our back.
pub(crate) fn is_tampered(problem: &Problem) -> bool {
    problem.code() == TAMPERED
}

/// Something that is stored was changed behind our back. Nothing of it is given out.
pub(crate) fn tampered(what: impl Into<String>) -> Problem {
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        TAMPERED,
        "The secret cannot be trusted",
        "What the database holds of this secret does not fit together: it was changed outside Diwan, or damaged.",
        "Verify the vault (`diwan secret verify`), and restore the secret from a backup or give it a new value.",
    )
    .because(what.into())
}

impl BackendError {
    /// What the caller is told.
    pub(crate) fn into_problem(self, seal: &Seal) -> Problem {
        match self {
            Self::Sealed => sealed(seal),
            Self::Envelope(cause) => tampered(cause.to_string()),
            Self::Gone => version_gone(),
            Self::Changed => changed_meanwhile(),
            Self::Taken => Problem::conflict(
                "secret_name_taken_there",
                "The name is taken in the back end",
                "The vault that is to keep this secret has something under its name that Diwan did not write.",
                "Choose another name, or remove what is there.",
            ),
            Self::Refused(why) => Problem::new(
                StatusCode::BAD_GATEWAY,
                "backend_refused",
                "The back end refused",
                "The vault that keeps this secret refused the request.",
                "Check its address, its credentials and its policies in the settings (`vault.backends`).",
            )
            .because(why),
            Self::Away(why) => Problem::unavailable(
                "backend_away",
                "The vault that keeps this secret does not answer.",
                Duration::from_secs(5),
            )
            .because(why),
        }
    }
}
