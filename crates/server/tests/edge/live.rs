//! The live feed.

use std::time::Duration;

use diwan_kernel::events::{Audience, DomainEvent, Ending};
use diwan_kernel::{Id, NewEvent, Permission};
use futures::{SinkExt, StreamExt};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::io::{AsyncWriteExt, DuplexStream};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::house::{House, PEOPLE, get, plan};

const OWN: &str = "http://localhost:7400";
type Socket = WebSocketStream<DuplexStream>;

#[derive(Serialize)]
struct Renamed {
    number: u64,
}

impl DomainEvent for Renamed {
    const TOPIC: &'static str = "users";
    const NAME: &'static str = "user.renamed";
    fn audience(&self) -> Audience {
        Audience::Permission(Permission::UsersRead)
    }
}

#[derive(Serialize)]
struct Private {
    #[serde(skip)]
    of: u128,
}

impl DomainEvent for Private {
    const TOPIC: &'static str = "me";
    const NAME: &'static str = "me.updated";
    fn audience(&self) -> Audience {
        Audience::User(Id::from_bits(self.of))
    }
}

#[derive(Serialize)]
struct Ended {
    #[serde(skip)]
    what: Ending,
}

impl DomainEvent for Ended {
    const TOPIC: &'static str = "sessions";
    const NAME: &'static str = "session.ended";
    fn audience(&self) -> Audience {
        Audience::Internal
    }
    fn ends(&self) -> Ending {
        self.what
    }
}

fn rename(house: &House, numbers: std::ops::Range<u64>) {
    house.events.publish(numbers.map(|number| NewEvent::from(&Renamed { number })).collect());
}

