//! What the launcher told, read on the outside.

use std::time::Duration;

use nix::sys::wait::WaitStatus;

use super::wire::Field;
use crate::error::SandboxError;
use crate::outcome::{Ended, Usage};

impl Ended {
    /// The end of the program, if the inner process saw it.
    pub(super) fn told(fields: &[Field]) -> Option<Self> {
        fields.iter().find_map(|field| {
            let number = field.number().and_then(|number| i32::try_from(number).ok())?;
            match field.name.as_str() {
                "exited" => Some(Self::Exited(number)),
                "signalled" => Some(Self::Signalled(number)),
                _ => None,
            }
        })
    }

    /// The end of a process that was waited for.
    pub(super) fn of(status: WaitStatus) -> Self {
        match status {
            WaitStatus::Exited(_, code) => Self::Exited(code),
            WaitStatus::Signaled(_, signal, _) => Self::Signalled(signal as i32),
            _ => Self::Exited(1),
        }
    }
}

impl Usage {
    /// What the launcher counted.
    pub(super) fn told(fields: &[Field]) -> Self {
        let number = |name| fields.iter().find(|field| field.name == name).and_then(Field::number).unwrap_or_default();
        Self {
            cpu_user: Duration::from_micros(number("cpu_user_us")),
            cpu_system: Duration::from_micros(number("cpu_system_us")),
            memory_bytes: number("memory_bytes"),
            memory_kills: None,
        }
    }
}

/// Why the start ended, if it did.
pub(super) fn failure(fields: &[Field]) -> Option<SandboxError> {
    let field = fields.iter().find(|field| field.name.starts_with('!'))?;
    let (layer, why) = (field.name[1..].to_owned(), field.text());
    Some(if layer == "program" { SandboxError::Program(why) } else { SandboxError::Setup { layer, why } })
}
