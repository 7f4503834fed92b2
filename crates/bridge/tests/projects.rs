//! Projects to begin with, made by a real bridge below a root, and tested with the tools of their languages.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "that is how a test fails")]

mod support;

use std::collections::BTreeSet;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use diwan_policy::Preset;
use diwan_protocol::Operation;
use diwan_protocol::command::{CreateProject, Place};
use diwan_protocol::run::{Decision, Outcome};
use support::bridge::Bridge;
use support::plane::{Connection, Plane};
use support::talk::Heard;

async fn running() -> (Plane, Bridge, Connection) {
    let plane = Plane::start().await;
    let mut bridge = Bridge::joined(&plane).await;
    let home = std::env::var("HOME").unwrap_or_default();
    // Rust is looked for where it is on this machine.
    bridge.set("HOME", &home);
    bridge.write_policy(&Preset::Standard.text(&bridge.root()));
    bridge.start();
    let machine = plane.meet().await;
    (plane, bridge, machine)
}

fn place(path: &str) -> Place {
    Place { root: "projects".to_owned(), path: path.to_owned() }
}

async fn make(plane: &Plane, machine: &Connection, template: &str, name: &str, path: &str) -> Heard {
    let project = CreateProject { template: template.to_owned(), name: name.to_owned(), place: place(path) };
    machine.run(plane, Operation::CreateProject(project)).await.until_the_end().await
}

/// Everything below a directory, as it is listed.
fn listed(root: &Path, dir: &Path, all: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            all.insert(format!("{name}/"));
            listed(root, &path, all);
        } else {
            all.insert(name);
        }
    }
}

#[tokio::test]
async fn every_project_is_told_as_it_is_and_passes_its_own_tests() {
    let (plane, bridge, machine) = running().await;
    for (template, tested_by) in
        [("node", "npm"), ("python", "python3"), ("rust", "cargo"), ("go", "go"), ("static", "npm")]
    {
        let path = format!("new/{template}");
        let made = make(&plane, &machine, template, "my-shop", &path).await;
        let errors = String::from_utf8_lossy(&made.errors).into_owned();
        assert_eq!((made.outcome(), errors.as_str()), (&Outcome::Exited(0), ""), "{template}");
        assert_eq!(made.verdict.as_ref().unwrap().rule.as_deref(), Some("new projects"));
        let mut there = BTreeSet::from([format!("{path}/")]);
        listed(&bridge.root(), &bridge.root().join(&path), &mut there);
        assert_eq!(made.text().lines().map(str::to_owned).collect::<BTreeSet<_>>(), there);
        let readme = std::fs::read_to_string(bridge.root().join(&path).join("README.md")).unwrap();
        assert!(readme.starts_with("# my-shop\n") && there.contains(&format!("{path}/.gitignore")), "{readme}");

        let tested = machine.run(&plane, Operation::Test(place(&path))).await.until_the_end().await;
        let said = format!("{}{}", tested.text(), String::from_utf8_lossy(&tested.errors));
        if tested.decision() == Decision::Deny {
            // What this machine lacks is said, with the places where it was looked for.
            let words = &tested.verdict.as_ref().unwrap().reasons[0].words;
            assert!(tested.code() == "program_absent" && words.contains(&format!("`{tested_by}`")), "{words}");
            println!("{template}: {words}");
            continue;
        }
        assert_eq!(tested.outcome(), &Outcome::Exited(0), "{template}: {said}");
        println!("{template}: tested by {tested_by}");
    }
    assert!(bridge.root().join("new/rust/src/main.rs").exists());
}

#[tokio::test]
async fn nothing_gives_way_to_a_project_but_an_empty_directory() {
    let (plane, bridge, machine) = running().await;
    let root = bridge.root();
    let outside = root.parent().unwrap().join("outside");
    for dir in [root.join("full"), root.join("empty"), outside.clone()] {
        std::fs::create_dir(&dir).unwrap();
    }
    bridge.script("full/mine", "mine\n");
    bridge.script("file", "mine\n");
    symlink(&outside, root.join("link")).unwrap();
    let give = |path: &PathBuf| {
        let done = std::process::Command::new("chown").args(["-R", "--reference"]).arg(&root).arg(path).status();
        assert!(done.unwrap().success());
    };
    [root.join("full"), root.join("empty")].iter().for_each(give);
    for path in ["full", "file"] {
        let heard = make(&plane, &machine, "node", "shop", path).await;
        let errors = String::from_utf8_lossy(&heard.errors).into_owned();
        assert!(heard.outcome() == &Outcome::Exited(1) && errors.contains("something is there already"), "{errors}");
    }
    for (path, code) in [("link", "leaves_root"), ("link/shop", "leaves_root"), ("", "path_not_plain")] {
        assert_eq!(make(&plane, &machine, "node", "shop", path).await.code(), code, "{path}");
    }
    let unknown = make(&plane, &machine, "cobol", "shop", "shop").await;
    let words = &unknown.verdict.as_ref().unwrap().reasons[0].words;
    assert!(unknown.code() == "template" && words.contains("go, node, python, rust, static"), "{words}");
    assert_eq!(make(&plane, &machine, "node", "Shop", "shop").await.code(), "project_name");
    assert_eq!(make(&plane, &machine, "rust", "deps", "shop").await.code(), "project_name");
    assert_eq!(make(&plane, &machine, "node", "shop", "empty").await.outcome(), &Outcome::Exited(0));

    let mut left: Vec<String> =
        std::fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    left.sort();
    assert_eq!(left, ["empty", "file", "full", "link"]);
    assert_eq!(std::fs::read_to_string(root.join("full/mine")).unwrap(), "mine\n");
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0);
}
