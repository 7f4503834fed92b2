//! How a configuration that was judged comes into force: written down first, then told to everybody.

use diwan_kernel::config::Layers;
use diwan_kernel::{Actor, Ctx, DbError, Entry, Problem};
use serde::Serialize;

use crate::compare::{Change, compare, sections_of};
use crate::event::SettingsChanged;
use crate::item;
use crate::settings::Settings;
use crate::table;
use crate::version::{Cause, Person, Version, seal};

/// A configuration that was judged, and what is to be remembered of it.
pub(crate) struct Acceptable {
    pub(crate) layers: Layers,
    pub(crate) cause: Cause,
    pub(crate) comment: String,
    pub(crate) rolled_back_to: Option<i64>,
}

/// What came into force.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = SettingsSaved)]
pub(crate) struct Accepted {
    /// The version in force.
    version: i64,
    /// What differs from the version before.
    changes: Vec<Change>,
    /// Whether something that was saved waits for the next start.
    restart_needed: bool,
}

/// Puts the text of these layers into the file, and brings it into force. Whoever calls this holds
/// [`Settings::change`]. When the version cannot be written down, the file is put back.
///
/// # Errors
/// 409 when the file cannot be written; when the database does not answer.
pub(crate) async fn save(settings: &Settings, ctx: &Ctx, new: Acceptable) -> Result<Accepted, Problem> {
    let disk = settings.world().disk();
    let path = disk.follow(&settings.parts().file.path);
    let before = settings.now().layers.text().map(str::to_owned);
    let text = new.layers.text().unwrap_or_default();
    disk.replace(&path, text.as_bytes()).map_err(|error| read_only(&error.to_string()))?;
    let accepted = bring_into_force(settings, ctx, new).await;
    if accepted.is_err() {
        let put_back = match &before {
            Some(text) => disk.replace(&path, text.as_bytes()),
            None => disk.remove(&path),
        };
        if let Err(error) = put_back {
            tracing::error!(%error, "the settings could not be saved, and the file could not be put back");
        }
    }
    accepted
}

/// Brings what the file says into force.
///
/// # Errors
/// When the database does not answer; nothing has changed then.
pub(crate) async fn bring_into_force(settings: &Settings, ctx: &Ctx, new: Acceptable) -> Result<Accepted, Problem> {
    let before = settings.now().clone();
    let changes = compare(settings.sections(), &before.layers, &new.layers);
    let text = new.layers.text().unwrap_or_default();
    let mut version = Version {
        number: 0,
        at: ctx.now(),
        by: person(ctx),
        cause: new.cause,
        comment: new.comment,
        keys: changes.iter().map(|change| change.key.clone()).collect(),
        rolled_back_to: new.rolled_back_to,
        sealed: vec![],
    };
    let mut tx = loop {
        version.number = table::highest(settings.db()).await? + 1;
        version.sealed = seal(settings.sealer(), version.number, text).map_err(Problem::internal)?;
        let mut tx = settings.db().begin(ctx).await?;
        match table::insert(&mut tx, settings.server(), &version).await {
            // Another server took the number for a version of its own.
            Err(DbError::Unique(_)) => {}
            other => break other.map(|()| tx)?,
        }
    };
    let number = version.number;
    tx.emit(&SettingsChanged { version: number });
    let entry = Entry::done("settings.change")
        .on("settings", number)
        .with("cause", version.cause.as_str())
        .with("keys", version.keys.clone());
    let entry = match version.rolled_back_to {
        Some(to) => entry.with("rolled_back_to", to),
        None => entry,
    };
    tx.commit(if version.comment.is_empty() { entry } else { entry.with("comment", version.comment.clone()) }).await?;
    publish(settings, &new.layers, &changes);
    {
        let mut now = settings.now();
        (now.layers, now.version, now.refused) = (new.layers, number, None);
    }
    let restart_needed = item::is_restart_needed(settings);
    tracing::info!(version = number, keys = version.keys.join(" "), restart_needed, "settings came into force");
    Ok(Accepted { version: number, changes, restart_needed })
}

/// Tells those who stand on what changed. What needs a restart stays for them as it was at the start.
fn publish(settings: &Settings, layers: &Layers, changes: &[Change]) {
    let mut pinned = layers.clone();
    for section in settings.sections() {
        for key in section.keys.iter().filter(|key| key.needs_restart) {
            pinned.pin(section.name, &key.name, &settings.parts().layers);
        }
    }
    let touched = sections_of(settings.sections(), changes);
    settings.parts().house.publish(&pinned, &touched);
}

impl Accepted {
    /// Nothing is different.
    pub(crate) fn unchanged(settings: &Settings) -> Self {
        let version = settings.now().version;
        Self { version, changes: vec![], restart_needed: item::is_restart_needed(settings) }
    }
}

fn person(ctx: &Ctx) -> Option<Person> {
    match &ctx.actor {
        Actor::User { id, name, .. } => Some(Person { id: *id, name: name.to_string() }),
        Actor::Token { owner, name, .. } => Some(Person { id: *owner, name: name.to_string() }),
        Actor::Anonymous | Actor::System(_) => None,
    }
}

/// Somebody else was quicker.
pub(crate) fn changed_meanwhile() -> Problem {
    Problem::conflict(
        "settings_changed_meanwhile",
        "The settings changed meanwhile",
        "Somebody changed the settings after you looked at them.",
        "Look at them again, then make your change.",
    )
}

fn read_only(why: &str) -> Problem {
    Problem::conflict(
        "settings_file_read_only",
        "The configuration file cannot be written",
        format!("The server may not write its configuration file: {why}."),
        "Change the file where it is made, or let this server's user write it and its directory.",
    )
}
