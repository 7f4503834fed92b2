//! What a machine is asked to do, as people and programs write it, and what of that can be meant at all.
//! Whether it may be done is the matter of the machine's policy.

mod wrong;

use diwan_kernel::Problem;
use diwan_protocol::command::{CreateProject, Exec, Files, Git, Operation, Place, Script, SshKey, Terminal};
use diwan_protocol::ssh_line::SshLine;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use self::wrong::Wrong;

/// So many characters of a script are shown where many operations are.
const SHOWN_IN_LISTS: usize = 200;
/// No terminal is wider or higher.
pub(crate) const LARGEST_SIZE: u16 = 1000;

/// What a machine is asked to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", deny_unknown_fields)]
pub enum CommandOperation {
    /// Runs a program that a rule of the machine's policy lets in.
    #[serde(rename = "exec")]
    Exec {
        /// The program and its arguments: never a line for a shell.
        #[schema(min_items = 1, max_items = 64)]
        argv: Vec<String>,
        /// The root, by its name in the machine's policy.
        #[schema(min_length = 1, max_length = 128)]
        root: String,
        /// The directory below the root; empty is the root itself.
        #[serde(default)]
        #[schema(max_length = 4096)]
        path: String,
    },
    /// What is changed in a working copy.
    #[serde(rename = "git.status")]
    GitStatus {
        /// The root, by its name in the machine's policy.
        #[schema(min_length = 1, max_length = 128)]
        root: String,
        /// The directory below the root; empty is the root itself.
        #[serde(default)]
        #[schema(max_length = 4096)]
        path: String,
    },
    /// A new working copy.
    #[serde(rename = "git.clone")]
    GitClone {
        /// From where.
        #[schema(min_length = 1, max_length = 2048)]
        url: String,
        /// The root, by its name in the machine's policy.
        #[schema(min_length = 1, max_length = 128)]
        root: String,
        /// The directory below the root that is made.
        #[schema(min_length = 1, max_length = 4096)]
        path: String,
        /// Which branch, rather than the usual one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(min_length = 1, max_length = 244)]
        branch: Option<String>,
    },
    /// Fast-forwards a working copy.
    #[serde(rename = "git.pull")]
    GitPull {
        /// The root, by its name in the machine's policy.
        #[schema(min_length = 1, max_length = 128)]
        root: String,
        /// The directory below the root; empty is the root itself.
        #[serde(default)]
        #[schema(max_length = 4096)]
        path: String,
    },
    /// Pushes the branch that is checked out.
    #[serde(rename = "git.push")]
    GitPush {
        /// The root, by its name in the machine's policy.
        #[schema(min_length = 1, max_length = 128)]
        root: String,
        /// The directory below the root; empty is the root itself.
        #[serde(default)]
        #[schema(max_length = 4096)]
        path: String,
    },
    /// Builds the project that is there.
    #[serde(rename = "build")]
    Build {
        /// The root, by its name in the machine's policy.
        #[schema(min_length = 1, max_length = 128)]
        root: String,
        /// The directory below the root; empty is the root itself.
        #[serde(default)]
        #[schema(max_length = 4096)]
        path: String,
    },
    /// Tests the project that is there.
    #[serde(rename = "test")]
    Test {
        /// The root, by its name in the machine's policy.
        #[schema(min_length = 1, max_length = 128)]
        root: String,
        /// The directory below the root; empty is the root itself.
        #[serde(default)]
        #[schema(max_length = 4096)]
        path: String,
    },
    /// Runs a script as a file that only the command sees, in the sandbox, with the program that the machine's policy
    /// names for its language.
    #[serde(rename = "script")]
    Script {
        /// What it is written in.
        language: ScriptLanguage,
        /// Its text, of at most 64 KiB. In lists and batches only how it begins is shown, at most 200 characters.
        #[schema(min_length = 1, max_length = 65536)]
        source: String,
        /// The root, by its name in the machine's policy.
        #[schema(min_length = 1, max_length = 128)]
        root: String,
        /// The directory below the root that it runs in; empty is the root itself.
        #[serde(default)]
        #[schema(max_length = 4096)]
        path: String,
        /// What it is told.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[schema(max_items = 64)]
        args: Vec<String>,
    },
    /// Makes a new directory with a small project to begin with, that has a test and needs nothing but the usual tools
    /// of its language. Nothing that is there is changed.
    #[serde(rename = "project.create")]
    ProjectCreate {
        /// What it is like.
        template: ProjectTemplate,
        /// What it is called.
        #[schema(min_length = 1, max_length = 64, pattern = "^[a-z]([a-z0-9-]*[a-z0-9])?$")]
        name: String,
        /// The root, by its name in the machine's policy.
        #[schema(min_length = 1, max_length = 128)]
        root: String,
        /// The directory below the root that is made: nothing is there, or an empty directory.
        #[schema(min_length = 1, max_length = 4096)]
        path: String,
    },
    /// How a service is doing.
    #[serde(rename = "service.status")]
    ServiceStatus {
        /// Its name.
        #[schema(min_length = 1, max_length = 128)]
        service: String,
    },
    /// Restarts a service.
    #[serde(rename = "service.restart")]
    ServiceRestart {
        /// Its name.
        #[schema(min_length = 1, max_length = 128)]
        service: String,
    },
    /// What is in a directory. Its input and output are a pipe, as those of all about files.
    #[serde(rename = "files.list")]
    FilesList {
        /// The root, by its name in the machine's policy.
        #[schema(min_length = 1, max_length = 128)]
        root: String,
        /// The file or directory below the root; empty is the root itself.
        #[serde(default)]
        #[schema(max_length = 4096)]
        path: String,
    },
    /// Reads files.
    #[serde(rename = "files.get")]
    FilesGet {
        /// The root, by its name in the machine's policy.
        #[schema(min_length = 1, max_length = 128)]
        root: String,
        /// The file or directory below the root; empty is the root itself.
        #[serde(default)]
        #[schema(max_length = 4096)]
        path: String,
    },
    /// Writes files.
    #[serde(rename = "files.put")]
    FilesPut {
        /// The root, by its name in the machine's policy.
        #[schema(min_length = 1, max_length = 128)]
        root: String,
        /// The file or directory below the root; empty is the root itself.
        #[serde(default)]
        #[schema(max_length = 4096)]
        path: String,
    },
    /// Keeps a directory the same at both ends.
    #[serde(rename = "files.sync")]
    FilesSync {
        /// The root, by its name in the machine's policy.
        #[schema(min_length = 1, max_length = 128)]
        root: String,
        /// The file or directory below the root; empty is the root itself.
        #[serde(default)]
        #[schema(max_length = 4096)]
        path: String,
    },
    /// Puts an SSH key of the vault into the file of a user. Only the server itself asks for this, for what
    /// `/machines/{id}/ssh-keys` says is wanted.
    #[serde(rename = "ssh_key.install")]
    SshKeyInstall {
        /// The user of the machine whose key it is.
        #[schema(min_length = 1, max_length = 64)]
        user: String,
        /// The secret of the vault, by its id.
        #[schema(min_length = 1, max_length = 64)]
        secret: String,
        /// Its version.
        #[schema(maximum = 9007199254740991_u64)]
        version: u64,
        /// Its public half.
        #[schema(min_length = 1, max_length = 4096)]
        key: String,
    },
    /// Finds out by a login on the machine whether such a key opens the door.
    #[serde(rename = "ssh_key.prove")]
    SshKeyProve {
        /// The user of the machine whose key it is.
        #[schema(min_length = 1, max_length = 64)]
        user: String,
        /// The secret of the vault, by its id.
        #[schema(min_length = 1, max_length = 64)]
        secret: String,
        /// Its version.
        #[schema(maximum = 9007199254740991_u64)]
        version: u64,
        /// Its public half.
        #[schema(min_length = 1, max_length = 4096)]
        key: String,
        /// Where the machine's own SSH server listens.
        #[schema(minimum = 1, maximum = 65535)]
        port: u16,
    },
    /// Takes such a key away.
    #[serde(rename = "ssh_key.remove")]
    SshKeyRemove {
        /// The user of the machine whose key it is.
        #[schema(min_length = 1, max_length = 64)]
        user: String,
        /// The secret of the vault, by its id.
        #[schema(min_length = 1, max_length = 64)]
        secret: String,
        /// Its version.
        #[schema(maximum = 9007199254740991_u64)]
        version: u64,
        /// Its public half.
        #[schema(min_length = 1, max_length = 4096)]
        key: String,
    },
    /// A terminal, with the program that the machine's policy names. It is for one machine, and needs
    /// `terminals.open` besides.
    #[serde(rename = "terminal")]
    Terminal {
        /// The root, by its name in the machine's policy.
        #[schema(min_length = 1, max_length = 128)]
        root: String,
        /// The directory below the root; empty is the root itself.
        #[serde(default)]
        #[schema(max_length = 4096)]
        path: String,
        /// Characters in a line.
        #[schema(minimum = 1, maximum = 1000)]
        columns: u16,
        /// Lines.
        #[schema(minimum = 1, maximum = 1000)]
        rows: u16,
        /// Whether what it shows is recorded, to be played again later. What is typed is not.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        record: bool,
    },
    /// Nothing: to join what comes before with what comes after, and to measure the way there and back. Every
    /// policy allows it.
    #[serde(rename = "noop")]
    Noop {},
}

