//! Two ends over a connection in memory.
#![allow(clippy::unwrap_used, clippy::panic, reason = "that is how a test fails")]

use std::time::Duration;

use bytes::Bytes;
use diwan_link::{Ended, Limits, Link, Priority, Reset, ResetCode, Side, Stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::task::JoinHandle;

const HELLO: Bytes = Bytes::from_static(b"hello");

#[expect(clippy::disallowed_methods, reason = "the test owns its tasks")]
fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    tokio::spawn(task)
}

fn pair() -> (Link, Link) {
    let (near, far) = duplex(64 * 1024);
    let (machine, driver) = Link::new(near, Side::Dialler, Limits::default());
    spawn(driver);
    let (plane, driver) = Link::new(far, Side::Acceptor, Limits::default());
    spawn(driver);
    (machine, plane)
}

async fn stream_between(from: &Link, to: &Link, priority: Priority) -> (Stream, Stream) {
    let opened = from.open(priority, HELLO).unwrap();
    let (accepted, opening) = to.accept().await.unwrap();
    assert_eq!(opening, HELLO);
    (opened, accepted)
}

#[tokio::test]
async fn messages_keep_their_borders_both_ways() {
    let (machine, plane) = pair();
    let (mut a, mut b) = stream_between(&plane, &machine, Priority::Interactive).await;
    let messages =
        [Bytes::from_static(b"one"), Bytes::new(), Bytes::from(vec![7; 300_000]), Bytes::from_static(b"last")];
    let sent = messages.clone();
    let sender = spawn(async move {
        for message in sent {
            a.send(message).await.unwrap();
        }
        a.finish();
        a
    });
    for message in &messages {
        assert_eq!(b.receive().await, Ok(Some(message.clone())));
    }
    assert_eq!(b.receive().await, Ok(None));
    let mut a = sender.await.unwrap();
    b.send(HELLO).await.unwrap();
    b.finish();
    assert_eq!(a.receive().await, Ok(Some(HELLO)));
    assert_eq!(a.receive().await, Ok(None));
}

#[tokio::test]
async fn a_stream_that_nobody_reads_holds_up_no_other() {
    let (machine, plane) = pair();
    let (mut flood, unread) = stream_between(&machine, &plane, Priority::Bulk).await;
    let flooding = spawn(async move {
        let mut sent = 0_usize;
        while flood.send(Bytes::from_static(&[0; 16_000])).await.is_ok() {
            sent += 16_000;
        }
        sent
    });
    let (mut keys, mut echo) = stream_between(&machine, &plane, Priority::Interactive).await;
    for _ in 0..1000 {
        keys.send(HELLO).await.unwrap();
        assert_eq!(echo.receive().await, Ok(Some(HELLO)));
        echo.send(HELLO).await.unwrap();
        assert_eq!(keys.receive().await, Ok(Some(HELLO)));
    }
    unread.reset(ResetCode::Cancelled, "enough");
    // What lies unread at the other end, and what waits at this one.
    assert!(flooding.await.unwrap() < 200_000);
}

#[tokio::test]
async fn letting_go_of_a_stream_tells_the_other_end() {
    let (machine, plane) = pair();
    let (a, mut b) = stream_between(&plane, &machine, Priority::Control).await;
    drop(a);
    let reset = Reset::ByPeer { code: ResetCode::Cancelled, reason: "nobody listens any more".to_owned() };
    assert_eq!(b.receive().await, Err(reset.clone()));
    assert_eq!(b.send(HELLO).await, Err(reset));
}

#[tokio::test]
async fn a_leave_says_when_to_come_again() {
    let (machine, plane) = pair();
    let (_a, mut b) = stream_between(&plane, &machine, Priority::Control).await;
    plane.close(Duration::from_millis(1500), "restarting");
    let gone = Ended::GoneAway { retry_after_ms: 1500, reason: "restarting".to_owned() };
    assert_eq!(machine.ended().await, gone);
    assert_eq!(plane.ended().await, Ended::Here);
    assert_eq!(b.receive().await, Err(Reset::Link(gone.clone())));
    assert_eq!(machine.open(Priority::Control, HELLO).err(), Some(gone));
    assert!(machine.accept().await.is_none());
}

#[tokio::test]
async fn what_came_before_the_end_can_still_be_read() {
    let (machine, plane) = pair();
    let (mut a, mut b) = stream_between(&plane, &machine, Priority::Control).await;
    a.send(HELLO).await.unwrap();
    a.finish();
    let (mut marker, mut marked) = stream_between(&plane, &machine, Priority::Bulk).await;
    marker.send(HELLO).await.unwrap();
    marked.receive().await.unwrap();
    plane.close(Duration::ZERO, "bye");
    machine.ended().await;
    assert_eq!(b.receive().await, Ok(Some(HELLO)));
}

#[tokio::test(start_paused = true)]
async fn silence_is_noticed_within_15_seconds() {
    let (near, _far) = duplex(64 * 1024);
    let (link, driver) = Link::new(near, Side::Dialler, Limits::default());
    let begin = tokio::time::sleep(Duration::ZERO);
    begin.await;
    let within = tokio::time::timeout(Duration::from_secs(16), driver).await;
    assert_eq!(within, Ok(Ended::Silent));
    assert_eq!(link.ended().await, Ended::Silent);
}

