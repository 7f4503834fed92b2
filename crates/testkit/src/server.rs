//! The whole product in a test, and people who use it through its front door.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use diwan::compose::config::Config;
use diwan::compose::server::{self, Product};
use diwan_kernel::World;
use diwan_kernel::events::Event;
use diwan_kernel::world::{Clock, ManualClock, Timestamp};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, SET_COOKIE};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::Backend;

/// A password that is long enough and on no list.
pub const PASSWORD: &str = "nine quiet lamps in a hall";

/// Arranges a server.
pub struct Builder {
    backend: Backend,
    config: Config,
    clock: Option<Arc<ManualClock>>,
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder").field("backend", &self.backend).finish_non_exhaustive()
    }
}

impl Builder {
    /// On this backend rather than SQLite.
    #[must_use]
    pub fn on(mut self, backend: Backend) -> Self {
        self.backend = backend;
        self
    }

    /// With this configuration changed.
    #[must_use]
    pub fn config(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// With a clock that moves only when the test moves it.
    #[must_use]
    pub fn manual_clock(mut self) -> Self {
        self.clock = Some(Arc::new(ManualClock::new(Timestamp::from_millis(1_767_690_000_000))));
        self
    }

    /// Starts it, empty: nobody owns it yet.
    pub async fn start(mut self) -> TestServer {
        let dir = tempfile::tempdir().expect("a directory can be made");
        let location = self.backend.provision(dir.path()).await;
        self.config.server.data_dir = dir.path().join("data").display().to_string();
        self.config.server.listen = "127.0.0.1:0".parse().expect("an address");
        self.config.server.database_url = match location {
            diwan_kernel::db::Location::Postgres(url) => Some(diwan_kernel::Secret::new(url)),
            diwan_kernel::db::Location::Sqlite(_) => None,
        };
        let world = World::real();
        let world = match &self.clock {
            Some(clock) => world.with_clock(clock.clone() as Arc<dyn Clock>),
            None => world,
        };
        let product = server::start(self.config.clone(), world).await.expect("the product starts");
        TestServer { product: Some(product), config: self.config, clock: self.clock, dir }
    }

    /// Starts it with an owner who is signed in.
    pub async fn owned(self) -> (TestServer, Person) {
        let server = self.start().await;
        let owner = server.claim().await;
        (server, owner)
    }
}

/// A running server.
pub struct TestServer {
    product: Option<Product>,
    config: Config,
    clock: Option<Arc<ManualClock>>,
    dir: tempfile::TempDir,
}

impl std::fmt::Debug for TestServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TestServer").field("dir", &self.dir.path()).finish_non_exhaustive()
    }
}

impl TestServer {
    /// Begins to arrange one. Limits are far away unless a test brings them near.
    pub fn builder() -> Builder {
        let mut config = Config::default();
        config.identity.password_memory_kib = 64;
        config.server.rate_limit_burst = 1_000_000;
        config.server.rate_limit_per_s = 1_000_000;
        config.server.sign_in_rate_limit_burst = 1_000_000;
        config.server.account_rate_limit_burst = 1_000_000;
        config.server.account_rate_limit_per_s = 1_000_000;
        Builder { backend: Backend::Sqlite, config, clock: None }
    }

    /// The product itself.
    ///
    /// # Panics
    /// After [`TestServer::stop`].
    pub fn product(&self) -> &Product {
        self.product.as_ref().expect("the server runs")
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.product().address
    }

    /// Its directory.
    pub fn dir(&self) -> &std::path::Path {
        self.dir.path()
    }

    /// Moves its clock.
    ///
    /// # Panics
    /// Unless it was built with [`Builder::manual_clock`].
    pub fn advance(&self, by: Duration) {
        self.clock.as_ref().expect("built with a manual clock").advance(by);
    }

    /// Somebody who has not signed in.
    pub fn visitor(&self) -> Person {
        Person::new(format!("http://{}", self.address()))
    }

    /// Takes the first-run link and becomes the owner.
    pub async fn claim(&self) -> Person {
        let person = self.visitor();
        let link = self.product().setup_link.clone().expect("nobody owns it yet");
        let token = link.expose().split("#token=").nth(1).expect("a token");
        let body = json!({"token": token, "email": "owner@example.org", "name": "Omar", "password": PASSWORD});
        person.post("/api/v1/setup/owner", body).await.expect(StatusCode::CREATED);
        person
    }

    /// Lets the owner invite somebody, who accepts and is signed in.
    pub async fn invite(&self, owner: &Person, name: &str, role: &str) -> Person {
        let email = format!("{}@example.org", name.to_lowercase());
        let invited = owner.post("/api/v1/invitations", json!({"email": email, "role": role})).await;
        let link = invited.expect(StatusCode::CREATED)["link"].as_str().expect("a link").to_owned();
        let token = link.split("#token=").nth(1).expect("a token").to_owned();
        let person = self.visitor();
        let body = json!({"token": token, "name": name, "password": PASSWORD});
        person.post("/api/v1/invitations/accept", body).await.expect(StatusCode::CREATED);
        person
    }

