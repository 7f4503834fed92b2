//! Clients that hold a connection without using it are cut off within ten seconds.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::api::Api;
use crate::program::{Program, memory_dir};

/// Ten seconds are what the edge's own tests state, with a clock they hold; this one runs on whatever
/// machine there is.
const LIMIT: Duration = Duration::from_secs(60);

/// Sends each piece after a pause, as a slow client does, until the server hangs up.
#[expect(clippy::disallowed_methods, reason = "how long a real program takes can only be seen on a real clock")]
async fn is_cut_off(program: &Program, pieces: impl IntoIterator<Item = Vec<u8>>) {
    let start = Instant::now();
    let mut connection = TcpStream::connect(program.address).await.expect("a connection");
    let mut pieces = pieces.into_iter();
    let mut answer = vec![];
    loop {
        if let Some(piece) = pieces.next() {
            // The server may have hung up already.
            let _ = connection.write_all(&piece).await;
        }
        let pause = Duration::from_secs(2).min(LIMIT.saturating_sub(start.elapsed()));
        match timeout(pause, connection.read_buf(&mut answer)).await {
            Ok(Ok(0) | Err(_)) => return,
            Ok(Ok(_)) => {}
            Err(_) => assert!(start.elapsed() < LIMIT, "still open after {:?}", start.elapsed()),
        }
    }
}

#[tokio::test]
async fn slow_clients_are_cut_off_and_others_are_served() {
    let dir = memory_dir();
    let program = Program::start(dir.path()).await;
    let head = b"GET /api/v1/setup HTTP/1.1\r\nhost: localhost\r\nx-slow: ".to_vec();
    let drip = std::iter::once(head).chain(std::iter::repeat_with(|| b"a".to_vec()));
    let body = b"POST /api/v1/auth/password HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n";
    let body = std::iter::once(body.to_vec()).chain(std::iter::repeat_with(|| b" ".to_vec()));
    let served = async {
        let visitor = Api::anonymous(&program);
        for _ in 0..50 {
            visitor.get("/setup").await.expect(200);
        }
    };
    tokio::join!(
        is_cut_off(&program, []),
        is_cut_off(&program, [b"GET /api/v1/se".to_vec()]),
        is_cut_off(&program, drip),
        is_cut_off(&program, body),
        served,
    );
}
