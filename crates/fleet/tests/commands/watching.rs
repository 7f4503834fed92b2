//! Looking on while a command runs.

use std::time::Duration;

use diwan_protocol::run::{Outcome, ToCommand};
use diwan_testkit::{Person, TestServer, on_every_backend};
use futures::{SinkExt, StreamExt};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::machine::{Sent, ended, hear, piece, say};
use super::{Machine, audit, becomes, exec, run, text};

type Socket = WebSocketStream<TcpStream>;

/// Opens a WebSocket about a command, or says with which status that was refused.
async fn open(person: &Person, command: &Value, query: &str, origin: &str) -> Result<Socket, u16> {
    let address = person.base().trim_start_matches("http://").to_owned();
    let url = format!("ws://{address}/api/v1/commands/{}/attach{query}", text(command, "id"));
    let mut request = url.into_client_request().expect("a request");
    let cookie = format!("diwan_session={}", person.cookie("diwan_session").unwrap_or_default());
    request.headers_mut().insert("cookie", cookie.parse().expect("a header"));
    request.headers_mut().insert("origin", origin.parse().expect("a header"));
    match client_async(request, TcpStream::connect(address).await.expect("a connection")).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(answer)) => Err(answer.status().as_u16()),
        Err(other) => panic!("{other}"),
    }
}

/// Looks on from the beginning.
async fn attach(person: &Person, command: &Value) -> Socket {
    open(person, command, "", person.base()).await.expect("it is let in")
}

/// What a viewer has seen.
#[derive(Debug, Default)]
struct Seen {
    said: [Vec<u8>; 2],
    states: Vec<Value>,
    refused: Vec<String>,
    closed: Option<u16>,
}

/// Looks on until something is so, or the end.
async fn watch(socket: &mut Socket, mut seen: Seen, until: impl Fn(&Seen) -> bool) -> Seen {
    while !until(&seen) {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => {
                let message: Value = serde_json::from_str(&text).expect("JSON");
                match message["type"].as_str() {
                    Some("state") => seen.states.push(message["command"].clone()),
                    Some("refused") => seen.refused.push(message["code"].as_str().expect("a code").to_owned()),
                    _ => panic!("{message}"),
                }
            }
            Some(Ok(Message::Binary(bytes))) => {
                let (channel, place) =
                    (usize::from(bytes[0]) - 1, u64::from_be_bytes(bytes[1..9].try_into().expect("eight")));
                assert_eq!(place, seen.said[channel].len() as u64, "each piece follows the one before");
                seen.said[channel].extend_from_slice(&bytes[9..]);
            }
            Some(Ok(Message::Close(frame))) => {
                seen.closed = frame.map(|frame| frame.code.into());
                break;
            }
            Some(Ok(_)) => {}
            Some(Err(_)) | None => break,
        }
    }
    seen
}

/// All that a command has said on its first channel, as somebody sees it who looks on when it is over.
pub(crate) async fn all_of(person: &Person, command: &Value) -> Vec<u8> {
    let seen = watch(&mut attach(person, command).await, Seen::default(), |_| false).await;
    assert_eq!(seen.closed, Some(1000));
    let [output, _] = seen.said;
    output
}

async fn begun(server: &TestServer, owner: &Person, machine: &mut Machine, has_input: bool) -> (Value, Sent) {
    let mut wanted = exec("box", &["make"]);
    wanted["has_input"] = json!(has_input);
    let begun = run(owner, wanted).await;
    let mut sent = machine.sent().await;
    sent.begin().await;
    becomes(server, owner, &begun, "running").await;
    (begun, sent)
}

