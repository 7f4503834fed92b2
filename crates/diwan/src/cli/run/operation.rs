//! What is to be done, as it was typed.

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::super::failure::Failure;

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

/// Exactly one of these.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[group(id = "work", required = true, multiple = false)]
pub(in crate::cli) struct Work {
    /// The program and its arguments
    #[arg(value_name = "CMD", trailing_var_arg = true, num_args = 1..)]
    command: Vec<String>,
    /// Do this in a working copy
    #[arg(long, value_name = "WHAT")]
    git: Option<Git>,
    /// Make a working copy of this repository
    #[arg(long, value_name = "URL")]
    clone: Option<String>,
    /// Build the project that is there
    #[arg(long)]
    build: bool,
    /// Test the project that is there
    #[arg(long)]
    test: bool,
    /// How a service is doing
    #[arg(long, value_name = "SERVICE")]
    service_status: Option<String>,
    /// Restart a service
    #[arg(long, value_name = "SERVICE")]
    service_restart: Option<String>,
    /// Nothing: only the way there and back
    #[arg(long)]
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
}

impl Place {
    /// Whether nothing was said of it.
    pub(in crate::cli) fn is_usual(&self) -> bool {
        self.root == USUAL_ROOT && self.dir.is_empty() && self.branch.is_none()
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
        !self.command.is_empty()
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
        let here = |kind: &str| json!({"kind": kind, "root": place.root, "path": place.dir});
        Ok(match (&self.git, &self.clone, &self.service_status, &self.service_restart) {
            (Some(Git::Status), ..) => here("git.status"),
            (Some(Git::Pull), ..) => here("git.pull"),
            (Some(Git::Push), ..) => here("git.push"),
            (_, Some(url), ..) => self.clone_of(url, place)?,
            (_, _, Some(service), _) => json!({"kind": "service.status", "service": service}),
            (_, _, _, Some(service)) => json!({"kind": "service.restart", "service": service}),
            _ if self.build => here("build"),
            _ if self.test => here("test"),
            _ if self.noop => json!({"kind": "noop"}),
            _ => {
                let mut operation = here("exec");
                operation["argv"] = json!(self.command);
                operation
            }
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
