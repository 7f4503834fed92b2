//! What is wrong with an operation, field by field.

use diwan_kernel::problem::FieldError;
use diwan_protocol::Operation;
use diwan_protocol::command::{LONGEST_ARGUMENTS, LONGEST_SOURCE, MOST_ARGUMENTS};

use super::{CommandOperation, LARGEST_SIZE, Manner};

const LONGEST_PATH: usize = 4096;
const LONGEST_URL: usize = 2048;
const LONGEST_NAME: usize = 128;
const LONGEST_BRANCH: usize = 244;
const LONGEST_PROJECT: usize = 64;
/// Nothing runs longer than a week.
const LONGEST_RUN_MS: u64 = 7 * 24 * 60 * 60 * 1000;

/// What is wrong with an operation, field by field.
#[derive(Default)]
pub(super) struct Wrong(pub(super) Vec<FieldError>);

impl Wrong {
    fn say(&mut self, field: impl Into<String>, code: &'static str, message: impl Into<String>) {
        self.0.push(FieldError { field: field.into(), code, message: message.into() });
    }

    pub(super) fn look_at(&mut self, operation: &CommandOperation) {
        match operation {
            CommandOperation::Exec { argv, root, path } => {
                self.look_at_argv(argv);
                self.look_at_place(root, path);
            }
            CommandOperation::Script { source, root, path, args, .. } => {
                self.look_at_source(source);
                self.look_at_arguments("operation.args", args);
                self.look_at_place(root, path);
            }
            CommandOperation::ProjectCreate { name, root, path, .. } => {
                self.look_at_project(name);
                self.look_at_place(root, path);
                self.look_at_new(path);
            }
            CommandOperation::GitClone { url, root, path, branch } => {
                self.look_at_url(url);
                self.look_at_place(root, path);
                self.look_at_new(path);
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

    pub(super) fn look_at_manner(&mut self, operation: &CommandOperation, manner: Manner) {
        let is_program = matches!(operation, CommandOperation::Exec { .. });
        let is_timed = operation.has_time_limit();
        if !is_program && !operation.is_terminal() && manner.has_input {
            self.say("has_input", "not_for_this", "Only `exec` takes input.");
        }
        match manner.timeout_ms {
            Some(_) if !is_timed => {
                self.say("timeout_ms", "not_for_this", "Only `exec` and `script` take a time limit.");
            }
            Some(ms) if !(1..=LONGEST_RUN_MS).contains(&ms) => {
                self.say("timeout_ms", "out_of_range", format!("It must be from 1 to {LONGEST_RUN_MS}."));
            }
            _ => {}
        }
    }

    fn look_at_argv(&mut self, argv: &[String]) {
        if argv.is_empty() {
            let message = format!("It must have 1 to {MOST_ARGUMENTS} items: the program and its arguments.");
            self.say("operation.argv", "out_of_range", message);
        }
        if argv.first().is_some_and(String::is_empty) {
            self.say("operation.argv[0]", "empty", "The program must be named.");
        }
        self.look_at_arguments("operation.argv", argv);
    }

    fn look_at_arguments(&mut self, field: &str, arguments: &[String]) {
        if arguments.len() > MOST_ARGUMENTS {
            self.say(field, "out_of_range", format!("It must have at most {MOST_ARGUMENTS} items."));
        }
        if arguments.iter().map(|argument| argument.len() + 1).sum::<usize>() > LONGEST_ARGUMENTS {
            let message = format!("All arguments together must not be longer than {LONGEST_ARGUMENTS} bytes.");
            self.say(field, "too_long", message);
        }
        for (at, _) in arguments.iter().enumerate().filter(|(_, argument)| argument.contains('\0')).take(1) {
            self.say(format!("{field}[{at}]"), "unsafe_character", "It must not hold a NUL character.");
        }
    }

    fn look_at_source(&mut self, source: &str) {
        if source.is_empty() {
            self.say("operation.source", "empty", "There must be something to run.");
        }
        if source.len() > LONGEST_SOURCE {
            self.say("operation.source", "too_long", format!("It must not be longer than {LONGEST_SOURCE} bytes."));
        }
        if source.contains('\0') {
            self.say("operation.source", "unsafe_character", "It must not hold a NUL character.");
        }
    }

    fn look_at_project(&mut self, name: &str) {
        let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let begins = name.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
        if !begins || name.len() > LONGEST_PROJECT || name.ends_with('-') || !name.bytes().all(is_plain) {
            let message = format!(
                "It must be 1 to {LONGEST_PROJECT} small letters, digits and dashes, begin with a letter and not end with a dash."
            );
            self.say("operation.name", "not_a_name", message);
        }
    }

    /// A directory that is made.
    fn look_at_new(&mut self, path: &str) {
        if path.is_empty() {
            self.say("operation.path", "empty", "It must name the directory that is to be made.");
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

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
    fn f81_scripts_have_limits_and_projects_have_names() {
        let script = |source: &str, args: Vec<String>| {
            wrong(json!({"kind": "script", "language": "shell", "source": source, "root": "work", "args": args}))
        };
        let one = |field: &str, code: &'static str| vec![(field.to_owned(), code)];
        assert_eq!(script(&"\u{1}".repeat(LONGEST_SOURCE), vec![String::new(); 64]), []);
        assert_eq!(script("", vec![]), one("operation.source", "empty"));
        assert_eq!(script(&"é".repeat(LONGEST_SOURCE / 2 + 1), vec![]), one("operation.source", "too_long"));
        assert_eq!(script("a\0", vec![]), one("operation.source", "unsafe_character"));
        assert_eq!(script("a", vec![String::new(); 65]), one("operation.args", "out_of_range"));
        assert_eq!(script("a", vec![String::new(), "\0".into()]), one("operation.args[1]", "unsafe_character"));
        let project = |name: &str, path: &str| {
            wrong(json!({"kind": "project.create", "template": "go", "name": name, "root": "work", "path": path}))
        };
        assert_eq!(project("my-shop-2", "a/b"), []);
        assert_eq!(project("x", ""), one("operation.path", "empty"));
        for name in ["", "Shop", "2x", "x-", "a b", "../x", "é", &"a".repeat(65)] {
            assert_eq!(project(name, "x"), one("operation.name", "not_a_name"), "{name}");
        }
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
}
