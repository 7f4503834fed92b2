//! A FAKE of HashiCorp Vault and OpenBao, built from their published HTTP API; no line of either runs
//! here. It has KV version 1 and 2, AppRole, transit, the seal, and the answers that the API names for
//! what goes wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use diwan_kernel::World;
use diwan_vault::{BackendConfig, Dialect, TransitConfig};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

const ROLE_ID: &str = "diwan-role";
const SECRET_ID: &str = "a secret id";
pub(crate) const LEASE_SECONDS: u64 = 1_200;
/// What a store of version 2 keeps unless it is told otherwise.
const MAX_VERSIONS: u64 = 10;
pub(crate) const TRANSIT_KEY: &str = "diwan";

/// One version in a store of version 2.
#[derive(Debug, Clone, Default)]
struct Kept {
    data: Value,
    deleted: bool,
    destroyed: bool,
}

/// What it does wrong, on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whim {
    /// `sys/seal` was called.
    Sealed,
    /// It is a standby that does not forward.
    Standby,
    /// It answers with something that is not JSON.
    Nonsense,
    /// It carries the next write out, and its answer gets lost on the way.
    LoseNextAnswer,
    /// It sends whoever asks elsewhere.
    Redirect,
}

#[derive(Debug, Default)]
struct Store {
    first: BTreeMap<String, Value>,
    second: BTreeMap<String, BTreeMap<u64, Kept>>,
    tokens: BTreeSet<String>,
    logins: u64,
    whim: Option<Whim>,
    transit: BTreeMap<String, [u8; 32]>,
    requests: u64,
}

type Shared = Arc<Mutex<Store>>;

/// The fake, listening.
pub(crate) struct FakeHashicorp {
    address: SocketAddr,
    store: Shared,
    listening: Mutex<Option<(oneshot::Sender<()>, JoinHandle<()>)>>,
    dir: tempfile::TempDir,
}

impl FakeHashicorp {
    pub(crate) async fn start() -> Self {
        let mut store = Store::default();
        store.tokens.insert("root-of-the-fake".to_owned());
        store.transit.insert(TRANSIT_KEY.to_owned(), World::real().random());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::write(dir.path().join("token"), "root-of-the-fake\n").expect("a file");
        std::fs::write(dir.path().join("secret-id"), SECRET_ID).expect("a file");
        let address = listener.local_addr().expect("an address");
        let this = Self { address, store: Arc::new(Mutex::new(store)), listening: Mutex::new(None), dir };
        this.listen(listener);
        this
    }

    #[expect(clippy::disallowed_methods, reason = "a test has no supervisor")]
    fn listen(&self, listener: TcpListener) {
        let router = axum::Router::new().fallback(answer).with_state(self.store.clone());
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(async move {
            let serve = axum::serve(listener, router).with_graceful_shutdown(async move {
                let _ = stopped.await;
            });
            serve.await.expect("the fake serves");
        });
        *self.listening.lock().unwrap_or_else(PoisonError::into_inner) = Some((stop, serving));
    }

    /// Nobody listens any more.
    pub(crate) async fn go_away(&self) {
        let taken = self.listening.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (stop, serving) = taken.expect("it listens");
        let _ = stop.send(());
        serving.await.expect("the fake ends");
    }

    /// The same store listens again, where it was.
    pub(crate) async fn come_back(&self) {
        self.listen(TcpListener::bind(self.address).await.expect("the port is free again"));
    }

