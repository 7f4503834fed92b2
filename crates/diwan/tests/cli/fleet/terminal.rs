//! Terminals: over the API, and with `diwan ssh` in a terminal of its own.

use std::io::Read;
use std::os::fd::OwnedFd;
use std::process::{Child, Stdio};
use std::sync::mpsc;

use diwan_client::{Attachment, Client, FromCommand, Options, Place};
use diwan_testkit::server::PASSWORD;
use diwan_testkit::{Person, TestServer};
use reqwest::StatusCode;
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use serde_json::{Value, json};

use super::Fleet;

const MAY_OPEN: &[&str] = &["commands.run", "terminals.open", "machines.read"];

/// Somebody with a program that looks at terminals.
struct Looker {
    client: Client,
    person: Person,
}

impl Looker {
    async fn of(server: &TestServer, person: &Person, scopes: &[&str]) -> Self {
        let proof = json!({"method": "password", "secret": PASSWORD});
        person.post("/api/v1/auth/step-up", proof).await.expect(StatusCode::OK);
        let body = json!({"name": "program", "scopes": scopes, "expires_in_days": 1});
        let made = person.post("/api/v1/me/tokens", body).await.expect(StatusCode::CREATED);
        let token = made["secret"].as_str().expect("a secret").to_owned();
        let client = client(server, &token);
        Self { client, person: server.visitor().with_token(&token) }
    }

    async fn open(&self, operation: Value) -> String {
        let made = self.person.post("/api/v1/commands", json!({"machine": "web-1", "operation": operation})).await;
        made.expect(StatusCode::CREATED)["commands"][0]["id"].as_str().expect("an id").to_owned()
    }

    async fn attach(&self, id: &str, place: Place, read_only: bool) -> Screen {
        let attachment = self.client.attach_terminal(id, place, read_only).await.expect("it opens");
        Screen { attachment, shown: vec![], first: None, refused: vec![], state: Value::Null }
    }
}

fn client(server: &TestServer, token: &str) -> Client {
    let options = Options {
        server: format!("http://{}", server.address()).parse().expect("an address"),
        trust: None,
        token: Some(token.to_owned()),
        credentials: None,
        user_agent: "test".to_owned(),
    };
    Client::new(options).expect("a client")
}

/// What one who looks on sees.
struct Screen {
    attachment: Attachment,
    shown: Vec<u8>,
    first: Option<u64>,
    refused: Vec<String>,
    state: Value,
}

impl Screen {
    async fn until(&mut self, is_so: impl Fn(&Self) -> bool) {
        while !is_so(self) {
            match self.attachment.next().await.expect("the connection lives") {
                FromCommand::Piece(_, at, bytes) => {
                    let first = *self.first.get_or_insert(at);
                    assert_eq!(first + self.shown.len() as u64, at, "a gap");
                    self.shown.extend_from_slice(&bytes);
                }
                FromCommand::State(_, raw) => self.state = raw,
                FromCommand::Refused(problem) => self.refused.push(problem.code),
            }
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.shown).into_owned()
    }

    async fn sees(&mut self, word: &str) {
        self.until(|screen| screen.text().contains(word)).await;
    }

    async fn line(&mut self, line: &str, seen: &str) {
        self.attachment.type_in(format!("{line}\n").as_bytes()).await.expect("it is typed");
        self.sees(seen).await;
    }

    async fn is_refused(&mut self, code: &str) {
        let before = self.refused.len();
        self.until(|screen| screen.refused.len() > before).await;
        assert_eq!(self.refused.last().map(String::as_str), Some(code));
    }
}

fn terminal() -> Value {
    json!({"kind": "terminal", "root": "projects", "columns": 80, "rows": 24})
}

