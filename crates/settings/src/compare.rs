//! What differs between two configurations, without their secrets.

use diwan_kernel::config::{Definition, Layers, masked};
use serde::Serialize;
use serde_json::Value;

/// A setting that differs.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = SettingChange)]
pub struct Change {
    /// Which one: `mail.port`.
    pub key: String,
    /// What it was. A secret shows where it is kept, or as dots.
    pub old: Value,
    /// What it is then.
    pub new: Value,
    /// Whether only the next start takes it up.
    pub needs_restart: bool,
}

/// What differs, in the order of the sections and their keys.
pub(crate) fn compare(sections: &[Definition], before: &Layers, after: &Layers) -> Vec<Change> {
    let keys = sections.iter().flat_map(|section| section.keys.iter().map(move |key| (section.name, key)));
    keys.filter_map(|(section, key)| {
        let (old, new) = (before.value(section, key), after.value(section, key));
        (old != new).then(|| Change {
            key: format!("{section}.{}", key.name),
            old: masked(&key.schema, &old),
            new: masked(&key.schema, &new),
            needs_restart: key.needs_restart,
        })
    })
    .collect()
}

/// The sections of these changes that take effect at once.
pub(crate) fn sections_of<'a>(sections: &'a [Definition], changes: &[Change]) -> Vec<&'a str> {
    let is_touched = |section: &&Definition| {
        changes.iter().any(|c| !c.needs_restart && c.key.split('.').next() == Some(section.name))
    };
    sections.iter().filter(is_touched).map(|section| section.name).collect()
}
