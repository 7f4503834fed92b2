//! Policies to begin with, as text: each machine gets its own file, which from then on is its owner's.

use std::path::Path;

const TEXT: &str = include_str!("preset/policy.toml");

/// Who is meant to clone what where nothing else is said.
const KNOWN_HOSTS: &str = r#"["github.com", "gitlab.com", "codeberg.org", "bitbucket.org", "git.sr.ht"]"#;

/// A terminal outside of the sandbox.
const OPEN: &str =
    "# A terminal is the user's own: it can do what the user can, and change this file.\nconfined = false\n";

/// A policy to begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    /// For a machine that others use too: the usual work is allowed, a terminal asks.
    Standard,
    /// Looking is allowed, everything that changes something or runs foreign code asks, and there is no terminal.
    Strict,
    /// For one's own machine: the usual work and terminals are allowed, and a terminal is the user's own,
    /// outside the sandbox.
    OwnMachine,
}

/// The presets by the names that `diwan bridge join --policy` takes.
const NAMES: [(&str, Preset); 3] =
    [("standard", Preset::Standard), ("strict", Preset::Strict), ("own-machine", Preset::OwnMachine)];

impl Preset {
    /// The preset of this name.
    pub fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, preset)| *preset)
    }

    /// The names of all presets.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name)
    }

    /// The text of the policy of a machine whose work is done in this directory.
    pub fn text(self, root: &Path) -> String {
        self.text_for(root, OPEN)
    }

    /// The same where the bridge is root: a terminal is nobody's then, who may go to few places and is no user of
    /// the machine, so that it has its room in the sandbox too.
    pub fn text_for_root(self, root: &Path) -> String {
        self.text_for(root, "")
    }

    fn text_for(self, root: &Path, open: &str) -> String {
        let [work, fetch, terminal, profile, hosts] = match self {
            Self::Standard => ["\"allow\"", "\"ask\"", "\"ask\"", "", KNOWN_HOSTS],
            Self::Strict => ["\"ask\"", "\"ask\"", "\"deny\"", "", KNOWN_HOSTS],
            Self::OwnMachine => ["\"allow\"", "\"allow\"", "\"allow\"", open, "[\"*\"]"],
        };
        let root = serde_json::Value::from(root.to_string_lossy()).to_string();
        let replaced = TEXT
            .replace("{work}", work)
            .replace("{fetch}", fetch)
            .replace("{terminal}", terminal)
            .replace("{terminal_profile}", profile);
        replaced.replace("{hosts}", hosts).replace("{root}", &root)
    }
}
