//! `diwan cp`, `diwan sync` and files over HTTP: a real server, a real bridge, real files.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::Fleet;
use super::bridge::Bridge;

/// Bytes without a pattern.
fn noise(length: u32) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..length).map(|_| next()).collect()
}

/// A directory on the desk, and how its path is written.
fn on_desk(fleet: &Fleet, name: &str) -> (PathBuf, String) {
    let path = fleet.desk.home.path().join(name);
    let shown = path.display().to_string();
    (path, shown)
}

async fn well(fleet: &Fleet, line: &str) -> Value {
    fleet.desk.json(line).await
}

/// Makes everything in the root belong to whom commands run as.
fn give(bridge: &Bridge, path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o644)).expect("it is ours");
    let owner = fs::metadata(bridge.root()).expect("it is ours");
    std::os::unix::fs::chown(path, Some(owner.uid()), Some(owner.gid())).expect("it is ours");
}

#[tokio::test]
async fn a_file_goes_there_and_back_and_only_changes_travel() {
    let (fleet, bridge) = Fleet::with("web-1").await;
    let (file, shown) = on_desk(&fleet, "data.bin");
    let mut bytes = noise(4_000_000);
    fs::write(&file, &bytes).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o750)).unwrap();
    let first = well(&fleet, &format!("cp {shown} web-1:projects/in/")).await;
    assert_eq!((&first["files"], &first["bytes"]), (&json!(1), &json!(4_000_000)));
    let arrived = bridge.root().join("in/data.bin");
    assert!(fs::read(&arrived).unwrap() == bytes);
    assert_eq!(fs::metadata(&arrived).unwrap().mode() & 0o7777, 0o750);

    bytes.splice(2_000_000..2_000_000, *b"a change");
    fs::write(&file, &bytes).unwrap();
    let second = well(&fleet, &format!("cp {shown} web-1:projects/in")).await;
    assert!(second["travelled_bytes"].as_u64().unwrap() < 600_000, "{second}");
    assert!(fs::read(&arrived).unwrap() == bytes);

    let (back, back_shown) = on_desk(&fleet, "back.bin");
    // Without a root, the first that can be written is meant.
    well(&fleet, &format!("cp web-1:in/data.bin {back_shown}")).await;
    assert!(fs::read(&back).unwrap() == bytes);
    let printed = fleet.bytes("cp web-1:projects/in/data.bin -", None).await;
    assert!(printed == bytes, "{} bytes were printed", printed.len());
    let piped = fleet.bytes("cp - web-1:projects/piped", Some(bytes.clone())).await;
    assert!(String::from_utf8_lossy(&piped).starts_with("copied 1 file"));
    assert!(fs::read(bridge.root().join("piped")).unwrap() == bytes);
    let refused = fleet.desk.run(&format!("cp --no-overwrite {shown} web-1:piped")).await;
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("it is there already"), "{}", refused.err);
}

#[tokio::test]
async fn what_is_in_the_way_here_is_told_as_being_here() {
    let (fleet, bridge) = Fleet::with("web-1").await;
    fs::create_dir(bridge.root().join("dir")).unwrap();
    let (file, shown) = on_desk(&fleet, "a.txt");
    fs::write(&file, "little").unwrap();
    let sent = fleet.desk.run(&format!("cp {shown} web-1:projects/a.txt")).await;
    assert!(sent.out.contains("copied 1 file: 6 B; "), "{} {}", sent.out, sent.err);
    let again = fleet.desk.run(&format!("cp {shown} web-1:projects/")).await;
    assert!(again.out.starts_with("the same already: 1 file, 6 B; "), "{} {}", again.out, again.err);
    let back = fleet.desk.run(&format!("cp web-1:projects/a.txt {shown}")).await;
    assert!(back.out.starts_with("the same already: 1 file"), "{} {}", back.out, back.err);
    for target in [format!("{shown}-missing/new.txt"), "/proc/nope".to_owned()] {
        let here = fleet.desk.run(&format!("cp web-1:projects/a.txt {target}")).await;
        assert!(
            here.code == 1 && here.err.contains("here, /") && here.err.contains("on this computer"),
            "{}",
            here.err
        );
    }
    let there = fleet.desk.run(&format!("cp web-1:projects/none {shown}-new")).await;
    assert!(there.code == 1 && !there.err.contains("on this computer"), "{}", there.err);
    let dir = fleet.desk.run(&format!("cp web-1:projects/dir {shown}-dir")).await;
    assert!(dir.code == 2 && dir.err.contains("next: -r "), "{}", dir.err);
    let full = fleet.desk.run("cp web-1:projects/a.txt /dev/full/x").await;
    assert!(full.err.contains("here, /dev/full"), "{}", full.err);
}

