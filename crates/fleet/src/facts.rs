//! What a machine says it is, as it is kept and shown. Whatever comes from a machine is cut to a sane size and
//! freed of what could play tricks on whoever reads it.

use diwan_protocol::facts::{Facts, Layer};
use serde::{Deserialize, Serialize};

const LONGEST: usize = 200;
const MOST_LAYERS: usize = 32;
const MOST_GRAPHICS: usize = 16;

/// What a machine is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub(crate) struct MachineFacts {
    /// What it calls itself.
    pub(crate) hostname: String,
    /// `linux`, `macos`, `windows`.
    pub(crate) system: String,
    /// `x86_64`, `aarch64`.
    pub(crate) architecture: String,
    /// Its system, for people.
    pub(crate) release: String,
    /// The version of its kernel.
    pub(crate) kernel: String,
    /// How many processors it has.
    pub(crate) processors: u32,
    /// What they are, for people.
    pub(crate) processor: String,
    /// How much memory it has.
    pub(crate) memory_bytes: u64,
    /// Which bridge runs there.
    pub(crate) bridge_version: String,
    /// The layers of its sandbox.
    pub(crate) layers: Vec<SandboxLayer>,
    /// Its graphics processors.
    pub(crate) graphics: Vec<String>,
}

/// A layer of the sandbox of a machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct SandboxLayer {
    /// Which.
    name: String,
    /// Whether this machine's kernel has it.
    is_active: bool,
    /// Its version, or why it is not there.
    detail: String,
}

impl MachineFacts {
    /// What it says it is, to be searched.
    pub(crate) fn told(&self) -> String {
        let Self { hostname, system, architecture, release, processor, .. } = self;
        let told = [hostname, system, architecture, release, processor].into_iter().chain(&self.graphics);
        told.map(|text| text.to_lowercase()).collect::<Vec<_>>().join(" ")
    }
}

impl From<Facts> for MachineFacts {
    fn from(facts: Facts) -> Self {
        Self {
            hostname: clean(&facts.hostname),
            system: clean(&facts.system),
            architecture: clean(&facts.architecture),
            release: clean(&facts.release),
            kernel: clean(&facts.kernel),
            processors: facts.processors,
            processor: clean(&facts.processor),
            memory_bytes: bounded(facts.memory_bytes),
            bridge_version: clean(&facts.version),
            layers: facts.layers.iter().take(MOST_LAYERS).map(SandboxLayer::from).collect(),
            graphics: facts.graphics.iter().take(MOST_GRAPHICS).map(|name| clean(name)).collect(),
        }
    }
}

impl From<&Layer> for SandboxLayer {
    fn from(layer: &Layer) -> Self {
        Self { name: clean(&layer.name), is_active: layer.is_active, detail: clean(&layer.detail) }
    }
}

/// A number that every reader of JSON understands.
pub(crate) fn bounded(number: u64) -> u64 {
    number.min((1 << 53) - 1)
}

/// A line that can be shown anywhere: without control characters, and without those that change the
/// direction of what stands around them or cannot be seen.
pub(crate) fn clean(text: &str) -> String {
    let is_trick = |c: char| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
    };
    text.chars().filter(|c| !is_trick(*c)).take(LONGEST).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_machine_calls_itself_moves_no_cursor_and_turns_no_line() {
        let facts = Facts {
            hostname: "\u{1b}[2Jbox\r\n\u{202e}".into(),
            kernel: "6".repeat(5000),
            graphics: vec!["a\0b".into(); 99],
            memory_bytes: u64::MAX,
            ..Facts::default()
        };
        let shown = MachineFacts::from(facts);
        assert_eq!((shown.hostname.as_str(), shown.kernel.len()), ("[2Jbox", LONGEST));
        assert_eq!((shown.graphics.len(), shown.graphics[0].as_str()), (MOST_GRAPHICS, "ab"));
        assert_eq!(shown.memory_bytes, (1 << 53) - 1);
    }
}
