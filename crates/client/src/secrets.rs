//! Operations of the vault.

use std::collections::BTreeMap;

use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::call::Query;
use crate::client::Client;
use crate::model::Page;
use crate::operations::{Answer, part};

/// A secret, without its value.
#[derive(Debug, Clone, Deserialize)]
pub struct Secret {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: String,
    /// What it is for.
    pub description: String,
    /// Whose service it opens.
    pub provider: String,
    /// Where its values are kept.
    pub backend: String,
    /// How new values are made; nothing when only people can give one.
    pub generate: Option<Value>,
    /// Which version readers get.
    pub current_version: i64,
    /// What may be known of the value.
    pub facts: BTreeMap<String, String>,
    /// How it is doing.
    pub state: String,
    /// When a new value is due.
    pub rotate_at: Option<String>,
    /// When it ends.
    pub expires_at: Option<String>,
    /// When it last changed.
    pub changed_at: String,
    /// What the caller may do with it.
    pub may: Vec<String>,
}

/// A version of a secret, without its value.
#[derive(Debug, Clone, Deserialize)]
pub struct SecretVersion {
    /// Its number.
    pub version: i64,
    /// What it can be used for.
    pub state: String,
    /// How it came about.
    pub origin: String,
    /// When.
    pub created_at: String,
    /// Until when it may be used although there is a newer one.
    pub valid_until: Option<String>,
}

/// A value that was taken out.
#[derive(Clone, Deserialize)]
pub struct RevealedSecret {
    /// The value.
    pub value: String,
}

impl std::fmt::Debug for RevealedSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RevealedSecret(•••)")
    }
}

/// Somebody who may do something with a secret.
#[derive(Debug, Clone, Deserialize)]
pub struct SecretReader {
    /// What kind of subject.
    pub kind: String,
    /// Its id or name.
    pub subject: String,
    /// What it is called.
    pub name: Option<String>,
    /// Which policy allows it; none where only the way past the policies is open.
    pub policy: Option<String>,
    /// What it must be for.
    pub purposes: Vec<String>,
    /// What it must not be for.
    pub not_for: Vec<String>,
    /// Of everyone of a kind: who may not.
    pub except: Vec<String>,
}

/// A value that a machine, a job or an agent holds for a while.
#[derive(Debug, Clone, Deserialize)]
pub struct SecretLease {
    /// Its id.
    pub id: String,
    /// What the secret is called.
    pub secret_name: String,
    /// Which version of it.
    pub version: i64,
    /// What kind of thing holds it.
    pub holder_kind: String,
    /// Its id or name.
    pub holder: String,
    /// What for.
    pub purpose: String,
    /// Since when.
    pub issued_at: String,
    /// Until when, unless it is renewed.
    pub expires_at: String,
    /// When it ended.
    pub ended_at: Option<String>,
    /// Why.
    pub ended_why: Option<String>,
}

/// A webhook of a secret.
#[derive(Debug, Clone, Deserialize)]
pub struct SecretHook {
    /// Its id.
    pub id: String,
    /// Where it is.
    pub url: String,
    /// What it was told last, or has to be told.
    pub last_delivery: Option<SecretHookDelivery>,
}

/// A new webhook with its key, which is shown once.
#[derive(Clone, Deserialize)]
pub struct CreatedSecretHook {
    /// The webhook.
    pub hook: SecretHook,
    /// What its deliveries are signed with.
    pub key: String,
}

impl std::fmt::Debug for CreatedSecretHook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CreatedSecretHook").field("hook", &self.hook).finish_non_exhaustive()
    }
}

/// Something that a webhook was told or has to be told.
#[derive(Debug, Clone, Deserialize)]
pub struct SecretHookDelivery {
    /// What happened.
    pub event: String,
    /// `queued`, `delivered` or `given_up`.
    pub state: String,
    /// How often it was tried.
    pub attempts: i64,
    /// When it was tried last.
    pub tried_at: Option<String>,
    /// What the receiver answered last.
    pub status: Option<i64>,
    /// Why it was not taken last.
    pub error: Option<String>,
}

