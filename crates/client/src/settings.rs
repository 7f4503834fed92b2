//! Operations of the settings.

use std::collections::BTreeMap;

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::call::Query;
use crate::client::Client;
use crate::model::Page;
use crate::operations::{Answer, part};

/// All settings of a server and how they stand.
#[derive(Debug, Clone, Deserialize)]
pub struct Settings {
    /// The version in force.
    pub version: i64,
    /// The configuration file.
    pub file: SettingsFile,
    /// The settings, by section.
    pub items: Vec<Setting>,
    /// Why what the file says is not in force, when it is refused.
    pub refused: Option<RefusedSettings>,
    /// Secrets that stand in the file as they are.
    pub plain_secrets: Vec<PlainSecret>,
    /// Whether something that was saved waits for the next start.
    pub restart_needed: bool,
}

/// The configuration file of a server.
#[derive(Debug, Clone, Deserialize)]
pub struct SettingsFile {
    /// Where it is, or will be once something is saved.
    pub path: String,
    /// Whether there is one.
    pub exists: bool,
    /// Whether the server may write it.
    pub is_writable: bool,
}

/// A setting.
#[derive(Debug, Clone, Deserialize)]
pub struct Setting {
    /// Its section.
    pub section: String,
    /// Its name there.
    pub key: String,
    /// What it is for.
    pub description: String,
    /// What it may be, as JSON Schema.
    pub schema: Value,
    /// What it is when nobody sets it.
    pub default: Value,
    /// What it is. A secret shows where it is kept, or as dots.
    pub value: Value,
    /// Where the value came from.
    pub source: String,
    /// In which line of the file it stands.
    pub line: Option<u64>,
    /// The variable that sets it.
    pub variable: String,
    /// Whether a variable or a flag sets it, so that it can only be changed there.
    pub is_locked: bool,
    /// Whether a change is taken up only by the next start.
    pub needs_restart: bool,
    /// Whether what was saved waits for the next start.
    pub pending: bool,
}

impl Setting {
    /// Its name in full: `mail.port`.
    pub fn name(&self) -> String {
        format!("{}.{}", self.section, self.key)
    }
}

/// What the file says and is not in force.
#[derive(Debug, Clone, Deserialize)]
pub struct RefusedSettings {
    /// When that was noticed.
    pub at: String,
    /// Everything that is wrong.
    pub faults: Vec<SettingFault>,
}

/// Something about a configuration that is not acceptable.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SettingFault {
    /// What kind it is.
    pub kind: String,
    /// Which setting; empty when the file as a whole is meant.
    pub key: String,
    /// Why, stable for programs.
    pub code: String,
    /// What belongs in the sentence about it.
    pub params: BTreeMap<String, String>,
    /// Why.
    pub reason: String,
    /// What was probably meant.
    pub nearest: Option<String>,
    /// Where the value came from.
    pub source: String,
    /// Which file it stands in.
    pub file: Option<String>,
    /// In which line.
    pub line: Option<u64>,
    /// In which column of it.
    pub column: Option<u64>,
}

/// A secret that anybody who reads the file can read.
#[derive(Debug, Clone, Deserialize)]
pub struct PlainSecret {
    /// Which setting it is.
    pub key: String,
    /// In which line of the file it stands.
    pub line: Option<u64>,
    /// A name that it could have in the vault.
    pub name: String,
}

/// A setting that differs between two versions.
#[derive(Debug, Clone, Deserialize)]
pub struct SettingChange {
    /// Which one.
    pub key: String,
    /// What it was.
    pub old: Value,
    /// What it is then.
    pub new: Value,
    /// Whether only the next start takes it up.
    pub needs_restart: bool,
}

/// What came into force.
#[derive(Debug, Clone, Deserialize)]
pub struct SettingsSaved {
    /// The version in force.
    pub version: i64,
    /// What differs from the version before.
    pub changes: Vec<SettingChange>,
    /// Whether something that was saved waits for the next start.
    pub restart_needed: bool,
}

