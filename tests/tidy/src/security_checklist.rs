//! `docs/security.md`: forty items, each with the tests that prove it, or on a list that only shrinks.

use std::collections::BTreeSet;

use crate::repository::{exists, expect_nothing, read};

const ITEMS: usize = 40;
/// How many items that apply today have no test yet. It may be lowered, never raised.
const MOST_UNPROVEN: usize = 1;

struct Item {
    id: String,
    state: String,
    proofs: Vec<String>,
    reason: String,
}

#[test]
fn all_forty_items_are_answered_once() {
    let ids: Vec<_> = items().into_iter().map(|item| item.id).collect();
    let expected: Vec<_> = (1..=ITEMS).map(|n| format!("C{n}")).collect();
    assert_eq!(ids, expected);
}

#[test]
fn every_proof_is_a_test_that_exists() {
    let mut wrong = vec![];
    for item in items() {
        for proof in &item.proofs {
            match proof.split_once("::") {
                Some((path, test)) if exists(path) && names_test(&read(path), test) => {}
                _ => wrong.push(format!("{}: {proof}", item.id)),
            }
        }
    }
    expect_nothing(&wrong, "docs/security.md names tests that do not exist");
}

#[test]
fn an_item_is_proven_unproven_or_does_not_apply_yet_for_a_reason() {
    let mut wrong = vec![];
    for item in items() {
        let fits = match item.state.as_str() {
            "proven" => !item.proofs.is_empty(),
            "unproven" => true,
            "later" => item.proofs.is_empty() && !item.reason.is_empty(),
            _ => false,
        };
        if !fits {
            wrong.push(format!("{}: {}", item.id, item.state));
        }
    }
    expect_nothing(&wrong, "Items of docs/security.md whose state and proof disagree");
}

#[test]
fn the_list_of_unproven_items_only_shrinks() {
    let unproven: BTreeSet<_> = items().into_iter().filter(|item| item.state == "unproven").map(|i| i.id).collect();
    let document = read("docs/security.md");
    let section = document.split("\n## Unproven").nth(1).expect("docs/security.md lists what is unproven");
    let listed: BTreeSet<_> = section.lines().filter_map(|line| line.strip_prefix("- **")?.split_once("**")).collect();
    let listed: BTreeSet<_> = listed.into_iter().map(|(id, _)| id.to_owned()).collect();
    assert_eq!(unproven, listed, "the table and the list differ");
    assert!(unproven.len() <= MOST_UNPROVEN, "{} items are unproven: {unproven:?}", unproven.len());
    assert_eq!(unproven.len(), MOST_UNPROVEN, "fewer items are unproven now: lower MOST_UNPROVEN to hold that");
}

/// Whether a source file has a test of this name: a Rust function, or a test with a sentence.
fn names_test(source: &str, test: &str) -> bool {
    let name = test.rsplit("::").next().unwrap_or(test);
    source.contains(&format!("fn {name}("))
        || source.contains(&format!("{name} {{"))
        || source.contains(&format!("(\"{name}\""))
        || source.contains(&format!("{name},"))
        || source.contains(&format!("({name}"))
}

/// The rows `| C1 | what | state | proof or reason |`.
fn items() -> Vec<Item> {
    let document = read("docs/security.md");
    let is_item =
        |line: &&str| line.strip_prefix("| C").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let rows = document.lines().filter(is_item);
    let item = |row: &str| {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        assert_eq!(cells.len(), 4, "four cells: {row}");
        let proofs = cells[3].split('`').skip(1).step_by(2).filter(|text| text.contains("::"));
        Item {
            id: cells[0].to_owned(),
            state: cells[2].to_owned(),
            proofs: proofs.map(str::to_owned).collect(),
            reason: cells[3].to_owned(),
        }
    };
    rows.map(item).collect()
}