/// What a script is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ScriptLanguage {
    /// Run by `python3`.
    Python,
    /// Run by `node`.
    Javascript,
    /// Run by `bash`, or `sh` where there is none.
    Shell,
}

/// What a project to begin with is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProjectTemplate {
    /// A program for Node.js.
    Node,
    /// A program in Python.
    Python,
    /// A program in Rust.
    Rust,
    /// A program in Go.
    Go,
    /// A site of plain files.
    Static,
}

impl ScriptLanguage {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::Javascript => "javascript",
            Self::Shell => "shell",
        }
    }
}

impl ProjectTemplate {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Python => "python",
            Self::Rust => "rust",
            Self::Go => "go",
            Self::Static => "static",
        }
    }
}

/// How a program is run.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Manner {
    pub(crate) has_input: bool,
    pub(crate) timeout_ms: Option<u64>,
}

impl CommandOperation {
    /// Whether it is a terminal that is recorded.
    pub(crate) const fn is_recorded(&self) -> bool {
        matches!(self, Self::Terminal { record: true, .. })
    }

    /// Whether it is a terminal.
    pub(crate) const fn is_terminal(&self) -> bool {
        matches!(self, Self::Terminal { .. })
    }

    /// Whether only the server itself asks for it.
    pub(crate) const fn is_own(&self) -> bool {
        matches!(self, Self::SshKeyInstall { .. } | Self::SshKeyProve { .. } | Self::SshKeyRemove { .. })
    }

