//! Who is told when a secret has a new value: signed, without the value, at least once.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode as Status};
use diwan_kernel::{Ctx, Problem};
use diwan_testkit::{Person, TestServer, on_every_backend};
use diwan_vault::{HookEvent, HookNotice, SecretHook};
use reqwest::StatusCode;
use ring::hmac;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::sealing::sign_in;
use super::{bring, text};

/// What a receiver was told.
struct Told {
    signature: String,
    delivery: String,
    body: String,
}

impl Told {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// As a receiver would check it, by what docs/vault.md says.
    fn is_signed_by(&self, key: &str) -> bool {
        let (seconds, tag) = self.signature.split_once(",v1=").expect("two parts");
        let seconds = seconds.strip_prefix("t=").expect("seconds");
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
        let right = hmac::sign(&key, format!("{seconds}.{}", self.body).as_bytes());
        right.as_ref().iter().map(|b| format!("{b:02x}")).collect::<String>() == tag
    }
}

type Answers = Arc<Mutex<VecDeque<Status>>>;

/// Somebody who is told, and answers what the test wants; 204 by default.
struct Receiver {
    address: SocketAddr,
    told: mpsc::UnboundedReceiver<Told>,
    answers: Answers,
}

async fn receive(
    State((sender, answers)): State<(mpsc::UnboundedSender<Told>, Answers)>,
    headers: HeaderMap,
    body: Bytes,
) -> (Status, [(&'static str, &'static str); 1], String) {
    let header = |name: &str| headers[name].to_str().expect("text").to_owned();
    let (signature, delivery) = (header("diwan-signature"), header("diwan-delivery"));
    let body = String::from_utf8(body.to_vec()).expect("text");
    sender.send(Told { signature, delivery, body }).expect("the test listens");
    let answer = answers.lock().expect("answers").pop_front().unwrap_or(Status::NO_CONTENT);
    (answer, [("location", "/elsewhere")], "an answer that nobody may repeat".repeat(1000))
}

impl Receiver {
    #[expect(clippy::disallowed_methods, reason = "a test has no supervisor")]
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (sender, told) = mpsc::unbounded_channel();
        let answers = Answers::default();
        let router = axum::Router::new().fallback(receive).with_state((sender, answers.clone()));
        tokio::spawn(async move { axum::serve(listener, router).await.expect("the receiver serves") });
        Self { address, told, answers }
    }

    fn url(&self) -> String {
        format!("http://{}/hooks/password?token=of-the-receiver", self.address)
    }

    fn will_answer(&self, answers: &[Status]) {
        self.answers.lock().expect("answers").extend(answers);
    }

    async fn next(&mut self) -> Told {
        self.told.recv().await.expect("it is told something")
    }
}

/// Adds a hook; says its id and its key.
async fn add(owner: &Person, secret: &str, url: &str) -> (String, String) {
    let made = owner.post(&format!("/api/v1/secrets/{secret}/hooks"), json!({"url": url})).await;
    assert_eq!(made.headers["cache-control"], "no-store");
    let made = made.expect(StatusCode::CREATED);
    (text(&made["hook"], "id").to_owned(), text(&made, "key").to_owned())
}

async fn hooks(owner: &Person, secret: &str) -> Vec<Value> {
    let found = owner.get(&format!("/api/v1/secrets/{secret}/hooks")).await;
    assert!(!found.text.contains("dwh_") && !found.text.contains("nobody may repeat"), "{}", found.text);
    found.expect(StatusCode::OK)["items"].as_array().expect("items").clone()
}

/// Waits until the last delivery of the first hook is in this state. The feed says when it changes.
async fn settled(server: &TestServer, owner: &Person, secret: &str, is: impl Fn(&Value) -> bool) -> Value {
    let mut feed = server.product().events.listen(None).receiver;
    loop {
        let last = hooks(owner, secret).await[0]["last_delivery"].clone();
        if is(&last) {
            return last;
        }
        while feed.recv().await.expect("the feed goes on").name != "secret.hook_changed" {}
    }
}

async fn put(owner: &Person, secret: &str, value: &str) {
    let body = json!({"value": value});
    owner.post(&format!("/api/v1/secrets/{secret}/versions"), body).await.expect(StatusCode::CREATED);
}

