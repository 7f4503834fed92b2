//! The reference of the policy: the committed one is the one that the type of the file makes.

use std::collections::BTreeSet;
use std::path::PathBuf;

use diwan_policy::{CODES, documents};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/policy")
}

/// To renew the committed ones: `DIWAN_UPDATE_SNAPSHOTS=1 cargo nextest run -p diwan-policy --test policy_documents`.
#[test]
fn the_committed_documents_are_those_that_the_type_makes() {
    let made = documents();
    if std::env::var_os("DIWAN_UPDATE_SNAPSHOTS").is_some() {
        std::fs::create_dir_all(folder()).unwrap();
        made.iter().for_each(|(name, text)| std::fs::write(folder().join(name), text).unwrap());
    }
    for (name, text) in &made {
        let kept = std::fs::read_to_string(folder().join(name)).unwrap_or_default();
        let first = text.lines().zip(kept.lines()).position(|(a, b)| a != b);
        assert!(
            *text == kept,
            "docs/policy/{name} is stale (first at line {:?}); renew it with \
DIWAN_UPDATE_SNAPSHOTS=1 cargo nextest run -p diwan-policy --test policy_documents",
            first.map(|n| n + 1)
        );
    }
    let made: BTreeSet<String> = made.into_iter().map(|(name, _)| name).collect();
    let kept: BTreeSet<String> =
        std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(kept, made, "a file in docs/policy is made by nobody");
}

#[test]
fn every_key_is_explained() {
    let made = documents();
    let readme = &made.iter().find(|(name, _)| name == "README.md").unwrap().1;
    for row in readme.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.split(" | ").collect();
        assert!(cells.len() >= 2 && cells[1].len() > 6, "not explained: {row}");
    }
}

/// The codes that judging can give, as the sources say them, are those of the list.
#[test]
fn every_code_of_a_reason_is_in_the_list() {
    let sources = [
        "argv", "name", "policy", "program", "project", "rule", "script", "settle", "slot", "subject", "text", "url",
        "walk",
    ];
    let mut said = BTreeSet::new();
    for name in sources {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("src/{name}.rs"));
        let source = std::fs::read_to_string(path).unwrap();
        let source = source.split("#[cfg(test)]").next().unwrap().to_owned();
        for start in ["Flaw::of(", "Flaw::new("] {
            let codes =
                source.split(start).skip(1).filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next());
            said.extend(codes.map(str::to_owned));
        }
    }
    let listed: BTreeSet<String> = CODES.iter().map(|(code, _)| (*code).to_owned()).collect();
    assert_eq!(said, listed);
}
