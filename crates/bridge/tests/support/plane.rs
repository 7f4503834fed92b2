//! A control plane that takes joins and connections and signs commands.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use diwan_link::tls::{self, CONTROL_PLANE, Fingerprint, Identity};
use diwan_link::ws::WsBytes;
use diwan_link::{Limits, Link, Side, Stream};
use diwan_protocol::control::{Hello, ToBridge, VERSION, Welcome};
use diwan_protocol::join::{JoinAnswer, JoinRefused, JoinRequest, Joined};
use diwan_protocol::{Opening, SigningKey, decode, encode};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, CertifiedIssuer, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::time_provider::TimeProvider;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

pub const TOKEN: &str = "join-me";
pub const MACHINE: &str = "mch_1";

#[derive(Debug)]
struct Now;

#[expect(clippy::disallowed_methods, reason = "the bridge is a process with the machine's own clock")]
pub fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap()
}

pub fn now_ms() -> i64 {
    now().as_millis().try_into().unwrap()
}

impl TimeProvider for Now {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(now()))
    }
}

/// What its certificates are good for.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// How long ago a machine's certificate began, and how long it still holds.
    pub began: Duration,
    pub ends_in: Duration,
}

pub struct Plane {
    pub address: SocketAddr,
    listener: TcpListener,
    authority: CertifiedIssuer<'static, KeyPair>,
    pub signing: SigningKey,
    pub terms: Terms,
    pub sequence: AtomicU64,
}

/// A machine that is connected.
pub struct Connection {
    pub link: Link,
    pub control: Stream,
    pub hello: Hello,
    /// Ends the connection without a word when it is dropped.
    pub wire: Wire,
}

#[derive(Debug)]
pub struct Wire {
    task: tokio::task::JoinHandle<()>,
    frozen: tokio::sync::watch::Sender<bool>,
}

impl Wire {
    fn of(driver: diwan_link::Driver) -> Self {
        let frozen = tokio::sync::watch::Sender::new(false);
        let mut freeze = frozen.subscribe();
        #[expect(clippy::disallowed_methods, reason = "the test owns its tasks")]
        let task = tokio::spawn(async move {
            let mut driver = driver;
            let freeze = async { freeze.wait_for(|frozen| *frozen).await.is_ok() };
            tokio::select! {
                _ = &mut driver => {}
                _ = freeze => std::future::pending().await,
            }
        });
        Self { task, frozen }
    }

    /// Cuts the connection without a word.
    pub fn cut(&self) {
        self.task.abort();
    }

    /// Neither reads nor writes nor closes it from here on.
    pub async fn freeze(&self) {
        self.frozen.send_replace(true);
        tokio::task::yield_now().await;
    }
}

fn moment(at: Duration) -> time::OffsetDateTime {
    time::OffsetDateTime::from_unix_timestamp(at.as_secs().try_into().unwrap()).unwrap()
}

/// Nothing here takes longer.
const PATIENCE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

