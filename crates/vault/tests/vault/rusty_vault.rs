//! A REAL server of another vault: RustyVault, in a process of its own, with its key-value store of
//! version 1, AppRole and the seal. It has neither version 2 nor transit; those are in the fake alone.
//!
//! `scripts/rusty-vault` puts the program where it is looked for.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use diwan_vault::{BackendConfig, Dialect};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStderr, Command};
use tokio::sync::Mutex;

/// What it says when it listens.
const READY: &str = "waiting for request";
const MOUNT: &str = "kv";
/// How many shares of its key there are, and how many open it.
const SHARES: (usize, usize) = (3, 2);

/// How we sign in there.
#[derive(Debug, Clone, Copy)]
pub(crate) enum SignIn {
    Token,
    AppRole,
}

struct Process {
    child: Child,
    /// Closed, it could not speak on.
    _says: BufReader<ChildStderr>,
}

/// The server. It is killed when it is dropped.
pub(crate) struct RustyVault {
    address: SocketAddr,
    dir: tempfile::TempDir,
    process: Mutex<Option<Process>>,
    http: Client,
    keys: Vec<String>,
    root: String,
    role_id: String,
}

impl RustyVault {
    /// A new one: initialised, unsealed, with a store, a token and a role for us.
    pub(crate) async fn start() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        // Another process may take the port in between.
        let mut started = None;
        for _ in 0..5 {
            let address = free_address();
            if let Some(process) = run(address, dir.path()).await {
                started = Some((address, process));
                break;
            }
        }
        let (address, process) = started.expect("RustyVault listens");
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder().no_proxy().build().expect("a client");
        let nothing = String::new();
        let process = Mutex::new(Some(process));
        let mut this = Self { address, dir, process, http, keys: vec![], root: nothing.clone(), role_id: nothing };
        this.set_up().await;
        this
    }

    async fn set_up(&mut self) {
        let shares = json!({"secret_shares": SHARES.0, "secret_threshold": SHARES.1});
        let made = self.ask(Method::PUT, "sys/init", Some(shares)).await;
        self.keys = made["keys"].as_array().expect("keys").iter().map(text).collect();
        self.root = text(&made["root_token"]);
        self.unseal().await;
        self.ask(Method::POST, &format!("sys/mounts/{MOUNT}"), Some(json!({"type": "kv"}))).await;
        self.write_token(&self.root);
        self.ask(Method::POST, "sys/auth/approle", Some(json!({"type": "approle"}))).await;
        let role = json!({"token_policies": "default", "token_ttl": "20m"});
        self.ask(Method::POST, "auth/approle/role/diwan", Some(role)).await;
        let id = self.ask(Method::GET, "auth/approle/role/diwan/role-id", None).await;
        self.role_id = text(&id["data"]["role_id"]);
        let secret = self.ask(Method::POST, "auth/approle/role/diwan/secret-id", Some(json!({}))).await;
        std::fs::write(self.secret_id_file(), text(&secret["data"]["secret_id"])).expect("a file");
    }

    /// Asks it as its owner.
    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let (status, answer) = self.try_ask(method, path, body).await;
        assert!(status.is_success(), "{path}: {status} {answer}");
        answer
    }

    async fn try_ask(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let request = self.http.request(method, format!("http://{}/v1/{path}", self.address));
        let request = request.header("X-Vault-Token", &self.root);
        let request = if let Some(body) = body { request.json(&body) } else { request };
        let answer = request.send().await.expect("RustyVault answers");
        let status = answer.status();
        let bytes = answer.bytes().await.expect("its whole answer");
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    /// It forgets its key, as on `sys/seal`.
    pub(crate) async fn seal(&self) {
        self.ask(Method::PUT, "sys/seal", None).await;
        assert_eq!(self.ask(Method::GET, "sys/seal-status", None).await["sealed"], true);
    }

    /// As many of those who hold a share as are needed come together.
    pub(crate) async fn unseal(&self) {
        for key in self.keys.iter().take(SHARES.1) {
            self.ask(Method::PUT, "sys/unseal", Some(json!({"key": key}))).await;
        }
        assert_eq!(self.ask(Method::GET, "sys/seal-status", None).await["sealed"], false);
    }

    /// Killed.
    pub(crate) async fn go_away(&self) {
        let mut process = self.process.lock().await.take().expect("it runs");
        process.child.kill().await.expect("it can be killed");
    }

    /// Started again where it was, with what it had; as always after a start it is sealed at first.
    pub(crate) async fn come_back(&self) {
        let process = run(self.address, self.dir.path()).await.expect("the port is free again");
        *self.process.lock().await = Some(process);
        self.unseal().await;
    }

    /// Everything at and below a path.
    pub(crate) async fn below(&self, path: &str) -> Vec<Value> {
        let mut found = vec![];
        let mut folders = vec![path.to_owned()];
        while let Some(folder) = folders.pop() {
            let list = Method::from_bytes(b"LIST").expect("a method");
            let (_, listed) = self.try_ask(list, &format!("{MOUNT}/{folder}/"), None).await;
            for key in listed["data"]["keys"].as_array().into_iter().flatten().map(text) {
                let path = format!("{folder}/{}", key.trim_end_matches('/'));
                if key.ends_with('/') {
                    folders.push(path);
                } else {
                    found.push(self.ask(Method::GET, &format!("{MOUNT}/{path}"), None).await["data"].clone());
                }
            }
        }
        found
    }

    /// All that it keeps of ours, as text.
    pub(crate) async fn dump(&self) -> String {
        format!("{:?}", self.below("diwan").await)
    }

    /// The files in which it keeps what it has, whatever their form.
    pub(crate) fn files(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// A new token of it, which is written down for us.
    pub(crate) async fn issue_token(&self) -> String {
        let made = self.ask(Method::POST, "auth/token/create", Some(json!({"policies": ["default"]}))).await;
        let token = text(&made["auth"]["client_token"]);
        self.write_token(&token);
        token
    }

    /// A token is good no more.
    pub(crate) async fn revoke(&self, token: &str) {
        self.ask(Method::POST, &format!("auth/token/revoke/{token}"), None).await;
    }

    /// Somebody else removes everything at and below a path.
    pub(crate) async fn lose(&self, path: &str) {
        let list = Method::from_bytes(b"LIST").expect("a method");
        let listed = self.ask(list, &format!("{MOUNT}/{path}/"), None).await;
        for key in listed["data"]["keys"].as_array().expect("keys").iter().map(text) {
            self.ask(Method::DELETE, &format!("{MOUNT}/{path}/{key}"), None).await;
        }
    }

    pub(crate) fn write_token(&self, token: &str) {
        std::fs::write(self.token_file(), token).expect("a file");
    }

    fn token_file(&self) -> PathBuf {
        self.dir.path().join("token")
    }

    fn secret_id_file(&self) -> PathBuf {
        self.dir.path().join("secret-id")
    }

    /// A back end that keeps its values there.
    pub(crate) fn config(&self, sign_in: SignIn) -> BackendConfig {
        let file = |path: PathBuf| Some(path.display().to_string());
        let (token_file, role_id, secret_id_file) = match sign_in {
            SignIn::Token => (file(self.token_file()), None, None),
            SignIn::AppRole => (None, Some(self.role_id.clone()), file(self.secret_id_file())),
        };
        BackendConfig {
            name: "other".to_owned(),
            address: format!("http://{}", self.address),
            mount: MOUNT.to_owned(),
            prefix: "diwan".to_owned(),
            dialect: Dialect::Kv1,
            token_file,
            role_id,
            secret_id_file,
            namespace: None,
            ca_file: None,
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address")
}

/// The program below the folder that this test lies in: `target/debug/deps/x` → `target/tools/debug/bin/rvault`.
fn program() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows where it is");
    let target = test.ancestors().nth(3).expect("three folders up");
    let program = target.join("tools/debug/bin/rvault");
    let missing = format!("{} is not there: `scripts/rusty-vault` builds it, as `make test` does", program.display());
    assert!(program.is_file(), "{missing}");
    program
}

/// Starts it and waits until it listens; `None` when it cannot.
async fn run(address: SocketAddr, dir: &Path) -> Option<Process> {
    let config = json!({
        "storage": {"file": {"path": dir.join("data")}},
        "listener": {"tcp": {"address": address.to_string(), "tls_disable": true}},
        "work_dir": dir.join("work"),
        // Of all that it could say, that it listens.
        "log_level": "rusty_vault::cli::command::server=info",
    });
    let file = dir.join("rusty-vault.json");
    std::fs::write(&file, config.to_string()).expect("a file");
    let mut command = Command::new(program());
    command.args(["server", "--config"]).arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.kill_on_drop(true).spawn().expect("RustyVault can be started");
    let mut says = BufReader::new(child.stderr.take().expect("its output"));
    let mut line = String::new();
    while says.read_line(&mut line).await.expect("its output is text") > 0 {
        if line.contains(READY) {
            return Some(Process { child, _says: says });
        }
        line.clear();
    }
    None
}
