//! Somebody who speaks with the server, and writes down every byte of its answers, but for those that
//! are asked for a secret.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::api::{OWNER, PASSWORD};
use crate::program::{PATIENCE, Program};

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    status: u16,
    pub(crate) json: Value,
}

impl Answer {
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.json);
        self.json
    }

    #[track_caller]
    pub(crate) fn expect_refusal(self) {
        assert!((400..=503).contains(&self.status) && self.status != 500, "{} {}", self.status, self.json);
    }
}

#[derive(Clone)]
pub(crate) struct Caller {
    client: Client,
    address: std::net::SocketAddr,
    token: Option<String>,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Caller {
    /// The owner of a new installation.
    pub(crate) async fn claim(program: &Program) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().timeout(Duration::from_secs(60)).no_proxy().build().expect("a client");
        let this = Self { client, address: program.address, token: None, heard: Arc::default() };
        let token = program.setup_link.as_deref().and_then(|link| link.split_once("#token=")).expect("a link").1;
        let body = json!({"token": token, "email": OWNER, "name": "Omar", "password": PASSWORD});
        this.post("/setup/owner", body).await.expect(201);
        this.sign_in(OWNER).await
    }

    async fn sign_in(&self, email: &str) -> Self {
        let body = json!({"email": email, "password": PASSWORD, "deliver": "tokens"});
        let result = self.post("/auth/password", body).await.expect(200);
        self.with_token(result["tokens"]["access_token"].as_str())
    }

    pub(crate) async fn add_person(&self, email: &str, role: &str) -> Self {
        let invited = self.post("/invitations", json!({"email": email, "role": role})).await.expect(201);
        let token = invited["link"].as_str().and_then(|link| link.split_once("#token=")).expect("a link").1;
        let visitor = self.with_token(None);
        let body = json!({"token": token, "name": role, "password": PASSWORD});
        visitor.post("/invitations/accept", body).await.expect(201);
        visitor.sign_in(email).await
    }

    pub(crate) fn with_token(&self, token: Option<&str>) -> Self {
        Self { token: token.map(str::to_owned), ..self.clone() }
    }

    /// A token for the command line.
    pub(crate) async fn token(&self) -> String {
        let scopes = ["secrets.use", "secrets.read", "audit.read", "audit.export", "status.read", "settings.read"];
        let body = json!({"name": "command line", "scopes": scopes, "expires_in_days": 1});
        let made = self.post("/me/tokens", body).await.expect(201);
        made["secret"].as_str().expect("a token").to_owned()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, "", String::new()).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, "application/json", body.to_string()).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, kind: &str, body: String) -> Answer {
        let url = format!("http://{}/api/v1{path}", self.address);
        let (answer, whole) = self.ask(method, &url, kind, body).await;
        self.write_down(&whole);
        answer
    }

    /// Takes a value out: the one answer that may hold it.
    pub(crate) async fn told(&self, id: &str, how: &str, body: Value) -> String {
        let url = format!("http://{}/api/v1/secrets/{id}/{how}", self.address);
        let (answer, _) = self.ask(Method::POST, &url, "application/json", body.to_string()).await;
        answer.expect(200)["value"].as_str().expect("a value").to_owned()
    }

    /// Asks at another address of the same server.
    pub(crate) async fn hear_from(&self, url: &str) {
        let (answer, whole) = self.ask(Method::GET, url, "", String::new()).await;
        assert_eq!(answer.status, 200);
        self.write_down(&whole);
    }

    /// Sends what is longer than anything that is accepted: it may be hung up on before it is done.
    pub(crate) async fn send_in_vain(&self, path: &str, body: Value) {
        let url = format!("http://{}/api/v1{path}", self.address);
        if let Ok((answer, whole)) = self.try_ask(Method::POST, &url, "application/json", body.to_string()).await {
            self.write_down(&whole);
            answer.expect(413);
        }
    }

    async fn ask(&self, method: Method, url: &str, kind: &str, body: String) -> (Answer, Vec<u8>) {
        self.try_ask(method, url, kind, body).await.unwrap_or_else(|e| panic!("{url}: {e:?}"))
    }

    async fn try_ask(&self, method: Method, url: &str, kind: &str, body: String) -> reqwest::Result<(Answer, Vec<u8>)> {
        let mut request = self.client.request(method, url);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if !kind.is_empty() {
            request = request.header(CONTENT_TYPE, kind).body(body);
        }
        let response = request.send().await?;
        let status = response.status().as_u16();
        let mut whole = format!("{:?}\n", response.headers()).into_bytes();
        let body = response.bytes().await?;
        whole.extend_from_slice(&body);
        Ok((Answer { status, json: serde_json::from_slice(&body).unwrap_or_default() }, whole))
    }

    fn write_down(&self, bytes: &[u8]) {
        self.heard.lock().expect("a record").extend_from_slice(bytes);
    }

    /// All items of a list, page by page.
    pub(crate) async fn list(&self, path: &str) -> Vec<Value> {
        let (mut items, mut cursor) = (vec![], String::new());
        loop {
            let page = self.get(&format!("{path}?limit=200{cursor}")).await.expect(200);
            items.extend(page["items"].as_array().expect("items").iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }

    /// Waits until no change of the master key is under way.
    pub(crate) async fn rotated(&self) {
        let ended = async {
            while !self.get("/vault").await.expect(200)["rotation"].is_null() {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, ended).await.expect("the rotation ends");
    }

    /// Sends the head and the beginning of a request that never ends.
    pub(crate) async fn begin_request(&self, beginning: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.expect("a connection");
        let head = "POST /api/v1/auth/password HTTP/1.1\r\nHost: localhost:7400\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n";
        let text = format!("{head}{{\"email\": \"{beginning}");
        stream.write_all(text.as_bytes()).await.expect("it is read");
        stream
    }

    /// Hears everything that the live feed says.
    #[expect(clippy::disallowed_methods, reason = "a test has no supervisor")]
    pub(crate) async fn listen(&self) -> JoinHandle<()> {
        let mut request = format!("ws://{}/api/v1/live", self.address).into_client_request().expect("an address");
        let token = self.token.as_deref().unwrap_or_default();
        request.headers_mut().insert("authorization", format!("Bearer {token}").parse().expect("a header"));
        let (mut socket, _) = tokio_tungstenite::connect_async(request).await.expect("the feed opens");
        let topics = json!({"type": "subscribe", "topics": ["secrets", "vault", "audit", "status", "me"]}).to_string();
        futures::SinkExt::send(&mut socket, topics.into()).await.expect("it listens");
        let this = self.clone();
        tokio::spawn(async move {
            while let Some(Ok(message)) = socket.next().await {
                this.write_down(&message.into_data());
            }
        })
    }

    /// Hangs up everywhere, and gives what was heard.
    pub(crate) async fn end(self, feed: JoinHandle<()>) -> Vec<u8> {
        feed.abort();
        let _ = feed.await;
        drop(self.client);
        std::mem::take(&mut *self.heard.lock().expect("a record"))
    }
}