#[tokio::test]
async fn several_look_on_and_only_whoever_opened_it_types() {
    let (fleet, _bridge) = Fleet::with("web-1").await;
    let admin = fleet.server.invite(&fleet.owner, "Amina", "admin").await;
    let (own, other) =
        (Looker::of(&fleet.server, &fleet.owner, MAY_OPEN).await, Looker::of(&fleet.server, &admin, MAY_OPEN).await);
    let id = own.open(terminal()).await;
    let mut mine = own.attach(&id, Place::From(0), false).await;
    mine.line("PS1=; echo re''ady", "ready\r\n").await;
    let mut theirs = other.attach(&id, Place::BeforeTheEnd(1 << 20), false).await;
    let mut view = own.attach(&id, Place::From(0), true).await;
    mine.until(|screen| screen.state["terminal"]["viewers"].as_array().is_some_and(|all| all.len() == 3)).await;
    for (screen, code) in [(&mut theirs, "not_your_terminal"), (&mut view, "read_only_view")] {
        screen.attachment.type_in(b"echo no\n").await.expect("it is said");
        // Of the other person's connection, which only looks on, the same is said.
        screen.until(|screen| !screen.refused.is_empty()).await;
        assert!(screen.refused[0] == code || screen.refused[0] == "read_only_view", "{:?}", screen.refused);
        screen.attachment.resize(10, 10).await.expect("it is said");
        screen.is_refused("read_only_view").await;
        screen.attachment.cancel().await.expect("it is said");
        screen.is_refused("read_only_view").await;
    }
    mine.attachment.resize(132, 50).await.expect("it is said");
    mine.line("stty size; printf 'd\\303\\251j\\340 \\033[31mvu\\n'", "vu\r\n").await;
    assert!(mine.text().contains("50 132\r\n"), "{}", mine.text());
    for screen in [&mut theirs, &mut view] {
        screen.sees("vu\r\n").await;
        assert_eq!(screen.shown, mine.shown);
    }
    let developer = fleet.server.invite(&fleet.owner, "Dev", "developer").await;
    let stranger = Looker::of(&fleet.server, &developer, &["commands.run", "machines.read"]).await;
    assert!(stranger.client.attach_terminal(&id, Place::From(0), true).await.is_err());
    let path = |what: &str| format!("/api/v1/commands/{id}/{what}");
    let typed = json!({"bytes": "bHM="});
    for (method, body) in [("input", typed.clone()), ("signal", json!({"signal": 2})), ("cancel", json!({}))] {
        stranger.person.post(&path(method), body).await.expect(StatusCode::FORBIDDEN);
    }
    other.person.post(&path("input"), typed).await.expect(StatusCode::FORBIDDEN);
    stranger.person.get(&path("output")).await.expect(StatusCode::CONFLICT);
    stranger.person.get(&path("recording")).await.expect(StatusCode::FORBIDDEN);
    let refused = stranger.person.post("/api/v1/commands", json!({"machine": "web-1", "operation": terminal()})).await;
    refused.expect(StatusCode::FORBIDDEN);
    let many = own.person.post("/api/v1/commands", json!({"machines": ["web-1"], "operation": terminal()})).await;
    many.expect(StatusCode::UNPROCESSABLE_ENTITY);
    mine.attachment.type_in(b"exit 3\n").await.expect("it is typed");
    mine.until(|screen| screen.state["state"] == "ended").await;
    assert_eq!((&mine.state["exit_code"], &mine.state["terminal"]), (&json!(3), &Value::Null));
    let joined = fleet.desk.json("audit list --action terminal.join").await;
    assert_eq!(joined["items"].as_array().map(Vec::len), Some(3), "two people, one of them in two manners");
}

