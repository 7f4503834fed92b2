//! Floods that HTTP/2 makes cheap for the sender: rapid resets, endless headers, streams without number.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::{Instant, timeout};

use crate::house::{House, plan};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// `GET http://localhost/` in HPACK.
const GET: &[u8] = b"\x82\x86\x84\x41\x09localhost";
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

async fn connect(house: &House) -> DuplexStream {
    let mut stream = house.connect();
    stream.write_all(&[PREFACE, &frame(SETTINGS, 0, 0, &[])].concat()).await.unwrap();
    stream
}

/// Writes until the server has enough, and says whether it said so (GOAWAY) and after how long.
async fn flood(mut stream: DuplexStream, frames: impl Iterator<Item = Vec<u8>>) -> (bool, Duration) {
    let began = Instant::now();
    let (mut reader, mut writer) = tokio::io::split(&mut stream);
    let reading = async {
        let mut said = false;
        let mut head = [0; 9];
        while reader.read_exact(&mut head).await.is_ok() {
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
            let mut payload = vec![0; length];
            if reader.read_exact(&mut payload).await.is_err() {
                break;
            }
            said |= head[3] == GOAWAY;
        }
        said
    };
    let writing = async {
        for frame in frames {
            if writer.write_all(&frame).await.is_err() {
                break;
            }
        }
    };
    let (said, ()) =
        timeout(Duration::from_secs(120), async { tokio::join!(reading, writing) }).await.expect("it ends");
    (said, began.elapsed())
}

#[tokio::test(start_paused = true)]
async fn rapid_resets_end_the_connection() {
    let house = plan().open().await;
    let frames = (0..5000_u32).map(|n| {
        let stream = 2 * n + 1;
        [frame(HEADERS, END_STREAM | END_HEADERS, stream, GET), frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes())]
            .concat()
    });
    let (said, after) = flood(connect(&house).await, frames).await;
    assert!(said && after < Duration::from_secs(1), "{said} {after:?}");
    assert!(
        house.raw("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.starts_with("HTTP/1.1 200")
    );
}

#[tokio::test(start_paused = true)]
async fn headers_without_end_end_the_connection() {
    let house = plan().open().await;
    let begin = frame(HEADERS, END_STREAM, 1, GET);
    let more = [b"\x00\x01x\x7f\x81\x0e".to_vec(), vec![b'y'; 2000]].concat();
    let frames = std::iter::once(begin).chain((0..2000).map(|_| frame(CONTINUATION, 0, 1, &more)));
    let (said, after) = flood(connect(&house).await, frames).await;
    assert!(said && after < Duration::from_secs(1), "{said} {after:?}");
}

#[tokio::test(start_paused = true)]
async fn more_streams_than_allowed_are_refused_and_the_rest_answered() {
    let house = plan().with(|c| c.request_timeout_s = 2).open().await;
    let slow = b"\x82\x86\x44\x0c/api/v1/slow\x41\x09localhost";
    let frames = (0..200_u32).map(|n| frame(HEADERS, END_STREAM | END_HEADERS, 2 * n + 1, slow));
    let (_, after) = flood(connect(&house).await, frames).await;
    assert!(after < Duration::from_secs(100), "{after:?}");
}

#[tokio::test(start_paused = true)]
async fn pings_alone_do_not_keep_a_connection() {
    let house = plan().open().await;
    let mut stream = connect(&house).await;
    let began = Instant::now();
    let mut sink = vec![0; 65536];
    loop {
        if stream.write_all(&frame(PING, 0, 0, &[7; 8])).await.is_err() {
            break;
        }
        match timeout(Duration::from_secs(1), stream.read(&mut sink)).await {
            Ok(Ok(0) | Err(_)) => break,
            _ => tokio::time::sleep(Duration::from_millis(500)).await,
        }
        assert!(began.elapsed() < Duration::from_secs(12));
    }
    assert_eq!(began.elapsed().as_secs(), 10);
}