impl Plane {
    pub async fn start() -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap()).await
    }

    pub async fn start_at(at: SocketAddr) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.distinguished_name.push(DnType::CommonName, "the authority of a test");
        (params.not_before, params.not_after) = (moment(now() - HOUR), moment(now() + 1000 * HOUR));
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let listener = TcpListener::bind(at).await.unwrap();
        Self {
            address: listener.local_addr().unwrap(),
            listener,
            authority,
            signing: SigningKey::from_seed("key_1", &[7; 32]).unwrap(),
            terms: Terms { began: HOUR, ends_in: 1000 * HOUR },
            sequence: AtomicU64::new(0),
        }
    }

    /// Takes the place of another one.
    pub async fn move_to(&mut self, at: SocketAddr) {
        self.listener = TcpListener::bind(at).await.unwrap();
        self.address = at;
    }

    /// What joins a machine.
    pub fn target(&self) -> String {
        format!("http://{}#{}", self.address, Fingerprint::of(self.authority.der()))
    }

    fn identity(&self) -> Identity {
        let mut params = CertificateParams::new(vec![CONTROL_PLANE.to_owned()]).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        (params.not_before, params.not_after) = (moment(now() - HOUR), moment(now() + 24 * HOUR));
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.authority).unwrap();
        let chain = vec![certificate.der().clone(), self.authority.der().clone()];
        Identity { chain, key: key.serialize_der().try_into().unwrap() }
    }

    /// A certificate for the key in a request.
    pub fn certify(&self, request: &[u8]) -> Vec<Vec<u8>> {
        let mut request = CertificateSigningRequestParams::from_der(&request.to_vec().into()).unwrap();
        request.params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        request.params.not_before = moment(now() - self.terms.began);
        request.params.not_after = moment(now() + self.terms.ends_in);
        let certificate = request.signed_by(&self.authority).unwrap();
        vec![certificate.der().to_vec(), self.authority.der().to_vec()]
    }

    pub async fn tcp(&self) -> TcpStream {
        let accepted = tokio::time::timeout(PATIENCE, self.listener.accept()).await;
        accepted.expect("nobody came").unwrap().0
    }

    /// The next connection, whatever it is for.
    #[expect(clippy::result_large_err, reason = "that is what the handshake wants")]
    pub async fn accept(&self) -> Option<(Link, Wire)> {
        let tcp = self.tcp().await;
        tcp.set_nodelay(true).unwrap();
        let check = |request: &tokio_tungstenite::tungstenite::handshake::server::Request, answer| {
            assert_eq!(request.uri().path(), "/bridge");
            Ok(answer)
        };
        let socket = tokio_tungstenite::accept_hdr_async(tcp, check).await.ok()?;
        let authority = CertificateDer::from(self.authority.der().to_vec());
        let config = tls::control_plane(self.identity(), &authority, Arc::new(Now)).unwrap();
        let tls = TlsAcceptor::from(Arc::new(config)).accept(WsBytes::accepted(socket.into_inner())).await.ok()?;
        let (link, driver) = Link::new(tls, Side::Acceptor, Limits::default());
        Some((link, Wire::of(driver)))
    }

    /// Answers the next connection with these words and closes it.
    pub async fn turn_away(&self, words: &str) {
        let mut tcp = self.tcp().await;
        let mut head = vec![];
        while !head.ends_with(b"\r\n\r\n") {
            head.push(tcp.read_u8().await.unwrap());
        }
        tcp.write_all(words.as_bytes()).await.unwrap();
        tcp.shutdown().await.unwrap();
    }

    /// Takes one join; gives what was asked.
    pub async fn take_join(&self) -> JoinRequest {
        let (link, _wire) = self.accept().await.unwrap();
        let (mut stream, opening) = link.accept().await.unwrap();
        assert_eq!(decode::<Opening>(&opening), Ok(Some(Opening::Join)));
        let request: JoinRequest = decode(&stream.receive().await.unwrap().unwrap()).unwrap().unwrap();
        stream.send(encode(&self.answer(&request)).into()).await.unwrap();
        stream.finish();
        link.ended().await;
        request
    }

    pub fn answer(&self, request: &JoinRequest) -> JoinAnswer {
        if request.token != TOKEN {
            let words = "this token is not known".to_owned();
            return JoinAnswer::Refused(JoinRefused { code: "token_unknown".to_owned(), words });
        }
        JoinAnswer::Joined(Joined {
            machine: MACHINE.to_owned(),
            name: "workbench".to_owned(),
            chain: self.certify(&request.request).into_iter().map(Into::into).collect(),
            keys: vec![self.signing.verifying_key()],
            now_ms: now_ms(),
        })
    }

    /// The next machine that presents itself, made welcome.
    pub async fn meet(&self) -> Connection {
        loop {
            let Some((link, wire)) = self.accept().await else { continue };
            let Some((mut control, opening)) = link.accept().await else { continue };
            assert_eq!(decode::<Opening>(&opening), Ok(Some(Opening::Control)));
            let Ok(Some(message)) = control.receive().await else { continue };
            let hello: Hello = decode(&message).unwrap().unwrap();
            let welcome = Welcome {
                version: VERSION,
                now_ms: now_ms(),
                sample_every_ms: 0,
                name: "workbench".to_owned(),
                keys: vec![self.signing.verifying_key()],
            };
            if control.send(encode(&ToBridge::Welcome(welcome)).into()).await.is_ok() {
                return Connection { link, control, hello, wire };
            }
        }
    }

    /// The number of the next command.
    pub fn next_sequence(&self) -> u64 {
        self.sequence.fetch_add(1, Ordering::SeqCst) + 1
    }
}
