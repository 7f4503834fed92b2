//! Where files are: `MACHINE:PATH`, or a path here.

use diwan_client::Client;

use super::super::failure::{Failure, START_BRIDGE};
use super::super::machine;

/// Where something is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) enum Place {
    /// A path of this machine.
    Here(String),
    /// A machine by its name, and a path there whose first name may be that of a root.
    There { machine: String, path: String },
    /// Standard input or output.
    Stream,
}

/// A place on a machine whose root is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Spot {
    pub(in crate::cli) machine: String,
    /// Its id.
    pub(in crate::cli) id: String,
    pub(in crate::cli) root: String,
    pub(in crate::cli) path: String,
    /// Whether a directory is meant, whatever is there.
    pub(in crate::cli) is_directory: bool,
}

impl Place {
    /// Reads it. A `/` before the colon makes it a path here, as does `./`.
    pub(in crate::cli) fn read(text: &str) -> Self {
        match text.split_once(':') {
            _ if text == "-" => Self::Stream,
            Some((machine, path)) if !machine.is_empty() && !machine.contains('/') => {
                Self::There { machine: machine.to_owned(), path: path.to_owned() }
            }
            _ => Self::Here(text.to_owned()),
        }
    }
}

/// Finds the root of a place on a machine: the one that its path begins with, or the first in which anything may
/// be changed.
pub(in crate::cli) async fn find(client: &Client, name: &str, path: &str) -> Result<Spot, Failure> {
    let id = machine::id_of(client, name).await?;
    let roots = client.list_machine_roots(&id).await?.read()?.items;
    if path.starts_with('/') {
        let next = format!("Name a root instead: {name}:{}/…", roots.first().map_or("ROOT", |root| root.name.as_str()));
        return Err(Failure::usage("a path on a machine begins with one of its roots, not with /", &next));
    }
    let is_directory = path.is_empty() || path.ends_with('/');
    let path = path.trim_end_matches('/');
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    let spot = |root: &str, path: &str, is_directory| Spot {
        machine: name.to_owned(),
        id: id.clone(),
        root: root.to_owned(),
        path: path.to_owned(),
        is_directory,
    };
    if let Some(root) = roots.iter().find(|root| root.name == first) {
        return Ok(spot(&root.name, rest, is_directory || rest.is_empty()));
    }
    match roots.iter().find(|root| root.writable).or(roots.first()) {
        Some(root) => Ok(spot(&root.name, path, is_directory)),
        None => Err(rootless(client, name, &id).await),
    }
}

/// Why a machine has no root: it never told its policy, or its policy names none.
async fn rootless(client: &Client, name: &str, id: &str) -> Failure {
    match client.get_machine(id).await.and_then(|reply| reply.read()) {
        Err(error) => error.into(),
        Ok(detail) if detail.machine.policy_hash.is_none() => {
            Failure::refused(format!("{name} has not connected yet, so its files are not known"), START_BRIDGE)
        }
        Ok(_) => Failure::refused(
            format!("{name} names no root, so no files can be reached there"),
            "Its owner names them in the machine's policy.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_here_or_there() {
        let there = |machine: &str, path: &str| Place::There { machine: machine.into(), path: path.into() };
        assert_eq!(Place::read("web-1:projects/a"), there("web-1", "projects/a"));
        assert_eq!(Place::read("web-1:"), there("web-1", ""));
        for here in ["a", "./web-1:a", "/x:y", ":a", "dir/a:b"] {
            assert_eq!(Place::read(here), Place::Here(here.into()));
        }
        assert_eq!(Place::read("-"), Place::Stream);
    }
}
