//! `diwan up` on a machine of one's own: the machine is one of the fleet, runs commands, and has a terminal.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::api::{Api, claim};
use crate::program::Program;

async fn ask(owner: &Api, machine: &Value, operation: Value) -> Value {
    let body = json!({"machine": machine["id"], "operation": operation, "await_end_ms": 2000});
    owner.post("/commands", body).await.expect(201)["commands"][0].clone()
}

#[tokio::test]
async fn its_own_machine_runs_commands_and_has_a_terminal() {
    let dir = tempfile::tempdir().expect("a directory");
    // As homes are: nobody else may look into it.
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o700)).expect("it is ours");
    let mut program = Program::up(&dir.path().join("data")).await;
    program.says("connected name=", 1).await;
    let owner = claim(&program).await;
    let machines = owner.list("/machines").await;
    assert_eq!((machines.len(), &machines[0]["state"]), (1, &json!("online")));
    let machine = &machines[0];
    let ran = ask(&owner, machine, json!({"kind": "exec", "argv": ["uname"], "root": "projects"})).await;
    assert_eq!((&ran["state"], &ran["exit_code"]), (&json!("ended"), &json!(0)), "{ran}");
    let terminal = json!({"kind": "terminal", "root": "projects", "columns": 80, "rows": 24});
    let opened = ask(&owner, machine, terminal).await;
    assert_eq!((&opened["state"], &opened["problem"]), (&json!("running"), &json!(null)), "{opened}");
    let path = format!("/commands/{}/cancel", opened["id"].as_str().expect("an id"));
    assert!((200..300).contains(&owner.post(&path, json!({})).await.status));
}