/// Opens the feed with these headers, or says with which status it was refused.
async fn open(house: &House, headers: &[(&'static str, &str)]) -> Result<Socket, u16> {
    let mut request = "ws://localhost:7400/api/v1/live".into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    match tokio_tungstenite::client_async(request, house.connect()).await {
        Ok((socket, answer)) => {
            assert!(answer.headers().contains_key("x-request-id"));
            Ok(socket)
        }
        Err(Error::Http(answer)) => Err(answer.status().as_u16()),
        Err(other) => panic!("{other}"),
    }
}

async fn open_as(house: &House, name: &str) -> Socket {
    let cookie = format!("diwan_session={name}");
    open(house, &[("cookie", &cookie), ("origin", OWN)]).await.unwrap()
}

async fn say(socket: &mut Socket, message: Value) {
    socket.send(Message::text(message.to_string())).await.unwrap();
}

/// The next message that is not a ping.
async fn hear(socket: &mut Socket) -> Value {
    loop {
        let message =
            timeout(Duration::from_secs(5), socket.next()).await.expect("something is said").unwrap().unwrap();
        let value: Value = serde_json::from_str(message.to_text().unwrap()).unwrap();
        if value["type"] != "ping" {
            return value;
        }
    }
}

/// Answers nothing and waits until the server closes: the code, the reason and after how long.
async fn closed(mut socket: Socket) -> (u16, String, Duration) {
    let began = Instant::now();
    while let Some(message) = socket.next().await {
        match message {
            Ok(Message::Close(Some(frame))) => return (frame.code.into(), frame.reason.to_string(), began.elapsed()),
            Ok(_) => {}
            Err(_) => break,
        }
    }
    (0, "gone".into(), began.elapsed())
}

#[tokio::test(start_paused = true)]
async fn only_our_own_page_or_a_program_with_a_token_may_open_it() {
    let house = plan().open().await;
    let (cookie, token) = (("cookie", "diwan_session=amina"), ("authorization", "Bearer amina"));
    let cases: [(&[(&'static str, &str)], u16); 10] = [
        (&[cookie, ("origin", OWN)], 101),
        (&[cookie, ("origin", OWN), ("sec-fetch-site", "same-origin")], 101),
        (&[cookie, ("origin", "https://evil.example")], 403),
        (&[cookie, ("origin", "null")], 403),
        (&[cookie, ("origin", "http://localhost:7401")], 403),
        (&[cookie, ("origin", OWN), ("sec-fetch-site", "cross-site")], 403),
        (&[cookie], 403),
        (&[token], 101),
        (&[token, ("origin", "https://evil.example")], 403),
        (&[("origin", OWN)], 401),
    ];
    for (headers, expected) in cases {
        assert_eq!(open(&house, headers).await.map_or_else(|status| status, |_| 101), expected, "{headers:?}");
    }
    assert_eq!(open(&house, &[("cookie", "diwan_session=ended"), ("origin", OWN)]).await.err(), Some(401));
}

#[tokio::test(start_paused = true)]
async fn what_happens_is_heard_by_those_who_may_hear_it() {
    let house = plan().open().await;
    let (mut amina, mut dalia) = (open_as(&house, "amina").await, open_as(&house, "dalia").await);
    let hello = hear(&mut amina).await;
    assert_eq!((&hello["type"], &hello["seq"], &hello["heartbeat_s"]), (&"hello".into(), &0.into(), &10.into()));
    hear(&mut dalia).await;
    let topics = json!({"type": "subscribe", "topics": ["users", "me", "audit", "nonsense"]});
    say(&mut amina, topics.clone()).await;
    say(&mut dalia, topics).await;
    let heard = hear(&mut amina).await;
    assert_eq!((&heard["topics"], &heard["refused"]), (&json!(["users", "me", "audit"]), &json!(["nonsense"])));
    assert_eq!(hear(&mut dalia).await["refused"], json!(["audit", "nonsense"]));
    house.events.publish(vec![NewEvent::from(&Private { of: PEOPLE[0].1 }), NewEvent::from(&Renamed { number: 7 })]);
    let event = hear(&mut amina).await;
    assert_eq!((&event["topic"], &event["name"], &event["seq"]), (&"me".into(), &"me.updated".into(), &1.into()));
    assert_eq!(hear(&mut amina).await["data"], json!({"number": 7}));
    assert_eq!(hear(&mut dalia).await["seq"], 2, "what is another's alone is not heard");
}

#[tokio::test(start_paused = true)]
async fn who_was_away_goes_on_where_it_stopped_or_is_told_to_look_anew() {
    let house = plan().open().await;
    rename(&house, 0..10);
    let mut socket = open_as(&house, "amina").await;
    let epoch = hear(&mut socket).await["epoch"].as_u64().unwrap();
    let resume = |epoch, seq| json!({"type": "subscribe", "topics": ["users"], "resume": {"epoch": epoch, "seq": seq}});
    say(&mut socket, resume(epoch, 7)).await;
    assert_eq!(hear(&mut socket).await["type"], "subscribed");
    for seq in 8..=10 {
        assert_eq!(hear(&mut socket).await["seq"], seq);
    }
    rename(&house, 10..11);
    assert_eq!(hear(&mut socket).await["seq"], 11, "and hears what comes after");
    say(&mut socket, resume(epoch ^ 1, 7)).await;
    assert_eq!(hear(&mut socket).await["type"], "subscribed");
    assert_eq!(hear(&mut socket).await["type"], "gap");
}

#[tokio::test(start_paused = true)]
async fn it_ends_within_a_second_when_the_session_ends() {
    let house = plan().open().await;
    for what in [Ending::User(Id::from_bits(1)), Ending::Session(Id::from_bits(101))] {
        let mut amina = open_as(&house, "amina").await;
        let mut dalia = open_as(&house, "dalia").await;
        hear(&mut amina).await;
        hear(&mut dalia).await;
        house.events.publish(vec![NewEvent::from(&Ended { what })]);
        let (code, reason, after) = closed(amina).await;
        assert_eq!((code, &*reason), (4401, "session_ended"));
        assert!(after < Duration::from_secs(1), "{after:?}");
        say(&mut dalia, json!({"type": "subscribe", "topics": []})).await;
        assert_eq!(hear(&mut dalia).await["type"], "subscribed", "others stay");
    }
}

#[tokio::test(start_paused = true)]
async fn it_ends_when_the_session_is_found_ended_later() {
    let house = plan().open().await;
    let socket = open_as(&house, "amina").await;
    house.book.ended.lock().unwrap().push("amina".into());
    let ponging = async {
        let (mut writer, mut reader) = socket.split();
        let began = Instant::now();
        loop {
            match reader.next().await {
                Some(Ok(Message::Close(frame))) => return (frame.unwrap().code.into(), began.elapsed()),
                Some(Ok(_)) => writer.send(Message::text(json!({"type": "pong"}).to_string())).await.unwrap(),
                other => panic!("{other:?}"),
            }
        }
    };
    let (code, after): (u16, _) = ponging.await;
    assert!(code == 4401 && after <= Duration::from_secs(306), "{code} {after:?}");
}

#[tokio::test(start_paused = true)]
async fn who_is_not_heard_for_twenty_five_seconds_is_gone() {
    let house = plan().open().await;
    let (code, reason, after) = closed(open_as(&house, "amina").await).await;
    assert_eq!((code, &*reason), (4408, "idle"));
    assert!((25..=30).contains(&after.as_secs()), "{after:?}");
}

#[tokio::test(start_paused = true)]
async fn what_makes_no_sense_or_is_too_much_is_not_listened_to() {
    let house = plan().open().await;
    let large = "x".repeat(17 * 1024);
    let deep = format!("{{\"type\":\"subscribe\",\"topics\":{}", "[".repeat(5000));
    for (message, code) in [
        (Message::text("hello"), 1008),
        (Message::text("{\"type\":\"shout\"}"), 1008),
        (Message::text("{\"type\":\"subscribe\",\"topics\":[],\"more\":1}"), 1008),
        (Message::text(deep), 1008),
        (Message::text(json!({"type": "subscribe", "topics": vec!["a"; 100]}).to_string()), 1008),
        (Message::binary(vec![1, 2, 3]), 1008),
        (Message::text(large), 1009),
    ] {
        let mut socket = open_as(&house, "amina").await;
        socket.send(message).await.unwrap();
        assert_eq!(closed(socket).await.0, code);
    }
    let mut socket = open_as(&house, "amina").await;
    for _ in 0..30 {
        let _ = socket.send(Message::Ping("".into())).await;
    }
    assert_eq!(closed(socket).await.0, 1008, "a flood of pings");
}

/// A frame as a client sends it, with a mask of zeros.
fn frame(first_byte: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
    [&[first_byte, 0x80 | 126], &length[..], &[0; 4], payload].concat()
}

#[tokio::test(start_paused = true)]
async fn fragments_without_end_and_frames_of_gigabytes_are_cut_off() {
    let house = plan().open().await;
    let mut socket = open_as(&house, "amina").await;
    socket.get_mut().write_all(&frame(0x01, &[b'x'; 1024])).await.unwrap();
    for _ in 0..40 {
        let _ = socket.get_mut().write_all(&frame(0x00, &[b'x'; 1024])).await;
    }
    assert_eq!(closed(socket).await.0, 1009);
    let mut socket = open_as(&house, "amina").await;
    let huge = [&[0x81, 0xff][..], &u64::MAX.to_be_bytes()[..], &[0; 4]].concat();
    socket.get_mut().write_all(&huge).await.unwrap();
    assert_ne!(closed(socket).await.0, 0);
    let mut socket = open_as(&house, "amina").await;
    socket.get_mut().write_all(&[0x81, 0x02, b'{', b'}']).await.unwrap();
    assert_eq!(closed(socket).await.0, 1008, "a client must mask");
}

#[tokio::test(start_paused = true)]
async fn who_reads_too_slowly_is_told_and_dropped() {
    let house = plan().open().await;
    let mut socket = open_as(&house, "amina").await;
    hear(&mut socket).await;
    say(&mut socket, json!({"type": "subscribe", "topics": ["users"]})).await;
    hear(&mut socket).await;
    // More than the pipe and the buffers hold, while the client reads nothing at all.
    for _ in 0..40 {
        rename(&house, 0..100);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert!(!house.supervisor.running().contains(&"live feed"), "its memory is free again");
    assert_ne!(closed(socket).await.0, 4401);
}

#[tokio::test(start_paused = true)]
async fn a_burst_that_the_reader_can_read_is_read_whole() {
    let house = plan().open().await;
    let mut socket = open_as(&house, "amina").await;
    hear(&mut socket).await;
    say(&mut socket, json!({"type": "subscribe", "topics": ["users"]})).await;
    hear(&mut socket).await;
    rename(&house, 0..900);
    for seq in 1..=900 {
        assert_eq!(hear(&mut socket).await["seq"], seq);
    }
}

#[tokio::test(start_paused = true)]
async fn one_person_has_so_many_and_no_more() {
    let house = plan().with(|c| c.max_live_connections_per_account = 2).open().await;
    let headers: [(&'static str, &str); 1] = [("authorization", "Bearer amina")];
    let first = open(&house, &headers).await.unwrap();
    let _second = open(&house, &headers).await.unwrap();
    assert_eq!(open(&house, &headers).await.err(), Some(429));
    assert!(open(&house, &[("authorization", "Bearer dalia")]).await.is_ok());
    drop(first);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(open(&house, &headers).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn fewer_places_take_none_from_those_who_have_one() {
    let house = plan().open().await;
    let (mut first, mut second) = (open_as(&house, "amina").await, open_as(&house, "amina").await);
    house.change(|c| c.max_live_connections_per_account = 1);
    assert_eq!(open(&house, &[("authorization", "Bearer amina")]).await.err(), Some(429));
    for socket in [&mut first, &mut second] {
        assert_eq!(hear(socket).await["type"], "hello");
        say(socket, json!({"type": "subscribe", "topics": []})).await;
        assert_eq!(hear(socket).await["type"], "subscribed");
    }
    house.change(|c| c.max_live_connections_per_account = 3);
    assert!(open(&house, &[("authorization", "Bearer amina")]).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_says_so_and_waits_for_nobody() {
    let house = plan().open().await;
    let socket = open_as(&house, "amina").await;
    let supervisor = house.supervisor.clone();
    let stopping = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        supervisor.shut_down(Duration::from_secs(10)).await
    };
    let (farewell, (code, ..)) = tokio::join!(stopping, closed(socket));
    assert_eq!(code, 1001);
    assert!(farewell.dropped.is_empty(), "{farewell:?}");
}

#[tokio::test]
async fn it_is_documented_as_a_socket() {
    let house = plan().build().await;
    let document = house.ask(get("/api/v1/openapi.json")).await;
    assert_eq!(document.json["paths"]["/api/v1/live"]["get"]["operationId"], "open_live");
}
