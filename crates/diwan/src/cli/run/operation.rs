//! What is to be done, as it was typed.

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::super::failure::Failure;
use super::script::{self, Language};

const USUAL_ROOT: &str = "projects";

/// What is done in a working copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Git {
    /// What is changed
    Status,
    /// Fast-forward
    Pull,
    /// Push the branch that is checked out
    Push,
}

/// What a project to begin with is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Template {
    /// A program for Node.js
    Node,
    /// A program in Python
    Python,
    /// A program in Rust
    Rust,
    /// A program in Go
    Go,
    /// A site of plain files
    Static,
}

/// Exactly one of these; a script takes what follows `--` as its arguments.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[group(id = "work", required = true, multiple = true)]
pub(in crate::cli) struct Work {
    /// The program and its arguments, or the arguments of a script
    #[arg(value_name = "CMD", trailing_var_arg = true, num_args = 1.., conflicts_with = "typed")]
    command: Vec<String>,
    /// Run this script there; - is standard input
    #[arg(long, value_name = "FILE", group = "named")]
    script: Option<String>,
    /// Do this in a working copy
    #[arg(long, value_name = "WHAT", groups = ["named", "typed"])]
    git: Option<Git>,
    /// Make a working copy of this repository
    #[arg(long, value_name = "URL", groups = ["named", "typed"])]
    clone: Option<String>,
    /// Build the project that is there
    #[arg(long, groups = ["named", "typed"])]
    build: bool,
    /// Test the project that is there
    #[arg(long, groups = ["named", "typed"])]
    test: bool,
    /// Begin a project in the directory that --dir names
    #[arg(long, value_name = "TEMPLATE", groups = ["named", "typed"])]
    new: Option<Template>,
    /// How a service is doing
    #[arg(long, value_name = "SERVICE", groups = ["named", "typed"])]
    service_status: Option<String>,
    /// Restart a service
    #[arg(long, value_name = "SERVICE", groups = ["named", "typed"])]
    service_restart: Option<String>,
    /// Nothing: only the way there and back
    #[arg(long, groups = ["named", "typed"])]
    noop: bool,
}

/// Where it is done.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct Place {
    /// The root, by its name in the machine's policy
    #[arg(long, value_name = "ROOT", default_value = USUAL_ROOT)]
    root: String,
    /// The directory below the root
    #[arg(long, value_name = "PATH", default_value = "")]
    dir: String,
    /// Which branch to clone
    #[arg(long, value_name = "BRANCH")]
    branch: Option<String>,
    /// What the script is written in, if neither its name nor its first line says so
    #[arg(long, value_name = "LANGUAGE", requires = "script")]
    language: Option<Language>,
    /// What the new project is called, if not like its directory
    #[arg(long, value_name = "NAME", requires = "new")]
    project_name: Option<String>,
}

impl Place {
    /// Whether nothing was said of it.
    pub(in crate::cli) fn is_usual(&self) -> bool {
        self.root == USUAL_ROOT
            && self.dir.is_empty()
            && self.branch.is_none()
            && self.language.is_none()
            && self.project_name.is_none()
    }

    /// The branch.
    pub(in crate::cli) fn branch(&self) -> Option<&str> {
        self.branch.as_deref()
    }

    /// The branch, which is meant for something else than what is done.
    pub(in crate::cli) const fn take_branch(&mut self) -> Option<String> {
        self.branch.take()
    }
}

impl Work {
    /// Whether it is a program with arguments, rather than an operation with a name.
    pub(super) const fn is_program(&self) -> bool {
        !self.command.is_empty() && self.script.is_none()
    }

    /// Whether it can be told how long it may take.
    pub(super) const fn is_timed(&self) -> bool {
        !self.command.is_empty() || self.script.is_some()
    }

    /// Whether it is said.
    pub(in crate::cli) fn is_given(&self) -> bool {
        *self != Self::default()
    }

    /// Whether it is a new working copy.
    pub(in crate::cli) const fn is_clone(&self) -> bool {
        self.clone.is_some()
    }

    /// As the API takes it.
    pub(in crate::cli) fn operation(&self, place: &Place) -> Result<Value, Failure> {
        if place.branch.is_some() && self.clone.is_none() {
            return Err(Failure::usage("--branch is for --clone only", "Leave it away."));
        }
        let mut operation = self.what(place)?;
        let has_place = operation.get("service").is_none() && !self.noop;
        if has_place && operation.get("root").is_none() {
            (operation["root"], operation["path"]) = (json!(place.root), json!(place.dir));
        }
        Ok(operation)
    }

    /// What is done; where, only if that is not what was typed.
    fn what(&self, place: &Place) -> Result<Value, Failure> {
        let git = |git| match git {
            Git::Status => "git.status",
            Git::Pull => "git.pull",
            Git::Push => "git.push",
        };
        Ok(match self {
            Self { script: Some(file), .. } => script::operation(file, place.language, &self.command)?,
            Self { git: Some(what), .. } => json!({"kind": git(*what)}),
            Self { clone: Some(url), .. } => self.clone_of(url, place)?,
            Self { new: Some(template), .. } => project(*template, place)?,
            Self { service_status: Some(service), .. } => json!({"kind": "service.status", "service": service}),
            Self { service_restart: Some(service), .. } => json!({"kind": "service.restart", "service": service}),
            Self { build: true, .. } => json!({"kind": "build"}),
            Self { test: true, .. } => json!({"kind": "test"}),
            Self { noop: true, .. } => json!({"kind": "noop"}),
            Self { command, .. } => json!({"kind": "exec", "argv": command}),
        })
    }

    fn clone_of(&self, url: &str, place: &Place) -> Result<Value, Failure> {
        let path = if place.dir.is_empty() { directory_of(url) } else { Some(place.dir.clone()) };
        let path = path.ok_or_else(|| {
            Failure::usage("the address does not say what the directory is called", "Name it with --dir.")
        })?;
        let mut operation = json!({"kind": "git.clone", "url": url, "root": place.root, "path": path});
        if let Some(branch) = &place.branch {
            operation["branch"] = json!(branch);
        }
        Ok(operation)
    }
}

/// A project that is called like its directory, unless somebody says otherwise.
fn project(template: Template, place: &Place) -> Result<Value, Failure> {
    let last = place.dir.trim_end_matches('/').rsplit('/').next().filter(|name| !name.is_empty());
    let next = "Name it with --dir.";
    let last = last.ok_or_else(|| Failure::usage("a new project needs a directory", next))?;
    let template = template.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    let name = place.project_name.as_deref().unwrap_or(last);
    Ok(json!({"kind": "project.create", "template": template, "name": name}))
}

/// The directory that Git would make for a repository.
fn directory_of(url: &str) -> Option<String> {
    let last = url.trim_end_matches('/').rsplit(['/', ':']).next()?;
    let name = last.strip_suffix(".git").unwrap_or(last);
    let is_name = !name.is_empty() && !name.starts_with(['.', '-']) && url.contains(['/', ':']);
    is_name.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_is_called_like_its_repository() {
        for (url, name) in [
            ("https://github.com/example/shop.git", Some("shop")),
            ("https://example.org/shop/", Some("shop")),
            ("git@example.org:team/shop.git", Some("shop")),
            ("git@example.org:shop", Some("shop")),
            ("https://example.org/..", None),
            ("shop", None),
        ] {
            assert_eq!(directory_of(url).as_deref(), name, "{url}");
        }
    }
}
