//! The whole way of the bytes: frames in TLS in a WebSocket, and who is let in.
#![allow(clippy::unwrap_used, clippy::panic, reason = "that is how a test fails")]

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use diwan_link::tls::{self, CONTROL_PLANE, Fingerprint, Identity};
use diwan_link::ws::WsBytes;
use diwan_link::{Limits, Link, Priority, Side};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use tokio::io::{DuplexStream, duplex};
use tokio_rustls::{TlsAcceptor, TlsConnector};

const NOW: u64 = 1_800_000_000;
const HOUR: u64 = 3600;

#[derive(Debug)]
struct At(u64);

impl TimeProvider for At {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_secs(self.0)))
    }
}

fn at(seconds: u64) -> Arc<dyn TimeProvider> {
    Arc::new(At(seconds))
}

fn moment(seconds: u64) -> time::OffsetDateTime {
    time::OffsetDateTime::from_unix_timestamp(i64::try_from(seconds).unwrap()).unwrap()
}

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.distinguished_name.push(DnType::CommonName, "the authority of a test");
        (params.not_before, params.not_after) = (moment(NOW - HOUR), moment(NOW + 1000 * HOUR));
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn certificate(&self) -> CertificateDer<'static> {
        self.0.der().clone()
    }

    fn issue(&self, name: &str, usage: ExtendedKeyUsagePurpose) -> Identity {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.extended_key_usages = vec![usage];
        (params.not_before, params.not_after) = (moment(NOW - HOUR), moment(NOW + 24 * HOUR));
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Identity {
            chain: vec![certificate.der().clone(), self.certificate()],
            key: key.serialize_der().try_into().unwrap(),
        }
    }

    fn plane(&self) -> Identity {
        self.issue(CONTROL_PLANE, ExtendedKeyUsagePurpose::ServerAuth)
    }

    fn machine(&self) -> Identity {
        self.issue("mch_1", ExtendedKeyUsagePurpose::ClientAuth)
    }
}

/// What became of an attempt: what the control plane saw, and whether the machine was content.
struct Met {
    plane: Result<(Option<Vec<u8>>, bool, Link), String>,
    machine: Result<Link, String>,
}

async fn meet(server: rustls::ServerConfig, client: rustls::ClientConfig) -> Met {
    let (near, far) = duplex(64 * 1024);
    let (plane, machine) = tokio::join!(accept(far, server), dial(near, client));
    Met { plane, machine }
}

#[expect(clippy::disallowed_methods, reason = "the test owns its tasks")]
fn run(connection: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + 'static, side: Side) -> Link {
    let (link, driver) = Link::new(connection, side, Limits::default());
    tokio::spawn(driver);
    link
}

async fn accept(stream: DuplexStream, config: rustls::ServerConfig) -> Result<(Option<Vec<u8>>, bool, Link), String> {
    let socket = tokio_tungstenite::accept_async(stream).await.unwrap();
    let tls = TlsAcceptor::from(Arc::new(config))
        .accept(WsBytes::accepted(socket.into_inner()))
        .await
        .map_err(|e| e.to_string())?;
    let session = tls.get_ref().1;
    let speaks = session.alpn_protocol().map(<[u8]>::to_vec);
    let has_shown = session.peer_certificates().is_some_and(|chain| !chain.is_empty());
    Ok((speaks, has_shown, run(tls, Side::Acceptor)))
}

async fn dial(stream: DuplexStream, config: rustls::ClientConfig) -> Result<Link, String> {
    let connected = tokio_tungstenite::client_async("ws://diwan.test/bridge", stream);
    let (socket, _) = connected.await.unwrap();
    let name = ServerName::try_from(CONTROL_PLANE).unwrap();
    let tls = TlsConnector::from(Arc::new(config)).connect(name, WsBytes::dialled(socket.into_inner())).await;
    Ok(run(tls.map_err(|e| e.to_string())?, Side::Dialler))
}

#[tokio::test]
async fn a_machine_that_joined_talks_through_everything() {
    let authority = Authority::new();
    let server = tls::control_plane(authority.plane(), &authority.certificate(), at(NOW)).unwrap();
    let client = tls::machine(authority.machine(), &authority.certificate(), at(NOW)).unwrap();
    let met = meet(server, client).await;
    let (speaks, has_shown, plane) = met.plane.unwrap();
    assert_eq!((speaks.as_deref(), has_shown), (Some(tls::TALK), true));
    let machine = met.machine.unwrap();
    let mut opened = plane.open(Priority::Bulk, Bytes::from_static(b"all of it")).unwrap();
    let (mut accepted, _) = machine.accept().await.unwrap();
    let message = Bytes::from(vec![42; 1_000_000]);
    let (sent, got) = tokio::join!(opened.send(message.clone()), accepted.receive());
    sent.unwrap();
    assert!(got.unwrap().unwrap() == message);
}

