//! A person's machine: what runs the command line.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Output, Stdio};

use diwan_testkit::server::PASSWORD;
use diwan_testkit::{Person, TestServer};
use reqwest::StatusCode;
use serde_json::{Value, json};

/// A person's machine: a home of its own, and nothing else in the environment.
pub(crate) struct Machine {
    pub(crate) home: tempfile::TempDir,
    pub(crate) server: String,
}

pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Machine {
    pub(crate) fn of(server: &TestServer) -> Self {
        let home = tempfile::tempdir().expect("a directory");
        Self { home, server: format!("http://{}", server.address()) }
    }

    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_diwan"));
        command.args(line.split_whitespace()).env_clear().env("HOME", self.home.path());
        command.env("DIWAN_SERVER", &self.server).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) async fn run(&self, line: &str) -> Ran {
        self.run_in(line, &[]).await
    }

    /// Runs it with these variables.
    pub(crate) async fn run_in(&self, line: &str, variables: &[(&str, &str)]) -> Ran {
        let mut command = self.command(line);
        command.envs(variables.iter().copied());
        ran(tokio::task::spawn_blocking(move || command.output()).await.expect("it ran").expect("it started"))
    }

    pub(crate) async fn run_with(&self, line: &str, input: &str) -> Ran {
        let mut child = self.command(line).stdin(Stdio::piped()).spawn().expect("it starts");
        child.stdin.take().expect("its input").write_all(input.as_bytes()).expect("it reads");
        ran(tokio::task::spawn_blocking(move || child.wait_with_output()).await.expect("it ran").expect("it ended"))
    }

    pub(crate) async fn json(&self, line: &str) -> Value {
        let ran = self.run(&format!("{line} --json")).await;
        assert_eq!(ran.code, 0, "{line}: {}", ran.err);
        serde_json::from_str(&ran.out).expect("JSON")
    }

    /// Signs in, with somebody approving in the browser.
    pub(crate) async fn log_in(&self, person: &Person) {
        let child = self.command("login --no-browser").spawn().expect("it starts");
        let (child, code) = tokio::task::spawn_blocking(move || code_of(child)).await.expect("a code");
        person
            .post("/api/v1/auth/step-up", json!({"method": "password", "secret": PASSWORD}))
            .await
            .expect(StatusCode::OK);
        let asked = person.get(&format!("/api/v1/auth/device/{code}")).await.expect(StatusCode::OK);
        assert!(asked["client_name"].as_str().is_some_and(|name| name.starts_with("diwan on ")), "{asked}");
        person.post(&format!("/api/v1/auth/device/{code}/approve"), json!({})).await.expect(StatusCode::NO_CONTENT);
        let ended = tokio::task::spawn_blocking(move || child.wait_with_output()).await.expect("it ran");
        let ended = ran(ended.expect("it ended"));
        assert_eq!(ended.code, 0, "{}", ended.err);
        assert!(ended.out.contains("owner@example.org"), "{}", ended.out);
    }

    pub(crate) fn credentials(&self) -> std::path::PathBuf {
        self.home.path().join(".config/diwan/credentials.json")
    }
}

/// Reads what the program prints until it shows the code.
fn code_of(mut child: Child) -> (Child, String) {
    let mut lines = BufReader::new(child.stderr.take().expect("its errors")).lines();
    let line = lines.find_map(|line| line.ok()?.strip_prefix("and compare this code:").map(str::to_owned));
    let code = line.expect("a code").trim().to_owned();
    // The rest must be read, or the program waits for a reader.
    std::thread::spawn(move || lines.count());
    (child, code)
}

pub(crate) fn ran(output: Output) -> Ran {
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Ran { code: output.status.code().expect("a code"), out: text(output.stdout), err: text(output.stderr) }
}
