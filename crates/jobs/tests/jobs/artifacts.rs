//! Files that jobs leave: told with the end of a try, listed, and fetched from the machine that keeps them.

use diwan_link::Stream;
use diwan_protocol::artifacts::{Artifact, Artifacts, FetchArtifact, FoundArtifact, LeftOut};
use diwan_protocol::control::ability;
use diwan_protocol::encode;
use diwan_protocol::run::{Decision, FromCommand, Outcome};
use diwan_testkit::{Answer, Person, TestServer, on_every_backend};
use reqwest::{Method, StatusCode};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use super::machine::{Asked, Sent, ended, say, verdict};
use super::{Machine, ask, audit, becomes, job, look, text, want};

pub(crate) fn leaving(change: Value) -> Value {
    let mut wanted = job(json!({"artifacts": ["dist/**", "*.log"]}));
    for (field, value) in change.as_object().expect("an object") {
        wanted[field] = value.clone();
    }
    wanted
}

pub(crate) fn file(path: &str, content: &[u8]) -> Artifact {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, content).as_ref());
    Artifact { path: path.to_owned(), size: content.len() as u64, modified_ms: 1_800_000_000_000, hash: hash.into() }
}

fn told(files: Vec<Artifact>) -> FromCommand {
    FromCommand::Artifacts(Artifacts { files, ..Artifacts::default() })
}

/// Ends the next try, which has left these. Its stream stays open: what was said on it is heard.
pub(crate) async fn leaves(machine: &mut Machine, files: Vec<Artifact>) -> Sent {
    let mut sent = machine.sent().await;
    sent.begin().await;
    say(&mut sent.stream, told(files)).await;
    sent.end(0, 0, 0).await;
    sent
}

pub(crate) async fn list(person: &Person, job: &Value, query: &str) -> Value {
    person.get(&format!("/api/v1/jobs/{}/artifacts{query}", text(job, "id"))).await.expect(StatusCode::OK)
}

pub(crate) async fn fetch(person: &Person, job: &Value, path: &str, range: &str) -> Answer {
    let path = format!("/api/v1/jobs/{}/artifacts/content?path={path}", text(job, "id"));
    person.send(Method::GET, &path, None, &[("range", range)]).await
}

/// What the machine is asked for, answered with what comes from there on in the content; or with something else.
pub(crate) async fn gives(machine: &mut Machine, content: &[u8]) -> FetchArtifact {
    let (wanted, mut stream) = asked(machine).await;
    stream.send(encode(&FoundArtifact::Here).into()).await.expect("it is heard");
    let from = usize::try_from(wanted.from).expect("a place");
    let to = usize::try_from(wanted.from + wanted.length.expect("a length")).expect("a place");
    for piece in content[from..to.min(content.len())].chunks(40_000) {
        stream.send(piece.to_vec().into()).await.expect("it is taken");
    }
    say_goodbye(stream).await;
    wanted
}

/// Says its last, and stays until that is heard.
pub(crate) async fn say_goodbye(mut stream: Stream) {
    stream.finish();
    while let Ok(Some(_)) = stream.receive().await {}
}

pub(crate) async fn asked(machine: &mut Machine) -> (FetchArtifact, Stream) {
    match machine.asked().await {
        Asked::Artifact(wanted, stream) => (wanted, stream),
        _ => panic!("it is asked for something else"),
    }
}

