//! `diwan job run --artifact`, `artifacts` and `fetch`: from a program in the sandbox to a file here.

use std::path::Path;

use serde_json::json;

use super::super::fleet::Fleet;

fn read(dir: &Path, name: &str) -> String {
    std::fs::read_to_string(dir.join(name)).expect("a file")
}

#[tokio::test]
async fn what_a_job_leaves_is_listed_and_fetched_while_its_machine_is_there() {
    let (fleet, mut bridge) = Fleet::with("web-1").await;
    bridge.script(
        "dist.sh",
        "mkdir -p dist/deep; head -c 3000000 /dev/zero | tr '\\0' d > dist/shop.bin
         printf hello > dist/deep/note.txt; ln -s /etc/passwd dist/link; printf x > other; exit 4\n",
    );
    let ran = fleet.desk.run("job run -q -m web-1 --artifact dist/** --artifact none/* -- sh dist.sh").await;
    assert_eq!(ran.code, 4, "{}", ran.err);
    let job = fleet.newest_job().await;
    assert_eq!(job["artifacts"], json!(["dist/**", "none/*"]));
    let id = job["id"].as_str().expect("an id");
    let listed = fleet.desk.run(&format!("job artifacts {id}")).await;
    assert!(listed.out.contains("dist/shop.bin") && listed.out.contains("2.9 MiB"), "{}", listed.out);
    assert!(listed.out.contains("dist/deep/note.txt") && !listed.out.contains("other"), "{}", listed.out);
    assert!(listed.err.contains("Not kept: dist/link: it is a link"), "{}", listed.err);
    let json = fleet.desk.json(&format!("job artifacts {id}")).await;
    assert_eq!((&json["state"], json["files"].as_array().map(Vec::len)), (&"kept".into(), Some(2)));
    let shown = fleet.desk.run(&format!("job show {id}")).await;
    assert!(shown.out.contains("dist/**"), "{}", shown.out);

    // What the job, or somebody else, does with them later does not matter.
    std::fs::write(bridge.root().join("dist/deep/note.txt"), "changed").expect("it is written");
    let home = fleet.desk.home.path();
    let target = home.join("got");
    let fetched = fleet.desk.run(&format!("job fetch {id} dist/deep/note.txt -o {}", target.display())).await;
    assert!(fetched.code == 0 && fetched.err.contains("were written to"), "{}", fetched.err);
    assert_eq!(read(home, "got"), "hello");
    let again = fleet.desk.run(&format!("job fetch {id} dist/shop.bin -o {}", target.display())).await;
    assert!(again.code == 2 && again.err.contains("--force"), "{} {}", again.code, again.err);
    assert_eq!(read(home, "got"), "hello", "nothing was replaced");
    let forced = fleet.desk.run(&format!("job fetch {id} dist/shop.bin --force -q -o {}", target.display())).await;
    assert_eq!((forced.code, forced.err.as_str(), read(home, "got").len()), (0, "", 3_000_000));
    let printed = fleet.desk.run(&format!("job fetch {id} dist/deep/note.txt -o -")).await;
    assert_eq!((printed.code, printed.out.as_str(), printed.err.as_str()), (0, "hello", ""));
    std::fs::create_dir(home.join("into")).expect("a directory");
    let into = |more: &str| format!("job fetch {id} dist/deep/note.txt -o {}/into/ {more}", home.display());
    for more in ["", "--force"] {
        let fetched = fleet.desk.run(&into(more)).await;
        assert_eq!((fetched.code, read(home, "into/note.txt").as_str()), (0, "hello"), "{}", fetched.err);
    }
    assert_eq!(fleet.desk.run(&into("")).await.code, 2, "what is there in it is not replaced");
    let nowhere = fleet.desk.run(&format!("job fetch {id} dist/deep/note.txt -o {}/none/", home.display())).await;
    assert!(nowhere.code == 1 && nowhere.err.contains("no such directory"), "{} {}", nowhere.code, nowhere.err);
    for line in [format!("job fetch {id} dist/shop.bin --attempt 2"), format!("job artifacts {id} --attempt 2")] {
        let none = fleet.desk.run(&line).await;
        assert!(none.code == 1 && none.err.contains(&format!("diwan job show {id}")), "{line}: {}", none.err);
    }
    let unknown = fleet.desk.run(&format!("job fetch {id} ../../etc/passwd -o {}", home.join("x").display())).await;
    assert!(unknown.code == 1 && unknown.err.contains("diwan job artifacts"), "{} {}", unknown.code, unknown.err);

    // They outlive the bridge, and while it is away it is said where they are.
    bridge.kill();
    fleet.becomes("web-1", "offline").await;
    let away = fleet.desk.run(&format!("job fetch {id} dist/deep/note.txt -o {}", home.join("x").display())).await;
    assert!(away.code == 1 && away.err.contains("kept on web-1"), "{} {}", away.code, away.err);
    assert!(!home.join("x").exists() && !home.join(".x.part").exists());
    let listed = fleet.desk.run(&format!("job artifacts {id}")).await;
    assert!(listed.err.contains("web-1 keeps them and is not connected now"), "{}", listed.err);
    bridge.start();
    fleet.becomes("web-1", "online").await;
    let back = fleet.desk.run(&format!("job fetch {id} dist/deep/note.txt -o -")).await;
    assert_eq!(back.out, "hello", "{}", back.err);
}

#[tokio::test]
async fn a_copy_that_was_damaged_is_not_taken_for_the_file() {
    let (fleet, bridge) = Fleet::with("web-1").await;
    bridge.script("leave.sh", "printf hello > left\n");
    let id = fleet.wants("-m web-1 --artifact left -- sh leave.sh").await;
    fleet.job_becomes(&id, "succeeded").await;
    let kept = std::fs::read_dir(bridge.state().join("artifacts")).expect("a directory");
    let copy = kept.flatten().map(|entry| entry.path()).find(|path| path.extension().is_some_and(|is| is == "0"));
    std::fs::write(copy.expect("a copy"), "HELLO").expect("it is damaged");
    let target = fleet.desk.home.path().join("left");
    let fetched = fleet.desk.run(&format!("job fetch {id} left -o {}", target.display())).await;
    assert!(
        fetched.code == 1 && fetched.err.contains("not the file that the job has left"),
        "{} {}",
        fetched.code,
        fetched.err
    );
    assert!(!target.exists());
    let wrong = fleet.desk.run("job run -m web-1 --artifact ../up -- sh leave.sh").await;
    assert!(wrong.code == 125 && wrong.err.contains("never leaves the directory"), "{} {}", wrong.code, wrong.err);
}
