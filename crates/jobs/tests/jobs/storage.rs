//! An object storage that a test plays: it keeps what comes with the hash that was announced, and can be in trouble.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use diwan_fleet::ArtifactsConfig;
use diwan_kernel::config::SecretValue;
use ring::digest::{SHA256, digest};

/// What it answers instead of doing what it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The key may not.
    Denied,
    /// It has troubles of its own.
    Down,
}

#[derive(Debug, Default)]
struct Kept {
    objects: BTreeMap<String, Vec<u8>>,
    trouble: Option<Trouble>,
    puts: usize,
}

/// The storage, and what is in it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Storage(Arc<Mutex<Kept>>);

impl Storage {
    /// It listens; the settings that lead there.
    #[expect(clippy::disallowed_methods, reason = "the test owns its tasks")]
    pub(crate) async fn start() -> (Self, ArtifactsConfig) {
        let this = Self::default();
        let door = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}/bucket/of-diwan", door.local_addr().expect("an address"));
        let routes = Router::new().fallback(any(answer)).with_state(this.clone());
        tokio::spawn(async move { axum::serve(door, routes).await });
        let secret_key = SecretValue::from("a secret of the storage");
        (this, ArtifactsConfig { address, key_id: "KEY".to_owned(), secret_key, ..ArtifactsConfig::default() })
    }

    fn with<T>(&self, look: impl FnOnce(&mut Kept) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on it is in this trouble, or in none.
    pub(crate) fn is_in(&self, trouble: Option<Trouble>) {
        self.with(|kept| kept.trouble = trouble);
    }

    /// What is in it, below its place in the bucket.
    pub(crate) fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        let below = |name: String| name.trim_start_matches("/bucket/of-diwan/").to_owned();
        self.with(|kept| kept.objects.clone()).into_iter().map(|(name, object)| (below(name), object)).collect()
    }

    /// How often something was to be put there.
    pub(crate) fn puts(&self) -> usize {
        self.with(|kept| kept.puts)
    }

    /// Changes what it has, as a broken disk does.
    pub(crate) fn spoil(&self, change: impl FnOnce(&mut BTreeMap<String, Vec<u8>>)) {
        self.with(|kept| change(&mut kept.objects));
    }
}

async fn answer(State(storage): State<Storage>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let signed = header("authorization");
    if !signed.starts_with("AWS4-HMAC-SHA256 Credential=KEY/") || signed.contains("a secret") {
        return complain(StatusCode::FORBIDDEN, "SignatureDoesNotMatch");
    }
    storage.with(|kept| {
        kept.puts += usize::from(method == Method::PUT);
        match kept.trouble {
            Some(Trouble::Denied) => return complain(StatusCode::FORBIDDEN, "AccessDenied"),
            Some(Trouble::Down) => return complain(StatusCode::SERVICE_UNAVAILABLE, "SlowDown"),
            None => {}
        }
        let name = uri.path().to_owned();
        if method == Method::PUT {
            let hash: String = digest(&SHA256, &body).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
            if hash != header("x-amz-content-sha256") || header("content-length") != body.len().to_string() {
                return complain(StatusCode::BAD_REQUEST, "XAmzContentSHA256Mismatch");
            }
            kept.objects.insert(name, body.to_vec());
            return StatusCode::OK.into_response();
        }
        let Some(object) = kept.objects.get(&name) else { return complain(StatusCode::NOT_FOUND, "NoSuchKey") };
        let Some(range) = header("range").strip_prefix("bytes=") else { return object.clone().into_response() };
        let part = range.split_once('-').and_then(|(from, to)| object.get(from.parse().ok()?..=to.parse().ok()?));
        let Some(part) = part else { return complain(StatusCode::RANGE_NOT_SATISFIABLE, "InvalidRange") };
        let told = [("content-range", format!("bytes {range}/{}", object.len()))];
        (StatusCode::PARTIAL_CONTENT, told, part.to_vec()).into_response()
    })
}

fn complain(status: StatusCode, code: &str) -> Response {
    (status, format!("<Error><Code>{code}</Code><Message>It is so.</Message></Error>")).into_response()
}
