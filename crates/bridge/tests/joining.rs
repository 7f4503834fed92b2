//! How a machine joins, and how it does not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "that is how a test fails")]

mod support;

use std::process::Output;

use support::bridge::Bridge;
use support::plane::{MACHINE, Plane, TOKEN};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test]
async fn a_machine_joins_once_and_again_only_when_told_to() {
    let plane = Plane::start().await;
    let bridge = Bridge::new();
    let target = plane.target();
    let (joined, request) = tokio::join!(bridge.join(&target, TOKEN, &[]), plane.take_join());
    assert!(joined.status.success() && said(&joined).contains("workbench"), "{}", said(&joined));
    assert_eq!(request.token, TOKEN);
    assert!(request.facts.memory_bytes > 0 && !request.facts.version.is_empty());
    let again = bridge.join(&target, TOKEN, &[]).await;
    assert!(!again.status.success() && said(&again).contains("--force"), "{}", said(&again));
    let (forced, second) = tokio::join!(bridge.join(&target, TOKEN, &["--force"]), plane.take_join());
    assert!(forced.status.success());
    assert_ne!(second.request, request.request);
    let shown = bridge.show().await;
    assert!(said(&shown).contains(MACHINE) && said(&shown).contains("workbench"));
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_with_the_same_key() {
    let plane = Plane::start().await;
    let bridge = Bridge::new();
    let target = plane.target();
    let lose = async {
        let (link, wire) = plane.accept().await.unwrap();
        let (mut stream, _) = link.accept().await.unwrap();
        let request = stream.receive().await.unwrap().unwrap();
        wire.cut();
        request
    };
    let (lost, first) = tokio::join!(bridge.join(&target, TOKEN, &[]), lose);
    assert!(!lost.status.success() && said(&lost).contains("run the same line again"), "{}", said(&lost));
    let first: diwan_protocol::join::JoinRequest = diwan_protocol::decode(&first).unwrap().unwrap();
    let (joined, second) = tokio::join!(bridge.join(&target, TOKEN, &[]), plane.take_join());
    assert!(joined.status.success());
    assert_eq!(public_key(&first.request), public_key(&second.request));
}

fn public_key(request: &[u8]) -> Vec<u8> {
    use x509_parser::prelude::FromDer;
    let (_, request) = x509_parser::certification_request::X509CertificationRequest::from_der(request).unwrap();
    request.certification_request_info.subject_pki.raw.to_vec()
}

#[tokio::test]
async fn f35_f72_the_token_is_never_said_to_somebody_with_another_fingerprint() {
    let plane = Plane::start().await;
    let rogue = Plane::start().await;
    let bridge = Bridge::new();
    let target = format!("http://{}#{}", rogue.address, plane.target().split_once('#').unwrap().1);
    let (joined, met) = tokio::join!(bridge.join(&target, TOKEN, &[]), rogue.accept());
    assert!(met.is_none() && !joined.status.success());
    assert!(said(&joined).contains("Nothing was told to them"), "{}", said(&joined));
    assert!(!bridge.state().join("identity").exists());
}

#[tokio::test]
async fn a_refusal_is_passed_on_in_words() {
    let plane = Plane::start().await;
    let bridge = Bridge::new();
    let target = plane.target();
    let (joined, _) = tokio::join!(bridge.join(&target, "guessed", &[]), plane.take_join());
    assert!(!joined.status.success() && said(&joined).contains("this token is not known"), "{}", said(&joined));
}

#[tokio::test]
async fn f36_whatever_else_is_at_the_other_end_is_told_apart() {
    let plane = Plane::start().await;
    let fingerprint = plane.target().split_once('#').unwrap().1.to_owned();
    let bridge = Bridge::new();
    for (answer, words) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nlogin", "does not let WebSockets through"),
        ("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", "404"),
        (
            "HTTP/1.1 503 Service Unavailable\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n",
            "takes no connections right now",
        ),
        ("SSH-2.0-OpenSSH_9.2\r\n", "is no control plane of Diwan"),
    ] {
        let target = plane.target();
        let (joined, ()) = tokio::join!(bridge.join(&target, TOKEN, &[]), plane.turn_away(answer));
        assert!(!joined.status.success() && said(&joined).contains(words), "{words}: {}", said(&joined));
    }
    let at = plane.address;
    drop(plane);
    let joined = bridge.join(&format!("http://{at}#{fingerprint}"), TOKEN, &[]).await;
    assert!(said(&joined).contains("cannot be reached"), "{}", said(&joined));
    for target in [format!("http://{at}"), format!("http://{at}#abc"), format!("{at}#{fingerprint}")] {
        let joined = bridge.join(&target, TOKEN, &[]).await;
        assert!(!joined.status.success() && said(&joined).contains("copy the whole line"), "{}", said(&joined));
    }
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the test owns its tasks")]
async fn a_machine_joins_through_a_proxy() {
    let plane = Plane::start().await;
    let proxy = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let through = format!("http://me:secret@{}", proxy.local_addr().unwrap());
    let (at, target) = (plane.address, plane.target());
    let passing = tokio::spawn(async move {
        let (mut inside, _) = proxy.accept().await.unwrap();
        let mut head = vec![];
        while !head.ends_with(b"\r\n\r\n") {
            head.push(inside.read_u8().await.unwrap());
        }
        inside.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
        let mut outside = tokio::net::TcpStream::connect(at).await.unwrap();
        // How the two part does not matter.
        let _ = tokio::io::copy_bidirectional(&mut inside, &mut outside).await;
        String::from_utf8(head).unwrap()
    });
    let bridge = Bridge::new();
    let (joined, _) = tokio::join!(bridge.join_through(&target, TOKEN, &through), plane.take_join());
    assert!(joined.status.success(), "{}", said(&joined));
    let head = passing.await.unwrap();
    assert!(head.starts_with(&format!("CONNECT {at} HTTP/1.1\r\n")) && head.contains("Proxy-Authorization: Basic "));
}