    /// Whether doing it again changes nothing.
    pub const fn is_harmless(&self) -> bool {
        matches!(self, Self::Noop {})
    }

    /// The same for a list of many: of a script, only how it begins.
    #[must_use]
    pub fn in_a_list(mut self) -> Self {
        if let Self::Script { source, .. } = &mut self {
            let end = source.char_indices().nth(SHOWN_IN_LISTS).map_or(source.len(), |(at, _)| at);
            source.truncate(end);
        }
        self
    }

    /// Whether it is one of those that bridges of earlier versions do not know.
    pub(crate) const fn is_script_or_project(&self) -> bool {
        matches!(self, Self::Script { .. } | Self::ProjectCreate { .. })
    }

    /// Whether it can be told how long it may run.
    pub(crate) const fn has_time_limit(&self) -> bool {
        matches!(self, Self::Exec { .. } | Self::Script { .. })
    }

    /// Whether its input and output are a pipe that somebody takes up.
    pub(crate) const fn has_pipe(&self) -> bool {
        matches!(self, Self::FilesList { .. } | Self::FilesGet { .. } | Self::FilesPut { .. } | Self::FilesSync { .. })
    }

    /// As it is told to a machine.
    ///
    /// # Errors
    /// 422 with everything about it that cannot be meant.
    pub(crate) fn read(&self, manner: Manner) -> Result<Operation, Problem> {
        let mut wrong = Wrong::default();
        wrong.look_at(self);
        wrong.look_at_manner(self, manner);
        if wrong.0.is_empty() { Ok(self.to_wire(manner)) } else { Err(Problem::invalid_fields(wrong.0)) }
    }