    /// Waits until so many audit entries about this action were committed since the start: what is
    /// written after an answer is there then.
    ///
    /// # Panics
    /// When more happened than the feed of events keeps.
    pub async fn recorded(&self, action: &str, times: usize) {
        let events = &self.product().events;
        let mut listening = events.listen(Some((events.epoch(), 0)));
        let is_one = |event: &Arc<Event>| event.name == "audit.recorded" && event.data["action"] == action;
        let missed = listening.missed.expect("the feed still has all events");
        let mut seen = missed.into_iter().filter(is_one).count();
        while seen < times {
            let event = listening.receiver.recv().await.expect("the feed goes on");
            seen += usize::from(is_one(&event));
        }
    }

    /// Stops it and looks whether everything ended.
    ///
    /// # Panics
    /// When a task had to be dropped.
    pub async fn stop(mut self) {
        let product = self.product.take().expect("the server runs");
        let farewell = product.shut_down().await;
        assert!(farewell.dropped.is_empty() && !farewell.failed, "{farewell:?}");
    }

    /// Stops it and starts it again on the same data.
    pub async fn restart(mut self) -> Self {
        let product = self.product.take().expect("the server runs");
        let world = product.world.clone();
        product.shut_down().await;
        self.product = Some(server::start(self.config.clone(), world).await.expect("the product starts again"));
        self
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        if let Some(product) = &self.product {
            product.supervisor.stop();
        }
    }
}

/// An answer of the server.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, when it is JSON.
    pub json: Value,
    /// Its body.
    pub text: String,
}

impl Answer {
    /// The body, when the status is as expected.
    ///
    /// # Panics
    /// When it is not.
    #[track_caller]
    pub fn expect(self, status: StatusCode) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.json
    }

    /// The problem's code, when it is a problem document.
    ///
    /// # Panics
    /// When it is not one.
    #[track_caller]
    pub fn problem(&self) -> &str {
        let kind = self.headers.get("content-type").and_then(|v| v.to_str().ok()).unwrap_or_default();
        assert_eq!(kind, "application/problem+json", "{} {}", self.status, self.text);
        for field in ["title", "detail", "next", "request_id"] {
            assert!(self.json[field].as_str().is_some_and(|t| !t.is_empty()), "{field} in {}", self.text);
        }
        self.json["code"].as_str().expect("a code")
    }
}

/// Somebody with a browser (or a program): keeps cookies, sends what the dashboard sends.
#[derive(Debug)]
pub struct Person {
    http: reqwest::Client,
    base: String,
    cookies: Mutex<BTreeMap<String, String>>,
    bearer: Option<String>,
}

impl Person {
    fn new(base: String) -> Self {
        // One provider everywhere; a second installation in this process is a no-op.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .expect("a client can be made");
        Self { http, base, cookies: Mutex::default(), bearer: None }
    }

    /// A program with this token and no cookies.
    pub fn with_token(&self, token: &str) -> Self {
        Self { bearer: Some(token.to_owned()), ..Self::new(self.base.clone()) }
    }

    /// Where it sends its requests.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// A cookie's value.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// Sets a cookie.
    pub fn set_cookie(&self, name: &str, value: &str) {
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner).insert(name.into(), value.into());
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None, &[]).await
    }

    /// POST.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body), &[]).await
    }

    /// PATCH.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Some(body), &[]).await
    }

    /// PUT.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, Some(body), &[]).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None, &[]).await
    }

    /// Any request, with further headers. A header given here replaces the usual one; an empty
    /// value leaves it out.
    pub async fn send(&self, method: Method, path: &str, body: Option<Value>, headers: &[(&str, &str)]) -> Answer {
        let mut all = HeaderMap::new();
        if method != Method::GET {
            all.insert("x-diwan-csrf", HeaderValue::from_static("1"));
            all.insert("sec-fetch-site", HeaderValue::from_static("same-origin"));
        }
        let cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if !cookies.is_empty() {
            let line = cookies.iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>().join("; ");
            all.insert("cookie", line.parse().expect("a header"));
        }
        if let Some(token) = &self.bearer {
            all.insert("authorization", format!("Bearer {token}").parse().expect("a header"));
        }
        for (name, value) in headers {
            let name: HeaderName = name.parse().expect("a header");
            all.remove(&name);
            if !value.is_empty() {
                all.insert(name, value.parse().expect("a header"));
            }
        }
        let mut request = self.http.request(method, format!("{}{path}", self.base)).headers(all);
        if let Some(body) = body {
            request = request.json(&body);
        }
        self.keep(request.send().await.expect("the server answers")).await
    }

    async fn keep(&self, response: reqwest::Response) -> Answer {
        let (status, headers) = (response.status(), response.headers().clone());
        for line in headers.get_all(SET_COOKIE).iter().filter_map(|v| v.to_str().ok()) {
            let (name, rest) = line.split_once('=').expect("a cookie");
            let value = rest.split(';').next().unwrap_or_default();
            let mut cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
            if value.is_empty() || rest.to_lowercase().contains("max-age=0") {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let text = response.text().await.unwrap_or_default();
        Answer { status, headers, json: serde_json::from_str(&text).unwrap_or_default(), text }
    }
}
