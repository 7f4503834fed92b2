//! A master key encrypted by the transit engine of HashiCorp Vault or OpenBao: what our database
//! remembers is a ciphertext that only that engine opens, and it is asked at every start.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use diwan_kernel::World;
use diwan_kernel::key_file::KeyBytes;
use serde_json::json;
use zeroize::Zeroizing;

use super::{Guarded, UnsealError};
use crate::config::TransitConfig;
use crate::hashicorp::{Address, Auth, Remote, Trouble};

impl From<Trouble> for UnsealError {
    fn from(trouble: Trouble) -> Self {
        Self::Transit(trouble.to_string())
    }
}

fn remote<'a>(world: &World, config: Option<&'a TransitConfig>) -> Result<(Remote, &'a TransitConfig), UnsealError> {
    let config = config.ok_or_else(|| UnsealError::Transit("`vault.transit` is not set".into()))?;
    let at = Address {
        address: &config.address,
        namespace: None,
        ca_file: config.ca_file.as_deref(),
        auth: Auth::TokenFile(config.token_file.clone()),
    };
    Ok((Remote::new(world, &at).map_err(UnsealError::Transit)?, config))
}

/// A new master key, encrypted by the engine.
pub(crate) async fn guard_fresh(world: &World, config: Option<&TransitConfig>) -> Result<Guarded, UnsealError> {
    let (remote, config) = remote(world, config)?;
    let key = KeyBytes::fresh(world);
    let plaintext = Zeroizing::new(STANDARD.encode(&key[..]));
    let path = format!("{}/encrypt/{}", config.mount, config.key);
    let answer = remote.post(&path, &json!({"plaintext": *plaintext})).await?;
    let ciphertext = answer["data"]["ciphertext"].as_str().ok_or(Trouble::Malformed)?;
    Ok(Guarded { key, memo: json!({"ciphertext": ciphertext}) })
}

/// Asks the engine to decrypt it.
pub(crate) async fn open(
    world: &World,
    config: Option<&TransitConfig>,
    memo: serde_json::Value,
) -> Result<KeyBytes, UnsealError> {
    let (remote, config) = remote(world, config)?;
    let ciphertext = memo["ciphertext"].as_str().ok_or(UnsealError::Malformed)?;
    let path = format!("{}/decrypt/{}", config.mount, config.key);
    let answer = match remote.post(&path, &json!({"ciphertext": ciphertext})).await {
        // What it cannot decrypt was encrypted by another key.
        Err(Trouble::Refused { status: 400, .. }) => return Err(UnsealError::WrongKey),
        other => other?,
    };
    let plaintext = answer["data"]["plaintext"].as_str().ok_or(Trouble::Malformed)?;
    let bytes = Zeroizing::new(STANDARD.decode(plaintext).map_err(|_| Trouble::Malformed)?);
    KeyBytes::copied(&bytes).ok_or(UnsealError::WrongKey)
}
