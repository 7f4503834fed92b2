//! Values kept by HashiCorp Vault or OpenBao, in a key-value store of version 1 or 2.
//!
//! A value is the field `value` of the document at its path: mount, prefix, name; the field `diwan`
//! says which version of which secret it is. Version 2 keeps
//! versions itself, and what somebody else wrote there meanwhile is never written over. Version 1
//! keeps one document a path and cannot compare before it writes, so each of our versions has a path
//! of its own that nobody else takes: `NAME/v3-` and sixteen digits of chance.

use async_trait::async_trait;
use diwan_kernel::World;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{Backend, BackendError, Spot, Stored};
use crate::config::{BackendConfig, Dialect};
use crate::envelope::EnvelopeError;
use crate::hashicorp::{Address, Auth, Remote, Trouble};
use crate::master::Plain;
use crate::name::SecretName;

/// One key-value store of another vault.
#[derive(Debug)]
pub(crate) struct KeyValue {
    world: World,
    remote: Remote,
    mount: String,
    prefix: String,
    dialect: Dialect,
}

impl From<Trouble> for BackendError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Missing => Self::Gone,
            Trouble::Away(why) => Self::Away(why),
            other => Self::Refused(other.to_string()),
        }
    }
}

impl KeyValue {
    /// The store that the settings describe; nothing is asked yet.
    ///
    /// # Errors
    /// When its address or certificate makes no sense.
    pub(crate) fn new(world: &World, config: &BackendConfig) -> Result<Self, String> {
        let auth = match (&config.token_file, &config.role_id, &config.secret_id_file) {
            (Some(file), _, _) => Auth::TokenFile(file.clone()),
            (None, Some(role_id), Some(secret_id_file)) => {
                Auth::AppRole { role_id: role_id.clone(), secret_id_file: secret_id_file.clone() }
            }
            _ => return Err(format!("{} has no credential", config.name)),
        };
        let at = Address {
            address: &config.address,
            namespace: config.namespace.as_deref(),
            ca_file: config.ca_file.as_deref(),
            auth,
        };
        Ok(Self {
            world: world.clone(),
            remote: Remote::new(world, &at)?,
            mount: config.mount.trim_matches('/').to_owned(),
            prefix: config.prefix.trim_matches('/').to_owned(),
            dialect: config.dialect,
        })
    }

    /// The path of a name, below one of version 2's branches.
    fn path(&self, branch: &str, name: &SecretName) -> String {
        let parts = [self.mount.as_str(), branch, self.prefix.as_str(), name.as_str()];
        parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join("/")
    }

    fn numbered(&self, name: &SecretName, document: &str) -> String {
        format!("{}/{document}", self.path("", name))
    }

    async fn put_first(&self, spot: Spot<'_>, value: &str) -> Result<Stored, BackendError> {
        let chance = u64::from_be_bytes(self.world.random());
        let document = format!("v{}-{chance:016x}", spot.place.version);
        self.remote.post(&self.numbered(spot.name, &document), &document_of(spot, value)).await?;
        Ok(Stored::There(document))
    }

    /// Version 2 checks that the version before is the one that we wrote.
    async fn put_second(&self, spot: Spot<'_>, before: Option<&Stored>, value: &str) -> Result<Stored, BackendError> {
        let expected = before.map(remote_version).transpose()?.unwrap_or(0);
        match self.put_after(spot, expected, value).await {
            Err(BackendError::Changed) => {
                let other = if before.is_some() { BackendError::Changed } else { BackendError::Taken };
                let current = self.passable(spot).await?.ok_or(other)?;
                self.put_after(spot, current, value).await
            }
            done => done,
        }
    }

    async fn put_after(&self, spot: Spot<'_>, expected: u64, value: &str) -> Result<Stored, BackendError> {
        let body = json!({"options": {"cas": expected}, "data": document_of(spot, value)});
        match self.remote.post(&self.path("data", spot.name), &body).await {
            Ok(answer) => {
                let version = answer["data"]["version"].as_u64();
                version.map(|v| Stored::There(v.to_string())).ok_or_else(|| Trouble::Malformed.into())
            }
            Err(Trouble::Refused { status: 400, reason }) if reason.contains("check-and-set") => {
                Err(BackendError::Changed)
            }
            Err(other) => Err(other.into()),
        }
    }

    /// The version there that may be followed by ours although it is not the one before: its value is
    /// gone, or it is this very version of ours, written by somebody who did not come to write it down
    /// here. Without this, one lost answer would block the secret for ever.
    async fn passable(&self, spot: Spot<'_>) -> Result<Option<u64>, BackendError> {
        match self.newest(spot).await {
            Ok(None) => Ok(Some(0)),
            Ok(Some((number, None))) => Ok(Some(number)),
            Ok(Some((number, Some(document)))) => Ok((document["diwan"] == mark(spot)).then_some(number)),
            // A token that may not look cannot tell: then it counts as somebody else's.
            Err(Trouble::Refused { status: 403, .. }) => Ok(None),
            Err(other) => Err(other.into()),
        }
    }

