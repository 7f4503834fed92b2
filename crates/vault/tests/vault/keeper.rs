//! A product whose secrets are kept somewhere, and what is asked of it in the stories about keepers.

use diwan_testkit::{Answer, Backend, Person, TestServer};
use diwan_vault::{BackendConfig, Dialect, VaultConfig};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::fake_hashicorp::FakeHashicorp;
use super::rusty_vault::{RustyVault, SignIn};
use super::{reveal, text, value};

/// Another vault.
pub(crate) enum Other {
    Fake(FakeHashicorp),
    Real(Box<RustyVault>),
}

/// A product whose secrets are kept somewhere.
pub(crate) struct Keeper {
    pub(crate) server: TestServer,
    pub(crate) owner: Person,
    pub(crate) name: &'static str,
    pub(crate) other: Option<Other>,
}

impl Keeper {
    pub(crate) async fn local(backend: Backend, change: impl FnOnce(&mut VaultConfig)) -> Self {
        let builder = TestServer::builder().on(backend).manual_clock().config(|c| change(&mut c.vault));
        let (server, owner) = builder.owned().await;
        Self { server, owner, name: "local", other: None }
    }

    /// The fake, where we sign in with an AppRole.
    pub(crate) async fn fake_vault(dialect: Dialect, change: impl FnOnce(&mut VaultConfig)) -> Self {
        let fake = FakeHashicorp::start().await;
        let config = fake.with_approle(dialect);
        Self::with(Other::Fake(fake), config, change).await
    }

    /// A real server of RustyVault, which has version 1.
    pub(crate) async fn rusty_vault(sign_in: SignIn, change: impl FnOnce(&mut VaultConfig)) -> Self {
        let vault = RustyVault::start().await;
        let config = vault.config(sign_in);
        Self::with(Other::Real(Box::new(vault)), config, change).await
    }

    pub(crate) async fn with(other: Other, config: BackendConfig, change: impl FnOnce(&mut VaultConfig)) -> Self {
        let builder = TestServer::builder().manual_clock().config(|c| {
            c.vault.backends = vec![config];
            change(&mut c.vault);
        });
        let (server, owner) = builder.owned().await;
        Self { server, owner, name: "other", other: Some(other) }
    }

    /// Whether the values are in our own tables.
    pub(crate) const fn is_local(&self) -> bool {
        self.other.is_none()
    }

    pub(crate) fn fake(&self) -> &FakeHashicorp {
        let Some(Other::Fake(fake)) = &self.other else { panic!("values are not kept by the fake") };
        fake
    }

    pub(crate) fn real(&self) -> &RustyVault {
        let Some(Other::Real(vault)) = &self.other else { panic!("values are not kept by a real vault") };
        vault
    }

    pub(crate) async fn try_create(&self, name: &str, mut body: Value) -> Answer {
        body["name"] = json!(name);
        if body["kind"].is_null() {
            body["kind"] = json!("password");
        }
        body["backend"] = json!(self.name);
        self.owner.post("/api/v1/secrets", body).await
    }

    pub(crate) async fn create(&self, name: &str, value: &str) -> String {
        let made = self.try_create(name, json!({"value": value})).await.expect(StatusCode::CREATED);
        assert_eq!(text(&made, "backend"), self.name);
        text(&made, "id").to_owned()
    }

    pub(crate) async fn put(&self, id: &str, value: &str) -> Answer {
        self.owner.post(&format!("/api/v1/secrets/{id}/versions"), json!({"value": value})).await
    }

    pub(crate) async fn version(&self, id: &str, number: i64) -> Answer {
        let body = json!({"reason": "a test", "version": number});
        self.owner.post(&format!("/api/v1/secrets/{id}/reveal"), body).await
    }

    pub(crate) async fn states(&self, id: &str) -> Vec<String> {
        let versions = self.owner.get(&format!("/api/v1/secrets/{id}/versions")).await.expect(StatusCode::OK);
        versions["items"].as_array().expect("items").iter().map(|v| text(v, "state").to_owned()).collect()
    }

    /// Whether a value is still somewhere: at the other vault, or in our own tables.
    pub(crate) async fn keeps(&self, value: &str) -> bool {
        match &self.other {
            Some(Other::Fake(fake)) => fake.dump().contains(value),
            Some(Other::Real(vault)) => vault.dump().await.contains(value),
            // What is here is encrypted: that nothing but the right number of values is left says it.
            None => {
                let found = self.owner.post("/api/v1/vault/verify", json!({})).await.expect(StatusCode::OK);
                assert_eq!(found["ok"], true, "{found}");
                found["values"] != 0
            }
        }
    }

    /// Whether another vault has anything at or below a path.
    pub(crate) async fn knows(&self, path: &str) -> bool {
        match &self.other {
            Some(Other::Fake(fake)) => fake.knows(path),
            Some(Other::Real(vault)) => !vault.below(path).await.is_empty(),
            None => false,
        }
    }
}

#[track_caller]
pub(crate) fn is(answer: &Answer, status: StatusCode, code: &str) {
    assert_eq!((answer.status, answer.problem()), (status, code), "{}", answer.text);
}

/// Reads and writes fail with this problem, nothing has changed, and it works again when it is mended.
pub(crate) async fn fails_and_heals(
    keeper: &Keeper,
    id: &str,
    status: StatusCode,
    code: &str,
    mend: impl AsyncFnOnce(),
) {
    is(&reveal(&keeper.owner, id).await, status, code);
    is(&keeper.put(id, "never taken").await, status, code);
    is(&keeper.try_create("never/made", json!({"value": "never taken"})).await, status, code);
    assert_eq!(keeper.states(id).await, ["current"]);
    mend().await;
    assert_eq!(value(&keeper.owner, id).await, "the first value");
    keeper.put(id, "the second value").await.expect(StatusCode::CREATED);
    assert_eq!(value(&keeper.owner, id).await, "the second value");
    assert!(!keeper.keeps("never taken").await);
}
