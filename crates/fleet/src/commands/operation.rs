//! What a machine is asked to do, as people and programs write it, and what of that can be meant at all.
//! Whether it may be done is the matter of the machine's policy.

use diwan_kernel::Problem;
use diwan_kernel::problem::FieldError;
use diwan_protocol::command::{
    self, Exec, Files, Git, LONGEST_ARGUMENTS, MOST_ARGUMENTS, Operation, Place, SshKey, Terminal,
};
use diwan_protocol::ssh_line::SshLine;
use serde::{Deserialize, Serialize};

const LONGEST_PATH: usize = 4096;
const LONGEST_URL: usize = 2048;
const LONGEST_NAME: usize = 128;
const LONGEST_BRANCH: usize = 244;
/// No terminal is wider or higher.
pub(crate) const LARGEST_SIZE: u16 = 1000;
/// Nothing runs longer than a week.
const LONGEST_RUN_MS: u64 = 7 * 24 * 60 * 60 * 1000;

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

    /// Whether it can be told how long it may run.
    pub(crate) const fn has_time_limit(&self) -> bool {
        matches!(self, Self::Exec { .. })
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

fn line(user: &str, secret: &str, version: u64, key: &str) -> SshLine {
    SshLine { user: user.to_owned(), secret: secret.to_owned(), version, key: key.to_owned() }
}

/// What is wrong with an operation, field by field.
#[derive(Default)]
struct Wrong(Vec<FieldError>);

impl Wrong {
    fn say(&mut self, field: impl Into<String>, code: &'static str, message: impl Into<String>) {
        self.0.push(FieldError { field: field.into(), code, message: message.into() });
    }

    fn look_at(&mut self, operation: &CommandOperation) {
        match operation {
            CommandOperation::Exec { argv, root, path } => {
                self.look_at_argv(argv);
                self.look_at_place(root, path);
            }
            CommandOperation::GitClone { url, root, path, branch } => {
                self.look_at_url(url);
                self.look_at_place(root, path);
                if path.is_empty() {
                    self.say("operation.path", "empty", "It must name the directory that is to be made.");
                }
                if let Some(branch) = branch {
                    self.look_at_branch(branch);
                }
            }
            CommandOperation::GitStatus { root, path }
            | CommandOperation::GitPull { root, path }
            | CommandOperation::GitPush { root, path }
            | CommandOperation::Build { root, path }
            | CommandOperation::Test { root, path }
            | CommandOperation::FilesList { root, path }
            | CommandOperation::FilesGet { root, path }
            | CommandOperation::FilesPut { root, path }
            | CommandOperation::FilesSync { root, path } => self.look_at_place(root, path),
            CommandOperation::ServiceStatus { service } | CommandOperation::ServiceRestart { service } => {
                self.look_at_name("operation.service", service);
            }
            CommandOperation::SshKeyInstall { .. }
            | CommandOperation::SshKeyProve { .. }
            | CommandOperation::SshKeyRemove { .. } => self.look_at_key(operation),
            CommandOperation::Terminal { root, path, columns, rows, .. } => {
                self.look_at_place(root, path);
                self.look_at_size("operation.columns", *columns);
                self.look_at_size("operation.rows", *rows);
            }
            CommandOperation::Noop {} => {}
        }
    }

    fn look_at_key(&mut self, operation: &CommandOperation) {
        if let Operation::SshKey(key) = operation.to_wire(Manner::default())
            && let Some(flaw) = key.line().flaw()
        {
            self.say("operation.key", "invalid", format!("It cannot be put on a machine: {flaw}."));
        }
    }

    fn look_at_size(&mut self, field: &str, size: u16) {
        if !(1..=LARGEST_SIZE).contains(&size) {
            self.say(field, "out_of_range", format!("It must be from 1 to {LARGEST_SIZE}."));
        }
    }

    fn look_at_manner(&mut self, operation: &CommandOperation, manner: Manner) {
        let is_program = matches!(operation, CommandOperation::Exec { .. });
        if !is_program && !operation.is_terminal() && manner.has_input {
            self.say("has_input", "not_for_this", "Only `exec` takes input.");
        }
        match manner.timeout_ms {
            Some(_) if !is_program => self.say("timeout_ms", "not_for_this", "Only `exec` takes a time limit."),
            Some(ms) if !(1..=LONGEST_RUN_MS).contains(&ms) => {
                self.say("timeout_ms", "out_of_range", format!("It must be from 1 to {LONGEST_RUN_MS}."));
            }
            _ => {}
        }
    }

    fn look_at_argv(&mut self, argv: &[String]) {
        if argv.is_empty() || argv.len() > MOST_ARGUMENTS {
            let message = format!("It must have 1 to {MOST_ARGUMENTS} items: the program and its arguments.");
            self.say("operation.argv", "out_of_range", message);
        }
        if argv.iter().map(|argument| argument.len() + 1).sum::<usize>() > LONGEST_ARGUMENTS {
            let message = format!("All arguments together must not be longer than {LONGEST_ARGUMENTS} bytes.");
            self.say("operation.argv", "too_long", message);
        }
        if argv.first().is_some_and(String::is_empty) {
            self.say("operation.argv[0]", "empty", "The program must be named.");
        }
        for (at, _) in argv.iter().enumerate().filter(|(_, argument)| argument.contains('\0')).take(1) {
            self.say(format!("operation.argv[{at}]"), "unsafe_character", "It must not hold a NUL character.");
        }
    }

    fn look_at_place(&mut self, root: &str, path: &str) {
        self.look_at_name("operation.root", root);
        let leads_out = path.starts_with(['/', '\\', '~']) || path.split(['/', '\\']).any(|part| part == "..");
        if leads_out {
            self.say("operation.path", "path_not_relative", "It must lead from the root downwards.");
        } else if path.len() > LONGEST_PATH {
            self.say("operation.path", "too_long", format!("It must not be longer than {LONGEST_PATH} bytes."));
        } else if path.chars().any(char::is_control) {
            self.say("operation.path", "unsafe_character", "It must not hold control characters.");
        }
    }

    fn look_at_name(&mut self, field: &str, name: &str) {
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'@' | b':');
        let begins = name.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
        if !begins || name.len() > LONGEST_NAME || !name.bytes().all(is_plain) {
            let message = format!(
                "It must be 1 to {LONGEST_NAME} letters, digits and . _ - @ :, and begin with a letter or a digit."
            );
            self.say(field, "not_a_name", message);
        }
    }

    fn look_at_url(&mut self, url: &str) {
        let is_odd = |c: char| c.is_control() || c.is_whitespace();
        if url.is_empty() || url.starts_with('-') || url.len() > LONGEST_URL || url.chars().any(is_odd) {
            let message = format!("It must be an address of at most {LONGEST_URL} bytes without blanks.");
            self.say("operation.url", "not_a_url", message);
        }
    }

    fn look_at_branch(&mut self, branch: &str) {
        let is_odd = |c: char| c.is_control() || c.is_whitespace();
        let is_bad = branch.is_empty() || branch.starts_with('-') || branch.len() > LONGEST_BRANCH;
        if is_bad || branch.chars().any(is_odd) {
            self.say("operation.branch", "not_a_ref", "It must be the name of a branch.");
        }
    }
}