    /// The newest version there, and its document unless that is gone; `None` when the name is unknown.
    async fn newest(&self, spot: Spot<'_>) -> Result<Option<(u64, Option<Value>)>, Trouble> {
        let found = match self.remote.get(&self.path("metadata", spot.name)).await {
            Err(Trouble::Missing) => return Ok(None),
            found => found?,
        };
        let number = found["data"]["current_version"].as_u64().ok_or(Trouble::Malformed)?;
        match self.remote.get(&format!("{}?version={number}", self.path("data", spot.name))).await {
            Err(Trouble::Missing) => Ok(Some((number, None))),
            Ok(mut document) => Ok(Some((number, Some(document["data"]["data"].take())))),
            Err(other) => Err(other),
        }
    }
}

fn document_of(spot: Spot<'_>, value: &str) -> Value {
    json!({"value": value, "diwan": mark(spot)})
}

/// Says in the document which version of which secret it is.
fn mark(spot: Spot<'_>) -> String {
    format!("{}/v{}", spot.place.secret, spot.place.version)
}

/// Whether a document is some version of this secret.
fn is_of(document: &Value, spot: Spot<'_>) -> bool {
    let whose = document["diwan"].as_str().and_then(|mark| mark.split_once('/'));
    whose.is_some_and(|(secret, _)| secret == spot.place.secret.to_string())
}

fn there(stored: &Stored) -> Result<&str, BackendError> {
    match stored {
        Stored::There(document) => Ok(document),
        Stored::Here { .. } => Err(EnvelopeError::Malformed.into()),
    }
}

fn remote_version(stored: &Stored) -> Result<u64, BackendError> {
    there(stored)?.parse().map_err(|_| EnvelopeError::Malformed.into())
}

/// The value, if the document is the one that we wrote: somebody may have put another in its place, or
/// removed everything, so that the numbers began again.
fn value_in(document: &Value, spot: Spot<'_>) -> Result<Plain, BackendError> {
    let is_ours = document["diwan"] == mark(spot);
    let value = document["value"].as_str().filter(|_| is_ours).ok_or(BackendError::Gone)?;
    Ok(Zeroizing::new(value.as_bytes().to_vec()))
}

#[async_trait]
impl Backend for KeyValue {
    async fn put(
        &self,
        spot: Spot<'_>,
        before: Option<&Stored>,
        value: &Zeroizing<String>,
    ) -> Result<Stored, BackendError> {
        match self.dialect {
            Dialect::Kv1 => self.put_first(spot, value).await,
            Dialect::Kv2 => self.put_second(spot, before, value).await,
        }
    }

    async fn get(&self, spot: Spot<'_>, stored: &Stored) -> Result<Plain, BackendError> {
        match self.dialect {
            Dialect::Kv1 => value_in(&self.remote.get(&self.numbered(spot.name, there(stored)?)).await?["data"], spot),
            Dialect::Kv2 => {
                let path = format!("{}?version={}", self.path("data", spot.name), remote_version(stored)?);
                value_in(&self.remote.get(&path).await?["data"]["data"], spot)
            }
        }
    }

    async fn destroy(&self, spot: Spot<'_>, stored: &Stored) -> Result<(), BackendError> {
        // Where the numbers began again, ours is gone and the number belongs to another value.
        match self.get(spot, stored).await {
            Err(BackendError::Gone) => return Ok(()),
            found => found?,
        };
        let done = match self.dialect {
            Dialect::Kv1 => self.remote.delete(&self.numbered(spot.name, there(stored)?)).await,
            Dialect::Kv2 => {
                let body = json!({"versions": [remote_version(stored)?]});
                self.remote.post(&self.path("destroy", spot.name), &body).await
            }
        };
        match done {
            Ok(_) | Err(Trouble::Missing) => Ok(()),
            Err(other) => Err(other.into()),
        }
    }

    async fn forget(&self, spot: Spot<'_>) -> Result<(), BackendError> {
        // In version 1 each of our versions was a document of its own and went by itself.
        if self.dialect == Dialect::Kv1 {
            return Ok(());
        }
        if let Some((_, Some(newest))) = self.newest(spot).await?
            && !is_of(&newest, spot)
        {
            // All of ours are destroyed: what is there is somebody else's, and stays.
            return Ok(());
        }
        match self.remote.delete(&self.path("metadata", spot.name)).await {
            Ok(_) | Err(Trouble::Missing) => Ok(()),
            Err(other) => Err(other.into()),
        }
    }
}
