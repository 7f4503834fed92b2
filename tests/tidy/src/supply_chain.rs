//! What comes in from outside, against `deny.toml`.

use std::collections::{BTreeMap, BTreeSet};

use crate::repository::{expect_nothing, files_ending, read};
use crate::workspace::packages;

#[test]
fn every_crate_has_an_allowed_licence() {
    let rules = Rules::read();
    let mut wrong = vec![];
    for package in packages().iter().filter(|p| !p.is_ours) {
        let Some(license) = &package.license else {
            wrong.push(format!("{} {} names no licence", package.name, package.version));
            continue;
        };
        let exceptions = rules.exceptions.get(&package.name);
        let allows = |id: &str| {
            rules.licences.contains(id) || exceptions.is_some_and(|ids| ids.iter().any(|allowed| allowed == id))
        };
        if !satisfied(license, &allows) {
            wrong.push(format!("{} {}: {license}", package.name, package.version));
        }
    }
    expect_nothing(&wrong, "Licences that deny.toml does not allow");
}

#[test]
fn no_banned_crate_came_in() {
    let rules = Rules::read();
    let mut wrong = vec![];
    let packages = packages();
    for package in &packages {
        for dependency in &package.dependencies {
            let Some(allowed_through) = rules.bans.get(&dependency.name) else { continue };
            let is_locked = packages.iter().any(|p| p.name == dependency.name);
            // A dependency that is optional and not taken is in nobody's lock file.
            if is_locked
                && !allowed_through.contains(&package.name)
                && (package.is_ours || pulls(package, &dependency.name))
            {
                wrong.push(format!("{} brings {}", package.name, dependency.name));
            }
        }
    }
    expect_nothing(&wrong, "Crates that deny.toml bans");
}

#[test]
fn every_crate_comes_from_the_registry() {
    let ours = "registry+https://github.com/rust-lang/crates.io-index";
    let wrong: Vec<_> = packages()
        .iter()
        .filter(|p| !p.is_ours && p.source.as_deref() != Some(ours))
        .map(|p| format!("{} {} comes from {:?}", p.name, p.version, p.source))
        .collect();
    expect_nothing(&wrong, "Sources that deny.toml does not allow");
}

#[test]
fn lock_files_of_the_web_name_no_download_address() {
    let locks = ["web", "tests", "bench"].iter().flat_map(|folder| files_ending(folder, &["package-lock.json"]));
    let wrong: Vec<_> = locks.filter(|path| read(path).contains("\"resolved\":")).collect();
    expect_nothing(&wrong, "Lock files that name where packages were downloaded");
}

#[test]
fn licence_expressions_are_understood() {
    let allows = |id: &str| ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].contains(&id);
    for good in ["MIT", "GPL-3.0 OR MIT", "GPL-3.0/MIT", "(GPL-3.0 OR MIT) AND ISC", "Apache-2.0 WITH LLVM-exception"] {
        assert!(satisfied(good, &allows), "{good}");
    }
    for bad in ["GPL-3.0", "MIT AND GPL-3.0", "(MIT OR ISC) AND GPL-3.0", "Apache-2.0", ""] {
        assert!(!satisfied(bad, &allows), "{bad}");
    }
}

/// Whether the lock file really has this package bring that one.
fn pulls(package: &crate::workspace::Package, name: &str) -> bool {
    let lock = read("Cargo.lock");
    let of_package =
        |block: &&str| block.contains(&format!("name = \"{}\"\nversion = \"{}\"\n", package.name, package.version));
    lock.split("[[package]]\n")
        .filter(of_package)
        .any(|block| block.lines().any(|line| line.trim().trim_matches([',', '"']).split(' ').next() == Some(name)))
}

/// The parts of `deny.toml` that matter here. Its lists hold one entry a line.
struct Rules {
    licences: BTreeSet<String>,
    exceptions: BTreeMap<String, Vec<String>>,
    bans: BTreeMap<String, Vec<String>>,
}

impl Rules {
    fn read() -> Self {
        let text = read("deny.toml");
        Self {
            licences: list(&text, "allow").iter().filter_map(|line| strings(line).first().cloned()).collect(),
            exceptions: list(&text, "exceptions").iter().map(|line| named(line, "allow")).collect(),
            bans: list(&text, "deny").iter().map(|line| named(line, "wrappers")).collect(),
        }
    }
}

/// The lines of the first list with this name.
fn list(text: &str, name: &str) -> Vec<String> {
    let start = format!("{name} = [");
    let lines = text.lines().skip_while(|line| *line != start).skip(1).take_while(|line| *line != "]");
    lines.map(str::trim).filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

/// The crate of an entry, and the strings of one of its keys.
fn named(line: &str, key: &str) -> (String, Vec<String>) {
    let name = strings(line).first().cloned().unwrap_or_default();
    let rest = line.split_once(&format!("{key} = [")).map_or("", |(_, rest)| rest);
    (name, strings(rest.split(']').next().unwrap_or_default()))
}

fn strings(text: &str) -> Vec<String> {
    text.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Whether a licence expression can be fulfilled: OR binds weaker than AND, and `/` is an old OR.
fn satisfied(expression: &str, allows: &dyn Fn(&str) -> bool) -> bool {
    let expression = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ").replace(" WITH ", "~");
    let words: Vec<&str> = expression.split_whitespace().collect();
    let mut at = 0;
    let good = any_of(&words, &mut at, allows);
    good && at == words.len()
}

fn any_of(words: &[&str], at: &mut usize, allows: &dyn Fn(&str) -> bool) -> bool {
    let mut good = all_of(words, at, allows);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        good |= all_of(words, at, allows);
    }
    good
}

fn all_of(words: &[&str], at: &mut usize, allows: &dyn Fn(&str) -> bool) -> bool {
    let mut good = one(words, at, allows);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        good &= one(words, at, allows);
    }
    good
}

fn one(words: &[&str], at: &mut usize, allows: &dyn Fn(&str) -> bool) -> bool {
    let word = words.get(*at).copied().unwrap_or_default();
    *at += 1;
    if word != "(" {
        return allows(&word.replace('~', " WITH "));
    }
    let good = any_of(words, at, allows);
    let is_closed = words.get(*at) == Some(&")");
    *at += 1;
    good && is_closed
}
