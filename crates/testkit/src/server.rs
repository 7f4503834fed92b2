//! The whole product in a test.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use diwan::compose::config::Config;
use diwan::compose::server::{self, Product};
use diwan_kernel::World;
use diwan_kernel::events::Event;
use diwan_kernel::world::{Clock, ManualClock, Timestamp};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{Backend, Person};

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

    /// Waits until all leases of secrets are over, and gives them.
    ///
    /// # Panics
    /// When the feed of events ends before.
    pub async fn leases_end(&self, owner: &Person) -> Vec<Value> {
        let mut feed = self.product().events.listen(None).receiver;
        loop {
            let all = owner.leases().await;
            if all.iter().all(|lease| lease["ended_at"].is_string()) {
                return all;
            }
            feed.recv().await.expect("the feed goes on");
        }
    }

    /// Another server on the same database, with a data directory of its own and a copy of the keys.
    ///
    /// # Panics
    /// On SQLite, whose file has one server.
    pub async fn twin(&self) -> Self {
        assert!(self.config.server.database_url.is_some(), "a SQLite file has one server");
        let dir = tempfile::tempdir().expect("a directory can be made");
        let mut config = self.config.clone();
        config.server.data_dir = dir.path().join("data").display().to_string();
        let keys = dir.path().join("data/keys");
        std::fs::create_dir_all(&keys).expect("a directory can be made");
        for file in std::fs::read_dir(self.dir().join("data/keys")).expect("the keys").flatten() {
            std::fs::copy(file.path(), keys.join(file.file_name())).expect("a copy");
        }
        let world = self.product().world.clone();
        let product = server::start(config.clone(), world).await.expect("the other server starts");
        Self { product: Some(product), config, clock: self.clock.clone(), dir }
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

    /// Stops it and starts it again on the same data, at the same address.
    pub async fn restart(self) -> Self {
        self.restart_with(|_| {}).await
    }

    /// The same, with other settings.
    pub async fn restart_with(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        let product = self.product.take().expect("the server runs");
        self.config.server.listen = product.address;
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