    fn lock(&self) -> MutexGuard<'_, Store> {
        lock(&self.store)
    }

    pub(crate) fn be(&self, whim: Option<Whim>) {
        self.lock().whim = whim;
    }

    /// How often somebody signed in with an AppRole.
    pub(crate) fn logins(&self) -> u64 {
        self.lock().logins
    }

    /// How many requests it has had.
    pub(crate) fn requests(&self) -> u64 {
        self.lock().requests
    }

    /// No token that it has given out is good any more; the one in the file stays good.
    pub(crate) fn expire_tokens(&self) {
        self.lock().tokens.retain(|token| token == "root-of-the-fake");
    }

    pub(crate) fn token_file(&self) -> PathBuf {
        self.dir.path().join("token")
    }

    pub(crate) fn write_token(&self, token: &str) {
        std::fs::write(self.token_file(), token).expect("a file");
    }

    /// All that it keeps, as text.
    pub(crate) fn dump(&self) -> String {
        let store = self.lock();
        format!("{:?} {:?}", store.first, store.second)
    }

    /// Whether it has anything at or below a path.
    pub(crate) fn knows(&self, path: &str) -> bool {
        let store = self.lock();
        store.second.contains_key(path) || store.first.keys().any(|k| k == path || k.starts_with(&format!("{path}/")))
    }

    /// Somebody else writes over the newest document there.
    pub(crate) fn write_behind(&self, path: &str, value: &str) {
        let mut store = self.lock();
        let versions = store.second.entry(path.to_owned()).or_default();
        put(versions, json!({"value": value}));
    }

    /// Somebody else writes over every document of version 1 below a path.
    pub(crate) fn write_over(&self, path: &str, value: &str) {
        let mut store = self.lock();
        let mut below: Vec<_> = store.first.iter_mut().filter(|(k, _)| k.starts_with(&format!("{path}/"))).collect();
        assert!(!below.is_empty(), "there is nothing below {path}");
        below.iter_mut().for_each(|(_, document)| **document = json!({"value": value}));
    }

    /// Somebody else changes one field of the newest document there, and leaves the others (`vault kv patch`).
    pub(crate) fn patch_behind(&self, path: &str, value: &str) {
        let mut store = self.lock();
        let versions = store.second.get_mut(path).expect("a document");
        let mut data = versions.last_key_value().expect("a version").1.data.clone();
        data["value"] = json!(value);
        put(versions, data);
    }

    /// Somebody else removes everything there is of a name.
    pub(crate) fn lose(&self, path: &str) {
        let mut store = self.lock();
        store.second.remove(path);
        store.first.retain(|k, _| k != path && !k.starts_with(&format!("{path}/")));
    }

    /// Somebody else deletes the newest version, so that it could be brought back (`vault kv delete`).
    pub(crate) fn delete_newest(&self, path: &str) {
        let mut store = self.lock();
        let versions = store.second.get_mut(path).expect("a document");
        versions.last_entry().expect("a version").get_mut().deleted = true;
    }

    /// Its transit key is another one from here on.
    pub(crate) fn replace_transit_key(&self) {
        self.lock().transit.insert(TRANSIT_KEY.to_owned(), World::real().random());
    }

    fn config(&self, dialect: Dialect) -> BackendConfig {
        BackendConfig {
            name: "other".to_owned(),
            address: format!("http://{}", self.address),
            mount: match dialect {
                Dialect::Kv1 => "kv".to_owned(),
                Dialect::Kv2 => "secret".to_owned(),
            },
            prefix: "diwan".to_owned(),
            dialect,
            token_file: None,
            role_id: None,
            secret_id_file: None,
            namespace: None,
            ca_file: None,
        }
    }

    /// A back end that shows the token in the file.
    pub(crate) fn with_token(&self, dialect: Dialect) -> BackendConfig {
        let token_file = Some(self.token_file().display().to_string());
        BackendConfig { token_file, ..self.config(dialect) }
    }

    /// A back end that signs in with an AppRole.
    pub(crate) fn with_approle(&self, dialect: Dialect) -> BackendConfig {
        let secret_id_file = Some(self.dir.path().join("secret-id").display().to_string());
        BackendConfig { role_id: Some(ROLE_ID.to_owned()), secret_id_file, ..self.config(dialect) }
    }

    /// The transit engine as a guard.
    pub(crate) fn transit(&self) -> TransitConfig {
        TransitConfig {
            address: format!("http://{}", self.address),
            mount: "transit".to_owned(),
            key: TRANSIT_KEY.to_owned(),
            token_file: self.token_file().display().to_string(),
            ca_file: None,
        }
    }
}

fn lock(store: &Shared) -> MutexGuard<'_, Store> {
    store.lock().unwrap_or_else(PoisonError::into_inner)
}

fn put(versions: &mut BTreeMap<u64, Kept>, data: Value) -> u64 {
    let next = versions.last_key_value().map_or(0, |(n, _)| *n) + 1;
    versions.insert(next, Kept { data, ..Kept::default() });
    versions.retain(|n, _| *n + MAX_VERSIONS > next);
    next
}

fn json_answer(status: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).expect("a status");
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