    fn to_wire(&self, manner: Manner) -> Operation {
        let place = |root: &String, path: &String| Place { root: root.clone(), path: path.clone() };
        match self {
            Self::Exec { argv, root, path } => Operation::Exec(Exec {
                argv: argv.clone(),
                place: place(root, path),
                has_input: manner.has_input,
                timeout_ms: manner.timeout_ms,
            }),
            Self::GitStatus { root, path } => Operation::Git(Git::Status { place: place(root, path) }),
            Self::GitClone { url, root, path, branch } => {
                Operation::Git(Git::Clone { url: url.clone(), into: place(root, path), branch: branch.clone() })
            }
            Self::GitPull { root, path } => Operation::Git(Git::Pull { place: place(root, path) }),
            Self::GitPush { root, path } => Operation::Git(Git::Push { place: place(root, path) }),
            Self::Build { root, path } => Operation::Build(place(root, path)),
            Self::Test { root, path } => Operation::Test(place(root, path)),
            Self::Script { language, source, root, path, args } => Operation::Script(Script {
                language: language.as_str().to_owned(),
                source: source.clone(),
                arguments: args.clone(),
                place: place(root, path),
                timeout_ms: manner.timeout_ms,
            }),
            Self::ProjectCreate { template, name, root, path } => Operation::CreateProject(CreateProject {
                template: template.as_str().to_owned(),
                name: name.clone(),
                place: place(root, path),
            }),
            Self::ServiceStatus { service } => Operation::ServiceStatus(service.clone()),
            Self::ServiceRestart { service } => Operation::ServiceRestart(service.clone()),
            Self::FilesList { root, path } => Operation::Files(Files::List(place(root, path))),
            Self::FilesGet { root, path } => Operation::Files(Files::Get(place(root, path))),
            Self::FilesPut { root, path } => Operation::Files(Files::Put(place(root, path))),
            Self::FilesSync { root, path } => Operation::Files(Files::Sync(place(root, path))),
            Self::Terminal { root, path, columns, rows, record } => Operation::Terminal(Terminal {
                session: "terminal".to_owned(),
                place: place(root, path),
                columns: *columns,
                rows: *rows,
                read_only: false,
                recorded: record.then_some(true),
            }),
            Self::SshKeyInstall { user, secret, version, key } => {
                Operation::SshKey(SshKey::Install(line(user, secret, *version, key)))
            }
            Self::SshKeyProve { user, secret, version, key, port } => {
                Operation::SshKey(SshKey::Prove { line: line(user, secret, *version, key), port: *port })
            }
            Self::SshKeyRemove { user, secret, version, key } => {
                Operation::SshKey(SshKey::Remove(line(user, secret, *version, key)))
            }
            Self::Noop {} => Operation::Noop,
        }
    }

    /// One line about it, for the audit trail.
    pub fn summary(&self) -> String {
        let words = match self {
            Self::Exec { argv, .. } => argv.join(" "),
            Self::GitStatus { root, path } => format!("git status {root}:{path}"),
            Self::GitClone { url, root, path, .. } => format!("git clone {url} {root}:{path}"),
            Self::GitPull { root, path } => format!("git pull {root}:{path}"),
            Self::GitPush { root, path } => format!("git push {root}:{path}"),
            Self::Build { root, path } => format!("build {root}:{path}"),
            Self::Test { root, path } => format!("test {root}:{path}"),
            Self::Script { language, source, root, path, args } => {
                let (language, short) = (language.as_str(), short_hash(source));
                format!("{language} script {short} in {root}:{path} {}", args.join(" ")).trim_end().to_owned()
            }
            Self::ProjectCreate { template, name, root, path } => {
                format!("new {} project {name} in {root}:{path}", template.as_str())
            }
            Self::ServiceStatus { service } => format!("service status {service}"),
            Self::ServiceRestart { service } => format!("service restart {service}"),
            Self::FilesList { root, path } => format!("list files {root}:{path}"),
            Self::FilesGet { root, path } => format!("read files {root}:{path}"),
            Self::FilesPut { root, path } => format!("write files {root}:{path}"),
            Self::FilesSync { root, path } => format!("sync files {root}:{path}"),
            Self::SshKeyInstall { user, secret, version, .. } => {
                format!("install SSH key {secret}:{version} of {user}")
            }
            Self::SshKeyProve { user, secret, version, .. } => format!("prove SSH key {secret}:{version} of {user}"),
            Self::SshKeyRemove { user, secret, version, .. } => format!("remove SSH key {secret}:{version} of {user}"),
            Self::Terminal { root, path, record: false, .. } => format!("terminal {root}:{path}"),
            Self::Terminal { root, path, .. } => format!("terminal {root}:{path}, recorded"),
            Self::Noop {} => "nothing".to_owned(),
        };
        super::words::plain(&words, 200)
    }
}

