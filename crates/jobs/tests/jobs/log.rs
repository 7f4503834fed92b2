//! What a job says, through the job: each try has a log of its own.

use diwan_protocol::run::LONGEST_PIECE;
use diwan_testkit::{Answer, Person, TestServer, on_every_backend};
use futures::StreamExt;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::machine::{Sent, piece, say};
use super::{Machine, becomes, job, look, text, want};

async fn log(person: &Person, job: &Value, what: &str) -> Answer {
    person.get(&format!("/api/v1/jobs/{}/log{what}", text(job, "id"))).await
}

/// What the server says on the WebSocket until it closes it: the bytes of the output, and how it closes; or why it is
/// not opened.
async fn follow(person: &Person, job: &Value, query: &str) -> Result<(Vec<u8>, u16), u16> {
    let address = person.base().trim_start_matches("http://").to_owned();
    let url = format!("ws://{address}/api/v1/jobs/{}/log/follow{query}", text(job, "id"));
    let mut request = url.into_client_request().expect("a request");
    let cookie = format!("diwan_session={}", person.cookie("diwan_session").unwrap_or_default());
    request.headers_mut().insert("cookie", cookie.parse().expect("a header"));
    request.headers_mut().insert("origin", person.base().parse().expect("a header"));
    let opened = client_async(request, TcpStream::connect(address).await.expect("a connection")).await;
    let mut socket = match opened {
        Ok((socket, _)) => socket,
        Err(Error::Http(answer)) => return Err(answer.status().as_u16()),
        Err(other) => panic!("{other}"),
    };
    let mut said = vec![];
    loop {
        match socket.next().await.expect("it is closed first").expect("it is heard") {
            Message::Binary(bytes) if bytes[0] == 1 => said.extend_from_slice(&bytes[9..]),
            Message::Close(frame) => return Ok((said, frame.expect("a reason").code.into())),
            _ => {}
        }
    }
}

/// Says this on the output and ends.
async fn says(sent: &mut Sent, words: &[u8], code: i32) {
    sent.begin().await;
    let mut at = 0;
    for part in words.chunks(LONGEST_PIECE) {
        say(&mut sent.stream, piece(1, at, part)).await;
        at += part.len() as u64;
    }
    sent.end(code, at, 0).await;
}

on_every_backend! {
    async fn each_try_has_a_log_that_is_read_followed_searched_and_taken_away(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let retry = json!({"attempts": 2, "delay_ms": 0});
        let wanted = want(&owner, job(json!({"name": "Two tries", "retry": retry}))).await;
        let (first, second) = (b"one\nit failed\n".to_vec(), b"a \x1b[31mnew\x1b[0m line\n".repeat(9000));
        let mut sent = machine.sent().await;
        says(&mut sent, &first, 7).await;
        let mut again = machine.sent().await;
        says(&mut again, &second, 0).await;
        becomes(&server, &owner, &wanted, "succeeded").await;

        let part = log(&owner, &wanted, "?attempt=1").await;
        assert_eq!((part.status, part.text.as_bytes()), (StatusCode::OK, first.as_slice()));
        let part = log(&owner, &wanted, "?attempt=2&from=100000&limit=1000").await;
        assert_eq!(part.text.as_bytes(), &second[100_000..101_000]);
        assert_eq!(log(&owner, &wanted, "").await.text.as_bytes(), second, "the last one is meant");
        assert_eq!(log(&owner, &wanted, "?channel=errors").await.text, "");

        let all = u16::from(tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode::Normal);
        assert_eq!(follow(&owner, &wanted, "?attempt=1").await, Ok((first.clone(), all)));
        assert!(follow(&owner, &wanted, "?output=50000").await == Ok((second[50_000..].to_vec(), all)));

        let found = log(&owner, &wanted, "/search?attempt=1&text=FAILED&ignore_case=true").await.expect(StatusCode::OK);
        assert_eq!(found["matches"], json!([{"channel": "output", "offset": 7, "line": 2, "text": "it failed"}]));
        assert_eq!(log(&owner, &wanted, "/search?text=new%20line&limit=3").await.json["matches"].as_array().map(Vec::len), Some(3));
        assert_eq!(log(&owner, &wanted, "/search?text=failed").await.json["matches"], json!([]));

        assert_eq!(log(&owner, &wanted, "/download?attempt=1").await.text.as_bytes(), first);
        let plain = b"a new line\n".repeat(9000);
        assert!(log(&owner, &wanted, "/download?plain=true").await.text.as_bytes() == plain);
    }

    async fn what_runs_is_followed_and_what_has_not_begun_has_no_log(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let wanted = want(&owner, job(json!({}))).await;
        for what in ["", "/search?text=a", "/download"] {
            assert_eq!(log(&owner, &wanted, what).await.problem(), "no_log");
        }
        assert_eq!(follow(&owner, &wanted, "").await, Err(409));
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let mut sent = machine.sent().await;
        let (said, ()) = tokio::join!(follow(&owner, &wanted, ""), says(&mut sent, b"words", 0));
        assert_eq!(said, Ok((b"words".to_vec(), 1000)));
        becomes(&server, &owner, &wanted, "succeeded").await;
        assert_eq!(log(&owner, &wanted, "?attempt=2").await.status, StatusCode::NOT_FOUND);
        assert_eq!(follow(&owner, &wanted, "?attempt=2").await, Err(404));
        assert_eq!(follow(&owner, &json!({"id": "job_01hzzzzzzzzzzzzzzzzzzzzzzz"}), "").await, Err(404));
        for wrong in ["?limit=0", "?limit=1048577", "/search?text="] {
            assert_eq!(log(&owner, &wanted, wrong).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        }
    }

    async fn a_log_is_for_those_who_may_see_jobs_also_when_they_may_not_run_commands(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let wanted = want(&owner, job(json!({}))).await;
        let mut sent = machine.sent().await;
        says(&mut sent, b"words", 0).await;
        becomes(&server, &owner, &wanted, "succeeded").await;
        let token = json!({"name": "reads jobs", "scopes": ["jobs.read"], "expires_in_days": 1});
        let token = owner.post("/api/v1/me/tokens", token).await.expect(StatusCode::CREATED);
        let reader = server.visitor().with_token(text(&token, "secret"));
        let viewer = server.invite(&owner, "Vera", "viewer").await;
        let command = look(&owner, &wanted).await["command_id"].as_str().expect("a command").to_owned();
        assert_eq!(reader.get(&format!("/api/v1/commands/{command}/output")).await.status, StatusCode::FORBIDDEN);
        for what in ["", "/search?text=words", "/download"] {
            assert_eq!(log(&reader, &wanted, what).await.status, StatusCode::OK, "{what}");
            assert_eq!(log(&viewer, &wanted, what).await.status, StatusCode::FORBIDDEN, "{what}");
            assert_eq!(log(&server.visitor(), &wanted, what).await.status, StatusCode::UNAUTHORIZED, "{what}");
        }
        assert_eq!(follow(&viewer, &wanted, "").await, Err(403));
        assert_eq!(follow(&server.visitor(), &wanted, "").await, Err(401));
    }
}
