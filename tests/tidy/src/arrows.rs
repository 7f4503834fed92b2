//! Which crate may know which, and why each dependency is there: `ARCHITECTURE.md` against cargo.

use std::collections::{BTreeMap, BTreeSet};

use crate::repository::{expect_nothing, files_ending, read};
use crate::workspace::members;

/// What anybody's tests may use: it is only for tests, or it is what a test plays a machine with.
const FOR_TESTS: [&str; 4] = ["canaries", "link", "protocol", "testkit"];

#[test]
fn crates_know_only_those_that_architecture_allows() {
    let allowed = allowed_arrows();
    let mut wrong = vec![];
    for package in members() {
        let from = short(&package.name);
        let Some(to) = allowed.get(from) else {
            wrong.push(format!("{from} is not in the list of arrows"));
            continue;
        };
        for dependency in package.dependencies.iter().filter(|d| d.is_ours) {
            let name = short(&dependency.name);
            let is_test_only = dependency.is_dev && FOR_TESTS.contains(&name);
            if !is_test_only && !to.contains(name) {
                wrong.push(format!("{from} -> {name} is not in the list of arrows"));
            }
        }
    }
    expect_nothing(&wrong, "Arrows that ARCHITECTURE.md does not allow");
}

#[test]
fn the_list_of_arrows_names_only_crates_that_exist() {
    let members = members();
    let names: BTreeSet<&str> = members.iter().map(|p| short(&p.name)).collect();
    let allowed = allowed_arrows();
    let named = allowed.iter().flat_map(|(from, to)| std::iter::once(from).chain(to));
    let wrong: Vec<_> = named.filter(|name| !names.contains(name.as_str())).cloned().collect();
    expect_nothing(&wrong, "ARCHITECTURE.md draws arrows from or to crates that do not exist");
}

#[test]
fn arrows_never_form_a_circle() {
    let allowed = allowed_arrows();
    for start in allowed.keys() {
        let mut reached: BTreeSet<&String> = BTreeSet::new();
        let mut waiting: Vec<&String> = allowed[start].iter().collect();
        while let Some(next) = waiting.pop() {
            assert_ne!(next, start, "{start} reaches itself");
            if reached.insert(next) {
                waiting.extend(allowed.get(next).into_iter().flatten());
            }
        }
    }
}

#[test]
fn dependencies_are_listed_in_order() {
    let manifests = ["crates", "tests", "bench"].iter().flat_map(|folder| files_ending(folder, &["Cargo.toml"]));
    let mut wrong = vec![];
    for path in manifests {
        let text = read(&path);
        for list in text.split("\n[").filter(|part| part.contains("dependencies]")) {
            let names = list.lines().skip(1).filter_map(|line| line.split(['.', ' ']).next());
            let names: Vec<&str> = names.filter(|name| !name.is_empty() && !name.starts_with('#')).collect();
            if !names.is_sorted() {
                wrong.push(format!("{path}: {}", list.lines().next().unwrap_or_default()));
            }
        }
    }
    expect_nothing(&wrong, "Lists of dependencies that are not in order");
}

#[test]
fn every_dependency_has_its_reason_and_no_reason_outlives_its_dependency() {
    let reasons = reasons();
    let members = members();
    let outside = members.iter().flat_map(|p| &p.dependencies).filter(|d| !d.is_ours);
    let used: BTreeSet<String> = outside.map(|d| d.name.clone()).collect();
    let without = used.difference(&reasons).map(|name| format!("{name} has no line saying why it is there"));
    let gone = reasons.difference(&used).map(|name| format!("{name} has a line but nobody depends on it"));
    expect_nothing(&without.chain(gone).collect::<Vec<_>>(), "The table of dependencies in ARCHITECTURE.md is stale");
}

/// The block that begins with ```` ```arrows ````: `from -> to, to`, one crate a line, without `diwan-`.
fn allowed_arrows() -> BTreeMap<String, BTreeSet<String>> {
    let document = read("ARCHITECTURE.md");
    let block = document.split("```arrows\n").nth(1).expect("ARCHITECTURE.md has a block of arrows");
    let lines = block.lines().take_while(|line| !line.starts_with("```"));
    let arrow = |line: &str| {
        let (from, to) = line.split_once("->").unwrap_or_else(|| panic!("not an arrow: {line}"));
        let to = to.split(',').map(str::trim).filter(|name| !name.is_empty());
        (from.trim().to_owned(), to.map(str::to_owned).collect())
    };
    lines.filter(|line| !line.trim().is_empty()).map(arrow).collect()
}

/// The first column of the tables under the heading "What we stand on".
fn reasons() -> BTreeSet<String> {
    let document = read("ARCHITECTURE.md");
    let section = document.split("\n## What we stand on").nth(1).expect("ARCHITECTURE.md says what we stand on");
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split_once(" | "));
    rows.flat_map(|(names, _)| names.split(',').map(|name| name.trim().trim_matches('`').to_owned())).collect()
}

fn short(name: &str) -> &str {
    name.strip_prefix("diwan-").unwrap_or(name)
}
