//! `diwan secret`: what is said on the command line is done, or refused in words.

use diwan_testkit::TestServer;
use diwan_testkit::server::PASSWORD;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::machine::Machine;

/// A machine of the owner, who has just proved at it who they are.
async fn machine() -> (TestServer, Machine) {
    let (server, owner) = TestServer::builder().owned().await;
    let machine = Machine::of(&server);
    machine.log_in(&owner).await;
    let kept = std::fs::read_to_string(machine.credentials()).expect("a file");
    let kept: Value = serde_json::from_str(&kept).expect("JSON");
    let token = kept["servers"][&machine.server]["secrets"]["access_token"].as_str().expect("a token");
    let proof = json!({"method": "password", "secret": PASSWORD});
    owner.with_token(token).post("/api/v1/auth/step-up", proof).await.expect(StatusCode::OK);
    (server, machine)
}

#[tokio::test]
async fn what_is_said_of_a_secret_that_is_there_is_done_too() {
    let (_server, machine) = machine().await;
    let made = machine.run_with("secret set db/word --kind password --description One", "a quiet word\n").await;
    assert!(made.code == 0 && made.out.contains("version 1"), "{}", made.err);
    let again =
        machine.run_with("secret set db/word --kind password --description Two --rotate-every 7", "another\n").await;
    assert!(again.code == 0 && again.out.contains("version 2"), "{}", again.err);
    let shown = &machine.json("secret list").await["items"][0];
    assert_eq!((&shown["description"], &shown["rotation_days"]), (&json!("Two"), &json!(7)));
    for option in ["--kind api-key", "--backend elsewhere"] {
        let refused =
            machine.run_with(&format!("secret set db/word {option} --description No"), "a third word\n").await;
        assert!(refused.code == 1 && refused.err.contains("nothing was changed"), "{}", refused.err);
    }
    let nothing = machine.run_with("secret set db/word --description No", "").await;
    assert!(nothing.code == 2 && nothing.err.contains("empty"), "{}", nothing.err);
    let shown = &machine.json("secret list").await["items"][0];
    assert_eq!((&shown["description"], &shown["current_version"]), (&json!("Two"), &json!(2)));
    let id = shown["id"].as_str().expect("an id");
    assert_eq!(machine.run_with(&format!("secret set {id}"), "by its id\n").await.code, 0);
    assert_eq!(machine.json("secret list").await["items"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_generated_value_has_the_length_that_was_asked_for() {
    let (_server, machine) = machine().await;
    let length = async |name: &str| machine.run(&format!("secret get {name} --reason test")).await.out.trim_end().len();
    assert_eq!(machine.run("secret set a --generate --length 64").await.code, 0);
    assert_eq!(length("a").await, 64);
    assert_eq!(machine.run("secret set a --generate --length 20").await.code, 0);
    assert_eq!(machine.run("secret rotate a").await.code, 0);
    assert_eq!(length("a").await, 20, "later ones too");
    machine.run_with("secret set b --kind password", "given by hand\n").await;
    assert_eq!(machine.run("secret set b --generate").await.code, 0, "from now on it is made");
    assert_eq!((length("b").await, machine.run("secret rotate b").await.code), (32, 0));
    let odd = machine.run("secret set c --kind ssh-key --generate --length 64").await;
    assert!(odd.code == 2 && odd.err.contains("a length of its own"), "{}", odd.err);
}

#[tokio::test]
async fn what_is_known_of_a_secret_is_edited() {
    let (_server, machine) = machine().await;
    machine.run("secret set a --generate").await;
    let words =
        "--rename b/c --description Elsewhere --provider Somebody --rotate-every 10 --overlap 2 --ends 2999-01-31";
    let edited = machine.json(&format!("secret edit a {words}")).await;
    assert_eq!(edited["name"], "b/c");
    let facts =
        ["description", "provider", "rotation_days", "overlap_hours", "expires_at"].map(|name| edited[name].clone());
    assert_eq!(json!(facts), json!(["Elsewhere", "Somebody", 10, 2, "2999-01-31T00:00:00.000Z"]));
    let edited = machine.json("secret edit b/c --rotate-never --ends-never").await;
    assert_eq!(
        (&edited["rotation_days"], &edited["expires_at"], &edited["provider"]),
        (&json!(null), &json!(null), &json!("Somebody"))
    );
    for (wrong, why) in
        [("", "nothing is said"), ("--ends soon", "2027-01-31"), ("--rotate-never --rotate-every 3", "cannot be used")]
    {
        let refused = machine.run(&format!("secret edit b/c {wrong}")).await;
        assert!(refused.code == 2 && refused.err.contains(why), "{wrong}: {}", refused.err);
    }
}

#[tokio::test]
async fn leases_are_listed_and_ended() {
    let (_server, machine) = machine().await;
    let list = machine.json("secret leases").await;
    assert_eq!(list["items"], json!([]));
    let gone = machine.run("secret lease revoke lea_01k9zzzzzzzzzzzzzzzzzzzzzz --yes").await;
    assert!(gone.code == 1 && gone.err.contains("lease"), "{}", gone.err);
}

#[tokio::test]
async fn a_passphrase_comes_from_standard_input_too() {
    let (_server, machine) = machine().await;
    let word = "four words are quite enough\n";
    let rotated = machine.run_with("vault rotate-master-key --guard passphrase", word).await;
    assert_eq!(rotated.code, 0, "{}", rotated.err);
    assert_eq!(machine.run("seal --yes").await.code, 0);
    assert_eq!(machine.run_with("unseal", "something else altogether\n").await.code, 1);
    let unsealed = machine.run_with("unseal", word).await;
    assert!(unsealed.code == 0 && unsealed.out.contains("unsealed"), "{}", unsealed.err);
}

#[tokio::test]
async fn a_long_file_comes_in_whole_and_the_last_of_a_name_counts() {
    let (_server, machine) = machine().await;
    let file = machine.home.path().join("env");
    let import = format!("secret import {} --under ci", file.display());
    let lines: String = (0..1001).map(|n| format!("KEY_{n}=value {n}\n")).collect();
    std::fs::write(&file, format!("KEY_7=an older one\n{lines}")).expect("a file");
    let brought = machine.run(&import).await;
    assert!(brought.code == 0 && brought.out.contains("1001 new"), "{} {}", brought.out, brought.err);
    assert!(brought.err.contains("more than once"), "{}", brought.err);
    assert_eq!(machine.run("secret get ci/key-7").await.out.trim_end(), "value 7");
    let refused = machine.run(&format!("{import} --json")).await;
    let report: Value = serde_json::from_str(&refused.out).expect("JSON");
    assert_eq!((refused.code, report["refused"].as_array().map(Vec::len)), (1, Some(1001)));
    std::fs::write(&file, "A=1\n_LEAD=6\n").expect("a file");
    let named = machine.run(&import).await;
    assert!(named.code == 2 && named.err.contains("line 2") && named.err.contains("begins with"), "{}", named.err);
}
