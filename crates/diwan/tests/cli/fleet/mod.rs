//! Machines on the command line: a real server, real bridges, real programs.

mod bench;
mod bridge;
pub(crate) mod connection;
mod files;
mod keys;
mod manage;
mod many;
mod rules;
mod run;
pub(crate) mod stopping;
pub(crate) mod terminal;
mod top;
mod variables;

use diwan_testkit::server::PASSWORD;
use diwan_testkit::{Person, TestServer};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::machine::Machine;
use bridge::Bridge;

/// A server, its owner, and the owner's machine at which the command line runs.
pub(crate) struct Fleet {
    pub(crate) server: TestServer,
    pub(crate) owner: Person,
    pub(crate) desk: Machine,
}

impl Fleet {
    pub(crate) async fn new() -> Self {
        let (server, owner) = TestServer::builder().owned().await;
        let desk = Machine::of(&server);
        desk.log_in(&owner).await;
        Self { server, owner, desk }
    }

    /// One with a machine that is connected.
    pub(crate) async fn with(name: &str) -> (Self, Bridge) {
        let fleet = Self::new().await;
        let bridge = fleet.join(name, "").await;
        (fleet, bridge)
    }

    /// Joins a machine by the line that the command line prints, and waits until it is there.
    pub(crate) async fn join(&self, name: &str, more: &str) -> Bridge {
        let line = self.desk.json(&format!("machine add {name} {more}")).await;
        let bridge = Bridge::join(line["lines"]["command"].as_str().expect("a line")).await;
        self.becomes(name, "online").await;
        bridge
    }

    /// Waits until a machine is so. The feed says when to look.
    pub(crate) async fn becomes(&self, name: &str, state: &str) -> Value {
        let mut feed = self.server.product().events.listen(None).receiver;
        loop {
            let all = self.owner.get("/api/v1/machines?limit=200").await.expect(StatusCode::OK);
            let items = all["items"].as_array().expect("a list");
            if let Some(found) = items.iter().find(|machine| machine["name"] == name && machine["state"] == state) {
                return found.clone();
            }
            feed.recv().await.expect("the feed goes on");
        }
    }

    /// Waits until the newest command has ended, and says how.
    pub(crate) async fn outcome(&self) -> Value {
        let mut feed = self.server.product().events.listen(None).receiver;
        loop {
            let newest = self.owner.get("/api/v1/commands?limit=1").await.expect(StatusCode::OK);
            if !newest["items"][0]["outcome"].is_null() {
                return newest["items"][0]["outcome"].clone();
            }
            feed.recv().await.expect("the feed goes on");
        }
    }

    /// A token that may do this.
    pub(crate) async fn token(&self, scopes: &[&str]) -> String {
        let proof = json!({"method": "password", "secret": PASSWORD});
        self.owner.post("/api/v1/auth/step-up", proof).await.expect(StatusCode::OK);
        let body = json!({"name": "desk", "scopes": scopes, "expires_in_days": 1});
        let made = self.owner.post("/api/v1/me/tokens", body).await.expect(StatusCode::CREATED);
        made["secret"].as_str().expect("a secret").to_owned()
    }
}
