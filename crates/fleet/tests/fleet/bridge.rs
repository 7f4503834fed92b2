//! A bridge as small as can be: it joins, presents itself, and says whatever a test has it say.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use diwan_kernel::World;
use diwan_link::tls::{self, CONTROL_PLANE, Fingerprint, Identity};
use diwan_link::ws::WsBytes;
use diwan_link::{Ended, Limits, Link, Priority, Side, Stream};
use diwan_protocol::control::{FromBridge, Hello, ToBridge, VERSION, Welcome, ability};
use diwan_protocol::facts::{Facts, PolicyInForce};
use diwan_protocol::join::{JoinAnswer, JoinRequest, Joined};
use diwan_protocol::{Opening, decode, encode};
use diwan_testkit::TestServer;
use rcgen::{CertificateParams, KeyPair};
use rustls::ClientConfig;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::client_async;

/// A clock that a test holds.
struct Clock(World);

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}

impl TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        let ms = u64::try_from(self.0.now().as_millis()).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_millis(ms)))
    }
}

/// What a machine keeps.
pub(crate) struct Bridge {
    pub(crate) world: World,
    pub(crate) address: SocketAddr,
    pub(crate) key: KeyPair,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) joined: Option<Joined>,
    /// How often it has connected.
    pub(crate) connections: u64,
    pub(crate) boot: [u8; 16],
}

/// A machine that is connected.
pub(crate) struct Connection {
    pub(crate) link: Link,
    pub(crate) control: Stream,
    pub(crate) welcome: Welcome,
}

impl Bridge {
    /// A new one, for the control plane of this fingerprint.
    pub(crate) fn new(server: &TestServer, fingerprint: &str) -> Self {
        Self {
            world: server.product().world.clone(),
            address: server.address(),
            key: KeyPair::generate().expect("a key"),
            fingerprint: fingerprint.parse().expect("a fingerprint"),
            joined: None,
            connections: 0,
            boot: server.product().world.random(),
        }
    }

    /// Another that has the same identity: its state was copied.
    pub(crate) fn twin(&self) -> Self {
        Self {
            world: self.world.clone(),
            address: self.address,
            key: KeyPair::try_from(self.key.serialized_der()).expect("the key"),
            fingerprint: self.fingerprint,
            joined: self.joined.clone(),
            connections: self.connections,
            boot: self.world.random(),
        }
    }

    pub(crate) fn time(&self) -> Arc<dyn TimeProvider> {
        Arc::new(Clock(self.world.clone()))
    }

    /// What it asks for a certificate with.
    pub(crate) fn request(&self) -> Vec<u8> {
        CertificateParams::default().serialize_request(&self.key).expect("a request").der().to_vec()
    }

    pub(crate) fn joining(&self) -> ClientConfig {
        tls::joining(self.fingerprint, self.time()).expect("a configuration")
    }

    pub(crate) fn talking(&self) -> ClientConfig {
        let joined = self.joined.as_ref().expect("it has joined");
        let chain: Vec<_> = joined.chain.iter().map(|der| CertificateDer::from(der.to_vec())).collect();
        let authority = chain.last().expect("the authority").clone();
        let key = PrivatePkcs8KeyDer::from(self.key.serialize_der()).into();
        tls::machine(Identity { chain, key }, &authority, self.time()).expect("a configuration")
    }

    /// Joins with a token.
    pub(crate) async fn join(&mut self, token: &str) -> JoinAnswer {
        let link = dial(self.address, self.joining()).await.expect("it is let in to join");
        let answer = ask(&link, token, self.request()).await.expect("an answer");
        link.close(Duration::ZERO, "it has it");
        if let JoinAnswer::Joined(joined) = &answer {
            self.joined = Some(joined.clone());
        }
        answer
    }

    /// How it presents itself.
    pub(crate) fn hello(&self) -> Hello {
        Hello {
            version: VERSION,
            boot: self.boot.into(),
            connections: self.connections,
            seen: 0,
            now_ms: self.world.now().as_millis(),
            facts: facts(),
            policy: PolicyInForce { hash: [7; 32].into(), text: "# mine\n".into(), fault: None },
            commands: vec![],
            abilities: Some(ability::ALL.iter().map(|able| (*able).to_owned()).collect()),
        }
    }

    /// Connects, counting on.
    pub(crate) async fn connect(&mut self) -> Result<Connection, String> {
        self.connections += 1;
        self.connect_with(self.hello()).await
    }

    /// Connects and says this first.
    pub(crate) async fn connect_with(&self, hello: Hello) -> Result<Connection, String> {
        let link = dial(self.address, self.talking()).await?;
        let opened = link.open(Priority::Control, encode(&Opening::Control).into());
        let mut control = opened.map_err(|e| e.to_string())?;
        control.send(encode(&hello).into()).await.map_err(|e| e.to_string())?;
        match control.receive().await {
            Ok(Some(message)) => match decode(&message) {
                Ok(Some(ToBridge::Welcome(welcome))) => Ok(Connection { link, control, welcome }),
                other => Err(format!("{other:?}")),
            },
            _ => Err(why(&link.ended().await)),
        }
    }
}

impl Connection {
    /// Says something.
    pub(crate) async fn say(&mut self, message: &FromBridge) {
        self.control.send(encode(message).into()).await.expect("it is heard");
    }

    /// What is said next.
    pub(crate) async fn hear(&mut self) -> ToBridge {
        let message = self.control.receive().await.expect("the stream goes on").expect("a message");
        decode(&message).expect("it makes sense").expect("it is known")
    }

    /// Waits for the end; says why it came.
    pub(crate) async fn sent_away(&self) -> String {
        why(&self.link.ended().await)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.link.close(Duration::ZERO, "the test let go of it");
    }
}

/// Asks to join on a link.
pub(crate) async fn ask(link: &Link, token: &str, request: Vec<u8>) -> Option<JoinAnswer> {
    let mut stream = link.open(Priority::Control, encode(&Opening::Join).into()).ok()?;
    let asked = JoinRequest { token: token.into(), request: request.into(), facts: facts() };
    stream.send(encode(&asked).into()).await.ok()?;
    stream.finish();
    decode(&stream.receive().await.ok()??).ok()?
}

/// Why a link ended, in the words of whoever ended it.
pub(crate) fn why(ended: &Ended) -> String {
    match ended {
        Ended::GoneAway { reason, .. } => reason.clone(),
        other => other.to_string(),
    }
}

/// The WebSocket of a connection, before any TLS.
pub(crate) async fn socket(address: SocketAddr) -> Result<WsBytes<TcpStream>, String> {
    let stream = TcpStream::connect(address).await.map_err(|e| e.to_string())?;
    let url = format!("ws://{address}/bridge");
    let socket = client_async(url, stream).await.map_err(|e| e.to_string())?;
    Ok(WsBytes::dialled(socket.0.into_inner()))
}

/// A link to the control plane.
#[expect(clippy::disallowed_methods, reason = "the test owns its tasks")]
pub(crate) async fn dial(address: SocketAddr, config: ClientConfig) -> Result<Link, String> {
    let name = ServerName::try_from(CONTROL_PLANE).expect("a name");
    let secured = TlsConnector::from(Arc::new(config)).connect(name, socket(address).await?).await;
    let (link, driver) = Link::new(secured.map_err(|e| e.to_string())?, Side::Dialler, Limits::default());
    tokio::spawn(driver);
    Ok(link)
}

/// What it is.
pub(crate) fn facts() -> Facts {
    Facts { hostname: "box".into(), system: "linux".into(), processors: 4, memory_bytes: 1 << 33, ..Facts::default() }
}