/// Nothing that passes here may be refused as malformed there.
const _: () = assert!(command::LONGEST_ARGUMENTS <= 32 * 1024);

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn wrong(operation: Value) -> Vec<(String, &'static str)> {
        let operation: CommandOperation = serde_json::from_value(operation).expect("it can be read");
        let mut wrong = Wrong::default();
        wrong.look_at(&operation);
        wrong.0.into_iter().map(|e| (e.field, e.code)).collect()
    }

    #[test]
    fn f81_sizes_have_limits() {
        let exec = |argv: Vec<String>| wrong(json!({"kind": "exec", "argv": argv, "root": "work"}));
        assert_eq!(exec(vec!["a".into(); 64]), []);
        assert_eq!(exec(vec!["a".into(); 65]), [("operation.argv".to_owned(), "out_of_range")]);
        assert_eq!(exec(vec![]), [("operation.argv".to_owned(), "out_of_range")]);
        assert_eq!(exec(vec!["a".repeat(32 * 1024)]), [("operation.argv".to_owned(), "too_long")]);
        assert_eq!(exec(vec![String::new()]), [("operation.argv[0]".to_owned(), "empty")]);
    }

    #[test]
    fn f92_paths_lead_downwards() {
        for path in ["/etc", "../x", "a/../../b", "~/x", "a\\..\\b", "\\x"] {
            let found = wrong(json!({"kind": "git.status", "root": "work", "path": path}));
            assert_eq!(found, [("operation.path".to_owned(), "path_not_relative")], "{path}");
        }
        for path in ["", ".", "a/b", "a..b/c", "ä/中"] {
            assert_eq!(wrong(json!({"kind": "git.status", "root": "work", "path": path})), [], "{path}");
        }
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