on_every_backend! {
    async fn viewers_see_everything_from_wherever_they_begin(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let (begun, mut sent) = begun(&server, &owner, &mut machine, false).await;
        let mut early = attach(&owner, &begun).await;
        say(&mut sent.stream, piece(1, 0, b"one ")).await;
        say(&mut sent.stream, piece(2, 0, b"oh")).await;
        let seen = watch(&mut early, Seen::default(), |s| s.said[0].len() == 4 && s.said[1].len() == 2).await;
        assert_eq!(seen.states[0]["state"], "running");
        let mut late = open(&owner, &begun, "?output=2&errors=2", owner.base()).await.expect("it is let in");
        say(&mut sent.stream, piece(1, 4, b"two")).await;
        sent.end(7, 7, 2).await;
        let seen = watch(&mut early, seen, |_| false).await;
        assert_eq!((&seen.said, seen.closed), (&[b"one two".to_vec(), b"oh".to_vec()], Some(1000)));
        let last = seen.states.last().expect("a state");
        assert_eq!((&last["state"], &last["exit_code"]), (&json!("ended"), &json!(7)));
        let from = Seen { said: [b"on".to_vec(), b"oh".to_vec()], ..Seen::default() };
        assert_eq!(watch(&mut late, from, |_| false).await.said, seen.said);
        let after = watch(&mut attach(&owner, &begun).await, Seen::default(), |_| false).await;
        assert_eq!((&after.said, after.closed, after.states.len()), (&seen.said, Some(1000), 1), "also when it is over");
    }

    async fn whoever_looks_on_can_talk_to_it(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let (begun, mut sent) = begun(&server, &owner, &mut machine, true).await;
        let mut socket = attach(&owner, &begun).await;
        let mut tell = async |message: Message| socket.send(message).await.expect("it is sent");
        tell(Message::text(r#"{"type":"input","bytes":"b25l"}"#)).await;
        tell(Message::binary(b"\0\0\0\0\0\0\0\x01ne two".to_vec())).await;
        tell(Message::text(r#"{"type":"input","ends":true}"#)).await;
        let mut given = vec![];
        while given.len() < 7 {
            let ToCommand::Input(piece) = hear(&mut sent.stream).await else { panic!("input") };
            assert_eq!(piece.at, given.len() as u64);
            given.extend_from_slice(&piece.bytes);
        }
        assert_eq!(given, b"one two");
        assert_eq!(hear(&mut sent.stream).await, ToCommand::InputEnds);
        tell(Message::text(r#"{"type":"signal","signal":2}"#)).await;
        assert_eq!(hear(&mut sent.stream).await, ToCommand::Signal(2));
        tell(Message::text(r#"{"type":"resize","columns":80,"rows":25}"#)).await;
        assert_eq!(hear(&mut sent.stream).await, ToCommand::Resize { columns: 80, rows: 25 });
        tell(Message::text(r#"{"type":"cancel"}"#)).await;
        assert_eq!(hear(&mut sent.stream).await, ToCommand::Cancel);
        tell(Message::text(r#"{"type":"input","at":99,"bytes":"eA=="}"#)).await;
        let seen = watch(&mut socket, Seen::default(), |s| !s.refused.is_empty()).await;
        assert_eq!(seen.refused, ["input_gap"]);
        say(&mut sent.stream, ended(Outcome::Cancelled, 0, 0)).await;
        let seen = watch(&mut socket, seen, |_| false).await;
        assert_eq!((seen.closed, &seen.states.last().expect("a state")["outcome"]), (Some(1000), &json!("cancelled")));
        assert_eq!((audit(&owner, "command.signal").await.len(), audit(&owner, "command.cancel").await.len()), (1, 1));
    }

    async fn f38_a_viewer_who_reads_nothing_slows_nobody(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let (begun, mut sent) = begun(&server, &owner, &mut machine, false).await;
        let mut idle = attach(&owner, &begun).await;
        let block = vec![7; 48 * 1024];
        let mut at = 0;
        for _ in 0..400 {
            say(&mut sent.stream, piece(1, at, &block)).await;
            at += block.len() as u64;
        }
        sent.end(0, at, 0).await;
        let over = becomes(&server, &owner, &begun, "ended").await;
        assert_eq!(over["output_bytes"], json!(at));
        let seen = watch(&mut idle, Seen::default(), |_| false).await;
        assert_eq!((seen.said[0].len() as u64, seen.closed), (at, Some(1000)), "it is all there when it reads");
    }

    async fn a_viewer_leaves_with_their_session(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let developer = server.invite(&owner, "Dalia", "developer").await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let (begun, mut sent) = begun(&server, &owner, &mut machine, false).await;
        let mut socket = attach(&developer, &begun).await;
        let seen = watch(&mut socket, Seen::default(), |s| !s.states.is_empty()).await;
        developer.post("/api/v1/auth/sign-out", json!({})).await;
        let seen = watch(&mut socket, seen, |_| false).await;
        assert_eq!(seen.closed, Some(4401));
        say(&mut sent.stream, piece(1, 0, b"still here")).await;
        sent.end(0, 10, 0).await;
        becomes(&server, &owner, &begun, "ended").await;
    }

    async fn strangers_and_foreign_pages_do_not_look_on(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let (begun, _sent) = begun(&server, &owner, &mut machine, false).await;
        assert_eq!(open(&owner, &begun, "", "https://evil.example").await.err(), Some(403));
        assert_eq!(open(&server.visitor(), &begun, "", owner.base()).await.err(), Some(401));
        let viewer = server.invite(&owner, "Vera", "viewer").await;
        assert_eq!(open(&viewer, &begun, "", owner.base()).await.err(), Some(403));
        let none = json!({"id": "cmd_01hzzzzzzzzzzzzzzzzzzzzzzz"});
        assert_eq!(open(&owner, &none, "", owner.base()).await.err(), Some(404));
        let plain = format!("/api/v1/commands/{}/attach", text(&begun, "id"));
        let plain = owner.send(reqwest::Method::GET, &plain, None, &[("origin", owner.base())]).await;
        assert_eq!(plain.status, StatusCode::UPGRADE_REQUIRED);
        for nonsense in [Message::text("{}"), Message::binary(b"short".to_vec()), Message::text(r#"{"type":"shell"}"#)] {
            let mut socket = attach(&owner, &begun).await;
            socket.send(nonsense).await.expect("it is sent");
            assert_eq!(watch(&mut socket, Seen::default(), |_| false).await.closed, Some(1008));
        }
        let mut socket = attach(&owner, &begun).await;
        socket.send(Message::binary(vec![0; 300 * 1024])).await.expect("it is sent");
        tokio::time::timeout(Duration::from_secs(10), watch(&mut socket, Seen::default(), |_| false)).await.expect("it is cut off");
    }
}