/// By which a script can be found again in the trail: the beginning of its SHA-256.
fn short_hash(source: &str) -> String {
    digest(&SHA256, source.as_bytes()).as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn line(user: &str, secret: &str, version: u64, key: &str) -> SshLine {
    SshLine { user: user.to_owned(), secret: secret.to_owned(), version, key: key.to_owned() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn of_a_script_a_list_shows_how_it_begins() {
        let script = |source: &str| {
            let script = json!({"kind": "script", "language": "python", "source": source, "root": "work"});
            serde_json::from_value::<CommandOperation>(script).expect("it can be read")
        };
        assert_eq!(script(&"é".repeat(300)).in_a_list(), script(&"é".repeat(200)));
        assert_eq!(script("short").in_a_list(), script("short"));
    }

    #[test]
    fn a_script_is_told_by_its_hash() {
        let script = json!({"kind": "script", "language": "python", "source": "x", "root": "work", "args": ["a", "b"]});
        let script: CommandOperation = serde_json::from_value(script).expect("it can be read");
        assert_eq!(script.summary(), "python script 2d711642b726b044 in work: a b");
    }

    #[test]
    fn every_kind_survives_its_text() {
        for operation in [
            json!({"kind": "exec", "argv": ["git", "log"], "root": "work", "path": "a"}),
            json!({"kind": "git.clone", "url": "https://example.org/x.git", "root": "work", "path": "x", "branch": "main"}),
            json!({"kind": "git.pull", "root": "work", "path": "x"}),
            json!({"kind": "git.push", "root": "work", "path": "x"}),
            json!({"kind": "build", "root": "work", "path": "x"}),
            json!({"kind": "test", "root": "work", "path": "x"}),
            json!({"kind": "service.status", "service": "nginx.service"}),
            json!({"kind": "service.restart", "service": "getty@tty1"}),
            json!({"kind": "files.list", "root": "work", "path": ""}),
            json!({"kind": "files.get", "root": "work", "path": "x"}),
            json!({"kind": "files.put", "root": "work", "path": "x"}),
            json!({"kind": "files.sync", "root": "work", "path": "x"}),
            json!({"kind": "terminal", "root": "work", "path": "x", "columns": 80, "rows": 24}),
            json!({"kind": "terminal", "root": "work", "path": "", "columns": 80, "rows": 24, "record": true}),
            json!({"kind": "noop"}),
            json!({"kind": "script", "language": "python", "source": "x = 1\n", "root": "work", "path": ""}),
            json!({"kind": "script", "language": "shell", "source": "id", "root": "work", "path": "x", "args": ["", "$x"]}),
            json!({"kind": "script", "language": "javascript", "source": "1", "root": "work", "path": "x"}),
            json!({"kind": "project.create", "template": "static", "name": "shop", "root": "work", "path": "x/shop"}),
        ] {
            let read: CommandOperation = serde_json::from_value(operation.clone()).expect("it can be read");
            assert!(read.read(Manner::default()).is_ok(), "{operation}");
            assert_eq!(serde_json::to_value(&read).expect("it can be written"), operation);
        }
        let unknown = json!({"kind": "build", "root": "work", "shell": true});
        assert!(serde_json::from_value::<CommandOperation>(unknown).is_err(), "an unknown field");
        let unknown = json!({"kind": "noop", "root": "work"});
        assert!(serde_json::from_value::<CommandOperation>(unknown).is_err(), "an unknown field");
    }
}