/// A policy about secrets.
#[derive(Debug, Clone, Deserialize)]
pub struct SecretPolicy {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// `allow` or `deny`.
    pub effect: String,
    /// What kind of thing it is about.
    pub subject_kind: String,
    /// Which.
    pub subject: String,
    /// Which secrets.
    pub secrets: String,
    /// What may be done, or must not.
    pub actions: Vec<String>,
    /// What it must be for.
    pub purposes: Vec<String>,
    /// When it ends.
    pub expires_at: Option<String>,
}

/// What became of an import.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct ImportedSecrets {
    /// The names that are new.
    pub created: Vec<String>,
    /// The names that have a new version.
    pub replaced: Vec<String>,
    /// What was not taken.
    pub refused: Vec<RefusedSecret>,
}

/// A secret that was not taken.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct RefusedSecret {
    /// Its name.
    pub name: String,
    /// Why, stable for programs.
    pub code: String,
    /// Why.
    pub detail: String,
}

/// How the vault is.
#[derive(Debug, Clone, Deserialize)]
pub struct VaultStatus {
    /// Whether no secret is to be had now.
    pub sealed: bool,
    /// Why.
    pub detail: Option<String>,
    /// The master key in use.
    pub master_key: Option<MasterKey>,
    /// How many earlier master keys the key file holds.
    pub retired_keys: u64,
    /// The rotation that is under way.
    pub rotation: Option<MasterRotation>,
    /// Where values can be kept.
    pub backends: Vec<String>,
    /// How many secrets there are.
    pub secrets: Option<i64>,
}

/// The master key in use, without the key.
#[derive(Debug, Clone, Deserialize)]
pub struct MasterKey {
    /// Its id.
    pub id: String,
    /// What guards it.
    pub guard: String,
    /// Since when it is in use.
    pub created_at: String,
    /// How many data keys it has wrapped.
    pub wraps: i64,
    /// How many it may wrap.
    pub most_wraps: i64,
}

/// How far a rotation of the master key has come.
#[derive(Debug, Clone, Deserialize)]
pub struct MasterRotation {
    /// How many data keys there were to wrap anew.
    pub total: i64,
    /// How many are done.
    pub done: i64,
}

/// What a verification of the vault found.
#[derive(Debug, Clone, Deserialize)]
pub struct VaultVerification {
    /// Whether nothing is wrong.
    pub ok: bool,
    /// How many secrets were looked at.
    pub secrets: i64,
    /// How many values were opened.
    pub values: i64,
    /// What is wrong.
    pub faults: Vec<VaultFault>,
}

/// Something that is wrong.
#[derive(Debug, Clone, Deserialize)]
pub struct VaultFault {
    /// What it is wrong with: `secret`, `policy`, `master_key`, `own_key`.
    pub about: String,
    /// Which one.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Which version.
    pub version: Option<i64>,
    /// What is wrong.
    pub kind: String,
}

macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident($($argument:ident: $type:ty),*) -> $answer:ty = $method:ident $path:expr, $body:expr;)+) => {
        impl Client {$(
            $(#[$doc])*
            ///
            /// # Errors
            /// When the server refuses or does not answer.
            pub async fn $name(&self $(, $argument: $type)*) -> Answer<$answer> {
                self.write(Method::$method, $path.as_ref(), $body).await
            }
        )+}
    };
}