#[tokio::test]
async fn a_machine_that_is_away_is_said_to_be() {
    let (fleet, mut bridge) = Fleet::with("web-1").await;
    bridge.kill();
    fleet.becomes("web-1", "offline").await;
    let (file, shown) = on_desk(&fleet, "a.txt");
    fs::write(&file, "little").unwrap();
    let away = fleet.desk.run(&format!("cp {shown} web-1:projects/")).await;
    assert!(away.err.contains("Start the bridge there") && !away.err.contains("wait_s"), "{}", away.err);
    let list = fleet.desk.run("machine list").await;
    assert!(list.out.contains("offline") && !list.out.contains('%') && !list.out.contains("iB of"), "{}", list.out);
}

#[tokio::test]
async fn directories_go_both_ways_and_links_lead_nowhere() {
    let (fleet, bridge) = Fleet::with("web-1").await;
    let (dir, shown) = on_desk(&fleet, "site");
    fs::create_dir_all(dir.join("deep/er")).unwrap();
    for n in 0..200 {
        fs::write(dir.join(format!("deep/er/{n}.txt")), format!("file {n}")).unwrap();
    }
    fs::write(dir.join("large"), noise(2_000_000)).unwrap();
    std::os::unix::fs::symlink("large", dir.join("inside")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", dir.join("outside")).unwrap();
    let ran = fleet.desk.run(&format!("cp {shown} web-1:")).await;
    assert_eq!(ran.code, 2, "a directory needs -r: {}", ran.err);
    let ran = fleet.desk.run(&format!("cp -r {shown} web-1:")).await;
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.err.contains("left out: outside"), "{}", ran.err);
    let there = bridge.root().join("site");
    assert_eq!(fs::read_dir(there.join("deep/er")).unwrap().count(), 200);
    assert_eq!(fs::read_link(there.join("inside")).unwrap(), Path::new("large"));
    assert!(!there.join("outside").exists());

    std::os::unix::fs::symlink("/etc/passwd", there.join("theirs")).unwrap();
    let (_, back) = on_desk(&fleet, "back");
    let ran = fleet.desk.run(&format!("cp -r web-1:projects/site {back}")).await;
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.err.contains("left out: theirs"), "{}", ran.err);
    let mut differ = std::process::Command::new("diff");
    differ.args(["-r", "--no-dereference", "-x", "outside", "-x", "theirs"]);
    let differ = differ.arg(&dir).arg(&back).output().unwrap();
    assert!(differ.status.success(), "{}", String::from_utf8_lossy(&differ.stdout));
    let out = fleet.desk.run(&format!("cp web-1:projects/site/theirs {back}/x")).await;
    assert!(out.code == 1 && !Path::new(&format!("{back}/x")).exists(), "{}", out.out);
}

#[tokio::test]
async fn sync_carries_changes_and_deletions_both_ways_and_keeps_losers() {
    let (fleet, bridge) = Fleet::with("web-1").await;
    let (dir, shown) = on_desk(&fleet, "shop");
    let there = bridge.root().join("shop");
    fs::create_dir_all(dir.join("node_modules")).unwrap();
    fs::write(dir.join(".diwanignore"), "node_modules/\n").unwrap();
    fs::write(dir.join("node_modules/x"), "x").unwrap();
    for name in ["a", "b", "c"] {
        fs::write(dir.join(name), format!("first {name}")).unwrap();
    }
    let line = format!("sync {shown} web-1:projects/shop");
    let dry = well(&fleet, &format!("{line} --dry-run")).await;
    assert_eq!(dry["paths"].as_array().unwrap().len(), 4);
    assert!(!there.exists());
    well(&fleet, &line).await;
    assert!(there.join("a").exists() && !there.join("node_modules").exists());
    assert_eq!(well(&fleet, &line).await["paths"], json!([]), "nothing is left to do");

    fs::write(dir.join("a"), "changed here").unwrap();
    fs::remove_file(dir.join("b")).unwrap();
    fs::write(there.join("d"), "new there").unwrap();
    fs::remove_file(there.join("c")).unwrap();
    give(&bridge, &there.join("d"));
    well(&fleet, &line).await;
    assert_eq!(fs::read_to_string(there.join("a")).unwrap(), "changed here");
    assert_eq!(fs::read_to_string(dir.join("d")).unwrap(), "new there");
    assert!(!there.join("b").exists() && !dir.join("c").exists());

    fs::write(dir.join("a"), "the older").unwrap();
    set_time(&dir.join("a"), 1_700_000_000);
    fs::write(there.join("a"), "the newer one").unwrap();
    let conflict = well(&fleet, &line).await;
    let kept = conflict["paths"][0]["kept_as"].as_str().expect("a name").to_owned();
    assert!(kept.starts_with("a.conflict-") && kept.ends_with("-local"), "{kept}");
    assert_eq!(fs::read_to_string(dir.join("a")).unwrap(), "the newer one");
    assert_eq!(fs::read_to_string(dir.join(&kept)).unwrap(), "the older");

    fs::remove_dir_all(&dir).unwrap();
    fs::create_dir(&dir).unwrap();
    let emptied = fleet.desk.run(&line).await;
    assert!(emptied.code == 1 && emptied.out.is_empty(), "{}", emptied.out);
    assert!(emptied.err.contains("--delete-all"), "{}", emptied.err);
    assert!(there.join("a").exists());
}

