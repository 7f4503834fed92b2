//! Looking for words in what commands said, and taking all of it away.

use diwan_testkit::{Answer, Person, TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::kept::{lines, packed, place, said};
use super::machine::{piece, say};
use super::{Machine, becomes, exec, look, run, text};

async fn search(person: &Person, command: &Value, query: &str) -> Answer {
    person.get(&format!("/api/v1/commands/{}/output/search?{query}", text(command, "id"))).await
}

/// Asks again until nothing is left: the places, with their lines.
async fn all(person: &Person, command: &Value, query: &str) -> Vec<(u64, u64)> {
    let (mut found, mut rest) = (vec![], String::new());
    loop {
        let answer = search(person, command, &format!("{query}{rest}")).await.expect(StatusCode::OK);
        let matches = answer["matches"].as_array().expect("matches");
        found.extend(
            matches.iter().map(|m| (m["offset"].as_u64().expect("a place"), m["line"].as_u64().expect("a line"))),
        );
        match answer["next_from"].as_u64() {
            Some(from) => rest = format!("&from={from}&line={}", answer["next_line"]),
            None => return found,
        }
    }
}

/// A download as it comes: its headers, and its bytes.
async fn download(
    person: &Person,
    command: &Value,
    query: &str,
    accepts: &str,
) -> (reqwest::header::HeaderMap, Vec<u8>) {
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let url = format!("{}/api/v1/commands/{}/output/download{query}", person.base(), text(command, "id"));
    let cookie = format!("diwan_session={}", person.cookie("diwan_session").expect("signed in"));
    let request = http.get(url).header("cookie", cookie).header("accept-encoding", accepts);
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    (answer.headers().clone(), answer.bytes().await.expect("all of it").to_vec())
}

on_every_backend! {
    async fn words_are_found_wherever_they_lie(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let mut words = lines(600_000);
        // One over the end of a frame, one half coloured, one at the very end without a newline.
        words[256 * 1024 - 3..256 * 1024 + 3].copy_from_slice(b"needle");
        words.extend(b"a NEE\x1b[1mDLE\x1b[0m here\nand a needle");
        let begun = said(&server, &owner, &mut machine, &words).await;
        let line_at = |place: usize| words[..place].iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
        let (first, last) = (256 * 1024 - 3, words.len() - 6);
        let expected = [(first as u64, line_at(first)), (last as u64, line_at(last))];
        let coloured = words.windows(3).position(|window| window == b"NEE").expect("it is there");
        let steps = words.split(|byte| *byte == b'\n').filter(|line| line.windows(4).any(|window| window == b"step"));
        for is_packed in [false, true] {
            if is_packed {
                packed(&place(&server, &begun)).await;
            }
            assert_eq!(all(&owner, &begun, "text=needle").await, expected);
            assert_eq!(all(&owner, &begun, "text=needle&limit=1").await, expected);
            let both = search(&owner, &begun, "text=Needle&ignore_case=true").await.expect(StatusCode::OK);
            let matches = both["matches"].as_array().expect("matches");
            assert_eq!(matches.len(), 3);
            assert_eq!(matches[1], json!({"channel": "output", "offset": coloured, "line": line_at(coloured), "text": "a NEEDLE here"}));
            assert_eq!((&both["next_from"], &both["is_complete"]), (&Value::Null, &json!(true)));
        }
        assert_eq!(all(&owner, &begun, "text=nowhere").await, []);
        assert_eq!(all(&owner, &begun, "text=step&limit=500").await.len(), steps.count());
        assert_eq!(all(&owner, &begun, "text=needle&channel=errors").await, []);
    }

    async fn a_command_that_runs_is_looked_through_as_far_as_it_has_come(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let begun = run(&owner, exec("box", &["make"])).await;
        let mut sent = machine.sent().await;
        sent.begin().await;
        say(&mut sent.stream, piece(2, 0, b"one\nan error")).await;
        while look(&owner, &begun).await["error_bytes"] != 12 {
            tokio::task::yield_now().await;
        }
        let now = search(&owner, &begun, "text=err&channel=errors").await.expect(StatusCode::OK);
        let found = json!([{"channel": "errors", "offset": 7, "line": 2, "text": "an error"}]);
        assert_eq!((&now["matches"], &now["next_from"], &now["is_complete"]), (&found, &Value::Null, &json!(false)));
        let (_, bytes) = download(&owner, &begun, "?channel=errors", "identity").await;
        assert_eq!(bytes, b"one\nan error");
        sent.end(0, 0, 12).await;
        becomes(&server, &owner, &begun, "ended").await;
        assert_eq!(search(&owner, &begun, "text=x&channel=errors").await.json["is_complete"], true);
    }

    async fn all_of_it_comes_as_a_file(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let mut words = lines(700_000);
        words.extend([0xff, 0, 0x1b]);
        let begun = said(&server, &owner, &mut machine, &words).await;
        let plain = String::from_utf8_lossy(&words[..700_000]).replace("\x1b[32m", "").replace("\x1b[0m", "").into_bytes();
        for is_packed in [false, true] {
            if is_packed {
                packed(&place(&server, &begun)).await;
            }
            let (headers, bytes) = download(&owner, &begun, "", "identity").await;
            assert!(bytes == words);
            let name = format!("attachment; filename=\"box-{id}.out\"; filename*=UTF-8''box-{id}.out", id = text(&begun, "id"));
            assert_eq!((headers["content-disposition"].to_str().expect("text"), headers["content-length"].to_str().expect("a number")), (&*name, "700003"));
            assert_eq!(headers["x-content-type-options"], "nosniff");
            assert_eq!(headers["cache-control"], "no-store");
            let (_, bytes) = download(&owner, &begun, "?plain=true", "identity").await;
            assert!(bytes == [plain.as_slice(), &[0xff, 0]].concat(), "without colours");
            let (headers, bytes) = download(&owner, &begun, "", "gzip").await;
            assert_eq!(headers["content-encoding"], "gzip");
            assert!(bytes.len() < words.len() / 3, "{}", bytes.len());
        }
        let (_, bytes) = download(&owner, &begun, "?channel=errors", "identity").await;
        assert!(bytes.is_empty());
    }

    async fn only_what_can_be_meant_is_looked_for_by_those_who_may(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let begun = said(&server, &owner, &mut machine, b"words").await;
        let long = format!("text={}", "x".repeat(201));
        for wrong in ["text=", &long, "text=a%0Ab", "text=%1b", "text=a&limit=0", "text=a&limit=501", "text=a&line=0"] {
            assert_eq!(search(&owner, &begun, wrong).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        }
        for wrong in ["", "text=a&channel=2", "text=a&from=-1", "text=a&ignore_case=maybe"] {
            assert_eq!(search(&owner, &begun, wrong).await.status, StatusCode::BAD_REQUEST, "{wrong}");
        }
        assert_eq!(all(&owner, &begun, "text=words&from=9000").await, []);
        let viewer = server.invite(&owner, "Vera", "viewer").await;
        let none = json!({"id": "cmd_01hzzzzzzzzzzzzzzzzzzzzzzz"});
        for what in ["search?text=a", "download"] {
            let path = |command: &Value| format!("/api/v1/commands/{}/output/{what}", text(command, "id"));
            assert_eq!(viewer.get(&path(&begun)).await.status, StatusCode::FORBIDDEN);
            assert_eq!(server.visitor().get(&path(&begun)).await.status, StatusCode::UNAUTHORIZED);
            assert_eq!(owner.get(&path(&none)).await.status, StatusCode::NOT_FOUND);
        }
    }
}
