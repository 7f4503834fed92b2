//! Our end of a WebSocket with a stranger at the other, and with one of ours.

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::*;

/// Somebody else's WebSocket at the other end.
async fn stranger(connection: DuplexStream, role: Role) -> WebSocketStream<DuplexStream> {
    WebSocketStream::from_raw_socket(connection, role, None).await
}

async fn both_sides(room: usize) -> [(WsBytes<DuplexStream>, WebSocketStream<DuplexStream>); 2] {
    let ((first, first_far), (second, second_far)) = (duplex(room), duplex(room));
    [
        (WsBytes::dialled(first), stranger(first_far, Role::Server).await),
        (WsBytes::accepted(second), stranger(second_far, Role::Client).await),
    ]
}

fn numbered(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 31 + at / 251) as u8).collect()
}

#[tokio::test]
async fn a_stranger_reads_what_we_write_and_we_read_what_a_stranger_writes() {
    for room in [1024, 512 * 1024] {
        for (mut ours, mut theirs) in both_sides(room).await {
            let text = numbered(300_000);
            let write = async {
                ours.write_all(&text).await.unwrap();
                ours.flush().await.unwrap();
            };
            let read = async {
                let mut all = vec![];
                while all.len() < text.len() {
                    let Some(Ok(Message::Binary(bytes))) = theirs.next().await else { panic!("no bytes") };
                    assert!(bytes.len() <= LONGEST);
                    all.extend_from_slice(&bytes);
                }
                all
            };
            assert!(tokio::join!(write, read).1 == text);
            let (mut back, sent) = (vec![0; text.len()], text.chunks(70_000));
            let write = async {
                for chunk in sent {
                    theirs.send(Message::Binary(Bytes::copy_from_slice(chunk))).await.unwrap();
                }
            };
            let (read, ()) = tokio::join!(ours.read_exact(&mut back), write);
            read.unwrap();
            assert!(back == text);
        }
    }
}

#[tokio::test]
async fn a_ping_is_answered_although_nobody_writes() {
    for (mut ours, mut theirs) in both_sides(4096).await {
        theirs.send(Message::Ping(Bytes::from_static(b"there?"))).await.unwrap();
        theirs.send(Message::Binary(Bytes::from_static(b"x"))).await.unwrap();
        assert_eq!(ours.read_u8().await.unwrap(), b'x');
        assert_eq!(theirs.next().await.unwrap().unwrap(), Message::Pong(Bytes::from_static(b"there?")));
    }
}

#[tokio::test]
async fn what_is_small_goes_without_a_flush() {
    for (mut ours, mut theirs) in both_sides(4096).await {
        ours.write_all(b"no").await.unwrap();
        assert_eq!(theirs.next().await.unwrap().unwrap(), Message::Binary(Bytes::from_static(b"no")));
    }
}

#[tokio::test]
async fn pings_without_end_fill_no_memory() {
    let (near, mut far) = duplex(1024);
    let mut ours = WsBytes::accepted(near);
    let ping = [&b"\x89\xfd\0\0\0\0"[..], &[7; LONGEST_CONTROL]].concat();
    let flood = async {
        for _ in 0..10_000 {
            far.write_all(&ping).await.unwrap();
        }
        far.write_all(b"\x82\x81\0\0\0\0x").await.unwrap();
        far
    };
    let (byte, _far) = tokio::join!(ours.read_u8(), flood);
    assert_eq!(byte.unwrap(), b'x');
    assert!(ours.going.buffer.len() <= MOST + LONGEST_HEAD + LONGEST_CONTROL, "{}", ours.going.buffer.len());
}

#[tokio::test]
async fn whoever_says_goodbye_is_at_the_end() {
    for (mut ours, mut theirs) in both_sides(4096).await {
        theirs.close(None).await.unwrap();
        assert_eq!(ours.read(&mut [0; 9]).await.unwrap(), 0);
        ours.shutdown().await.unwrap();
    }
    for (mut ours, mut theirs) in both_sides(4096).await {
        ours.shutdown().await.unwrap();
        assert!(matches!(theirs.next().await, Some(Ok(Message::Close(_)))));
    }
}

#[tokio::test]
async fn what_is_not_masked_as_it_must_be_is_refused() {
    for (bytes, is_accepted) in [(&b"\x82\x01x"[..], true), (b"\x82\x81\0\0\0\0x", false)] {
        let (near, mut far) = duplex(64);
        let mut ours = if is_accepted { WsBytes::accepted(near) } else { WsBytes::dialled(near) };
        far.write_all(bytes).await.unwrap();
        assert_eq!(ours.read_u8().await.unwrap_err().kind(), std::io::ErrorKind::InvalidData);
    }
}

#[tokio::test]
async fn in_the_calm_nothing_is_kept() {
    let (near, far) = duplex(256 * 1024);
    let (mut ours, mut theirs) = (WsBytes::dialled(near), WsBytes::accepted(far));
    for length in [200_000, 10] {
        ours.write_all(&numbered(length)).await.unwrap();
        ours.flush().await.unwrap();
        theirs.read_exact(&mut vec![0; length]).await.unwrap();
    }
    let waiting = std::future::poll_fn(|cx| {
        let polled = Pin::new(&mut theirs).poll_read(cx, &mut ReadBuf::new(&mut [0; 9]));
        Poll::Ready(polled.is_pending())
    });
    assert!(waiting.await);
    assert_eq!((ours.going.buffer.capacity(), theirs.coming.buffer.capacity()), (0, 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// However it is cut on the way, also within heads, and whatever asks in between.
    #[test]
    fn what_comes_in_parts_is_whole(
        frames in proptest::collection::vec((0usize..3000, any::<Mask>(), any::<bool>()), 1..20),
        cuts in proptest::collection::vec(1usize..700, 1..40),
        asked in 1usize..5000,
    ) {
        let (mut wire, mut text) = (vec![], vec![]);
        for (number, (length, mask, is_asked)) in frames.into_iter().enumerate() {
            if is_asked {
                Head { kind: Kind::Ping, length: 3, mask: Some(mask) }.write(&mut wire);
                wire.extend([1, 2, 3]);
            }
            let mut bytes: Vec<u8> = (0..length).map(|at| (at + number) as u8).collect();
            text.extend_from_slice(&bytes);
            Head { kind: Kind::Bytes, length: length as u64, mask: Some(mask) }.write(&mut wire);
            apply(mask, 0, &mut bytes);
            wire.extend(bytes);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let read = runtime.block_on(async {
            let (near, mut far) = duplex(64 * 1024);
            let mut ours = WsBytes::accepted(near);
            let write = async move {
                let mut cuts = cuts.into_iter().cycle();
                while !wire.is_empty() {
                    let count = cuts.next().unwrap().min(wire.len());
                    far.write_all(&wire[..count]).await.unwrap();
                    wire.drain(..count);
                    tokio::task::yield_now().await;
                }
                far.shutdown().await.unwrap();
                tokio::io::copy(&mut far, &mut tokio::io::sink()).await.unwrap();
            };
            let read = async {
                let (mut all, mut some) = (vec![], vec![0; asked]);
                loop {
                    match ours.read(&mut some).await.unwrap() {
                        0 => break,
                        count => all.extend_from_slice(&some[..count]),
                    }
                }
                drop(ours);
                all
            };
            tokio::join!(write, read).1
        });
        prop_assert!(read == text);
    }
}
