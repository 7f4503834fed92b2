//! Secrets lie nowhere in clear: not in the database, not beside it, not in what the program prints.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::api::{Api, OWNER, PASSWORD, claim};
use crate::program::{Program, memory_dir};

#[tokio::test]
async fn no_secret_is_found_in_the_data_directory_or_in_the_output() {
    let dir = memory_dir();
    let program = Program::start_with(dir.path(), &["--log-level", "trace"]).await;
    let setup_link = program.setup_link.clone().expect("a link");
    let owner = claim(&program).await;
    let mut secrets = vec![PASSWORD.to_owned(), after(&setup_link, "#token=")];

    let totp = owner.post("/me/totp", json!({})).await.expect(200);
    secrets.push(text(&totp["secret"]));
    let token = json!({"name": "build", "scopes": ["status.read"], "expires_in_days": 1});
    secrets.push(text(&owner.post("/me/tokens", token).await.expect(201)["secret"]));
    let pair = json!({"email": OWNER, "password": PASSWORD, "deliver": "tokens"});
    let pair = Api::anonymous(&program).post("/auth/password", pair).await.expect(200);
    secrets.extend([text(&pair["tokens"]["access_token"]), text(&pair["tokens"]["refresh_token"])]);

    for secret in &secrets {
        assert!(secret.len() >= 16, "{secret:?} is too short to look for");
        for file in files(dir.path()) {
            let bytes = fs::read(&file).expect("a file can be read");
            let is_in = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!is_in, "{secret:?} lies in {}", file.display());
        }
    }
    let said = program.said().replace(&setup_link, "");
    for secret in &secrets {
        assert!(!said.contains(secret.as_str()), "{secret:?} is in the output");
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn text(value: &serde_json::Value) -> String {
    value.as_str().expect("a text").to_owned()
}

fn after(link: &str, mark: &str) -> String {
    link.split_once(mark).map(|(_, token)| token.to_owned()).expect("a token")
}