#[tokio::test(start_paused = true)]
async fn somebody_who_never_reads_is_left() {
    let (near, mut far) = duplex(1024);
    let (link, driver) = Link::new(near, Side::Dialler, Limits::default());
    let mut stream = link.open(Priority::Bulk, HELLO).unwrap();
    stream.send(Bytes::from(vec![0; 100_000])).await.unwrap();
    // It talks all the time, so that it is not silent.
    spawn(async move {
        loop {
            far.write_all(&[6, 0, 0, 8, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1]).await.unwrap();
            tokio::time::sleep(Duration::from_secs(4)).await;
        }
    });
    assert_eq!(tokio::time::timeout(Duration::from_secs(40), driver).await, Ok(Ended::Silent));
}

#[tokio::test(start_paused = true)]
async fn an_idle_link_lives_by_its_heartbeat() {
    let (machine, plane) = pair();
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let (mut a, mut b) = stream_between(&plane, &machine, Priority::Control).await;
    a.send(HELLO).await.unwrap();
    assert_eq!(b.receive().await, Ok(Some(HELLO)));
}

#[tokio::test(start_paused = true)]
async fn a_doubt_is_settled_in_the_time_given() {
    let (machine, plane) = pair();
    machine.probe(Duration::from_secs(3)).await;
    assert!(plane.open(Priority::Control, HELLO).is_ok());
    let (near, _far) = duplex(1024);
    let (alone, driver) = Link::new(near, Side::Dialler, Limits::default());
    spawn(driver);
    alone.probe(Duration::from_secs(3)).await;
    assert_eq!(alone.ended().await, Ended::Silent);
}

#[tokio::test]
async fn nonsense_ends_the_link() {
    for (bytes, ended) in [
        (&b"GET / HTTP/1.1\r\n\r\n"[..], "a frame of 8239 bytes"),
        (&[2, 0, 255, 255, 0, 0, 0, 1], "too long"),
        (&[99, 0, 0, 0, 0, 0, 0, 0], "not known"),
    ] {
        let (near, mut far) = duplex(1024);
        let (link, driver) = Link::new(near, Side::Acceptor, Limits::default());
        spawn(driver);
        far.write_all(bytes).await.unwrap();
        let found = link.ended().await;
        assert!(matches!(found, Ended::Frame(_)), "{ended}: {found}");
        let mut rest = vec![];
        far.read_to_end(&mut rest).await.unwrap();
    }
}

/// Sends so much from one end to the other, in pieces of a million bytes.
async fn move_millions(from: &mut Stream, to: &mut Stream, millions: usize) {
    let piece = Bytes::from(vec![0; 1_000_000]);
    let both = futures::future::join(
        async {
            for _ in 0..millions {
                from.send(piece.clone()).await.unwrap();
            }
        },
        async {
            for _ in 0..millions {
                assert_eq!(to.receive().await.unwrap().unwrap().len(), 1_000_000);
            }
        },
    );
    both.await;
}

/// How long it takes by a clock that only goes on while everybody waits.
#[expect(clippy::disallowed_methods, reason = "the clock is the test's own")]
async fn takes(work: impl Future<Output = ()>) -> Duration {
    let begin = tokio::time::Instant::now();
    work.await;
    begin.elapsed()
}

#[tokio::test(start_paused = true)]
async fn a_flood_leaves_room_while_somebody_types_and_no_longer() {
    let (machine, plane) = pair();
    let (mut flood, mut end) = stream_between(&machine, &plane, Priority::Interactive).await;
    assert_eq!(takes(move_millions(&mut flood, &mut end, 50)).await, Duration::ZERO);

    let (keys, echo) = stream_between(&plane, &machine, Priority::Control).await;
    let (_, listening) = echo.split();
    listening.give_way();
    let slow = takes(move_millions(&mut flood, &mut end, 64)).await;
    assert!((480..=510).contains(&slow.as_millis()), "64 MB at 128 MB/s took {slow:?}");
    // Two seconds of that pace are over.
    move_millions(&mut flood, &mut end, 256 - 64).await;
    assert_eq!(takes(move_millions(&mut flood, &mut end, 50)).await, Duration::ZERO);
    drop((keys, listening));
}

#[tokio::test(start_paused = true)]
async fn what_is_urgent_does_not_rest_with_a_flood() {
    let (machine, plane) = pair();
    let (mut flood, mut end) = stream_between(&machine, &plane, Priority::Bulk).await;
    let (mut keys, mut shown) = stream_between(&machine, &plane, Priority::Control).await;
    let flooding = move_millions(&mut flood, &mut end, 10);
    let typing = async {
        for _ in 0..1000 {
            keys.send(HELLO).await.unwrap();
            assert_eq!(shown.receive().await, Ok(Some(HELLO)));
        }
    };
    let (sending, _listening) = machine.open(Priority::Control, HELLO).unwrap().split();
    sending.give_way();
    let (keys_take, flood_takes) = futures::future::join(takes(typing), takes(flooding)).await;
    assert_eq!(keys_take, Duration::ZERO);
    assert!(flood_takes >= Duration::from_millis(60), "the flood took {flood_takes:?}");
}
