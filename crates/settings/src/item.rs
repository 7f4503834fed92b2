//! The settings as people see them: each with its value, where that came from, and what it may be.

use diwan_kernel::config::{Definition, Key, Layers, Source, masked, variable};
use serde::Serialize;
use serde_json::Value;

use crate::settings::Settings;

/// One setting.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = Setting)]
pub struct Item {
    /// The section it belongs to.
    pub section: &'static str,
    /// Its name within the section.
    pub key: String,
    /// What it is for.
    pub description: String,
    /// What it may be, as JSON Schema.
    #[schema(value_type = Object)]
    pub schema: Value,
    /// What it is when nobody sets it.
    pub default: Value,
    /// What it is. A secret shows where it is kept, or as dots.
    pub value: Value,
    /// Where the value came from.
    pub source: Source,
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
    /// What is in force until then; only when something else waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_force: Option<Value>,
}

/// All settings of these sections. What needs a restart is as it was at the start.
pub fn items(sections: &[Definition], layers: &Layers, at_start: &Layers) -> Vec<Item> {
    let keys = sections.iter().flat_map(|section| section.keys.iter().map(move |key| (section.name, key)));
    keys.map(|(section, key)| item(section, key, layers, at_start)).collect()
}

fn item(section: &'static str, key: &Key, layers: &Layers, at_start: &Layers) -> Item {
    let source = layers.source_of(section, &key.name);
    let pending = is_pending(section, key, layers, at_start);
    let line = layers.place_of(&format!("{section}.{}", key.name)).map(|(line, _)| line);
    Item {
        section,
        key: key.name.clone(),
        description: key.about.clone(),
        schema: key.schema.clone(),
        default: masked(&key.schema, &key.default),
        value: masked(&key.schema, &layers.value(section, key)),
        source,
        line: line.filter(|_| source == Source::File),
        variable: variable(section, &key.name),
        is_locked: source > Source::File,
        needs_restart: key.needs_restart,
        pending,
        in_force: pending.then(|| masked(&key.schema, &at_start.value(section, key))),
    }
}

fn is_pending(section: &str, key: &Key, layers: &Layers, at_start: &Layers) -> bool {
    key.needs_restart && layers.value(section, key) != at_start.value(section, key)
}

/// Whether something that was saved waits for the next start.
pub(crate) fn is_restart_needed(settings: &Settings) -> bool {
    let now = settings.now();
    let at_start = &settings.parts().layers;
    settings.sections().iter().any(|s| s.keys.iter().any(|key| is_pending(s.name, key, &now.layers, at_start)))
}
