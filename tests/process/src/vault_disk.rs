//! The vault on a disk that is full or fails to flush, while secrets are written and the master key is
//! rotated: what was acknowledged is there, and the rotation comes to its end.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde_json::json;

use crate::api::{Api, claim};
use crate::disk::{FLUSHING, SmallDisk, WRITES_GO_ON, spoil};
use crate::program::{Program, memory_dir};
use crate::rekey::{Ledger, begin_rotation, fresh, look, nothing_is_under_an_old_key, plant, rotated, write};

const SECRETS: usize = 600;

/// Gives one secret after the other a new value until the disk refuses; says with which status.
async fn write_until_refused(owner: &Api, ledger: &Ledger, round: usize) -> u16 {
    for turn in 0..20_000 {
        let value = format!("value of turn {turn} in round {round} {}", "x".repeat(300));
        let (at, id) = {
            let mut secrets = ledger.secrets.lock().expect("a ledger");
            let at = turn % secrets.len();
            secrets[at].values.push(value.clone());
            (at, secrets[at].id.clone())
        };
        let answer = owner.post(&format!("/secrets/{id}/versions"), json!({"value": value})).await;
        let mut secrets = ledger.secrets.lock().expect("a ledger");
        match answer.status {
            201 => secrets[at].values = vec![value],
            // Sealed under the key that was replaced at that moment: refused, and to be repeated.
            503 if answer.json["code"] == "vault_key_changing" => drop(secrets[at].values.pop()),
            status => {
                // It was refused: it must not be there.
                secrets[at].values.pop();
                return status;
            }
        }
    }
    panic!("the disk never became full");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_loses_no_value_and_no_rotation() {
    let Some(disk) = SmallDisk::mount("size=60m").await else { return };
    let heard = ["--log-level", "warn,diwan_kernel::db=info"];
    let program = Program::start_with(disk.path(), &heard).await;
    let owner = claim(&program).await;
    let ledger = plant(&owner, SECRETS).await;
    program.kill().await;
    for round in 0..3 {
        let mut program = Program::start_with(disk.path(), &heard).await;
        let owner = fresh(&owner, &program).await;
        begin_rotation(&owner, &ledger).await;
        disk.fill();
        let refused = write_until_refused(&owner, &ledger, round).await;
        assert_eq!(refused, 507, "a full disk is said to be one");
        // What cannot be written down is not given out: reading is refused too, and says why.
        let id = ledger.secrets.lock().expect("a ledger")[0].id.clone();
        owner.post(&format!("/secrets/{id}/reveal"), json!({"reason": "a test"})).await.expect(507);
        // Whatever a rotation is told that begins now, nothing of it is half done.
        let answer = owner.post("/vault/rotate-master-key", json!({"guard": "key_file"})).await;
        assert!([409, 503, 507].contains(&answer.status), "{} {}", answer.status, answer.json);
        disk.free();
        program.says(WRITES_GO_ON, 1).await;
        owner.post(&format!("/secrets/{id}/reveal"), json!({"reason": "a test"})).await.expect(200);
        program.kill().await;
        // The rotation that was interrupted is taken up by the next start.
        let program = Program::start_with(disk.path(), &heard).await;
        let owner = owner.at(&program);
        rotated(&owner).await;
        look(&owner, &ledger).await;
        program.kill().await;
        nothing_is_under_an_old_key(disk.path());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_flush_loses_no_value_and_no_rotation() {
    // On the real disk: file systems in memory have nothing to flush.
    let dir = tempfile::tempdir().expect("a directory can be made");
    let program = Program::start(dir.path()).await;
    let owner = claim(&program).await;
    let ledger = Arc::new(plant(&owner, SECRETS).await);
    program.kill().await;
    for dice in 1..=3 {
        let mut program = Program::start(dir.path()).await;
        let owner = fresh(&owner, &program).await;
        begin_rotation(&owner, &ledger).await;
        // Each write is acknowledged or never answered: the program ends at the first flush that fails.
        let writer = write(owner.clone(), ledger.clone(), Arc::new(AtomicBool::new(false)), dice);
        let fail = async {
            let strace = spoil(&program, FLUSHING, "error=EIO").await;
            let status = program.ended().await;
            assert!(!status.success(), "{status}");
            drop(strace);
        };
        tokio::join!(writer, fail);
        let program = Program::start(dir.path()).await;
        let owner = owner.at(&program);
        rotated(&owner).await;
        look(&owner, &ledger).await;
        program.kill().await;
        nothing_is_under_an_old_key(dir.path());
    }
}

/// The key file is written before anything is wrapped with the new key: where that fails, nothing has begun.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_file_that_cannot_be_written_begins_no_rotation() {
    let dir = memory_dir();
    let program = Program::start(dir.path()).await;
    let owner = claim(&program).await;
    let ledger = plant(&owner, 3).await;
    let before = owner.get("/vault").await.expect(200)["master_key"]["id"].clone();
    let kept = std::fs::read(dir.path().join("keys/vault.key")).expect("the key file");
    let mut strace = spoil(&program, "rename,renameat,renameat2", "error=ENOSPC").await;
    let refused = owner.post("/vault/rotate-master-key", json!({"guard": "key_file"})).await.expect(503);
    assert_eq!(refused["code"], "vault_guard_failed", "{refused}");
    strace.kill().await.expect("strace lets go");
    let after = owner.get("/vault").await.expect(200);
    assert_eq!((&after["master_key"]["id"], &after["rotation"]), (&before, &json!(null)));
    assert_eq!(std::fs::read(dir.path().join("keys/vault.key")).expect("the key file"), kept);
    begin_rotation(&owner, &ledger).await;
    rotated(&owner).await;
    look(&owner, &ledger).await;
    program.kill().await;
    nothing_is_under_an_old_key(dir.path());
}
