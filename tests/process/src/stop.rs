//! Stopping: what is under way is finished, nothing new is taken, and the exit code says how it went.

use std::time::Duration;

use rustix::process::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::api::{OWNER, PASSWORD, claim};
use crate::program::{PATIENCE, Program, memory_dir};

#[tokio::test]
async fn an_idle_server_stops_at_once_with_code_0() {
    for signal in [Signal::INT, Signal::TERM] {
        let dir = memory_dir();
        let mut program = Program::start(dir.path()).await;
        program.signal(signal);
        let status = program.ended().await;
        assert_eq!(status.code(), Some(0), "{}", program.said());
    }
}

/// A sign-in whose body the server has asked for and not got yet.
struct UnderWay {
    connection: TcpStream,
    body: String,
}

impl UnderWay {
    async fn begin(program: &Program) -> Self {
        let body = format!(r#"{{"email":"{OWNER}","password":"{PASSWORD}","deliver":"tokens"}}"#);
        let head = format!(
            "POST /api/v1/auth/password HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nexpect: 100-continue\r\n\r\n",
            program.address,
            body.len()
        );
        let mut connection = TcpStream::connect(program.address).await.expect("a connection");
        connection.write_all(head.as_bytes()).await.expect("the head is sent");
        let mut asked = [0; 25];
        timeout(PATIENCE, connection.read_exact(&mut asked)).await.expect("in time").expect("it asks");
        assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
        Self { connection, body }
    }

    async fn expect_answer(mut self) {
        self.connection.write_all(self.body.as_bytes()).await.expect("the body is sent");
        let mut answer = String::new();
        timeout(PATIENCE, self.connection.read_to_string(&mut answer)).await.expect("in time").expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

#[tokio::test]
async fn a_request_under_way_is_answered_before_the_server_stops() {
    let dir = memory_dir();
    let mut program = Program::start(dir.path()).await;
    claim(&program).await;
    let under_way = UnderWay::begin(&program).await;
    program.signal(Signal::INT);
    refuses_new_connections(&program).await;
    under_way.expect_answer().await;
    assert_eq!(program.ended().await.code(), Some(0), "{}", program.said());
}

/// Asks until nobody listens any more: the signal needs a moment to arrive.
async fn refuses_new_connections(program: &Program) {
    let refused = async { while TcpStream::connect(program.address).await.is_ok() {} };
    timeout(PATIENCE, refused).await.expect("new connections are refused");
}

#[tokio::test]
async fn a_second_signal_stops_it_at_once() {
    let dir = memory_dir();
    let mut program = Program::start(dir.path()).await;
    claim(&program).await;
    let _unfinished = UnderWay::begin(&program).await;
    program.signal(Signal::INT);
    refuses_new_connections(&program).await;
    // What comes within a quarter of a second is taken for the same signal, so it is sent until it is heard.
    let again = async {
        loop {
            program.signal(Signal::INT);
            if let Ok(status) = timeout(Duration::from_millis(50), program.ended()).await {
                return status;
            }
        }
    };
    let status = timeout(PATIENCE, again).await.expect("it stops at once");
    assert_eq!(status.code(), Some(1), "{}", program.said());
}

#[tokio::test]
async fn one_signal_that_arrives_twice_is_one() {
    let dir = memory_dir();
    let mut program = Program::start(dir.path()).await;
    claim(&program).await;
    let under_way = UnderWay::begin(&program).await;
    program.signal(Signal::TERM);
    program.signal(Signal::INT);
    refuses_new_connections(&program).await;
    under_way.expect_answer().await;
    assert_eq!(program.ended().await.code(), Some(0), "{}", program.said());
}

#[tokio::test]
async fn a_hangup_has_the_configuration_file_read_and_stops_nothing() {
    let dir = memory_dir();
    let file = dir.path().join("diwan.yaml");
    std::fs::write(&file, "").expect("a file");
    let mut program = Program::start_with(dir.path(), &["--log-level", "info"]).await;
    std::fs::write(&file, "mail:\n  prt: 25\n").expect("a file");
    program.signal(Signal::HUP);
    program.says("SIGHUP: looking at the configuration file", 1).await;
    program.says("did you mean mail.port?", 1).await;
    std::fs::write(&file, "audit:\n  retention_days: 30\n").expect("a file");
    program.signal(Signal::HUP);
    program.says("SIGHUP: looking at the configuration file", 2).await;
    program.says("settings came into force", 1).await;
    program.signal(Signal::TERM);
    assert_eq!(program.ended().await.code(), Some(0), "{}", program.said());
}