fn data(body: &Value) -> Response {
    let mut whole = json!({"request_id": "fake", "lease_id": "", "renewable": false, "lease_duration": 0, "wrap_info": null, "warnings": null, "auth": null});
    whole["data"] = body.clone();
    json_answer(200, &whole)
}

fn errors(status: u16, said: &[&str]) -> Response {
    json_answer(status, &json!({"errors": said}))
}

fn done() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

async fn answer(State(store): State<Shared>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, 1024 * 1024).await.unwrap_or_default();
    let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let path = head.uri.path().trim_start_matches("/v1/").to_owned();
    let mut store = lock(&store);
    store.requests += 1;
    match store.whim {
        Some(Whim::Sealed) => return errors(503, &["Vault is sealed"]),
        Some(Whim::Standby) => return json_answer(429, &Value::Null),
        Some(Whim::Nonsense) => return "<html>welcome to the proxy</html>".into_response(),
        Some(Whim::Redirect) => {
            return (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, head.uri.to_string())]).into_response();
        }
        _ => {}
    }
    if head.headers.get("x-vault-request").is_none() {
        return errors(412, &["missing 'X-Vault-Request' header"]);
    }
    let is_write = head.method != Method::GET && !path.starts_with("auth/");
    let answer = store.route(&head.method, &path, head.uri.query(), &head.headers, &body);
    if is_write && store.whim == Some(Whim::LoseNextAnswer) {
        store.whim = None;
        return errors(502, &["the proxy before it lost its patience"]);
    }
    answer
}

impl Store {
    fn route(
        &mut self,
        method: &Method,
        path: &str,
        query: Option<&str>,
        headers: &HeaderMap,
        body: &Value,
    ) -> Response {
        if path == "auth/approle/login" {
            return self.log_in(body);
        }
        let token = headers.get("x-vault-token").and_then(|t| t.to_str().ok()).unwrap_or_default();
        if !self.tokens.contains(token) {
            return errors(403, &["permission denied"]);
        }
        let (mount, rest) = path.split_once('/').unwrap_or((path, ""));
        match mount {
            "kv" => self.first(method, rest, body),
            "secret" => self.second(method, rest, query, body),
            "transit" => self.transit(rest, body),
            _ => errors(404, &[&format!("no handler for route {path:?}. route entry not found.")]),
        }
    }

    fn log_in(&mut self, body: &Value) -> Response {
        if body["role_id"] != ROLE_ID || body["secret_id"] != SECRET_ID {
            return errors(400, &["invalid role or secret ID"]);
        }
        self.logins += 1;
        let token = format!("hvs.{}", self.logins);
        self.tokens.insert(token.clone());
        json_answer(
            200,
            &json!({"request_id": "fake", "data": null, "auth": {
                "client_token": token, "accessor": "fake", "policies": ["default", "diwan"], "token_policies": ["default", "diwan"],
                "metadata": {"role_name": "diwan"}, "lease_duration": LEASE_SECONDS, "renewable": true, "token_type": "service",
            }}),
        )
    }

    /// KV version 1: one document a path.
    fn first(&mut self, method: &Method, path: &str, body: &Value) -> Response {
        match *method {
            Method::GET => match self.first.get(path) {
                Some(document) => json_answer(
                    200,
                    &json!({"request_id": "fake", "lease_duration": 2_764_800, "renewable": false, "data": document}),
                ),
                None => errors(404, &[]),
            },
            Method::POST | Method::PUT => {
                self.first.insert(path.to_owned(), body.clone());
                done()
            }
            Method::DELETE => {
                self.first.remove(path);
                done()
            }
            _ => errors(405, &["unsupported operation"]),
        }
    }