#[tokio::test]
async fn a_machine_joins_whom_the_line_named_and_nobody_else() {
    let (authority, other) = (Authority::new(), Authority::new());
    let pin = Fingerprint::of(&authority.certificate());
    assert_eq!(pin.to_string().parse(), Ok(pin));
    let server = |of: &Authority| tls::control_plane(of.plane(), &of.certificate(), at(NOW)).unwrap();
    let met = meet(server(&authority), tls::joining(pin, at(NOW)).unwrap()).await;
    let (speaks, has_shown, _) = met.plane.unwrap();
    assert_eq!((speaks.as_deref(), has_shown), (Some(tls::JOIN), false));
    assert!(met.machine.is_ok());

    let met = meet(server(&other), tls::joining(pin, at(NOW)).unwrap()).await;
    assert!(met.machine.unwrap_err().contains("UnknownIssuer"));
    assert!(met.plane.is_err());

    // Showing the certificate of the authority is not enough: it must have vouched.
    let mut false_one = other.plane();
    false_one.chain = vec![false_one.chain[0].clone(), authority.certificate()];
    let met = meet(
        tls::control_plane(false_one, &other.certificate(), at(NOW)).unwrap(),
        tls::joining(pin, at(NOW)).unwrap(),
    )
    .await;
    assert!(met.machine.is_err());
}

#[tokio::test]
async fn whoever_is_not_of_the_house_is_not_let_in() {
    let (authority, other) = (Authority::new(), Authority::new());
    let refused = async |machine: Identity, now: u64| {
        let server = tls::control_plane(authority.plane(), &authority.certificate(), at(now)).unwrap();
        let client = tls::machine(machine, &authority.certificate(), at(NOW)).unwrap();
        meet(server, client).await.plane.map(|_| ()).unwrap_err()
    };
    let foreign = refused(other.machine(), NOW).await;
    assert!(foreign.contains("UnknownIssuer") || foreign.contains("BadSignature"), "{foreign}");
    let expired = refused(authority.machine(), NOW + 24 * HOUR + tls::GRACE.as_secs() + 1).await;
    assert!(expired.contains("expired") || expired.contains("Expired"), "{expired}");
    // A certificate of the control plane is none of a machine.
    let wrong = refused(authority.plane(), NOW).await;
    assert!(wrong.contains("client authentication"), "{wrong}");
}

/// What the control plane of this authority sees of a machine when it is so late by its clock.
async fn meet_at(authority: &Authority, machine: Identity, now: u64) -> Result<(Option<Vec<u8>>, bool, Link), String> {
    let (mut plane, pin) = (authority.plane(), authority.certificate());
    plane.chain.truncate(1);
    let server = tls::control_plane(plane, &pin, at(now)).unwrap();
    meet(server, tls::machine(machine, &pin, at(NOW)).unwrap()).await.plane
}

#[tokio::test]
async fn f68_a_machine_that_was_away_may_come_back_within_the_grace() {
    let (authority, other) = (Authority::new(), Authority::new());
    let now = NOW + 24 * HOUR + tls::GRACE.as_secs();
    let (speaks, has_shown, _) = meet_at(&authority, authority.machine(), now).await.unwrap();
    assert_eq!((speaks.as_deref(), has_shown), (Some(tls::TALK), true));
    assert!(meet_at(&authority, other.machine(), now).await.is_err(), "grace is for those of the house");
}

#[tokio::test]
async fn f44_a_certificate_that_was_made_while_the_clock_was_ahead_is_believed() {
    let (authority, other) = (Authority::new(), Authority::new());
    let now = NOW - 40 * 24 * HOUR;
    let (speaks, has_shown, _) = meet_at(&authority, authority.machine(), now).await.unwrap();
    assert_eq!((speaks.as_deref(), has_shown), (Some(tls::TALK), true));
    assert!(meet_at(&authority, other.machine(), now).await.is_err(), "but only one of the house");
    assert!(meet_at(&authority, authority.plane(), now).await.is_err(), "and only one of a machine");
}

#[tokio::test]
async fn a_control_plane_of_another_house_is_left_before_anything_is_said() {
    let (authority, other) = (Authority::new(), Authority::new());
    let server = tls::control_plane(other.plane(), &other.certificate(), at(NOW)).unwrap();
    let client = tls::machine(authority.machine(), &authority.certificate(), at(NOW)).unwrap();
    let met = meet(server, client).await;
    assert!(met.machine.unwrap_err().contains("invalid peer certificate"));
    assert!(met.plane.is_err());
}

#[test]
fn only_a_fingerprint_is_one() {
    for text in ["", "ab", &"g".repeat(64), &"é".repeat(32), &"0".repeat(65)] {
        assert!(text.parse::<Fingerprint>().is_err(), "{text}");
    }
}
