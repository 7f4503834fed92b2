//! The object storage that copies are put into, as the settings name it at this moment.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::StatusCode;
use diwan_kernel::Problem;
use diwan_objects::{Bucket, BucketParts, Keys, ObjectError};
use zeroize::Zeroizing;

use super::ArtifactsConfig;
use crate::fleet::Fleet;

/// What the vault's records say that the secret was read for.
const PURPOSE: &str = "artifacts";

/// The way to the storage, kept until the settings are others or it refuses us: the secret may have been replaced.
#[derive(Debug, Default)]
pub(crate) struct Storage(Mutex<Option<(Arc<ArtifactsConfig>, Bucket)>>);

impl Storage {
    fn slot<T>(&self, look: impl FnOnce(&mut Option<(Arc<ArtifactsConfig>, Bucket)>) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The next who needs it reads the secret anew.
    pub(super) fn forget(&self) {
        self.slot(|slot| *slot = None);
    }
}

impl Fleet {
    /// Whether copies are made.
    pub(in crate::commands) fn makes_copies(&self) -> bool {
        !self.artifacts_config().address.is_empty()
    }

    /// The bucket that copies are in; none if none is set.
    ///
    /// # Errors
    /// When the vault does not give the secret, or the setting cannot be used.
    pub(super) async fn storage(&self) -> Result<Option<Bucket>, Problem> {
        let config = self.artifacts_config();
        if config.address.is_empty() {
            return Ok(None);
        }
        let kept = |slot: &mut Option<(Arc<ArtifactsConfig>, Bucket)>| {
            slot.as_ref().filter(|(of, _)| Arc::ptr_eq(of, &config)).map(|(_, bucket)| bucket.clone())
        };
        if let Some(bucket) = self.commands().storage().slot(kept) {
            return Ok(Some(bucket));
        }
        let secret = config.secret_key.read(self.vault(), PURPOSE).await?;
        let believed =
            match &config.ca_file {
                Some(file) => Some(self.world().disk().read(Path::new(file)).map_err(|error| {
                    problem_of(&ObjectError::Setting(format!("artifacts.ca_file: {file}: {error}")))
                })?),
                None => None,
            };
        let keys = Keys {
            id: config.key_id.clone(),
            secret: Zeroizing::new(secret.expose().clone()),
            region: config.region.clone(),
        };
        let parts = BucketParts { address: &config.address, believed: believed.as_deref(), keys };
        let bucket = Bucket::new(parts).map_err(|error| problem_of(&error))?;
        self.commands().storage().slot(|slot| *slot = Some((config, bucket.clone())));
        Ok(Some(bucket))
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
        ObjectError::Setting(_) | ObjectError::Refused(_) | ObjectError::Malformed(_) => (
            StatusCode::CONFLICT,
            "storage_failed",
            "The object storage did not do it",
            "Look at the settings of `artifacts`, and at what the storage permits this access key.",
        ),
    };
    Problem::new(status, code, title, format!("With the copy it is this: {error}."), next)
}
