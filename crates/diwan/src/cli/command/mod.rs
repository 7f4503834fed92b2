//! `diwan command`: what machines were asked to do, and what became of it.

mod change;
mod download;
mod kept;
mod list;
mod output;
mod search;
mod show;

use clap::{Args, Subcommand};
use diwan_client::ClientError;

use super::door::Door;
use super::failure::{Done, Failure};
use super::screen::plain;

pub(super) use kept::Kept;

const AFTER_HELP: &str = "\
Examples:
  diwan command list --machine web-1
  diwan command list --state needs_approval
  diwan command show cmd_01k9…
  diwan command output cmd_01k9… > words.txt
  diwan command output cmd_01k9… --search error --ignore-case
  diwan command output cmd_01k9… --download words.txt     errors in words.txt.err
  diwan command cancel cmd_01k9…
  diwan command approve cmd_01k9…

`diwan run` makes commands; `diwan run --detach` prints their ids and comes back.";

/// See what machines were asked to do, what they said, stop it, say yes to it
#[derive(Debug, Subcommand)]
#[command(after_help = AFTER_HELP)]
pub(super) enum Command {
    /// List commands, newest first
    List(list::List),
    /// Show a command: who wants it, what the policy says, how it ended
    Show(Which),
    /// Print what a command said, byte for byte; follow it while it runs, look for words in it, take it away
    Output(output::Output),
    /// Stop a command
    Cancel(Which),
    /// Say yes to a command of somebody else, which is sent then
    Approve(change::Approve),
}

/// Which command.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// Its id (cmd_…)
    id: String,
}

impl Command {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        match self {
            Self::List(list) => list.run(door).await,
            Self::Show(which) => show::run(door, &which.id).await,
            Self::Output(output) => output.run(door).await,
            Self::Cancel(which) => change::cancel(door, &which.id).await,
            Self::Approve(approve) => approve.run(door).await,
        }
    }
}

/// What is wrong with a command that was named.
pub(super) fn unknown(error: ClientError) -> Failure {
    let failure = Failure::from(error);
    match failure.is_called("not_found") {
        true => failure.with_next("`diwan command list` shows those that there are."),
        false => failure,
    }
}

/// What a machine was asked to do, in a line.
pub(super) fn in_words(operation: &serde_json::Value) -> String {
    let text = |field: &str| operation[field].as_str().unwrap_or_default();
    let place = match (text("root"), text("path")) {
        ("", _) => String::new(),
        (root, "") => format!(" in {root}"),
        (root, path) => format!(" in {root}/{path}"),
    };
    let words = |field: &str| {
        let words = operation[field].as_array().into_iter().flatten().filter_map(|word| word.as_str());
        words.map(quoted).collect::<Vec<_>>().join(" ")
    };
    match (operation.get("argv"), text("kind")) {
        (Some(_), _) => format!("{}{place}", words("argv")),
        (None, "git.clone") => format!("git clone {}{place}", text("url")),
        (None, "script") => {
            let args = Some(words("args")).filter(|args| !args.is_empty()).map(|args| format!(" {args}"));
            format!("{} script{}{place}", text("language"), args.unwrap_or_default())
        }
        (None, "project.create") => format!("new {} project {}{place}", text("template"), text("name")),
        (None, kind) if kind.starts_with("ssh_key.") => {
            let action = kind.trim_start_matches("ssh_key.");
            format!("ssh key {action} {}:{} of {}", text("secret"), operation["version"], text("user"))
        }
        (None, kind) if text("service").is_empty() => format!("{}{place}", kind.replace('.', " ")),
        (None, kind) => format!("{} {}", kind.replace('.', " "), text("service")),
    }
}

/// The text of a script, line by line; nothing for everything else.
pub(super) fn script_of(operation: &serde_json::Value) -> Vec<String> {
    operation["source"].as_str().unwrap_or_default().lines().map(|line| format!("  | {}", plain(line))).collect()
}

/// A word as a shell would need it, so that it is seen where one ends.
fn quoted(word: &str) -> String {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./=:@%+,".contains(&b);
    if !word.is_empty() && word.bytes().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_done_is_said_in_a_line() {
        for (operation, words) in [
            (
                json!({"kind": "exec", "argv": ["echo", "a b", "it's"], "root": "w", "path": ""}),
                r"echo 'a b' 'it'\''s' in w",
            ),
            (json!({"kind": "git.pull", "root": "w", "path": "x"}), "git pull in w/x"),
            (
                json!({"kind": "git.clone", "url": "https://h/x.git", "root": "w", "path": "x"}),
                "git clone https://h/x.git in w/x",
            ),
            (json!({"kind": "service.restart", "service": "nginx"}), "service restart nginx"),
            (
                json!({"kind": "ssh_key.prove", "secret": "sec_1", "version": 2, "user": "deploy", "key": "k", "port": 22}),
                "ssh key prove sec_1:2 of deploy",
            ),
            (json!({"kind": "build", "root": "w", "path": ""}), "build in w"),
            (
                json!({"kind": "script", "language": "shell", "source": "id", "args": ["a b"], "root": "w", "path": "x"}),
                "shell script 'a b' in w/x",
            ),
            (json!({"kind": "script", "language": "python", "source": "", "root": "w"}), "python script in w"),
            (
                json!({"kind": "project.create", "template": "go", "name": "shop", "root": "w", "path": "x"}),
                "new go project shop in w/x",
            ),
            (json!({"kind": "noop"}), "noop"),
        ] {
            assert_eq!(in_words(&operation), words);
        }
    }

    #[test]
    fn a_script_is_shown_with_what_hides_in_it() {
        let script = json!({"kind": "script", "source": "a\tb\n\u{1b}[2J\u{202e}x\n"});
        assert_eq!(script_of(&script), ["  | a    b", "  | \\u{1b}[2J\\u{202e}x"]);
        assert_eq!(script_of(&json!({"kind": "noop"})), [] as [&str; 0]);
    }
}
