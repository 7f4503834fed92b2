//! Beginning a project: this same program again, inside the sandbox, puts a small one into a new directory below one
//! root of the policy. What is there already stays as it is.
//!
//! The projects lie in `starter/`, one text each: a line `--- PATH` begins a file, and [`NAME`] stands for the name.

use std::io::Write;
use std::path::Path;

use diwan_files::{Seedling, Tree, listing};
use diwan_kernel::World;
use diwan_policy::{FilesPlan, Plan};
use diwan_protocol::command::CreateProject;

use super::files::own_plan;

/// What it is called: nobody types this as a command.
pub(super) const ROLE: &str = "--project-maker";
/// What stands for the name of the project.
const NAME: &str = "PROJECT_NAME";
const LONGEST_NAME: usize = 64;
/// Begins a file.
const FILE: &str = "--- ";
const TEMPLATES: [(&str, &str); 5] = [
    ("go", include_str!("starter/go.txt")),
    ("node", include_str!("starter/node.txt")),
    ("python", include_str!("starter/python.txt")),
    ("rust", include_str!("starter/rust.txt")),
    ("static", include_str!("starter/static.txt")),
];
/// Names that cargo keeps for directories of its own.
const OF_CARGO: [&str; 4] = ["build", "deps", "examples", "incremental"];

/// What has to be run to make a project. `None` when this program is not there any more.
pub(crate) fn plan(files: &FilesPlan, wanted: &CreateProject) -> Result<Option<Plan>, (&'static str, String)> {
    if template(&wanted.template).is_none() {
        let known = TEMPLATES.map(|(name, _)| name).join(", ");
        return Err(("template", format!("this bridge knows no such project; it knows {known}")));
    }
    if let Some(why) = flaw(&wanted.template, &wanted.name) {
        return Err(("project_name", why.to_owned()));
    }
    let path = files.path.trim_end_matches('/');
    let root = files.root.path.to_str().unwrap_or_default();
    Ok(own_plan(files, &[ROLE, root, path, &wanted.template, &wanted.name]))
}

/// Why a project cannot be called so: the name stands in files of every kind.
fn flaw(template: &str, name: &str) -> Option<&'static str> {
    let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let begins = name.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
    if !begins || name.len() > LONGEST_NAME || name.ends_with('-') || !name.bytes().all(is_plain) {
        return Some("the name of a project is small letters, digits and dashes, and begins with a letter");
    }
    (template == "rust" && OF_CARGO.contains(&name)).then_some("cargo keeps this name for itself")
}

fn template(name: &str) -> Option<&'static str> {
    TEMPLATES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// Makes a project if this program was started for that, and never returns then.
#[expect(clippy::disallowed_methods, reason = "another program ends here, with nothing of the daemon to shut down")]
pub(crate) fn make_if_asked() {
    let arguments: Vec<String> = std::env::args_os().filter_map(|argument| argument.into_string().ok()).collect();
    let [_, role, root, path, template, name] = arguments.as_slice() else { return };
    if role != ROLE {
        return;
    }
    let made = make(Path::new(root), path, template, name);
    if let Err(why) = &made {
        let _ = writeln!(std::io::stderr(), "{why}");
    }
    std::process::exit(i32::from(made.is_err()));
}

fn make(root: &Path, path: &str, template_name: &str, name: &str) -> Result<(), String> {
    let text = template(template_name).ok_or("there is no such project")?.replace(NAME, name);
    let files = files_of(&text);
    let mark = u64::from_le_bytes(World::real().random());
    let tree = Tree::open(root).map_err(|error| error.to_string())?;
    tree.plant(path, &files, mark).map_err(|error| error.to_string())?;
    let lines = listing(path, &files).join("\n");
    writeln!(std::io::stdout(), "{lines}").map_err(|error| error.to_string())
}

/// The files of a template.
fn files_of(text: &str) -> Vec<Seedling<'_>> {
    let begins = |at: &usize| text.get(..*at).is_some_and(|before| before.is_empty() || before.ends_with('\n'));
    let starts: Vec<usize> = text.match_indices(FILE).map(|(at, _)| at).filter(begins).collect();
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    let parts = starts.iter().zip(ends).filter_map(|(start, end)| text.get(start + FILE.len()..end)?.split_once('\n'));
    parts.map(|(path, text)| Seedling { path, text }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_project_is_files_that_end_with_a_line_and_say_how_they_are_tested() {
        for (name, text) in TEMPLATES {
            let files = files_of(text);
            let has = |path: &str| files.iter().any(|file| file.path == path);
            assert!(has(".gitignore") && has("README.md"), "{name}");
            assert!(files.iter().any(|file| file.text.contains("test")), "{name}");
            for file in &files {
                assert!(file.text.is_empty() || file.text.ends_with('\n'), "{name}: {}", file.path);
                assert!(!file.text.contains(FILE) && !file.text.contains("\r"), "{name}: {}", file.path);
            }
        }
    }

    #[test]
    fn a_name_stands_in_files_of_every_kind() {
        for name in ["shop", "my-shop-2", "x", &"a".repeat(64)] {
            assert_eq!(flaw("node", name), None, "{name}");
        }
        for name in ["", "Shop", "2shop", "-shop", "shop-", "a b", "a/b", "..", "a\"b", "é", &"a".repeat(65)] {
            assert!(flaw("node", name).is_some(), "{name}");
        }
        assert!(flaw("rust", "deps").is_some() && flaw("go", "deps").is_none());
    }
}
