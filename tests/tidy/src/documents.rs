//! What the documents name exists.

use std::collections::BTreeSet;
use std::path::Path;

use crate::repository::{exists, expect_nothing, files_ending, read, root};
use crate::workspace::members;

/// Folders at the root: a name that begins with one of them is a path.
const ROOMS: [&str; 9] = ["crates", "web", "tests", "docs", "bench", "deploy", "scripts", ".ci", ".config"];
const ENDINGS: [&str; 9] = [".rs", ".md", ".toml", ".json", ".ts", ".tsx", ".mjs", ".sh", ".png"];

#[test]
fn paths_that_documents_name_exist() {
    let mut wrong = vec![];
    for document in documents() {
        for name in quoted(&read(&document)).into_iter().filter(|name| is_path(name)) {
            let beside = Path::new(&document).parent().unwrap_or(Path::new("")).join(&name);
            let path = name.split_once("::").map_or(name.as_str(), |(path, _)| path);
            if !exists(path) && !root().join(beside).exists() {
                wrong.push(format!("{document} names {name}"));
            }
        }
    }
    expect_nothing(&wrong, "Documents name paths that do not exist");
}

#[test]
fn crates_that_documents_name_exist() {
    let names: BTreeSet<String> = members().into_iter().map(|p| p.name).collect();
    let mut wrong = vec![];
    for document in documents() {
        for name in quoted(&read(&document)) {
            let is_crate_name = name.starts_with("diwan-") && name.chars().all(|c| c.is_ascii_lowercase() || c == '-');
            if is_crate_name && !names.contains(&name) {
                wrong.push(format!("{document} names {name}"));
            }
        }
    }
    expect_nothing(&wrong, "Documents name crates that do not exist");
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut wrong = vec![];
    for document in documents() {
        let text = read(&document);
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|t| !t.contains("://") && !t.starts_with('#') && !t.starts_with("mailto:")) {
            let path = target.split('#').next().unwrap_or(target);
            let from = Path::new(&document).parent().unwrap_or(Path::new(""));
            if !root().join(from).join(path).exists() {
                wrong.push(format!("{document} links to {target}"));
            }
        }
    }
    expect_nothing(&wrong, "Links that lead nowhere");
}

#[test]
fn what_documents_tell_to_make_can_be_made() {
    let makefile = read("Makefile");
    let targets: BTreeSet<&str> =
        makefile.lines().filter_map(|line| line.split_once(": ## ").map(|(t, _)| t)).collect();
    let mut wrong = vec![];
    for document in documents() {
        for name in quoted(&read(&document)) {
            let target = name.strip_prefix("make ").and_then(|rest| rest.split_whitespace().next());
            if let Some(target) = target.filter(|target| !targets.contains(target)) {
                wrong.push(format!("{document} says make {target}"));
            }
        }
    }
    expect_nothing(&wrong, "Documents tell to make what the Makefile does not know");
}

#[test]
fn commands_that_documents_name_exist() {
    let folder = "crates/diwan/src/cli";
    let mut wrong = vec![];
    for document in documents() {
        for name in quoted(&read(&document)) {
            let Some(verb) = name.strip_prefix("diwan ").and_then(|rest| rest.split_whitespace().next()) else {
                continue;
            };
            let is_verb = verb.chars().all(|c| c.is_ascii_lowercase());
            let file = format!("{folder}/{verb}");
            if is_verb && verb != "help" && !exists(&format!("{file}.rs")) && !exists(&file) {
                wrong.push(format!("{document} names `{name}`"));
            }
        }
    }
    expect_nothing(&wrong, "Documents name commands that do not exist");
}

fn documents() -> Vec<String> {
    let at_the_top = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"];
    let mut all: Vec<String> = at_the_top.map(str::to_owned).to_vec();
    all.extend(files_ending("docs", &[".md"]));
    all.extend(files_ending("crates", &["README.md"]));
    all
}

/// Everything between backticks on one line, outside of code blocks.
fn quoted(text: &str) -> Vec<String> {
    let mut found = vec![];
    let mut in_block = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
        } else if !in_block {
            found.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    found
}

fn is_path(name: &str) -> bool {
    let is_pattern = name.contains(['<', '*', '{', '…', ' ', '$']);
    let path = name.split_once("::").map_or(name, |(path, _)| path);
    let in_a_room = ROOMS.iter().any(|room| path.starts_with(&format!("{room}/")));
    let is_file = ENDINGS.iter().any(|ending| path.ends_with(ending)) && !path.starts_with(['/', '~', '.']);
    !is_pattern && (in_a_room || (is_file && (path.contains('/') || path.starts_with(char::is_uppercase))))
}
