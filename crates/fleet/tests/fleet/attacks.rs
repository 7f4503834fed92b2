//! Those who mean no good: at the handshake, and behind it.

use diwan_link::{Link, Priority};
use diwan_protocol::control::{FromBridge, ToBridge, VERSION};
use diwan_protocol::facts::{Facts, PolicyInForce, Sample};
use diwan_protocol::{Opening, encode};
use diwan_testkit::{Backend, Person, TestServer, on_every_backend};
use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::bridge::{self, Bridge, Connection, dial, socket, why};
use super::{becomes, joined, machine, path};

async fn arranged() -> (TestServer, Person, Bridge) {
    let (server, owner) = TestServer::builder().owned().await;
    let bridge = joined(&server, &owner, "box").await;
    (server, owner, bridge)
}

/// What comes back on a link that begins so.
async fn ends(link: &Link, opening: Vec<u8>, message: Vec<u8>) -> String {
    let mut stream = link.open(Priority::Control, opening.into()).expect("it opens");
    let _ = stream.send(message.into()).await;
    why(&link.ended().await)
}

async fn after(connection: &mut Connection, message: &FromBridge) -> String {
    let _ = connection.control.send(encode(message).into()).await;
    connection.sent_away().await
}

#[tokio::test]
async fn who_is_of_another_authority_is_not_let_in() {
    let (server, owner, mut bridge) = arranged().await;
    let (other_server, other_owner) = TestServer::builder().owned().await;
    let foreign = joined(&other_server, &other_owner, "box").await;
    // With the right authority to trust, and a certificate of the wrong one.
    let ours = bridge.joined.clone().expect("it has joined");
    let mut mixed = foreign.joined.clone().expect("it has joined");
    let last = mixed.chain.len() - 1;
    mixed.chain[last] = ours.chain[last].clone();
    let mut intruder = foreign.twin();
    (intruder.address, intruder.joined, intruder.connections) = (server.address(), Some(mixed), 100);
    assert!(intruder.connect().await.is_err());
    assert_eq!(machine(&owner, &bridge).await["state"], "offline");
    bridge.connect().await.expect("who is of this one is");
}

#[tokio::test]
async fn f72_a_bridge_does_not_talk_to_another_control_plane() {
    let (server, _, mut bridge) = arranged().await;
    let (rogue, rogue_owner) = TestServer::builder().owned().await;
    joined(&rogue, &rogue_owner, "box").await;
    bridge.address = rogue.address();
    let refused = bridge.connect().await.err().expect("it is not ours");
    assert!(refused.contains("UnknownIssuer") || refused.contains("BadSignature"), "{refused}");
    assert!(dial(rogue.address(), bridge.joining()).await.is_err(), "nor does one that joins");
    bridge.address = server.address();
    bridge.connect().await.expect("this one is");
}

#[tokio::test]
async fn what_is_spoken_must_fit_what_was_shown() {
    let (server, _, bridge) = arranged().await;
    let with = |mut config: rustls::ClientConfig, speaks: &[&[u8]]| {
        config.alpn_protocols = speaks.iter().map(|name| name.to_vec()).collect();
        config
    };
    let cases = [
        ("a certificate, and to join", with(bridge.talking(), &[b"diwan-join/1"])),
        ("no certificate, and to talk", with(bridge.joining(), &[b"diwan-link/1"])),
        ("nothing in particular", with(bridge.talking(), &[])),
        ("nothing, without a certificate", with(bridge.joining(), &[])),
        ("something else", with(bridge.talking(), &[b"h2"])),
    ];
    for (what, config) in cases {
        if let Ok(link) = dial(server.address(), config).await {
            let ended = ends(&link, encode(&Opening::Control), encode(&bridge.hello())).await;
            assert!(ended.starts_with("it was closed") || ended.contains("broke"), "{what}: {ended}");
        }
    }
}

