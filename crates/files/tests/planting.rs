//! New directories: there as a whole, or not at all, and never in the place of anything.
#![allow(clippy::unwrap_used, clippy::panic, reason = "that is how a test fails")]

mod support;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use diwan_files::{Code, Seedling, Tree, listing};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use support::{names, tempdir};

const FILES: [Seedling<'static>; 3] = [
    Seedling { path: "README.md", text: "hello\n" },
    Seedling { path: "src/deep/main.txt", text: "main\n" },
    Seedling { path: "empty", text: "" },
];

/// Everything below a directory, with what is in the files.
fn all(dir: &Path) -> Vec<String> {
    let mut found: Vec<String> = fs::read_dir(dir)
        .unwrap()
        .flat_map(|entry| {
            let (path, name) = entry.map(|entry| (entry.path(), entry.file_name().into_string().unwrap())).unwrap();
            match path.is_dir() {
                true => all(&path).into_iter().map(|below| format!("{name}/{below}")).collect(),
                false => vec![format!("{name}={}", fs::read_to_string(&path).unwrap())],
            }
        })
        .collect();
    found.sort();
    found
}

#[test]
fn a_directory_is_there_as_a_whole_with_those_above_it() {
    let root = tempdir();
    let tree = Tree::open(root.path()).unwrap();
    tree.plant("a/b/shop", &FILES, 1).unwrap();
    let made = root.path().join("a/b/shop");
    assert_eq!(all(&made), ["README.md=hello\n", "empty=", "src/deep/main.txt=main\n"]);
    assert_eq!(fs::metadata(&made).unwrap().permissions().mode() & 0o7777, 0o755);
    assert_eq!(fs::metadata(made.join("README.md")).unwrap().permissions().mode() & 0o7777, 0o644);
    assert_eq!(fs::read_dir(root.path().join("a/b")).unwrap().count(), 1, "nothing is left beside it");
    let lines = ["shop/", "shop/README.md", "shop/empty", "shop/src/", "shop/src/deep/", "shop/src/deep/main.txt"];
    assert_eq!(listing("shop", &FILES), lines);
    fs::create_dir(root.path().join("empty")).unwrap();
    tree.plant("empty", &FILES, 1).unwrap();
    assert_eq!(all(&root.path().join("empty")).len(), 3);
}

#[test]
fn what_is_there_stays_as_it_is_and_nothing_is_left_beside_it() {
    let (root, outside) = (tempdir(), tempdir());
    let tree = Tree::open(root.path()).unwrap();
    fs::create_dir(root.path().join("full")).unwrap();
    fs::write(root.path().join("full/.hidden"), "mine").unwrap();
    fs::write(root.path().join("file"), "mine").unwrap();
    symlink(outside.path(), root.path().join("link")).unwrap();
    symlink("nowhere", root.path().join("dangling")).unwrap();
    let before = names(&root);
    for path in ["full", "file", "link", "dangling"] {
        assert_eq!(tree.plant(path, &FILES, 1).unwrap_err().code(), Some(Code::Exists), "{path}");
    }
    for (path, code) in [
        ("link/shop", Code::Link),
        ("file/shop", Code::OtherKind),
        ("", Code::OtherKind),
        ("../shop", Code::Name),
        (".git/shop", Code::Name),
    ] {
        assert_eq!(tree.plant(path, &FILES, 1).unwrap_err().code(), Some(code), "{path}");
    }
    for odd in ["../x", "/x", ".git/hooks/x", "a//b"] {
        let files = [FILES[0], Seedling { path: odd, text: "x" }];
        assert_eq!(tree.plant("new", &files, 1).unwrap_err().code(), Some(Code::Name), "{odd}");
    }
    // One that cannot be made as a whole is not made at all.
    let twice = [FILES[1], Seedling { path: "src/deep", text: "a file in the place of a directory" }];
    assert!(tree.plant("new", &twice, 1).is_err());
    assert_eq!((names(&root), names(&outside)), (before, vec![]));
    assert_eq!(fs::read_to_string(root.path().join("full/.hidden")).unwrap(), "mine");
}

#[test]
fn of_several_at_once_one_comes_to_lie_there_and_the_others_leave_nothing() {
    let root = tempdir();
    let made: Vec<bool> = std::thread::scope(|scope| {
        let one = |mark: u64| {
            let path = root.path();
            scope.spawn(move || Tree::open(path).unwrap().plant("shop", &FILES, mark).is_ok())
        };
        let all: Vec<_> = (0..16).map(one).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(made.iter().filter(|made| **made).count(), 1);
    assert_eq!((names(&root), all(&root.path().join("shop")).len()), (vec!["shop".to_owned()], 3));
}

#[test]
fn f92_a_directory_that_becomes_a_link_meanwhile_leads_nowhere() {
    let (root, outside) = (tempdir(), tempdir());
    let (dir, aside) = (root.path().join("d"), root.path().join("aside"));
    fs::create_dir(&dir).unwrap();
    symlink(outside.path(), &aside).unwrap();
    let is_over = AtomicBool::new(false);
    let tree = Tree::open(root.path()).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                renameat_with(CWD, &dir, CWD, &aside, RenameFlags::EXCHANGE).unwrap();
            }
        });
        // Some find the link, and some the directory, which may become the link in the middle.
        let made = (0..).filter(|n| tree.plant(&format!("d/{n}"), &FILES, *n).is_ok());
        assert_eq!(made.take(50).count(), 50);
        is_over.store(true, Ordering::Relaxed);
    });
    assert_eq!(names(&outside), [] as [&str; 0]);
}
