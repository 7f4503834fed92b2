//! The corpus as operations, for whoever judges them or carries them out.

use diwan_protocol::Operation;
use diwan_protocol::command::{CreateProject, Exec, Files, Git, Place, Script, Terminal};
use serde::Deserialize;

#[derive(Deserialize)]
struct Corpus {
    case: Vec<Case>,
}

/// A command line and what is meant by it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) row: String,
    pub(crate) note: String,
    #[serde(default)]
    pub(crate) argv: Vec<String>,
    #[serde(default)]
    repeat: usize,
    #[serde(default)]
    repeated: String,
    #[serde(default)]
    long: usize,
    #[serde(default = "exec")]
    pub(crate) operation: String,
    #[serde(default = "projects")]
    pub(crate) root: String,
    #[serde(default)]
    pub(crate) path: String,
    #[serde(default)]
    pub(crate) url: String,
    pub(crate) branch: Option<String>,
    #[serde(default)]
    pub(crate) service: String,
    #[serde(default)]
    pub(crate) session: String,
    #[serde(default)]
    pub(crate) language: String,
    #[serde(default)]
    source: String,
    #[serde(default)]
    pub(crate) template: String,
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) setup: String,
}

fn exec() -> String {
    "exec".to_owned()
}

fn projects() -> String {
    "projects".to_owned()
}

impl Case {
    /// What is asked for.
    pub(crate) fn operation(&self) -> Operation {
        let place = Place { root: self.root.clone(), path: self.path.clone() };
        match self.operation.as_str() {
            "exec" => {
                let mut argv = self.argv.clone();
                argv.extend(std::iter::repeat_n(self.repeated.clone(), self.repeat));
                argv.extend((self.long > 0).then(|| "a".repeat(self.long)));
                Operation::Exec(Exec { argv, place, has_input: false, timeout_ms: None })
            }
            "git.status" => Operation::Git(Git::Status { place }),
            "git.pull" => Operation::Git(Git::Pull { place }),
            "git.push" => Operation::Git(Git::Push { place }),
            "git.clone" => {
                Operation::Git(Git::Clone { url: self.url.clone(), into: place, branch: self.branch.clone() })
            }
            "build" => Operation::Build(place),
            "test" => Operation::Test(place),
            "service.status" => Operation::ServiceStatus(self.service.clone()),
            "service.restart" => Operation::ServiceRestart(self.service.clone()),
            "script" => {
                let source = format!("{}{}", self.source, "#".repeat(self.long));
                let (language, arguments) = (self.language.clone(), self.argv.clone());
                Operation::Script(Script { language, source, arguments, place, timeout_ms: None })
            }
            "project.create" => {
                let (template, name) = (self.template.clone(), self.name.clone());
                Operation::CreateProject(CreateProject { template, name, place })
            }
            "terminal" => {
                let session = self.session.clone();
                Operation::Terminal(Terminal {
                    session,
                    place,
                    columns: 80,
                    rows: 24,
                    read_only: false,
                    recorded: None,
                })
            }
            "files.list" => Operation::Files(Files::List(place)),
            "files.get" => Operation::Files(Files::Get(place)),
            "files.put" => Operation::Files(Files::Put(place)),
            "files.sync" => Operation::Files(Files::Sync(place)),
            other => panic!("{}: {other}", self.id),
        }
    }
}

fn cases(text: &str) -> Vec<Case> {
    let corpus: Corpus = toml::from_str(text).unwrap();
    corpus.case
}

/// Those that do harm.
pub(crate) fn hostile() -> Vec<Case> {
    cases(include_str!("hostile.toml"))
}

/// Those of a usual day.
pub(crate) fn benign() -> Vec<Case> {
    cases(include_str!("benign.toml"))
}
