//! An identity provider that does as the test says.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use diwan_kernel::{Supervisor, TaskPolicy};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use url::Url;

use super::test_provider::TestKey;

/// Who we are to the provider, with characters that must be encoded on the way.
pub(crate) const CLIENT_ID: &str = "diwan";
pub(crate) const CLIENT_SECRET: &str = "a secret: 100% kept/+";

/// A sign-in that the provider was asked for.
#[derive(Clone)]
struct Grant {
    claims: Value,
    challenge: String,
    redirect_uri: String,
}

struct Inner {
    issuer: String,
    key: TestKey,
    kid: String,
    /// What is published; differs from the key in use while keys change.
    published: Vec<Value>,
    grants: HashMap<String, Grant>,
    more: Value,
    userinfo: Option<Value>,
    down: bool,
    asked_for_keys: usize,
}

/// The provider.
#[derive(Clone)]
pub(crate) struct FakeProvider {
    inner: Arc<Mutex<Inner>>,
    supervisor: Supervisor,
}

impl FakeProvider {
    /// Starts one.
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at: SocketAddr = listener.local_addr().unwrap();
        let key = TestKey::rsa();
        let inner = Inner {
            issuer: format!("http://{at}"),
            published: vec![key.jwk("key-1")],
            key,
            kid: "key-1".into(),
            grants: HashMap::new(),
            more: json!({}),
            userinfo: None,
            down: false,
            asked_for_keys: 0,
        };
        let this = Self { inner: Arc::new(Mutex::new(inner)), supervisor: Supervisor::new() };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(configuration))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .route("/userinfo", get(userinfo))
            .with_state(this.clone());
        this.supervisor.spawn("fake provider", TaskPolicy::Once, async move {
            axum::serve(listener, router).await.unwrap();
        });
        this
    }

    pub(crate) fn issuer(&self) -> String {
        self.inner.lock().unwrap().issuer.clone()
    }

    /// What else its configuration says.
    pub(crate) fn says_more(&self, more: Value) {
        self.inner.lock().unwrap().more = more;
    }

    /// What it says when it is asked about a person.
    pub(crate) fn knows(&self, userinfo: Value) {
        self.inner.lock().unwrap().userinfo = Some(userinfo);
    }

    /// Whether it answers.
    pub(crate) fn is_down(&self, down: bool) {
        self.inner.lock().unwrap().down = down;
    }

    /// Takes another key, and publishes it.
    pub(crate) fn changes_its_key(&self, kid: &str) {
        let mut inner = self.inner.lock().unwrap();
        inner.key = TestKey::ed25519();
        inner.kid = kid.to_owned();
        inner.published = vec![inner.key.jwk(kid)];
    }

    /// Takes a key that it never publishes.
    pub(crate) fn hides_its_key(&self, kid: &str) {
        let mut inner = self.inner.lock().unwrap();
        inner.key = TestKey::p256();
        inner.kid = kid.to_owned();
    }

    pub(crate) fn asked_for_keys(&self) -> usize {
        self.inner.lock().unwrap().asked_for_keys
    }

    /// Lets somebody sign in there, sent by this address: gives the query that they come back with.
    pub(crate) fn consent(&self, departure: &str, now_s: i64, person: Value) -> String {
        let url = Url::parse(departure).unwrap();
        let asked: HashMap<String, String> = url.query_pairs().into_owned().collect();
        let mut inner = self.inner.lock().unwrap();
        assert_eq!(asked["response_type"], "code");
        assert_eq!(asked["client_id"], CLIENT_ID);
        assert_eq!(asked["code_challenge_method"], "S256");
        assert!(asked["scope"].split(' ').any(|s| s == "openid"));
        let mut claims = json!({
            "iss": inner.issuer, "aud": CLIENT_ID, "exp": now_s + 300, "iat": now_s, "nonce": asked["nonce"],
        });
        for (name, value) in person.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let code = format!("code-{}", inner.grants.len());
        let (challenge, redirect_uri) = (asked["code_challenge"].clone(), asked["redirect_uri"].clone());
        inner.grants.insert(code.clone(), Grant { claims, challenge, redirect_uri });
        let back = [("code", code.as_str()), ("state", &asked["state"])];
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(back).finish()
    }
}

async fn configuration(State(provider): State<FakeProvider>) -> Response {
    let inner = provider.inner.lock().unwrap();
    if inner.down {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    let issuer = &inner.issuer;
    let mut document = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize?tenant=1"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "response_types_supported": ["code"],
    });
    for (name, value) in inner.more.as_object().unwrap() {
        document[name] = value.clone();
    }
    Json(document).into_response()
}

async fn keys(State(provider): State<FakeProvider>) -> Json<Value> {
    let mut inner = provider.inner.lock().unwrap();
    inner.asked_for_keys += 1;
    Json(json!({"keys": inner.published}))
}

fn is_client(headers: &HeaderMap) -> bool {
    let header = headers.get("authorization").and_then(|v| v.to_str().ok()).unwrap_or_default();
    let Some(pair) = header.strip_prefix("Basic ").and_then(|b| STANDARD.decode(b).ok()) else { return false };
    let pair = String::from_utf8(pair).unwrap();
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    pair == format!("{}:{}", encode(CLIENT_ID), encode(CLIENT_SECRET))
}

async fn token(State(provider): State<FakeProvider>, headers: HeaderMap, body: String) -> Response {
    let form: HashMap<String, String> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let refuse = |error: &str| (StatusCode::BAD_REQUEST, Json(json!({"error": error}))).into_response();
    if !is_client(&headers) {
        return refuse("invalid_client");
    }
    let mut inner = provider.inner.lock().unwrap();
    let Some(grant) = inner.grants.remove(&form["code"]) else { return refuse("invalid_grant") };
    let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, form["code_verifier"].as_bytes()));
    if challenge != grant.challenge || form["redirect_uri"] != grant.redirect_uri {
        return refuse("invalid_grant");
    }
    let alg = match inner.key {
        TestKey::Rsa(_) => "RS256",
        TestKey::P256(_) => "ES256",
        TestKey::Ed25519(_) => "EdDSA",
    };
    let id_token = inner.key.token(&json!({"alg": alg, "kid": inner.kid}), &grant.claims);
    Json(json!({"id_token": id_token, "access_token": "for-userinfo", "token_type": "Bearer"})).into_response()
}

async fn userinfo(State(provider): State<FakeProvider>, headers: HeaderMap) -> Response {
    let inner = provider.inner.lock().unwrap();
    match &inner.userinfo {
        Some(info) if headers.get("authorization").is_some_and(|h| h == "Bearer for-userinfo") => {
            Json(info.clone()).into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}