fn set_time(path: &Path, seconds: u64) {
    let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
    fs::File::options().write(true).open(path).expect("it is ours").set_modified(at).expect("it is ours");
}

#[tokio::test]
async fn files_over_http_are_listed_read_and_written() {
    let (fleet, bridge) = Fleet::with("web-1").await;
    let machine = fleet.becomes("web-1", "online").await;
    let base = format!("/api/v1/machines/{}", machine["id"].as_str().unwrap());
    let roots = fleet.owner.get(&format!("{base}/roots")).await.expect(StatusCode::OK);
    assert_eq!(roots["items"], json!([{"name": "projects", "writable": true}]));
    for name in ["b", "a", "c"] {
        fs::write(bridge.root().join(name), name).unwrap();
    }
    let page = fleet.owner.get(&format!("{base}/files?root=projects&limit=2")).await.expect(StatusCode::OK);
    assert_eq!((&page["items"][0]["name"], &page["items"][1]["name"]), (&json!("a"), &json!("b")));
    let cursor = page["next_cursor"].as_str().expect("there is more");
    let rest = fleet.owner.get(&format!("{base}/files?root=projects&limit=2&cursor={cursor}")).await;
    assert_eq!(rest.expect(StatusCode::OK)["items"][0]["name"], "c");

    let token = fleet.token(&["commands.run", "machines.read"]).await;
    let http = reqwest::Client::new();
    let url = |more: &str| format!("{}{base}/{more}", fleet.desk.server);
    let bytes = noise(3_000_000);
    let put = |overwrite: bool| {
        let url = url(&format!("files/content?root=projects&path=up/data.bin&overwrite={overwrite}"));
        http.put(url).bearer_auth(&token).body(bytes.clone()).send()
    };
    let written = put(false).await.unwrap();
    assert_eq!(written.status(), StatusCode::OK);
    assert!(written.headers().contains_key("x-command-id"));
    assert!(fs::read(bridge.root().join("up/data.bin")).unwrap() == bytes);
    let again = put(false).await.unwrap();
    assert_eq!(again.status(), StatusCode::CONFLICT);
    assert_eq!(again.json::<Value>().await.unwrap()["code"], "file_exists");
    assert_eq!(put(true).await.unwrap().status(), StatusCode::OK);

    let content = url("files/content?root=projects&path=up/data.bin");
    let read = http.get(&content).bearer_auth(&token).send().await.unwrap();
    assert_eq!(read.headers()["content-disposition"], "attachment; filename=\"data.bin\"; filename*=UTF-8''data.bin");
    assert_eq!(read.headers()["x-content-type-options"], "nosniff");
    assert!(read.bytes().await.unwrap() == bytes);
    let part = http.get(&content).bearer_auth(&token).header("range", "bytes=10-19").send().await.unwrap();
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.bytes().await.unwrap(), &bytes[10..20]);
    for (path, status, code) in [
        ("absent", StatusCode::NOT_FOUND, "file_absent"),
        (".git/config", StatusCode::FORBIDDEN, "command_refused"),
        ("up", StatusCode::CONFLICT, "file_other_kind"),
    ] {
        let refused = http.get(url(&format!("files/content?root=projects&path={path}"))).bearer_auth(&token);
        let refused = refused.send().await.unwrap();
        let (got, problem) = (refused.status(), refused.json::<Value>().await.unwrap());
        assert_eq!((got, problem["code"].as_str().unwrap()), (status, code), "{problem}");
    }
    let outside = fleet.owner.get(&format!("{base}/files?root=projects&path=../x")).await;
    outside.expect(StatusCode::UNPROCESSABLE_ENTITY);
}
