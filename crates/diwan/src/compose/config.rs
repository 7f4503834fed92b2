//! The whole configuration, read from its layers and judged as one.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use diwan_audit::AuditConfig;
use diwan_fleet::{ArtifactsConfig, OutputsConfig};
use diwan_identity::{IdentityConfig, MailConfig, OidcConfig};
use diwan_jobs::JobsConfig;
use diwan_kernel::config::{
    Definition, Fault, FaultKind, Layers, Live, Phrase, Publisher, Reason, Refused, Section, Source, nearest, text_of,
    unreadable, variable,
};
use diwan_server::ServerConfig;
use diwan_settings::{Item, SettingsFile, items};
use diwan_vault::VaultConfig;
use serde_json::Value;

/// What the configuration file is called when nobody names one; it then lies in the data directory.
const FILE: &str = "diwan.yaml";

/// The only list of sections.
macro_rules! sections {
    ($($(#[$about:meta])* $name:ident: $section:ty,)+) => {
        /// The configuration that a server starts with.
        #[derive(Debug, Clone, Default)]
        pub struct Config {
            $($(#[$about])* pub $name: $section,)+
            /// What each layer says.
            pub layers: Layers,
            /// The file, or where it will be.
            pub file: SettingsFile,
            /// Variables that look like settings and are none, each with the setting that was probably meant.
            pub slips: Vec<(String, String)>,
        }

        /// The sections as they are at each moment.
        #[derive(Debug, Clone)]
        pub(super) struct Sections {
            $(pub(super) $name: Live<$section>,)+
        }

        /// Who says how the sections are.
        #[derive(Debug)]
        pub(super) struct Publishers {
            $($name: Publisher<$section>,)+
        }

        impl Publishers {
            pub(super) fn new(config: &Config) -> Self {
                Self { $($name: Publisher::new(config.$name.clone()),)+ }
            }

            pub(super) fn sections(&self) -> Sections {
                Sections { $($name: self.$name.live(),)+ }
            }

            /// Publishes one section as these layers make it.
            pub(super) fn publish(&self, layers: &Layers, section: &str) -> Result<(), Vec<Fault>> {
                $(if section == <$section>::NAME {
                    self.$name.publish(layers.section(definition::<$section>())?);
                })+
                Ok(())
            }
        }

        /// Every section: what the file may hold.
        pub static SECTIONS: LazyLock<Vec<Definition>> = LazyLock::new(|| vec![$(Definition::of::<$section>(),)+]);

        /// What these layers make, when all of it is acceptable.
        fn read(layers: Layers, file: SettingsFile) -> Result<Config, Refused> {
            let mut config = Config { file, ..Config::default() };
            let mut faults = layers.unknown(&SECTIONS);
            faults.extend(misplaced(&layers, &config.file));
            $(match layers.section(definition::<$section>()) {
                Ok(section) => config.$name = section,
                Err(wrong) => faults.extend(wrong),
            })+
            if !faults.is_empty() {
                // In the order in which whoever wrote the file finds them.
                faults.sort_by_key(|fault| fault.line.unwrap_or(u64::MAX));
                return Err(Refused(faults));
            }
            config.layers = layers;
            Ok(config)
        }
    };
}

sections! {
    /// The edge and where things are.
    server: ServerConfig,
    /// Sign-in.
    identity: IdentityConfig,
    /// Outgoing mail.
    mail: MailConfig,
    /// Trusted identity providers.
    oidc: OidcConfig,
    /// The audit trail.
    audit: AuditConfig,
    /// The vault.
    vault: VaultConfig,
    /// Jobs.
    jobs: JobsConfig,
    /// The output of commands.
    outputs: OutputsConfig,
    /// Copies of what jobs leave.
    artifacts: ArtifactsConfig,
}

/// What is known of a section.
pub(super) fn definition<S: Section>() -> &'static Definition {
    static NOTHING: Definition = Definition { name: "", about: String::new(), keys: vec![], reasons: &[] };
    SECTIONS.iter().find(|definition| definition.name == S::NAME).unwrap_or(&NOTHING)
}

/// Judges a configuration as a whole.
///
/// # Errors
/// Everything that is wrong, and where.
pub(super) fn judge(layers: &Layers, file: &SettingsFile) -> Result<(), Refused> {
    read(layers.clone(), file.clone()).map(drop)
}

diwan_kernel::phrases! {
    /// What is wrong only where everything is put together.
    OWN_REASONS:
    MISPLACED = "misplaced_data_dir", "this file is found in the data directory and cannot say where that is; use --data-dir or DIWAN_DATA_DIR";
}

/// Every reason that can be given for refusing a configuration.
pub fn reasons() -> Vec<Phrase> {
    let sections = SECTIONS.iter().flat_map(|section| section.reasons);
    let everywhere = [diwan_kernel::config::REASONS, diwan_settings::REASONS, OWN_REASONS];
    everywhere.into_iter().flatten().chain(sections).copied().collect()
}

/// The directory in which a file lies cannot be said by the file.
fn misplaced(layers: &Layers, file: &SettingsFile) -> Option<Fault> {
    let (section, key) = ("server", "data_dir");
    if file.is_named || layers.said_by(Source::File, section, key).is_none() {
        return None;
    }
    let place = layers.place_of("server.data_dir");
    Some(Fault {
        file: Some(file.path.display().to_string()),
        line: place.map(|(line, _)| line),
        column: place.map(|(_, column)| column),
        ..Fault::invalid("server.data_dir", MISPLACED)
    })
}

impl Config {
    /// Reads the file, the environment and the flags, and refuses all of it when one value is not
    /// acceptable. When no file is named, one in the data directory is read if it is there; when no
    /// data directory is named, it is this one.
    ///
    /// # Errors
    /// Everything that is wrong, and where.
    pub fn load(
        named: Option<&Path>,
        data_dir: &str,
        environment: impl IntoIterator<Item = (String, String)>,
        flags: impl IntoIterator<Item = (&'static str, &'static str, Value)>,
    ) -> Result<Self, Refused> {
        let mut layers = Layers::default();
        let environment: Vec<_> = environment.into_iter().collect();
        let slips = slips(environment.iter().map(|(name, _)| name.as_str()));
        layers.add_environment(environment, &SECTIONS);
        for (section, key, value) in flags {
            layers.set(section, key, value, Source::Flag);
        }
        let file = match named {
            Some(path) => SettingsFile { path: path.to_owned(), is_named: true },
            None => {
                let dir = layers.in_force("server", "data_dir").and_then(|(dir, _)| dir.as_str()).unwrap_or(data_dir);
                SettingsFile { path: usual_file(dir), is_named: false }
            }
        };
        let shown = file.path.display().to_string();
        match std::fs::read(&file.path) {
            Ok(bytes) => layers.add_text(&shown, &text_of(&shown, bytes)?)?,
            Err(error) if !file.is_named && is_absent(&error) => {}
            Err(error) => return Err(unreadable(&shown, Reason::of_system(error))),
        }
        let mut config = read(layers, file)?;
        config.slips = slips;
        if config.server.data_dir.is_empty() {
            data_dir.clone_into(&mut config.server.data_dir);
        }
        Ok(config)
    }
}

impl Config {
    /// Every setting, with where it came from; secrets stay hidden.
    pub fn items(&self) -> Vec<Item> {
        items(&SECTIONS, &self.layers, &self.layers)
    }
}

/// Whether there is no such file, or not even its directory.
fn is_absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Where the configuration file is when nobody names one.
pub(super) fn usual_file(data_dir: &str) -> PathBuf {
    Path::new(data_dir).join(FILE)
}

/// Whether the file itself, rather than what it says, is what is wrong.
pub(super) fn is_unreadable(refused: &Refused) -> bool {
    refused.0.iter().any(|fault| fault.kind == FaultKind::Unreadable)
}

/// What the program reads besides settings.
const OTHER_VARIABLES: &[&str] = &["DIWAN_CONFIG", "DIWAN_SERVER", "DIWAN_TOKEN"];

/// Variables that are nearly those of settings. What is not even near is left alone: others, like
/// Kubernetes for a service of this name, set `DIWAN_*` variables too.
fn slips<'a>(names: impl Iterator<Item = &'a str>) -> Vec<(String, String)> {
    let known = || SECTIONS.iter().flat_map(|section| section.keys.iter().map(|key| (section.name, key.name.as_str())));
    let long = |(section, key): (&str, &str)| format!("DIWAN_{section}_{key}").to_uppercase();
    let is_known = |name: &str| {
        OTHER_VARIABLES.contains(&name)
            || known().any(|(section, key)| name == variable(section, key) || name == long((section, key)))
    };
    let slips = names.filter(|name| name.starts_with("DIWAN_") && !is_known(name));
    let meant = |name: &str| {
        let (name, known) = (name.trim_start_matches("DIWAN_"), known());
        let known = known.map(|(section, key)| variable(section, key).trim_start_matches("DIWAN_").to_owned());
        nearest(name, known).map(|meant| format!("DIWAN_{meant}"))
    };
    slips.filter_map(|name| Some((name.to_owned(), meant(name)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_variable_is_noticed_and_others_are_left_alone() {
        let names = ["DIWAN_LISTN", "DIWAN_LISTEN", "DIWAN_SERVER_LISTEN", "DIWAN_TOKEN", "DIWAN_SERVICE_HOST", "PATH"];
        assert_eq!(slips(names.into_iter()), [("DIWAN_LISTN".to_owned(), "DIWAN_LISTEN".to_owned())]);
    }

    #[test]
    fn every_setting_that_needs_a_restart_is_a_setting() {
        for (section, names) in [
            (definition::<ServerConfig>(), ServerConfig::NEEDS_RESTART),
            (definition::<IdentityConfig>(), IdentityConfig::NEEDS_RESTART),
            (definition::<VaultConfig>(), VaultConfig::NEEDS_RESTART),
        ] {
            assert!(names.iter().all(|name| section.key(name).is_some()), "{}: {names:?}", section.name);
        }
    }

    #[test]
    fn the_defaults_are_acceptable_and_every_setting_says_what_it_is_for() {
        assert!(read(Layers::default(), SettingsFile::default()).is_ok());
        for section in SECTIONS.iter() {
            assert!(!section.about.is_empty() && !section.keys.is_empty(), "{}", section.name);
            for key in &section.keys {
                assert!(key.about.ends_with('.') && key.schema.get("type").is_some(), "{}.{}", section.name, key.name);
            }
        }
    }

    #[test]
    fn a_file_in_the_data_directory_does_not_say_where_that_is() {
        let dir = tempfile::tempdir().unwrap();
        let data_dir = dir.path().display().to_string();
        let load = || Config::load(None, &data_dir, [], []);
        assert_eq!(load().unwrap().file.path, dir.path().join("diwan.yaml"));
        std::fs::write(dir.path().join("diwan.yaml"), "server:\n  data_dir: /elsewhere\n").unwrap();
        let refused = load().unwrap_err().to_string();
        assert!(refused.starts_with("server.data_dir in line 2 of") && refused.contains("--data-dir"), "{refused}");
        let named = Config::load(Some(&dir.path().join("diwan.yaml")), "", [], []).unwrap();
        assert_eq!(named.server.data_dir, "/elsewhere");
        assert!(Config::load(Some(&dir.path().join("missing.yaml")), "", [], []).is_err());
    }
}