on_every_backend! {
    async fn a_new_value_is_told_signed_and_without_the_value(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut receiver = Receiver::start().await;
        let id = bring(&owner, "db/password", "a very quiet word").await;
        let (hook, key) = add(&owner, &id, &receiver.url()).await;
        put(&owner, &id, "another quiet word").await;
        let told = receiver.next().await;
        assert!(told.is_signed_by(&key) && !told.is_signed_by(&key.to_uppercase()), "{}", told.signature);
        assert!(!told.body.contains("quiet"), "{}", told.body);
        let body = told.json();
        assert_eq!((text(&body, "event"), text(&body, "secret_id"), text(&body, "secret_name")), ("secret.written", id.as_str(), "db/password"));
        assert_eq!((&body["version"], text(&body, "id")), (&json!(2), told.delivery.as_str()));
        assert!(body["version_before_until"].is_string(), "{body}");
        let last = settled(&server, &owner, &id, |last| last["state"] == "delivered").await;
        assert_eq!((&last["status"], &last["attempts"], &last["error"], &last["next_try_at"]), (&json!(204), &json!(1), &json!(null), &json!(null)));
        // What is written down says to whom, but not what lets one in there.
        let trail = owner.get("/api/v1/audit?action=secret_hook.create").await;
        assert!(trail.text.contains(&hook) && !trail.text.contains("of-the-receiver") && !trail.text.contains(&key), "{}", trail.text);
        owner.delete(&format!("/api/v1/secret-hooks/{hook}")).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(hooks(&owner, &id).await, Vec::<Value>::new());
    }

    async fn a_rotation_is_told_as_one(backend) {
        let (_server, owner) = TestServer::builder().on(backend).owned().await;
        let mut receiver = Receiver::start().await;
        let made = owner.post("/api/v1/secrets", json!({"name": "a", "kind": "password", "generate": {}})).await.expect(StatusCode::CREATED);
        let id = text(&made, "id");
        let (_, first) = add(&owner, id, &receiver.url()).await;
        let (_, second) = add(&owner, id, &receiver.url()).await;
        assert_ne!(first, second);
        owner.post(&format!("/api/v1/secrets/{id}/rotate"), json!({})).await.expect(StatusCode::CREATED);
        let (one, other) = (receiver.next().await, receiver.next().await);
        assert_eq!((text(&one.json(), "event"), text(&other.json(), "event")), ("secret.rotated", "secret.rotated"));
        let keys = [&first, &second];
        assert!(keys.iter().all(|key| one.is_signed_by(key) != other.is_signed_by(key)));
    }

    async fn what_is_not_taken_is_told_again_over_restarts(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let mut receiver = Receiver::start().await;
        let id = bring(&owner, "a", "the first value").await;
        let (_, key) = add(&owner, &id, &receiver.url()).await;
        receiver.will_answer(&[Status::INTERNAL_SERVER_ERROR, Status::FOUND, Status::OK]);
        put(&owner, &id, "the second value").await;
        let first = receiver.next().await;
        let last = settled(&server, &owner, &id, |last| last["status"] == 500).await;
        assert_eq!((&last["state"], &last["attempts"]), (&json!("queued"), &json!(1)));
        assert!(text(&last, "error").contains("500") && last["next_try_at"].is_string(), "{last}");

        let server = server.restart().await;
        server.advance(Duration::from_secs(60));
        let owner = sign_in(&server).await;
        server.product().vault.look().await;
        // Sent elsewhere, it does not go there.
        let second = receiver.next().await;
        let last = settled(&server, &owner, &id, |last| last["status"] == 302).await;
        assert_eq!(last["state"], "queued");
        server.advance(Duration::from_secs(120));
        server.product().vault.look().await;
        let third = receiver.next().await;
        settled(&server, &owner, &id, |last| last["state"] == "delivered").await;
        assert!(first.delivery == second.delivery && second.delivery == third.delivery && first.body == third.body);
        assert!(third.is_signed_by(&key) && first.signature != third.signature);
        assert!(receiver.told.try_recv().is_err());
    }

    async fn after_a_day_it_is_given_up_and_written_down(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let id = bring(&owner, "a", "the first value").await;
        // Nobody listens there.
        let nobody = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
        add(&owner, &id, &format!("http://{nobody}/")).await;
        put(&owner, &id, "the second value").await;
        let last = settled(&server, &owner, &id, |last| last["attempts"] == 1).await;
        assert_eq!((&last["state"], &last["status"]), (&json!("queued"), &json!(null)));
        server.advance(Duration::from_secs(25 * 3600));
        server.product().vault.look().await;
        let owner = sign_in(&server).await;
        let last = settled(&server, &owner, &id, |last| last["state"] == "given_up").await;
        assert_eq!(last["next_try_at"], json!(null));
        let trail = owner.get("/api/v1/audit?action=secret_hook.deliver").await.expect(StatusCode::OK);
        assert_eq!(trail["items"][0]["resource"]["id"], "a");
    }

    async fn while_the_vault_is_sealed_it_waits(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let mut receiver = Receiver::start().await;
        let id = bring(&owner, "a", "the first value").await;
        let (hook, key) = add(&owner, &id, &receiver.url()).await;
        receiver.will_answer(&[Status::BAD_GATEWAY]);
        put(&owner, &id, "the second value").await;
        receiver.next().await;
        settled(&server, &owner, &id, |last| last["status"] == 502).await;
        owner.post("/api/v1/vault/seal", json!({})).await.expect(StatusCode::NO_CONTENT);
        server.advance(Duration::from_secs(60));
        server.product().vault.look().await;
        assert!(receiver.told.try_recv().is_err());
        let refused = owner.post(&format!("/api/v1/secret-hooks/{hook}/test"), json!({})).await;
        assert_eq!(refused.problem(), "vault_sealed");
        owner.post("/api/v1/vault/unseal", json!({})).await.expect(StatusCode::NO_CONTENT);
        server.product().vault.look().await;
        assert!(receiver.next().await.is_signed_by(&key));
    }

    async fn trying_a_hook_says_how_it_went(backend) {
        let (_server, owner) = TestServer::builder().on(backend).owned().await;
        let mut receiver = Receiver::start().await;
        let id = bring(&owner, "a", "the first value").await;
        let (hook, key) = add(&owner, &id, &receiver.url()).await;
        receiver.will_answer(&[Status::OK, Status::UNAUTHORIZED]);
        let path = format!("/api/v1/secret-hooks/{hook}/test");
        let tried = owner.post(&path, json!({})).await.expect(StatusCode::OK);
        assert_eq!((text(&tried, "state"), &tried["status"]), ("delivered", &json!(200)));
        let told = receiver.next().await;
        assert!(told.is_signed_by(&key) && text(&told.json(), "event") == "hook.test");
        let tried = owner.post(&path, json!({})).await.expect(StatusCode::OK);
        assert_eq!((text(&tried, "state"), &tried["status"]), ("given_up", &json!(401)));
        assert_eq!(hooks(&owner, &id).await[0]["last_delivery"]["status"], 401);
    }

    async fn only_who_manages_secrets_has_hooks_and_only_to_fit_addresses(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let id = bring(&owner, "a", "the first value").await;
        let path = format!("/api/v1/secrets/{id}/hooks");
        for url in ["http://example.org/", "https://u:p@example.org/", "https://169.254.169.254/", "nonsense", ""] {
            let refused = owner.post(&path, json!({"url": url})).await;
            assert_eq!((refused.status, &refused.json["errors"][0]["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("hook_url_unfit")), "{url}");
        }
        let developer = server.invite(&owner, "Dana", "developer").await;
        for refused in [developer.post(&path, json!({"url": "https://example.org/"})).await, developer.get(&path).await] {
            assert_eq!(refused.status, StatusCode::FORBIDDEN);
        }
        for _ in 0..10 {
            add(&owner, &id, "https://example.org/hook").await;
        }
        assert_eq!(owner.post(&path, json!({"url": "https://example.org/"})).await.problem(), "secret_hooks_full");
        // With the secret its hooks go.
        let hook = text(&hooks(&owner, &id).await[0], "id").to_owned();
        owner.delete(&format!("/api/v1/secrets/{id}")).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(owner.delete(&format!("/api/v1/secret-hooks/{hook}")).await.status, StatusCode::NOT_FOUND);
        assert_eq!(owner.get(&path).await.status, StatusCode::NOT_FOUND);
    }

    async fn a_part_of_this_process_is_told_until_it_has_done_its_part(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let (sender, mut told) = mpsc::unbounded_channel();
        let part = |fails| Arc::new(Part { name: "a part of a test", told: sender.clone(), fails: Mutex::new(fails) });
        server.product().vault.add_hook(part(1));
        let id = bring(&owner, "a", "the first value").await;
        put(&owner, &id, "the second value").await;
        let notice = told.recv().await.expect("it is told");
        assert_eq!((notice.event, notice.version, notice.secret_name.as_str()), (HookEvent::Written, 2, "a"));
        // It failed; it is told again although there was another start meanwhile.
        let server = server.restart().await;
        server.product().vault.add_hook(part(0));
        server.advance(Duration::from_secs(120));
        server.product().vault.look().await;
        assert_eq!(told.recv().await, Some(notice));
    }

    async fn only_the_part_that_failed_is_told_again(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let ((good, mut good_told), (bad, mut bad_told)) = (mpsc::unbounded_channel(), mpsc::unbounded_channel());
        for (name, told, fails) in [("good", good, 0), ("bad", bad, 1)] {
            server.product().vault.add_hook(Arc::new(Part { name, told, fails: Mutex::new(fails) }));
        }
        let id = bring(&owner, "a", "the first value").await;
        put(&owner, &id, "the second value").await;
        let (notice, also) = (good_told.recv().await, bad_told.recv().await);
        assert_eq!((notice.as_ref().map(|n| n.version), &notice), (Some(2), &also));
        server.advance(Duration::from_secs(120));
        server.product().vault.look().await;
        assert_eq!(bad_told.recv().await, notice);
        assert!(good_told.try_recv().is_err());
    }
}

struct Part {
    name: &'static str,
    told: mpsc::UnboundedSender<HookNotice>,
    fails: Mutex<u32>,
}

#[async_trait]
impl SecretHook for Part {
    fn name(&self) -> &'static str {
        self.name
    }

    async fn told(&self, _: &Ctx, notice: &HookNotice) -> Result<(), Problem> {
        self.told.send(notice.clone()).expect("the test listens");
        let mut fails = self.fails.lock().expect("a number");
        if *fails > 0 {
            *fails -= 1;
            return Err(Problem::not_found("anything"));
        }
        Ok(())
    }
}
