//! What somebody must look after.

use crate::item::is_restart_needed;
use crate::settings::Settings;

/// Something that somebody must look after.
#[derive(Debug, Clone)]
pub struct SettingsWarning {
    /// What it is about, stable for programs.
    pub code: &'static str,
    /// What it is about, in a sentence.
    pub detail: String,
    /// What to do.
    pub next: &'static str,
}

impl Settings {
    /// What somebody must look after; empty when all is well.
    pub fn warnings(&self) -> Vec<SettingsWarning> {
        let mut warnings = vec![];
        if let Some(refused) = self.now().refused.clone() {
            let first = refused.faults.first().map(ToString::to_string).unwrap_or_default();
            warnings.push(SettingsWarning {
                code: "settings_refused",
                detail: format!("The configuration file is refused; what was in force before still is: {first}."),
                next: "Mend the file; it is taken up by itself.",
            });
        }
        if is_restart_needed(self) {
            warnings.push(SettingsWarning {
                code: "settings_restart_needed",
                detail: "Settings were saved that only the next start of the server takes up.".to_owned(),
                next: "Restart the server.",
            });
        }
        if !self.plain_in_file().is_empty() {
            warnings.push(SettingsWarning {
                code: "settings_plain_secret",
                detail: "A secret stands in the configuration file in plain text.".to_owned(),
                next: "Move it into the vault.",
            });
        }
        warnings
    }
}