    /// KV version 2: versions, check-and-set, metadata.
    fn second(&mut self, method: &Method, path: &str, query: Option<&str>, body: &Value) -> Response {
        let (branch, name) = path.split_once('/').unwrap_or((path, ""));
        match (branch, method) {
            ("data", &Method::GET) => self.read(name, query),
            ("data", &Method::POST | &Method::PUT) => self.write(name, body),
            ("destroy", &Method::POST | &Method::PUT) => {
                let numbers = body["versions"].as_array().cloned().unwrap_or_default();
                for number in numbers.iter().filter_map(Value::as_u64) {
                    if let Some(kept) = self.second.get_mut(name).and_then(|v| v.get_mut(&number)) {
                        *kept = Kept { destroyed: true, ..Kept::default() };
                    }
                }
                done()
            }
            ("metadata", &Method::GET) => match self.second.get(name) {
                Some(versions) => {
                    let current = versions.last_key_value().map_or(0, |(n, _)| *n);
                    let all: BTreeMap<String, Value> =
                        versions.iter().map(|(n, k)| (n.to_string(), metadata(*n, k))).collect();
                    data(
                        &json!({"cas_required": false, "current_version": current, "max_versions": 0, "versions": all}),
                    )
                }
                None => errors(404, &[]),
            },
            ("metadata", &Method::DELETE) => {
                self.second.remove(name);
                done()
            }
            _ => errors(405, &["unsupported operation"]),
        }
    }

    fn read(&self, name: &str, query: Option<&str>) -> Response {
        let Some(versions) = self.second.get(name) else { return errors(404, &[]) };
        let wanted = query.and_then(|q| q.strip_prefix("version=")).and_then(|n| n.parse().ok()).filter(|n| *n > 0);
        let number = wanted.unwrap_or_else(|| versions.last_key_value().map_or(0, |(n, _)| *n));
        let Some(kept) = versions.get(&number) else { return errors(404, &[]) };
        if kept.deleted || kept.destroyed {
            // A version that is gone is answered with 404 and its metadata.
            return json_answer(
                404,
                &json!({"request_id": "fake", "data": {"data": null, "metadata": metadata(number, kept)}}),
            );
        }
        data(&json!({"data": kept.data, "metadata": metadata(number, kept)}))
    }

    fn write(&mut self, name: &str, body: &Value) -> Response {
        let current = self.second.get(name).and_then(|v| v.last_key_value()).map_or(0, |(n, _)| *n);
        if body["options"]["cas"].as_u64().is_some_and(|cas| cas != current) {
            return errors(400, &["check-and-set parameter did not match the current version"]);
        }
        if !body["data"].is_object() {
            return errors(400, &["no data provided"]);
        }
        let versions = self.second.entry(name.to_owned()).or_default();
        let number = put(versions, body["data"].clone());
        let metadata = metadata(number, &versions[&number]);
        data(&metadata)
    }

    /// The transit engine.
    fn transit(&self, path: &str, body: &Value) -> Response {
        let (verb, name) = path.split_once('/').unwrap_or((path, ""));
        let Some(key) = self.transit.get(name) else { return errors(400, &["encryption key not found"]) };
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("a key"));
        match verb {
            "encrypt" => {
                let Some(mut text) = body["plaintext"].as_str().and_then(|t| STANDARD.decode(t).ok()) else {
                    return errors(400, &["failed to base64-decode plaintext"]);
                };
                let nonce: [u8; NONCE_LEN] = World::real().random();
                key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut text)
                    .expect("it seals");
                let whole = [nonce.as_slice(), &text].concat();
                data(&json!({"ciphertext": format!("vault:v1:{}", STANDARD.encode(whole)), "key_version": 1}))
            }
            "decrypt" => {
                let Some(coded) = body["ciphertext"].as_str().and_then(|t| t.strip_prefix("vault:v1:")) else {
                    return errors(400, &["invalid ciphertext: no prefix"]);
                };
                let Some(mut whole) = STANDARD.decode(coded).ok().filter(|w| w.len() > NONCE_LEN) else {
                    return errors(400, &["invalid ciphertext: could not decode base64"]);
                };
                let mut sealed = whole.split_off(NONCE_LEN);
                let nonce = Nonce::try_assume_unique_for_key(&whole).expect("a nonce");
                match key.open_in_place(nonce, Aad::empty(), &mut sealed) {
                    Ok(text) => data(&json!({"plaintext": STANDARD.encode(text)})),
                    Err(_) => errors(400, &["cipher: message authentication failed"]),
                }
            }
            _ => errors(405, &["unsupported operation"]),
        }
    }
}

fn metadata(number: u64, kept: &Kept) -> Value {
    let deletion = if kept.deleted { "2026-01-06T10:00:00.000000000Z" } else { "" };
    json!({
        "created_time": "2026-01-06T09:00:00.000000000Z", "custom_metadata": null,
        "deletion_time": deletion, "destroyed": kept.destroyed, "version": number,
    })
}
