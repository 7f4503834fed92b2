//! What this capability announces. Numbers, never values.

use diwan_kernel::Permission;
use diwan_kernel::events::{Audience, DomainEvent};
use serde::Serialize;

/// The topic of the live feed.
const TOPIC: &str = "settings";

/// Another version is in force.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct SettingsChanged {
    pub(crate) version: i64,
}

impl DomainEvent for SettingsChanged {
    const TOPIC: &'static str = TOPIC;
    const NAME: &'static str = "settings.changed";

    fn audience(&self) -> Audience {
        Audience::Permission(Permission::SettingsRead)
    }
}

/// What the file says is refused.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct SettingsRefused {
    pub(crate) faults: usize,
}

impl DomainEvent for SettingsRefused {
    const TOPIC: &'static str = TOPIC;
    const NAME: &'static str = "settings.refused";

    fn audience(&self) -> Audience {
        Audience::Permission(Permission::SettingsRead)
    }
}
