//! What somebody must look after.

use std::collections::BTreeMap;

use diwan_kernel::Problem;

use crate::item::is_restart_needed;
use crate::settings::Settings;

/// What to do about settings that name secrets which are not there.
const NEXT_FOR_DANGLING: &str = "Bring the secrets in under these names, or change the settings.";

/// Something that somebody must look after.
#[derive(Debug, Clone)]
pub struct SettingsWarning {
    /// What it is about, stable for programs.
    pub code: &'static str,
    /// What it is about, in a sentence.
    pub detail: String,
    /// What to do.
    pub next: &'static str,
    /// What the sentence speaks of, for whoever says it in another language.
    pub params: BTreeMap<&'static str, String>,
}

impl SettingsWarning {
    fn new(code: &'static str, detail: impl Into<String>, next: &'static str) -> Self {
        Self { code, detail: detail.into(), next, params: BTreeMap::new() }
    }
}

impl Settings {
    /// What somebody must look after; empty when all is well.
    ///
    /// # Errors
    /// When the vault cannot say what it holds.
    pub async fn warnings(&self) -> Result<Vec<SettingsWarning>, Problem> {
        let mut warnings = vec![];
        if let Some(refused) = self.now().refused.clone() {
            let first = refused.faults.first().map(ToString::to_string).unwrap_or_default();
            let detail = format!("The configuration file is refused; what was in force before still is: {first}.");
            warnings.push(SettingsWarning::new("settings_refused", detail, "Mend the file; it is taken up by itself."));
        }
        if is_restart_needed(self) {
            let detail = "Settings were saved that only the next start of the server takes up.";
            warnings.push(SettingsWarning::new("settings_restart_needed", detail, "Restart the server."));
        }
        if !self.plain_in_file().is_empty() {
            let detail = "A secret stands in the configuration file in plain text.";
            warnings.push(SettingsWarning::new("settings_plain_secret", detail, "Move it into the vault."));
        }
        let dangling = self.dangling().await?;
        if !dangling.is_empty() {
            let names = dangling.iter().map(|named| format!("vault:{} ({})", named.secret, named.setting));
            let names = names.collect::<Vec<_>>().join(", ");
            let detail = format!("Settings name secrets that the vault does not hold: {names}.");
            let warning = SettingsWarning::new("settings_secret_missing", detail, NEXT_FOR_DANGLING);
            warnings.push(SettingsWarning { params: BTreeMap::from([("names", names)]), ..warning });
        }
        Ok(warnings)
    }
}
