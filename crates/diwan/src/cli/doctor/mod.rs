//! `diwan doctor`: looks at this machine's installation and says what to mend.

mod answer;
mod files;
mod reach;
mod settings;
mod store;
mod vault;

use clap::Args;
use diwan_kernel::World;
use serde::Serialize;
use serde_json::json;

use super::door::Door;
use super::failure::{Done, Failure};
use super::installation::Installation;
use super::screen::{Tone, safe};

const AFTER_HELP: &str = "\
Examples:
  diwan doctor
  diwan doctor --config /etc/diwan.yaml
  diwan doctor --json | jq '.checks[] | select(.level != \"ok\")'

Nothing is changed. ✓ is fine, ! is worth a look, ✗ must be mended; with any ✗
it ends with 1.";

/// Check this machine's installation and say what to mend
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Doctor {
    #[command(flatten)]
    installation: Installation,
}

/// How something was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Level {
    Ok,
    Look,
    Mend,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Finding {
    check: &'static str,
    level: Level,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Everything that was found.
#[derive(Debug, Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn good(&mut self, check: &'static str, detail: impl Into<String>) {
        self.0.push(Finding { check, level: Level::Ok, detail: detail.into(), next: None });
    }

    fn look(&mut self, check: &'static str, detail: impl Into<String>, next: impl Into<String>) {
        self.0.push(Finding { check, level: Level::Look, detail: detail.into(), next: Some(next.into()) });
    }

    fn mend(&mut self, check: &'static str, detail: impl Into<String>, next: impl Into<String>) {
        self.0.push(Finding { check, level: Level::Mend, detail: detail.into(), next: Some(next.into()) });
    }

    fn must_mend(&self) -> bool {
        self.0.iter().any(|f| f.level == Level::Mend)
    }
}

impl Doctor {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let config = self.installation.load()?;
        let (world, mut found) = (World::real(), Findings::default());
        found.good("config", "The configuration is acceptable.");
        for (name, meant) in &config.slips {
            found.look("config", format!("The variable {name} is not a setting."), format!("Did you mean {meant}?"));
        }
        files::configuration(&config, &mut found);
        if files::look(&config, &world, &mut found) {
            store::look(&config, &world, &mut found).await;
        }
        reach::look(&config, &world, &mut found).await;
        answer::look(&config, door, &world, &mut found).await;
        found.tell(door)?;
        Ok(if found.must_mend() { Done::Found } else { Done::Well })
    }
}

impl Findings {
    fn tell(&self, door: &Door<'_>) -> Result<(), Failure> {
        if door.screen.is_json() {
            return door.screen.json(&json!({"ok": !self.must_mend(), "checks": self.0}).to_string());
        }
        for Finding { level, detail, next, .. } in &self.0 {
            let (tone, mark) = match level {
                Level::Ok => (Tone::Good, "✓"),
                Level::Look => (Tone::Doubtful, "!"),
                Level::Mend => (Tone::Bad, "✗"),
            };
            door.screen.line(&format!("{} {}", door.screen.toned(tone, mark), safe(detail)))?;
            if let Some(next) = next {
                door.screen.line(&format!("  → {}", safe(next)))?;
            }
        }
        Ok(())
    }
}
