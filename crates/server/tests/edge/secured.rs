//! TLS: which versions, which certificate.

use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsConnector;

use crate::house::{House, plan};

struct Papers {
    dir: tempfile::TempDir,
}

impl Papers {
    fn new() -> (Self, CertificateDer<'static>) {
        let this = Self { dir: tempfile::tempdir().unwrap() };
        let certificate = this.renew();
        (this, certificate)
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    fn renew(&self) -> CertificateDer<'static> {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        std::fs::write(self.path("cert.pem"), cert.pem()).unwrap();
        std::fs::write(self.path("key.pem"), signing_key.serialize_pem()).unwrap();
        cert.der().clone()
    }

    async fn house(&self) -> House {
        let (certificate, key) = (self.path("cert.pem"), self.path("key.pem"));
        plan()
            .with(|c| {
                c.tls_cert = Some(certificate);
                c.tls_key = Some(key);
            })
            .open()
            .await
    }
}

async fn ask(
    house: &House,
    trusted: &CertificateDer<'static>,
    versions: &[&'static SupportedProtocolVersion],
) -> Result<String, String> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(config));
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = connector.connect(name, house.connect()).await.map_err(|e| e.to_string())?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    Ok(answer)
}

#[tokio::test]
async fn https_is_spoken_in_both_versions_and_promised() {
    let (papers, certificate) = Papers::new();
    let house = papers.house().await;
    for version in [&rustls::version::TLS13, &rustls::version::TLS12] {
        let answer = ask(&house, &certificate, &[version]).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("strict-transport-security"), "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn http_on_the_https_port_is_told_and_silence_is_closed() {
    let (papers, _) = Papers::new();
    let house = papers.house().await;
    let answer = house.raw("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("https://"), "{answer}");
    let began = tokio::time::Instant::now();
    assert_eq!(house.raw("").await, "");
    assert_eq!(began.elapsed().as_secs(), 5);
    let began = tokio::time::Instant::now();
    house.raw([0x16, 3, 1, 2, 0]).await;
    assert_eq!(began.elapsed().as_secs(), 10, "a handshake that stops");
    house.raw([&[0x16, 3, 1, 0, 100][..], &[7; 100]].concat()).await;
}

#[tokio::test(start_paused = true)]
async fn a_renewed_certificate_is_taken_up_and_a_broken_one_is_not() {
    let (papers, old) = Papers::new();
    let house = papers.house().await;
    let both = [&rustls::version::TLS13];
    assert!(ask(&house, &old, &both).await.is_ok());
    let new = papers.renew();
    tokio::time::sleep(Duration::from_secs(31)).await;
    assert!(ask(&house, &new, &both).await.is_ok());
    assert!(ask(&house, &old, &both).await.is_err());
    std::fs::write(papers.path("cert.pem"), "nonsense").unwrap();
    tokio::time::sleep(Duration::from_secs(31)).await;
    assert!(ask(&house, &new, &both).await.is_ok(), "the last good one stays");
    let newest = papers.renew();
    tokio::time::sleep(Duration::from_secs(31)).await;
    assert!(ask(&house, &newest, &both).await.is_ok());
}

#[tokio::test]
async fn a_key_that_does_not_belong_is_refused_at_the_start() {
    let (papers, _) = Papers::new();
    let (other, _) = Papers::new();
    let house = plan()
        .with(|c| {
            c.tls_cert = Some(papers.path("cert.pem"));
            c.tls_key = Some(other.path("key.pem"));
        })
        .build()
        .await;
    let (_, listener) = crate::house::pipes();
    assert!(house.edge.serve(Box::new(listener)).await.is_err());
}
