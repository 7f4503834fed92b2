//! What can be set about copies of files that commands leave.

use diwan_kernel::config::{Phrase, SecretValue, Section, Wrong, check_address, check_file};
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;

/// Where copies of the files that jobs leave are put besides the machine: a bucket that is spoken to as S3 is.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ArtifactsConfig {
    /// The bucket, and a place in it, like https://s3.example.org/bucket/diwan; empty: there are no copies.
    #[schema(max_length = 1024)]
    pub address: String,
    /// The region that the bucket is in; storages of one's own mostly take us-east-1.
    #[schema(min_length = 1, max_length = 64)]
    pub region: String,
    /// Which access key requests are signed with.
    #[schema(max_length = 128)]
    pub key_id: String,
    /// The secret that goes with the access key.
    pub secret_key: SecretValue,
    /// The certificate of the storage's authority, when it is not a public one.
    pub ca_file: Option<String>,
}

impl Default for ArtifactsConfig {
    fn default() -> Self {
        let (address, key_id, secret_key, ca_file) = Default::default();
        Self { address, region: "us-east-1".to_owned(), key_id, secret_key, ca_file }
    }
}

diwan_kernel::phrases! {
    /// What this section can say.
    pub(crate) REASONS:
    KEY = "storage_key", "a bucket needs the access key that requests are signed with";
    PLACE = "storage_place", "its path must be of letters, digits and - . _ ~ between slashes";
    REGION = "storage_region", "it must be a name of letters, digits and dashes, like us-east-1";
}

impl Section for ArtifactsConfig {
    const NAME: &'static str = "artifacts";
    const REASONS: &'static [Phrase] = REASONS;

    fn validate(&self) -> Result<(), Wrong> {
        if let Some(file) = &self.ca_file {
            check_file(file).map_err(|why| why.at("ca_file"))?;
        }
        let letter = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '-' | '_');
        if !self.region.chars().all(letter) {
            return Err(REGION.at("region"));
        }
        // It stands in a header, between slashes.
        let is_plain = |sign: char| sign.is_ascii_graphic() && !matches!(sign, '/' | ',' | '=');
        if !self.key_id.chars().all(is_plain) {
            return Err(KEY.at("key_id"));
        }
        if self.address.is_empty() {
            return Ok(());
        }
        check_address(&self.address).map_err(|why| why.at("address"))?;
        if !is_place(&self.address) {
            return Err(PLACE.at("address"));
        }
        if self.key_id.is_empty() {
            return Err(KEY.at("key_id"));
        }
        if self.secret_key.is_empty() {
            return Err(KEY.at("secret_key"));
        }
        Ok(())
    }
}

/// Whether the path of an address is spelled in the one way in which it is signed.
fn is_place(address: &str) -> bool {
    let letter = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '-' | '.' | '_' | '~');
    let Ok(url) = Url::parse(address) else { return false };
    let path = url.path().trim_matches('/');
    path.is_empty() || path.split('/').all(|part| !part.is_empty() && part.chars().all(letter))
}
