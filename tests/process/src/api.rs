//! The API as a program uses it.

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::program::Program;

pub(crate) const PASSWORD: &str = "nine quiet lamps in a hall";
pub(crate) const OWNER: &str = "omar@example.org";

/// Somebody with an access token, or nobody.
#[derive(Clone)]
pub(crate) struct Api {
    client: Client,
    url: String,
    token: Option<String>,
}

/// An answer: its status and its body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) kind: String,
    pub(crate) json: Value,
}

impl Answer {
    /// The body, if the status is this one.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.json);
        self.json
    }
}

impl Api {
    pub(crate) fn anonymous(program: &Program) -> Self {
        // The client wants to know it although nothing here is encrypted; a second time it changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().timeout(Duration::from_secs(30)).redirect(reqwest::redirect::Policy::none());
        Self { client: client.build().expect("a client"), url: program.url(), token: None }
    }

    /// The same person at a program that was started again.
    pub(crate) fn at(&self, program: &Program) -> Self {
        Self { token: self.token.clone(), ..Self::anonymous(program) }
    }

    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None, None).await.expect("an answer")
    }

    /// An answer that is no JSON.
    pub(crate) async fn get_bytes(&self, path: &str) -> Vec<u8> {
        let request = self.client.get(format!("{}/api/v1{path}", self.url));
        let answer = request.bearer_auth(self.token.as_deref().unwrap_or_default()).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{path}");
        answer.bytes().await.expect("the whole answer").to_vec()
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body), None).await.expect("an answer")
    }

    /// Sends a request that may stay without an answer, because the server dies.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        idempotency_key: Option<&str>,
    ) -> Option<Answer> {
        let body = body.map(|body| ("application/json", body.to_string().into_bytes()));
        self.send_raw(method, path, body, idempotency_key).await
    }

    pub(crate) async fn send_raw(
        &self,
        method: Method,
        path: &str,
        body: Option<(&str, Vec<u8>)>,
        idempotency_key: Option<&str>,
    ) -> Option<Answer> {
        let mut request = self.client.request(method, format!("{}/api/v1{path}", self.url));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(key) = idempotency_key {
            request = request.header("Idempotency-Key", key);
        }
        if let Some((kind, bytes)) = body {
            request = request.header(CONTENT_TYPE, kind).body(bytes);
        }
        let response = request.send().await.ok()?;
        let status = response.status().as_u16();
        let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.to_owned();
        let bytes = response.bytes().await.ok()?;
        Some(Answer { status, kind, json: serde_json::from_slice(&bytes).unwrap_or(Value::Null) })
    }

    /// Signs in as a program does.
    pub(crate) async fn sign_in(&self, email: &str) -> Self {
        let body = json!({"email": email, "password": PASSWORD, "deliver": "tokens"});
        let result = self.post("/auth/password", body).await.expect(200);
        self.with_token(result["tokens"]["access_token"].as_str().expect("a token"))
    }

    /// Invites somebody, accepts for them and signs them in.
    pub(crate) async fn add_person(&self, program: &Program, email: &str, role: &str) -> Self {
        let invited = self.post("/invitations", json!({"email": email, "role": role})).await.expect(201);
        let token = token_of(invited["link"].as_str().expect("a link"));
        let visitor = Self::anonymous(program);
        let body = json!({"token": token, "name": role, "password": PASSWORD});
        visitor.post("/invitations/accept", body).await.expect(201);
        visitor.sign_in(email).await
    }

    /// All items of a list, page by page.
    pub(crate) async fn list(&self, path: &str) -> Vec<Value> {
        let mut items = vec![];
        let mut cursor: Option<String> = None;
        loop {
            let separator = if path.contains('?') { '&' } else { '?' };
            let from = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
            let page = self.get(&format!("{path}{separator}limit=100{from}")).await.expect(200);
            items.extend(page["items"].as_array().expect("items").iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => return items,
            }
        }
    }

    /// What the audit trail says of itself.
    pub(crate) async fn verify(&self) -> Value {
        self.post("/audit/verify", json!({})).await.expect(200)
    }
}

/// Takes the link of the first run and signs the owner in.
pub(crate) async fn claim(program: &Program) -> Api {
    let visitor = Api::anonymous(program);
    let token = token_of(program.setup_link.as_deref().expect("nobody owns it yet"));
    let body = json!({"token": token, "email": OWNER, "name": "Omar", "password": PASSWORD});
    visitor.post("/setup/owner", body).await.expect(201);
    visitor.sign_in(OWNER).await
}

fn token_of(link: &str) -> &str {
    link.split_once("#token=").map(|(_, token)| token).expect("a link with a token")
}
