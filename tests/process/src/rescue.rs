//! The way back for an owner who lost every other one: a link that is made on the machine of the server.

use reqwest::Method;
use serde_json::json;

use crate::api::{Api, OWNER, PASSWORD, claim};
use crate::program::{Ended, Program, memory_dir, run};

const NEW_PASSWORD: &str = "eleven green kites over water";

async fn rescue(data_dir: &std::path::Path, email: &str, args: &[&str]) -> Ended {
    let data_dir = data_dir.display().to_string();
    let mut all = vec!["user", "rescue", email, "--data-dir", &data_dir];
    all.extend(args);
    run(&all).await
}

#[track_caller]
fn token(ended: &Ended) -> String {
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    let link = ended.said.split_whitespace().find(|word| word.starts_with("http://localhost:7400/rescue#token="));
    let token = link.and_then(|link| link.split_once("#token=")).map(|(_, token)| token.to_owned());
    token.unwrap_or_else(|| panic!("there is no link in {}", ended.said))
}

async fn redeem(program: &Program, token: &str, password: &str) -> u16 {
    let body = json!({"token": token, "password": password});
    Api::anonymous(program).post("/auth/rescue", body).await.status
}

async fn sign_in_with(program: &Program, password: &str) -> Api {
    let visitor = Api::anonymous(program);
    let body = json!({"email": OWNER, "password": password, "deliver": "tokens"});
    let result = visitor.post("/auth/password", body).await.expect(200);
    visitor.with_token(result["tokens"]["access_token"].as_str().expect("a token"))
}

#[tokio::test]
async fn an_owner_comes_back_while_the_server_runs_and_the_trail_stays_whole() {
    let dir = memory_dir();
    let program = Program::start(dir.path()).await;
    let owner = claim(&program).await;
    // The command writes between the writes of the server.
    let busy = async {
        for n in 0..40 {
            let body = json!({"email": format!("guest{n}@example.org"), "role": "viewer"});
            owner.send(Method::POST, "/invitations", Some(body), None).await.expect("an answer").expect(201);
        }
    };
    let (first, second, ()) =
        tokio::join!(rescue(dir.path(), OWNER, &[]), rescue(dir.path(), OWNER, &["--json"]), busy);
    assert_eq!((first.code, second.code), (Some(0), Some(0)), "{} {}", first.said, second.said);
    let newest = rescue(dir.path(), OWNER, &[]).await;
    assert_eq!(redeem(&program, &token(&first), NEW_PASSWORD).await, 403, "a newer link was made");
    assert_eq!(redeem(&program, &token(&newest), "short").await, 422);
    assert_eq!(redeem(&program, &token(&newest), NEW_PASSWORD).await, 204);
    assert_eq!(redeem(&program, &token(&newest), PASSWORD).await, 403, "it works once");
    owner.get("/me").await.expect(401);
    let owner = sign_in_with(&program, NEW_PASSWORD).await;
    let entries = owner.list("/audit?action=user.rescue").await;
    let told: Vec<_> = entries.iter().map(|e| (e["action"].as_str(), e["actor"]["name"].as_str())).collect();
    let made = (Some("user.rescue_link"), Some("local"));
    assert_eq!(told, [(Some("user.rescue"), Some("")), made, made, made]);
    assert_eq!(owner.verify().await["ok"], true);
}

#[tokio::test]
async fn an_owner_comes_back_after_the_server_was_stopped() {
    let dir = memory_dir();
    let first = Program::start(dir.path()).await;
    claim(&first).await;
    first.kill().await;
    let link = rescue(dir.path(), OWNER, &["--drop-second-factor"]).await;
    let second = Program::start(dir.path()).await;
    assert_eq!(redeem(&second, &token(&link), NEW_PASSWORD).await, 204);
    let owner = sign_in_with(&second, NEW_PASSWORD).await;
    assert_eq!(owner.verify().await["ok"], true);
}

#[tokio::test]
async fn who_cannot_be_rescued_is_told_why() {
    let (dir, empty) = (memory_dir(), memory_dir());
    let program = Program::start(dir.path()).await;
    claim(&program).await;
    for (folder, email, code, about) in [
        (&dir, "nobody@example.org", 1, "nobody here has the address nobody@example.org"),
        (&dir, "Omar", 2, "is not an e-mail address"),
        (&empty, OWNER, 2, "there is no installation here"),
    ] {
        let ended = rescue(folder.path(), email, &[]).await;
        assert_eq!(ended.code, Some(code), "{}", ended.said);
        assert!(ended.said.contains(about) && ended.said.contains("next: "), "{}", ended.said);
    }
    assert_eq!(std::fs::read_dir(empty.path()).expect("a folder").count(), 0, "nothing is made by looking");
}