#[tokio::test]
async fn a_newcomer_may_only_ask_to_join() {
    let (server, owner, bridge) = arranged().await;
    for opening in [encode(&Opening::Control), encode(&Opening::Run), b"\xff\xff".to_vec(), vec![]] {
        let link = dial(server.address(), bridge.joining()).await.expect("it is let in to join");
        let ended = ends(&link, opening, encode(&bridge.hello())).await;
        assert!(ended.starts_with("protocol: "), "{ended}");
    }
    let link = dial(server.address(), bridge.joining()).await.expect("it is let in to join");
    let ended = ends(&link, encode(&Opening::Join), b"\xff\xffnot a request".to_vec()).await;
    assert!(ended.starts_with("protocol: "), "{ended}");
    let link = dial(server.address(), bridge.joining()).await.expect("it is let in to join");
    assert!(ends(&link, encode(&Opening::Join), vec![0; 200_000]).await.starts_with("protocol: "), "too much");
    assert_eq!(owner.get("/api/v1/machines").await.json["items"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_machine_presents_itself_first_and_once() {
    let (server, _, mut bridge) = arranged().await;
    for opening in [encode(&Opening::Join), encode(&Opening::Judge), b"\xff\xff".to_vec()] {
        let link = dial(server.address(), bridge.talking()).await.expect("it is let in");
        let ended = ends(&link, opening, encode(&bridge.hello())).await;
        assert!(ended.starts_with("protocol: "), "{ended}");
    }
    let link = dial(server.address(), bridge.talking()).await.expect("it is let in");
    let ended = ends(&link, encode(&Opening::Control), b"\xff\xffnot a greeting".to_vec()).await;
    assert!(ended.starts_with("protocol: "), "{ended}");

    let mut connection = bridge.connect().await.expect("it connects");
    let _ = connection.control.send(encode(&bridge.hello()).into()).await;
    let ended = connection.sent_away().await;
    assert!(ended.starts_with("protocol: "), "a second greeting: {ended}");

    let connection = bridge.connect().await.expect("it connects");
    let ended = ends(&connection.link, encode(&Opening::Control), encode(&bridge.hello())).await;
    assert!(ended.starts_with("protocol: "), "a second stream: {ended}");
}

#[tokio::test]
async fn who_talks_too_much_is_sent_away() {
    let (_server, owner, mut bridge) = arranged().await;
    let mut connection = bridge.connect().await.expect("it connects");
    let flood = async {
        let sample = encode(&FromBridge::Sample(Sample::default()));
        while connection.control.send(sample.clone().into()).await.is_ok() {}
    };
    flood.await;
    assert_eq!(connection.sent_away().await, "protocol: it talks too much");
    let points = owner.get(&format!("{}/samples", path(&bridge))).await.expect(StatusCode::OK);
    assert!(points["items"].as_array().is_some_and(|points| points.len() <= 60));
}

#[tokio::test]
async fn what_is_too_long_is_not_kept() {
    let (_server, _, mut bridge) = arranged().await;
    bridge.connections += 1;
    let mut hello = bridge.hello();
    hello.policy.text = "x".repeat(300_000);
    assert!(bridge.connect_with(hello.clone()).await.err().expect("too long").starts_with("protocol: "));
    hello.policy.text = "x".repeat(2_000_000);
    assert!(bridge.connect_with(hello).await.is_err(), "longer than any message");
    let mut connection = bridge.connect().await.expect("it connects");
    let policy = PolicyInForce { hash: [1; 32].into(), text: "x".repeat(300_000), fault: None };
    assert_eq!(after(&mut connection, &FromBridge::Policy(policy)).await, "protocol: the policy is too long");
    bridge.connections += 1;
    let hello = diwan_protocol::control::Hello { connections: u64::MAX, ..bridge.hello() };
    assert!(bridge.connect_with(hello).await.err().expect("no such number").starts_with("protocol: "));
    bridge.connect().await.expect("nothing was spoiled");
}

#[tokio::test]
async fn f73_who_speaks_an_older_version_is_told_and_a_newer_one_is_met_half_way() {
    let (_server, _, mut bridge) = arranged().await;
    bridge.connections += 1;
    let mut hello = bridge.hello();
    hello.version = 0;
    assert!(bridge.connect_with(hello.clone()).await.err().expect("too old").starts_with("version: "));
    hello.version = VERSION + 7;
    assert_eq!(bridge.connect_with(hello).await.expect("it is newer").welcome.version, VERSION);
}

#[tokio::test]
async fn what_is_no_handshake_is_left_alone_at_once() {
    let (server, _, mut bridge) = arranged().await;
    for garbage in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0x16, 3, 1, 0xff, 0xff], &[0xff; 20_000]] {
        let mut bytes = socket(server.address()).await.expect("a WebSocket");
        let _ = bytes.write_all(garbage).await;
        let _ = bytes.shutdown().await;
        let mut rest = vec![];
        // An alert perhaps, then the end.
        let _ = bytes.read_to_end(&mut rest).await;
        assert!(rest.len() < 64, "{rest:?}");
    }
    bridge.connect().await.expect("others are not disturbed");
}

/// This takes the ten seconds that a handshake may take.
#[tokio::test]
async fn a_handshake_that_does_not_end_is_ended() {
    let (server, _, mut bridge) = arranged().await;
    let begun = server.product().world.monotonic();
    let mut bytes = socket(server.address()).await.expect("a WebSocket");
    let _ = bytes.write_all(&[0x16, 3, 1]).await;
    let mut rest = vec![];
    let _ = bytes.read_to_end(&mut rest).await;
    let took = server.product().world.monotonic() - begun;
    assert!((9..15).contains(&took.as_secs()), "{took:?}");
    bridge.connect().await.expect("others are not disturbed");
}

#[tokio::test]
async fn the_door_opens_for_websockets_and_has_so_much_room() {
    let builder = TestServer::builder().config(|config| config.server.max_machine_connections_per_address = 2);
    let (server, owner) = builder.owned().await;
    let visitor = server.visitor();
    assert_eq!(visitor.get("/bridge").await.problem(), "websocket_required");
    assert_eq!(visitor.send(Method::POST, "/bridge", None, &[]).await.status, StatusCode::UPGRADE_REQUIRED);
    // A page of another origin gains nothing here, and a name that nobody knows loses nothing.
    let strange = [("host", "anything.example"), ("origin", "https://evil.example")];
    assert_eq!(visitor.send(Method::GET, "/bridge", None, &strange).await.problem(), "websocket_required");

    let (mut one, mut two) = (joined(&server, &owner, "one").await, joined(&server, &owner, "two").await);
    let mut feed = server.product().events.listen(None).receiver;
    let held = (one.connect().await.expect("there is room"), two.connect().await.expect("there is room"));
    let refused = two.connect().await.err().expect("there is none");
    assert!(refused.contains("429"), "{refused}");
    drop(held);
    // The room is free a moment after the farewell.
    while one.connect().await.is_err() {
        feed.recv().await.expect("the feed goes on");
    }
}

on_every_backend! {
    async fn what_a_machine_says_of_itself_plays_no_tricks(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut bridge = joined(&server, &owner, "box").await;
        bridge.connections += 1;
        let mut hello = bridge.hello();
        hello.facts.hostname = "\u{1b}]0;owned\u{7}\u{202e}box".into();
        hello.policy.fault = Some("line 1\u{1b}[2J".into());
        let mut connection = bridge.connect_with(hello).await.expect("it connects");
        let seen = becomes(&server, &owner, &bridge, "error").await;
        assert_eq!(seen["facts"]["hostname"], "]0;ownedbox");
        assert_eq!((&seen["policy_fault"], &seen["troubles"]), (&json!("line 1[2J"), &json!(["policy_faulty"])));
        let facts = Facts { kernel: "\r\n6.1\u{0}".into(), ..bridge::facts() };
        connection.say(&FromBridge::Facts(facts)).await;
        let policy = PolicyInForce { hash: [9; 32].into(), text: "# sound\n".into(), fault: None };
        connection.say(&FromBridge::Policy(policy)).await;
        let seen = becomes(&server, &owner, &bridge, "online").await;
        assert_eq!((&seen["facts"]["kernel"], &seen["policy_text"]), (&json!("6.1"), &json!("# sound\n")));
    }

    async fn whoever_looks_while_a_machine_tells_of_itself_sees_no_mixture(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut bridge = joined(&server, &owner, "box").await;
        for round in 0..10 {
            bridge.connections += 1;
            let mut hello = bridge.hello();
            hello.policy.fault = Some("not yet".into());
            let mut connection = bridge.connect_with(hello).await.expect("it connects");
            becomes(&server, &owner, &bridge, "error").await;
            let (kernel, policy) = (format!("6.{round}"), format!("# {round}\n"));
            let tells = async {
                connection.say(&FromBridge::Facts(Facts { kernel: kernel.clone(), ..bridge::facts() })).await;
                let policy = PolicyInForce { hash: [9; 32].into(), text: policy.clone(), fault: None };
                connection.say(&FromBridge::Policy(policy)).await;
            };
            let looks = async || {
                loop {
                    let seen = machine(&owner, &bridge).await;
                    if seen["policy_text"] == policy {
                        assert_eq!(seen["facts"]["kernel"], kernel, "it was told before");
                    }
                    if seen["state"] == "online" {
                        assert_eq!(seen["policy_text"], policy, "it is in force");
                        return;
                    }
                }
            };
            tokio::join!(tells, looks(), looks(), looks(), looks());
        }
    }

    async fn a_machine_puts_no_words_into_the_policies_of_others(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let (mut honest, mut liar) = (joined(&server, &owner, "honest").await, joined(&server, &owner, "liar").await);
        liar.connections += 1;
        let mut hello = liar.hello();
        hello.policy.text = "# everybody may do everything\n".into();
        let _first = liar.connect_with(hello).await.expect("it connects");
        becomes(&server, &owner, &liar, "online").await;
        // Its policy is said to have the same hash, which is the machine's word.
        let _second = honest.connect().await.expect("it connects");
        assert_eq!(becomes(&server, &owner, &honest, "online").await["policy_text"], "# mine\n");
        assert_eq!(machine(&owner, &liar).await["policy_text"], "# everybody may do everything\n");
    }

    async fn who_watches_sees_samples_and_nobody_else_does(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let viewer = server.invite(&owner, "Vera", "viewer").await;
        let mut bridge = joined(&server, &owner, "box").await;
        let mut connection = bridge.connect().await.expect("it connects");
        let mut feed = server.product().events.listen(None).receiver;
        let at_ms = bridge.hello().now_ms;
        let sample = || {
            FromBridge::Sample(Sample { at_ms, processor: 2500, commands: 1, memory_used_bytes: 7, ..Sample::default() })
        };
        connection.say(&sample()).await;
        let busy = becomes(&server, &owner, &bridge, "busy").await;
        assert_eq!((&busy["pulse"]["processor"], &busy["sample"]["memory_used_bytes"]), (&json!(0.25), &json!(7)));
        let watch = viewer.post(&format!("{}/watch", path(&bridge)), json!({})).await.expect(StatusCode::OK);
        assert_eq!((&watch["lasts_s"], &watch["every_ms"]), (&json!(30), &json!(2000)));
        assert_eq!(connection.hear().await, ToBridge::SampleEvery(2000));
        connection.say(&sample()).await;
        let me = viewer.get("/api/v1/me").await.expect(StatusCode::OK);
        loop {
            let event = feed.recv().await.expect("the feed goes on");
            if event.name == "machine.sample" {
                assert_eq!(event.data["sample"]["processor"], 0.25);
                let diwan_kernel::events::Audience::User(who) = event.audience else { panic!("for one person") };
                assert_eq!(json!(who), me["user"]["id"]);
                break;
            }
        }
        let points = owner.get(&format!("{}/samples", path(&bridge))).await.expect(StatusCode::OK);
        assert_eq!(points["items"].as_array().map(Vec::len), Some(2));
        let again = viewer.get("/api/v1/machines?state=busy").await.expect(StatusCode::OK);
        assert_eq!(again["items"].as_array().map(Vec::len), Some(1));
    }
}

/// Nothing is forwarded between servers, but who was put out on one is cut off on the other.
#[tokio::test]
async fn f70_a_machine_that_is_put_out_on_another_server_is_cut_off_here() {
    let (one, owner) = TestServer::builder().on(Backend::Postgresql).owned().await;
    let mut bridge = joined(&one, &owner, "box").await;
    let other = one.twin().await;
    let at_other = other.visitor();
    let body = json!({"email": "owner@example.org", "password": diwan_testkit::server::PASSWORD});
    at_other.post("/api/v1/auth/password", body).await.expect(StatusCode::OK);
    let connection = bridge.connect().await.expect("it connects to one");
    assert_eq!(machine(&at_other, &bridge).await["state"], "offline", "it is not at this one");
    at_other.post(&format!("{}/revoke", path(&bridge)), json!({})).await.expect(StatusCode::OK);
    assert!(connection.sent_away().await.starts_with("revoked: "));
}
