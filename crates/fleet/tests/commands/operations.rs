//! Operations that are no programs of the machine: nothing at all.

use diwan_protocol::Operation;
use diwan_protocol::run::Outcome;
use diwan_testkit::{TestServer, on_every_backend};
use serde_json::json;

use super::machine::{ended, say};
use super::{Machine, becomes, look, run, text};

on_every_backend! {
    async fn nothing_is_carried_like_any_command_and_done_again_when_its_end_is_not_known(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let noop = json!({"machine": "box", "operation": {"kind": "noop"}});
        let begun = run(&owner, noop.clone()).await;
        let mut sent = machine.sent().await;
        assert_eq!((&sent.command.operation, sent.command.retry_safe), (&Operation::Noop, true));
        sent.begin().await;
        sent.end(0, 0, 0).await;
        let over = becomes(&server, &owner, &begun, "ended").await;
        assert_eq!((&over["operation"], &over["exit_code"]), (&json!({"kind": "noop"}), &json!(0)));
        // A machine that was started anew remembers none.
        let begun = run(&owner, noop).await;
        let mut sent = machine.sent().await;
        sent.begin().await;
        machine.cut(&server).await;
        machine.bridge.boot = [9; 16];
        machine.connect(&server).await;
        let (_, mut stream) = machine.followed().await;
        say(&mut stream, ended(Outcome::Forgotten, 0, 0)).await;
        becomes(&server, &owner, &begun, "unknown").await;
        let mut again = machine.sent().await;
        assert_eq!(again.command.operation, Operation::Noop);
        again.begin().await;
        again.end(0, 0, 0).await;
        let second = becomes(&server, &owner, &json!({"id": again.command.id}), "ended").await;
        assert_eq!(text(&second, "retry_of"), text(&look(&owner, &begun).await, "id"));
    }
}