on_every_backend! {
    async fn what_a_job_leaves_is_listed_and_fetched_from_its_machine(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let wanted = want(&owner, leaving(json!({}))).await;
        assert_eq!(wanted["artifacts"], json!(["dist/**", "*.log"]));
        let mut sent = machine.sent().await;
        assert_eq!(sent.command.artifacts.as_deref().expect("they are asked for"), ["dist/**", "*.log"]);
        assert_eq!(list(&owner, &wanted, "").await["state"], "pending");
        let large: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
        sent.begin().await;
        say(&mut sent.stream, told(vec![file("dist/large", &large), file("../../etc/passwd", b"x")])).await;
        let left_out = vec![LeftOut { path: "dist/link".into(), why: "it is a link\u{1b}[2J".into() }];
        let more = Artifacts { files: vec![file("dist/\u{645}.txt", b"hello")], left_out, more_left_out: 4 };
        say(&mut sent.stream, FromCommand::Artifacts(more)).await;
        sent.end(3, 0, 0).await;
        becomes(&server, &owner, &wanted, "failed").await;

        let found = list(&owner, &wanted, "").await;
        assert_eq!((&found["state"], &found["machine_name"], &found["attempt"]), (&json!("kept"), &json!("box"), &json!(1)));
        assert_eq!(found["is_machine_connected"], true);
        let paths: Vec<&str> = found["files"].as_array().expect("files").iter().map(|one| text(one, "path")).collect();
        assert_eq!(paths, ["dist/large", "dist/\u{645}.txt"], "what cannot be a path is none");
        assert_eq!(found["files"][1]["size_bytes"], 5);
        assert_eq!(found["left_out"], json!([{"path": "dist/link", "why": "it is a link\u{fffd}[2J"}]));
        assert_eq!(found["left_out_more"], 5);
        assert_eq!(audit(&owner, "command.end").await[0]["metadata"]["files"], 2);

        let (answer, asked) = tokio::join!(fetch(&owner, &wanted, "dist/large", ""), gives(&mut machine, &large));
        assert_eq!((answer.status, answer.headers["content-length"].to_str().ok()), (StatusCode::OK, Some("1200000")));
        assert_eq!((asked.number, asked.from, asked.length, asked.command), (0, 0, Some(1_200_000), sent.command.id.clone()));
        let part = "bytes=1199990-";
        let (answer, asked) = tokio::join!(fetch(&owner, &wanted, "dist/large", part), gives(&mut machine, &large));
        assert_eq!((answer.status, asked.from, asked.length), (StatusCode::PARTIAL_CONTENT, 1_199_990, Some(10)));
        assert_eq!(answer.headers["content-range"], "bytes 1199990-1199999/1200000");
        let name = "dist/%D9%85.txt";
        let (answer, asked) = tokio::join!(fetch(&owner, &wanted, name, ""), gives(&mut machine, b"hello"));
        assert_eq!((answer.text.as_str(), asked.number), ("hello", 2), "by the number that the machine knows it by");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        let saved = answer.headers["content-disposition"].to_str().expect("text");
        assert!(saved.starts_with("attachment; ") && saved.contains("%D9%85.txt"), "{saved}");
        for other in ["dist", "dist/none", "../../etc/passwd", "%2Fetc%2Fpasswd"] {
            assert_eq!(fetch(&owner, &wanted, other, "").await.status, StatusCode::NOT_FOUND, "{other}");
        }
    }

    async fn a_file_that_is_not_what_was_told_does_not_come_whole(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let wanted = want(&owner, leaving(json!({}))).await;
        let large = vec![b'x'; 1_000_000];
        let _sent = leaves(&mut machine, vec![file("a.log", b"hello"), file("empty", b""), file("large", &large)]).await;
        becomes(&server, &owner, &wanted, "succeeded").await;
        let (answer, _) = tokio::join!(fetch(&owner, &wanted, "a.log", ""), gives(&mut machine, b"HELLO"));
        assert_eq!((answer.status, answer.problem()), (StatusCode::GONE, "artifact_damaged"));
        let (answer, _) = tokio::join!(fetch(&owner, &wanted, "a.log", ""), gives(&mut machine, b""));
        assert_eq!((answer.status, answer.problem()), (StatusCode::GONE, "artifact_damaged"));
        let mut other = large.clone();
        other[999_999] ^= 1;
        let (answer, _) = tokio::join!(fetch(&owner, &wanted, "large", ""), gives(&mut machine, &other));
        assert_eq!((answer.headers["content-length"].to_str().ok(), answer.text.as_str()), (Some("1000000"), ""), "it breaks off");
        let (answer, _) = tokio::join!(fetch(&owner, &wanted, "empty", ""), gives(&mut machine, b""));
        assert_eq!((answer.status, answer.text.as_str()), (StatusCode::OK, ""));
        // The machine goes away in the middle, or before it answers.
        let cut = async {
            let (_, stream) = asked(&mut machine).await;
            drop(stream);
        };
        let (answer, ()) = tokio::join!(fetch(&owner, &wanted, "a.log", ""), cut);
        assert_eq!((answer.status, answer.problem()), (StatusCode::BAD_GATEWAY, "files_interrupted"));
    }

    async fn a_machine_that_is_away_or_keeps_a_file_no_longer_is_named(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let wanted = want(&owner, leaving(json!({}))).await;
        let _sent = leaves(&mut machine, vec![file("a.log", b"hello")]).await;
        becomes(&server, &owner, &wanted, "succeeded").await;
        machine.cut(&server).await;
        let answer = fetch(&owner, &wanted, "a.log", "").await;
        assert_eq!((answer.status, answer.problem()), (StatusCode::CONFLICT, "machine_offline"));
        assert!(text(&answer.json, "detail").contains("kept on box"), "{}", answer.text);
        let found = list(&owner, &wanted, "").await;
        assert_eq!((&found["state"], &found["is_machine_connected"]), (&json!("kept"), &json!(false)));
        machine.connect(&server).await;
        let gone = async {
            let (_, mut stream) = asked(&mut machine).await;
            stream.send(encode(&FoundArtifact::Gone).into()).await.expect("it is heard");
            say_goodbye(stream).await;
        };
        let (answer, ()) = tokio::join!(fetch(&owner, &wanted, "a.log", ""), gone);
        assert_eq!((answer.status, answer.problem()), (StatusCode::GONE, "artifact_gone"));
        assert_eq!(list(&owner, &wanted, "").await["state"], "gone");
        assert_eq!(fetch(&owner, &wanted, "a.log", "").await.status, StatusCode::GONE, "nobody is asked again");
    }

    async fn an_earlier_bridge_does_the_job_and_it_is_said_that_it_keeps_nothing(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::joined(&server, &owner, "old", &[]).await;
        let abilities = [ability::VARIABLES, ability::SCRIPTS].map(str::to_owned).to_vec();
        machine.connect_with(&server, |hello| hello.abilities = Some(abilities)).await;
        let wanted = want(&owner, leaving(json!({}))).await;
        let mut sent = machine.sent().await;
        assert_eq!(sent.command.artifacts, None, "it is not asked for what it does not know");
        sent.begin().await;
        sent.end(0, 0, 0).await;
        becomes(&server, &owner, &wanted, "succeeded").await;
        let found = list(&owner, &wanted, "").await;
        assert_eq!((&found["state"], &found["files"]), (&json!("bridge_too_old"), &json!([])));
        let plain = want(&owner, job(json!({}))).await;
        assert_eq!(list(&owner, &plain, "").await["state"], "not_asked");
    }

    async fn what_was_told_while_the_control_plane_was_away_is_told_again(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let wanted = want(&owner, leaving(json!({}))).await;
        let mut sent = machine.sent().await;
        sent.begin().await;
        becomes(&server, &owner, &wanted, "running").await;
        // Half of what is told comes, and then the connection breaks.
        say(&mut sent.stream, told(vec![file("a.log", b"hello")])).await;
        drop(sent);
        machine.cut(&server).await;
        let server = server.restart().await;
        machine.connect(&server).await;
        let (_, mut stream) = machine.followed().await;
        say(&mut stream, verdict(Decision::Allow)).await;
        say(&mut stream, FromCommand::Started(0)).await;
        say(&mut stream, told(vec![file("a.log", b"hello"), file("b.log", b"more")])).await;
        say(&mut stream, ended(Outcome::Exited(0), 0, 0)).await;
        becomes(&server, &owner, &wanted, "succeeded").await;
        let found = list(&owner, &wanted, "").await;
        let paths: Vec<&str> = found["files"].as_array().expect("files").iter().map(|one| text(one, "path")).collect();
        assert_eq!(paths, ["a.log", "b.log"], "each once");
    }

    async fn each_try_has_files_of_its_own_and_what_is_done_again_leaves_them_again(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let retry = json!({"attempts": 2, "delay_ms": 0});
        let wanted = want(&owner, leaving(json!({"retry": retry}))).await;
        let mut sent = machine.sent().await;
        sent.begin().await;
        say(&mut sent.stream, told(vec![file("first.log", b"1")])).await;
        sent.end(1, 0, 0).await;
        let _sent = leaves(&mut machine, vec![file("second.log", b"2")]).await;
        becomes(&server, &owner, &wanted, "succeeded").await;
        assert_eq!(list(&owner, &wanted, "").await["files"][0]["path"], "second.log");
        assert_eq!(list(&owner, &wanted, "?attempt=1").await["files"][0]["path"], "first.log");
        let unknown = format!("/api/v1/jobs/{}/artifacts?attempt=3", text(&wanted, "id"));
        assert_eq!(owner.get(&unknown).await.status, StatusCode::NOT_FOUND);
        let again = ask(&owner, &wanted, "rerun", json!({"changes": {}})).await.expect(StatusCode::CREATED);
        assert_eq!(again["artifacts"], wanted["artifacts"]);
        assert_eq!(look(&owner, &again).await["artifacts"], wanted["artifacts"]);
    }

    async fn files_are_for_those_who_may_see_jobs(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let wanted = want(&owner, leaving(json!({}))).await;
        let _sent = leaves(&mut machine, vec![file("a.log", b"hello")]).await;
        becomes(&server, &owner, &wanted, "succeeded").await;
        let token = json!({"name": "reads jobs", "scopes": ["jobs.read"], "expires_in_days": 1});
        let token = owner.post("/api/v1/me/tokens", token).await.expect(StatusCode::CREATED);
        let reader = server.visitor().with_token(text(&token, "secret"));
        let (answer, _) = tokio::join!(fetch(&reader, &wanted, "a.log", ""), gives(&mut machine, b"hello"));
        assert_eq!((answer.status, answer.text.as_str()), (StatusCode::OK, "hello"));
        let viewer = server.invite(&owner, "Vera", "viewer").await;
        assert_eq!(fetch(&viewer, &wanted, "a.log", "").await.status, StatusCode::FORBIDDEN);
        assert_eq!(fetch(&server.visitor(), &wanted, "a.log", "").await.status, StatusCode::UNAUTHORIZED);
    }

    async fn patterns_that_cannot_be_meant_are_refused_with_their_place(backend) {
        let (_server, owner) = TestServer::builder().on(backend).owned().await;
        for (change, field, code) in [
            (json!({"artifacts": ["ok", "../x"]}), "artifacts[1]", "pattern_invalid"),
            (json!({"artifacts": ["/etc/*"]}), "artifacts[0]", "pattern_invalid"),
            (json!({"artifacts": vec!["a"; 33]}), "artifacts", "too_many"),
            (json!({"operation": {"kind": "service.restart", "service": "web"}}), "artifacts", "not_for_this"),
        ] {
            let answer = owner.post("/api/v1/jobs", leaving(change)).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
            assert_eq!((text(&answer["errors"][0], "field"), text(&answer["errors"][0], "code")), (field, code));
        }
    }
}