#[tokio::test]
async fn a_recording_plays_the_same_bytes_and_what_was_typed_is_not_in_it() {
    let (fleet, bridge) = Fleet::with("web-1").await;
    let own = Looker::of(&fleet.server, &fleet.owner, MAY_OPEN).await;
    let text = "äöü €😀 مرحبا\r\n".repeat(9000);
    std::fs::write(bridge.root().join("text"), &text).expect("a file");
    let mut operation = terminal();
    operation["record"] = json!(true);
    let id = own.open(operation).await;
    let mut mine = own.attach(&id, Place::From(0), false).await;
    mine.line("PS1=; stty -echo -onlcr; echo re''ady", "ready\n").await;
    mine.line("read secret", "").await;
    mine.line("hunter2", "").await;
    mine.attachment.resize(120, 40).await.expect("it is said");
    mine.line("cat text; echo fin''ished", "finished\n").await;
    mine.attachment.type_in(b"exit\n").await.expect("it is typed");
    mine.until(|screen| screen.state["state"] == "ended").await;
    let token = fleet.token(MAY_OPEN).await;
    let url = format!("http://{}/api/v1/commands/{id}/recording", fleet.server.address());
    let cast = reqwest::Client::new().get(url).bearer_auth(token).send().await.expect("an answer");
    assert_eq!(cast.headers()["content-type"], "application/x-asciicast");
    let cast = cast.text().await.expect("text");
    let mut lines = cast.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let head = lines.next().expect("a head");
    assert_eq!((&head["version"], &head["width"], &head["height"]), (&json!(2), &json!(80), &json!(24)));
    let events: Vec<Value> = lines.collect();
    let played: String = events.iter().filter(|e| e[1] == "o").filter_map(|e| e[2].as_str()).collect();
    assert!(played.as_bytes() == mine.shown, "{} of {} bytes", played.len(), mine.shown.len());
    assert!(played.contains(&text) && !cast.contains("hunter2"));
    assert!(events.iter().any(|e| e[1] == "r" && e[2] == "120x40"));
    let times: Vec<f64> = events.iter().filter_map(|e| e[0].as_f64()).collect();
    assert!(times.is_sorted() && times.iter().all(|time| *time >= 0.0));
    assert_eq!(mine.state["output_bytes"], json!(cast.len()));
    let plain = own.open(terminal()).await;
    own.person.get(&format!("/api/v1/commands/{plain}/recording")).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_shell_goes_on_when_the_server_is_started_again() {
    let (fleet, _bridge) = Fleet::with("web-1").await;
    let token = fleet.token(MAY_OPEN).await;
    let own = Looker { client: client(&fleet.server, &token), person: fleet.server.visitor().with_token(&token) };
    let mut operation = terminal();
    operation["record"] = json!(true);
    let id = own.open(operation).await;
    let mut mine = own.attach(&id, Place::From(0), false).await;
    mine.line("PS1=; stty -echo; x=same; echo re''ady", "ready\r\n").await;
    let Fleet { server, owner, desk } = fleet;
    drop(mine.attachment);
    let server = server.restart().await;
    let fleet = Fleet { server, owner, desk };
    let mut again = own.attach(&id, Place::BeforeTheEnd(1 << 20), false).await;
    // Typed before the machine is back: it waits.
    again.line("echo $x sh''ell", "same shell\r\n").await;
    assert!(again.shown.starts_with(&mine.shown), "{}", again.text());
    again.attachment.type_in(b"exit\n").await.expect("it is typed");
    again.until(|screen| screen.state["state"] == "ended").await;
    let url = format!("http://{}/api/v1/commands/{id}/recording", fleet.server.address());
    let cast = reqwest::Client::new().get(url).bearer_auth(&token).send().await.expect("an answer");
    let cast = cast.text().await.expect("text");
    let events = cast.lines().skip(1).map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let played: String = events.filter(|e| e[1] == "o").filter_map(|e| e[2].as_str().map(str::to_owned)).collect();
    assert_eq!(played.as_bytes(), again.shown, "nothing is missing and nothing comes twice");
}

/// `diwan ssh` in a terminal of its own.
pub(crate) struct Desk {
    child: Child,
    ours: OwnedFd,
    shown: String,
    pieces: mpsc::Receiver<Vec<u8>>,
}

impl Desk {
    pub(crate) fn run(fleet: &Fleet, line: &str, size: (u16, u16)) -> Self {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let ours = openpt(flags).expect("a terminal");
        grantpt(&ours).and_then(|()| unlockpt(&ours)).expect("it is ours");
        let theirs = ioctl_tiocgptpeer(&ours, flags).expect("its other end");
        resize(&ours, size);
        let end = || Stdio::from(theirs.try_clone().expect("an end"));
        let child = fleet.desk.command(line).stdin(end()).stdout(end()).stderr(end()).spawn().expect("it starts");
        let mut reader = std::fs::File::from(ours.try_clone().expect("our end"));
        let (sender, pieces) = mpsc::channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self { child, ours, shown: String::new(), pieces }
    }

    fn type_in(&self, text: &str) {
        rustix::io::write(&self.ours, text.as_bytes()).expect("it is typed");
    }

    fn resize(&self, size: (u16, u16)) {
        resize(&self.ours, size);
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process");
        kill_process(pid, Signal::WINCH).expect("it is told");
    }

    pub(crate) fn sees(&mut self, word: &str) {
        while !self.shown.contains(word) {
            let piece = self.pieces.recv();
            assert!(piece.is_ok(), "it ended without {word}: {:?}", self.shown);
            let piece = piece.unwrap_or_default();
            self.shown.push_str(&String::from_utf8_lossy(&piece));
        }
    }

    pub(crate) fn code(mut self) -> (Option<i32>, String) {
        let code = self.child.wait().expect("it ends").code();
        // Whatever it said last stands there already.
        self.pieces.try_iter().for_each(|piece| self.shown.push_str(&String::from_utf8_lossy(&piece)));
        (code, self.shown)
    }
}

fn resize(terminal: &OwnedFd, (columns, rows): (u16, u16)) {
    let size = Winsize { ws_col: columns, ws_row: rows, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(terminal, size).expect("it has a size");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_opens_leaves_and_joins_a_terminal() {
    let (fleet, _bridge) = Fleet::with("web-1").await;
    let none = fleet.desk.run("ssh web-1").await;
    assert!(none.code == 125 && none.err.contains("diwan run"), "{} {}", none.code, none.err);
    let id = tokio::task::block_in_place(|| {
        let mut desk = Desk::run(&fleet, "ssh web-1", (90, 20));
        desk.type_in("PS1=; stty -echo; x=same; echo re''ady\r");
        desk.sees("ready\r\n");
        desk.type_in("stty size\r");
        desk.sees("20 90\r\n");
        // What is typed goes its own way, and may be there before the new size is.
        desk.resize((100, 25));
        desk.type_in("until [ \"$(stty size)\" = '25 100' ]; do :; done; stty size\r");
        desk.sees("25 100\r\n");
        desk.type_in("~.");
        desk.sees("--join cmd_");
        let (code, shown) = desk.code();
        assert_eq!(code, Some(0), "{shown}");
        assert!(shown.contains("\r\ndiwan: the terminal goes on"), "{shown:?}");
        let id = shown.rsplit("--join ").next().expect("an id").trim();
        id.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect::<String>()
    });
    let listed = fleet.desk.run("ssh web-1 --list").await;
    assert!(listed.code == 0 && listed.out.contains(&id) && listed.out.contains("projects:"), "{}", listed.out);
    tokio::task::block_in_place(|| {
        let mut looks = Desk::run(&fleet, &format!("ssh web-1 --join {id} --read-only"), (100, 25));
        looks.sees("25 100");
        looks.type_in("echo no\r\x03");
        let (code, shown) = looks.code();
        assert!(code == Some(0) && !shown.contains("no\r\n"), "{shown}");
        let mut desk = Desk::run(&fleet, &format!("ssh web-1 --join {id}"), (100, 25));
        desk.type_in("echo $x sh''ell; exit 9\r");
        desk.sees("same shell");
        assert_eq!(desk.code().0, Some(9));
    });
    tokio::task::block_in_place(|| {
        let mut desk = Desk::run(&fleet, "ssh web-1 --join cmd_x", (80, 24));
        desk.sees("ssh web-1 --list");
        let (code, shown) = desk.code();
        assert_eq!(code, Some(125), "{shown}");
    });
    let none = fleet.desk.run("ssh web-1 --list").await;
    assert!(none.out.contains("No terminal is open"), "{}", none.out);
    assert_eq!(fleet.desk.json("command list --limit 1").await["items"][0]["exit_code"], json!(9));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_that_cannot_be_opened_ends_with_the_codes_of_run() {
    let (fleet, mut bridge) = Fleet::with("web-1").await;
    bridge.kill();
    fleet.becomes("web-1", "offline").await;
    for (name, is, words) in [("web-1", 120, "Start the bridge there"), ("database", 125, "there is no machine")] {
        let (code, shown) = tokio::task::block_in_place(|| {
            let mut desk = Desk::run(&fleet, &format!("ssh {name}"), (80, 24));
            desk.sees(words);
            desk.code()
        });
        assert_eq!(code, Some(is), "{shown}");
    }
}