operations! {
    /// Brings a secret in.
    create_secret(body: Value) -> Secret = POST "/secrets", Some(body);
    /// Brings many secrets in.
    import_secrets(body: Value) -> ImportedSecrets = POST "/secrets/import", Some(body);
    /// Changes what is known about a secret.
    update_secret(id: &str, body: Value) -> Secret = PATCH format!("/secrets/{}", part(id)), Some(body);
    /// Gives a secret a new value.
    set_secret_value(id: &str, value: &str) -> Secret =
        POST format!("/secrets/{}/versions", part(id)), Some(json!({"value": value}));
    /// Has a new value made.
    rotate_secret(id: &str) -> Secret = POST format!("/secrets/{}/rotate", part(id)), None;
    /// Makes the value of an older version current again.
    roll_back_secret(id: &str, version: i64) -> Secret =
        POST format!("/secrets/{}/roll-back", part(id)), Some(json!({"version": version}));
    /// Destroys the value of a version.
    destroy_secret_version(id: &str, version: i64) -> () =
        DELETE format!("/secrets/{}/versions/{version}", part(id)), None;
    /// Removes a secret.
    delete_secret(id: &str) -> () = DELETE format!("/secrets/{}", part(id)), None;
    /// Takes a value out.
    reveal_secret(id: &str, body: Value) -> RevealedSecret =
        POST format!("/secrets/{}/reveal", part(id)), Some(body);
    /// Takes a value out past the policies.
    break_glass(id: &str, body: Value) -> RevealedSecret =
        POST format!("/secrets/{}/break-glass", part(id)), Some(body);
    /// Ends a lease.
    revoke_secret_lease(id: &str) -> () = DELETE format!("/secret-leases/{}", part(id)), None;
    /// Adds a policy.
    create_secret_policy(body: Value) -> SecretPolicy = POST "/secret-policies", Some(body);
    /// Removes a policy.
    delete_secret_policy(id: &str) -> () = DELETE format!("/secret-policies/{}", part(id)), None;
    /// Gives a secret a webhook.
    create_secret_hook(secret: &str, url: &str) -> CreatedSecretHook =
        POST format!("/secrets/{}/hooks", part(secret)), Some(json!({"url": url}));
    /// Removes a webhook.
    delete_secret_hook(id: &str) -> () = DELETE format!("/secret-hooks/{}", part(id)), None;
    /// Tries a webhook.
    test_secret_hook(id: &str) -> SecretHookDelivery = POST format!("/secret-hooks/{}/test", part(id)), None;
    /// Verifies everything that is kept.
    verify_vault() -> VaultVerification = POST "/vault/verify", None;
    /// Seals the vault.
    seal_vault() -> () = POST "/vault/seal", None;
    /// Unseals the vault.
    unseal_vault(body: Value) -> () = POST "/vault/unseal", Some(body);
    /// Makes the first master key.
    initialise_vault(body: Value) -> () = POST "/vault/initialise", Some(body);
    /// Gives up a vault whose master key is lost.
    start_vault_over(body: Value) -> Value = POST "/vault/start-over", Some(body);
    /// Rotates the master key.
    rotate_master_key(body: Value) -> MasterRotation = POST "/vault/rotate-master-key", Some(body);
    /// Removes earlier master keys from the key file.
    forget_retired_keys() -> Value = POST "/vault/forget-retired-keys", None;
}

impl Client {
    /// The secrets that the caller may know of.
    ///
    /// # Errors
    /// When they may not be seen.
    pub async fn list_secrets(&self, query: Query) -> Answer<Page<Secret>> {
        self.get("/secrets", query).await
    }

    /// One secret.
    ///
    /// # Errors
    /// When it is not there or may not be seen.
    pub async fn get_secret(&self, id: &str) -> Answer<Secret> {
        self.get(&format!("/secrets/{}", part(id)), Query::new()).await
    }

    /// The versions of a secret.
    ///
    /// # Errors
    /// When it is not there or may not be seen.
    pub async fn list_secret_versions(&self, id: &str) -> Answer<Page<SecretVersion>> {
        self.get(&format!("/secrets/{}/versions", part(id)), Query::new()).await
    }

    /// Who can do something with a secret.
    ///
    /// # Errors
    /// When that may not be known.
    pub async fn list_secret_readers(&self, id: &str, query: Query) -> Answer<Page<SecretReader>> {
        self.get(&format!("/secrets/{}/readers", part(id)), query).await
    }

    /// Which machines, jobs and agents hold which values.
    ///
    /// # Errors
    /// When they may not be seen.
    pub async fn list_secret_leases(&self, query: Query) -> Answer<Page<SecretLease>> {
        self.get("/secret-leases", query).await
    }

    /// The webhooks of a secret.
    ///
    /// # Errors
    /// When they may not be seen.
    pub async fn list_secret_hooks(&self, secret: &str) -> Answer<Page<SecretHook>> {
        self.get(&format!("/secrets/{}/hooks", part(secret)), Query::new()).await
    }

    /// The policies about secrets.
    ///
    /// # Errors
    /// When they may not be seen.
    pub async fn list_secret_policies(&self) -> Answer<Page<SecretPolicy>> {
        self.get("/secret-policies", Query::new()).await
    }

    /// How the vault is.
    ///
    /// # Errors
    /// When that may not be known.
    pub async fn get_vault(&self) -> Answer<VaultStatus> {
        self.get("/vault", Query::new()).await
    }
}