/// What would become of a change.
#[derive(Debug, Clone, Deserialize)]
pub struct SettingsVerdict {
    /// Everything that is not acceptable.
    pub faults: Vec<SettingFault>,
    /// What would differ.
    pub changes: Vec<SettingChange>,
}

/// What differs between two versions.
#[derive(Debug, Clone, Deserialize)]
pub struct SettingsDiff {
    /// The one.
    pub from: i64,
    /// The other.
    pub to: i64,
    /// What the other says differently.
    pub changes: Vec<SettingChange>,
}

/// A version of the settings.
#[derive(Debug, Clone, Deserialize)]
pub struct SettingsVersion {
    /// Its number; the newest is in force.
    pub version: i64,
    /// When it came into force.
    pub at: String,
    /// Who brought it about.
    pub by: Option<SettingsEditor>,
    /// How it came about.
    pub cause: String,
    /// What whoever changed it said about it.
    pub comment: String,
    /// The settings that differ from the version before.
    pub keys: Vec<String>,
    /// Which version it went back to.
    pub rolled_back_to: Option<i64>,
}

/// Who brought a version about.
#[derive(Debug, Clone, Deserialize)]
pub struct SettingsEditor {
    /// Their id.
    pub id: String,
    /// What they were called.
    pub name: String,
}

impl Client {
    /// All settings and how they stand.
    ///
    /// # Errors
    /// When that may not be known; so for all operations that only look.
    pub async fn list_settings(&self) -> Answer<Settings> {
        self.get("/settings", Query::new()).await
    }

    /// What a configuration file may hold, as JSON Schema.
    ///
    /// # Errors
    /// When that may not be known.
    pub async fn get_settings_schema(&self) -> Answer<Value> {
        self.get("/settings/schema", Query::new()).await
    }

    /// The versions, newest first.
    ///
    /// # Errors
    /// When they may not be seen.
    pub async fn list_settings_versions(&self, query: Query) -> Answer<Page<SettingsVersion>> {
        self.get("/settings/versions", query).await
    }

    /// What differs between two versions.
    ///
    /// # Errors
    /// When there is no such version.
    pub async fn diff_settings(&self, from: i64, to: i64) -> Answer<SettingsDiff> {
        self.get("/settings/diff", Query::new().with("from", Some(from)).with("to", Some(to))).await
    }

    /// Judges a change without making it: values by setting, null for the default.
    ///
    /// # Errors
    /// When the file cannot be edited.
    pub async fn validate_settings(&self, changes: &Value) -> Answer<SettingsVerdict> {
        self.write(Method::POST, "/settings/validate", Some(json!({"changes": changes}))).await
    }

    /// Changes settings: values by setting, null for the default.
    ///
    /// # Errors
    /// `settings_refused` when a value is not acceptable; when the file cannot be written.
    pub async fn update_settings(&self, changes: &Value, comment: &str) -> Answer<SettingsSaved> {
        let body = json!({"changes": changes, "comment": comment});
        self.write(Method::PATCH, "/settings", Some(body)).await
    }

    /// Takes up what the configuration file says now.
    ///
    /// # Errors
    /// `settings_refused` when it is not acceptable.
    pub async fn reload_settings(&self) -> Answer<SettingsSaved> {
        self.write(Method::POST, "/settings/reload", None).await
    }

    /// Goes back to an older version.
    ///
    /// # Errors
    /// When there is none, or it is not acceptable any more.
    pub async fn roll_back_settings(&self, version: i64, comment: &str) -> Answer<SettingsSaved> {
        let path = format!("/settings/versions/{}/rollback", part(&version.to_string()));
        self.write(Method::POST, &path, Some(json!({"comment": comment}))).await
    }

    /// Moves a secret from the configuration file into the vault.
    ///
    /// # Errors
    /// When none stands there, or it cannot be kept under this name.
    pub async fn move_settings_secret(&self, key: &str, name: &str) -> Answer<SettingsSaved> {
        self.write(Method::POST, "/settings/secrets/move", Some(json!({"key": key, "name": name}))).await
    }
}
