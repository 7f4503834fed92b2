//! The object storage that copies are put into, as the settings name it at this moment.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;
use diwan_kernel::Problem;
use diwan_objects::{Bucket, BucketParts, Keys, ObjectError};
use zeroize::Zeroizing;

use super::ArtifactsConfig;
use crate::commands::words::plain;
use crate::fleet::Fleet;

/// What the vault's records say that the secret was read for.
const PURPOSE: &str = "artifacts";

/// The way to the storage, kept until the settings are others or it does not let us in.
#[derive(Debug, Default)]
pub(crate) struct Storage(Mutex<Option<Known>>);

#[derive(Debug, Clone)]
struct Known {
    of: Arc<ArtifactsConfig>,
    bucket: Bucket,
    /// When the secret was read, by the clock that nobody sets.
    read_at: Duration,
}

/// A secret that was replaced is read anew after this time at the earliest: each reading is written down.
const READ_AGAIN: Duration = Duration::from_secs(60);

impl Storage {
    fn slot<T>(&self, look: impl FnOnce(&mut Option<Known>) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Fleet {
    /// Below which address copies are made; none if none is set.
    pub(in crate::commands) fn place_of_copies(&self) -> Option<String> {
        let address = &self.artifacts_config().address;
        (!address.is_empty()).then(|| address.clone())
    }

    /// The bucket that copies are in, and its address; none if none is set.
    ///
    /// # Errors
    /// When the vault does not give the secret, or the setting cannot be used.
    pub(super) async fn storage(&self) -> Result<Option<(Bucket, String)>, Problem> {
        let of = self.artifacts_config();
        if of.address.is_empty() {
            return Ok(None);
        }
        let place = of.address.clone();
        let known = self.commands().storage().slot(|slot| slot.clone().filter(|known| Arc::ptr_eq(&known.of, &of)));
        if let Some(known) = known {
            return Ok(Some((known.bucket, place)));
        }
        let secret = of.secret_key.read(self.vault(), PURPOSE).await?;
        let unreadable = |file: &str, error: &dyn std::fmt::Display| {
            problem_of(&ObjectError::Setting(format!("artifacts.ca_file: {file}: {error}")))
        };
        let believed = match &of.ca_file {
            Some(file) => Some(self.world().disk().read(Path::new(file)).map_err(|error| unreadable(file, &error))?),
            None => None,
        };
        let secret = Zeroizing::new(secret.expose().clone());
        let keys = Keys { id: of.key_id.clone(), secret, region: of.region.clone() };
        let parts = BucketParts { address: &of.address, believed: believed.as_deref(), keys };
        let bucket = Bucket::new(parts).map_err(|error| problem_of(&error))?;
        let known = Known { of, bucket: bucket.clone(), read_at: self.world().monotonic() };
        self.commands().storage().slot(|slot| *slot = Some(known));
        Ok(Some((bucket, place)))
    }

    /// What the storage said; when it did not let us in, the secret is read anew by whoever is next.
    pub(super) fn heard_from_storage(&self, error: &ObjectError) {
        if matches!(error, ObjectError::Denied(_)) {
            let now = self.world().monotonic();
            let is_old = |known: &Known| now.saturating_sub(known.read_at) >= READ_AGAIN;
            self.commands().storage().slot(|slot| *slot = slot.take().filter(|known| !is_old(known)));
        }
    }
}

/// What the storage said, for whoever wants something of it.
pub(super) fn problem_of(error: &ObjectError) -> Problem {
    let (status, code, title, next) = match error {
        ObjectError::Missing => (
            StatusCode::GONE,
            "artifact_gone",
            "The file is not kept any longer",
            "Run the job again, and look at what the bucket deletes by itself.",
        ),
        ObjectError::Away(_) => {
            (StatusCode::BAD_GATEWAY, "storage_away", "The object storage cannot be reached", "Try again.")
        }
        ObjectError::Setting(_)
        | ObjectError::Denied(_)
        | ObjectError::Unfit(_)
        | ObjectError::Refused(_)
        | ObjectError::Malformed(_) => (
            StatusCode::CONFLICT,
            "storage_failed",
            "The object storage did not do it",
            "Look at the settings of `artifacts`, and at what the storage permits this access key.",
        ),
    };
    Problem::new(status, code, title, plain(&format!("With the copy it is this: {error}."), 500), next)
}
