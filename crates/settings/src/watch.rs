//! Looks every second whether somebody changed the file by hand. What is acceptable comes into
//! force; what is not is told, and changes nothing.

use std::time::Duration;

use diwan_kernel::config::{Fault, Refused, Source, unreadable};
use diwan_kernel::db::Unrecorded;
use diwan_kernel::{Ctx, Entry, Problem, TaskPolicy};

use crate::accept::{Acceptable, Accepted, bring_into_force};
use crate::event::{SettingsChanged, SettingsRefused};
use crate::reasons;
use crate::settings::{RefusedText, Settings};
use crate::version::Cause;

/// How often the file is looked at.
const PERIOD: Duration = Duration::from_secs(1);
/// For how many looks a text must have stayed as it is: an editor may still be writing, and one that is
/// shorter than what is in force may be only its beginning.
const LOOKS: u32 = 1;
const LOOKS_WHEN_SHORTER: u32 = 5;

/// Starts the task.
pub(crate) fn spawn(settings: &Settings) {
    let settings = settings.clone();
    let supervisor = settings.parts().supervisor.clone();
    supervisor.clone().spawn("settings watch", TaskPolicy::Critical, async move {
        let (mut seen, mut looks) = (None, 0);
        while supervisor.pause(PERIOD).await {
            let text = settings.read_file();
            looks = if seen.as_ref() == Some(&text) { looks + 1 } else { 0 };
            let enough = if is_shorter(&settings, &text) { LOOKS_WHEN_SHORTER } else { LOOKS };
            if looks >= enough {
                look(&settings, Cause::File).await;
            }
            seen = Some(text);
        }
    });
}

fn is_shorter(settings: &Settings, text: &Result<Option<String>, Refused>) -> bool {
    let now = settings.now();
    let length = |text: &str| text.trim_end().len();
    matches!(text, Ok(Some(text)) if length(text) < now.layers.text().map_or(0, length))
}

/// Takes up what the file says, if that is something else; what goes wrong is in the log.
pub(crate) async fn look(settings: &Settings, cause: Cause) {
    let ctx = Ctx::system(settings.world(), "settings");
    if let Err(Failed::Problem(problem)) = take_up(settings, &ctx, cause).await {
        tracing::warn!(error = ?problem, "what the configuration file says could not be taken up; it is tried again");
    }
}

/// Why what the file says did not come into force.
pub(crate) enum Failed {
    /// It is not acceptable.
    Refused(Refused),
    /// It could not be written down.
    Problem(Problem),
}

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

/// Takes up what the file says, if that is something else than what is in force.
///
/// # Errors
/// When it is refused, which is said once for each text, or cannot be written down.
pub(crate) async fn take_up(settings: &Settings, ctx: &Ctx, cause: Cause) -> Result<Accepted, Failed> {
    let _changing = settings.change().await;
    let shown = settings.parts().file.path.display().to_string();
    let (text, judged) = match settings.read_file() {
        Ok(text) if text.as_deref() == settings.now().layers.text() => {
            forget_refused(settings, ctx).await?;
            return Ok(Accepted::unchanged(settings));
        }
        // Perhaps it is just being replaced, and perhaps somebody slipped: defaults for everything
        // are never what was meant.
        Ok(None) => (None, Err(unreadable(&shown, reasons::GONE))),
        Ok(Some(text)) => {
            let said_something = settings.now().layers.says_anything(Source::File);
            let judged = settings.judge(&text).and_then(|layers| match layers.says_anything(Source::File) {
                false if said_something => Err(unreadable(&shown, reasons::EMPTIED)),
                _ => Ok(layers),
            });
            (Some(text), judged)
        }
        Err(refused) => (None, Err(refused)),
    };
    match judged {
        Ok(layers) => {
            let new = Acceptable { layers, cause, comment: String::new(), rolled_back_to: None };
            Ok(bring_into_force(settings, ctx, new).await?)
        }
        Err(refused) => {
            refuse(settings, ctx, text, &refused).await?;
            Err(Failed::Refused(refused))
        }
    }
}

/// The file says again what is in force: whoever was told of the refused one is told of that too.
async fn forget_refused(settings: &Settings, ctx: &Ctx) -> Result<(), Problem> {
    let version = {
        let mut now = settings.now();
        if now.refused.take().is_none() {
            return Ok(());
        }
        now.version
    };
    let mut tx = settings.db().begin(ctx).await?;
    tx.emit(&SettingsChanged { version });
    tx.commit_unrecorded(Unrecorded::Bookkeeping).await?;
    Ok(())
}

/// Remembers that a text was refused. Each text is written down once.
async fn refuse(settings: &Settings, ctx: &Ctx, text: Option<String>, refused: &Refused) -> Result<(), Problem> {
    let faults = &refused.0;
    if settings.now().refused.as_ref().is_some_and(|known| known.text == text && known.faults == *faults) {
        return Ok(());
    }
    for fault in faults {
        tracing::warn!(%fault, "the configuration file was changed and is refused; the settings before stay in force");
    }
    let mut tx = settings.db().begin(ctx).await?;
    tx.emit(&SettingsRefused { faults: faults.len() });
    let said: Vec<String> = faults.iter().take(20).map(ToString::to_string).collect();
    tx.commit(Entry::failed("settings.change", "settings_refused").with("faults", said)).await?;
    settings.now().refused = Some(RefusedText { at: ctx.now(), text, faults: faults.clone() });
    Ok(())
}

/// The problem that a refused configuration is answered with.
pub(crate) fn refused_problem(faults: &[Fault]) -> Problem {
    use diwan_kernel::problem::FieldError;
    let field = |fault: &Fault| {
        let place = match (&fault.file, fault.line) {
            (Some(file), Some(line)) if fault.source == Source::File => format!(" (line {line} of {file})"),
            _ => String::new(),
        };
        let nearest = fault.nearest.as_ref().map(|nearest| format!("; did you mean {nearest}?")).unwrap_or_default();
        let field = if fault.key.is_empty() { "file" } else { fault.key.as_str() };
        let message = format!("{}{nearest}{place}", fault.reason);
        FieldError { field: field.to_owned(), code: fault.code, message }
    };
    let said = faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    Problem::new(
        axum::http::StatusCode::UNPROCESSABLE_ENTITY,
        "settings_refused",
        "The settings are not acceptable",
        format!("{}{} Nothing was changed.", said, if said.ends_with('?') { "" } else { "." }),
        "Correct the named settings and try again; `diwan config reference` explains them all.",
    )
    .with_errors(faults.iter().map(field).collect())
}
