//! A bucket that answers as storages do, and as they do when something is wrong.
#![allow(missing_docs, reason = "stories, not an interface")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

use std::convert::Infallible;

use bytes::Bytes;
use diwan_objects::{Bucket, BucketParts, Keys, ObjectError};
use futures::stream;
use time::OffsetDateTime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

const HASH: [u8; 32] = [7; 32];

fn bucket(address: &str) -> Result<Bucket, ObjectError> {
    let keys = Keys { id: "KEY".to_owned(), secret: "quiet".to_owned().into(), region: "us-east-1".to_owned() };
    Bucket::new(BucketParts { address, believed: None, keys })
}

/// Answers one request with this, and gives what it was asked.
#[expect(clippy::disallowed_methods, reason = "the test owns its tasks")]
async fn answering(answer: &'static str) -> (Bucket, JoinHandle<String>) {
    let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/files/of diwan", door.local_addr().unwrap());
    let asked = tokio::spawn(async move {
        let (mut stream, _) = door.accept().await.unwrap();
        let (mut asked, mut buffer) = (vec![], [0; 4096]);
        while !is_whole(&asked) {
            let many = stream.read(&mut buffer).await.unwrap();
            asked.extend_from_slice(&buffer[..many]);
            if many == 0 {
                break;
            }
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8(asked).unwrap()
    });
    (bucket(&address).unwrap(), asked)
}

fn is_whole(asked: &[u8]) -> bool {
    let text = String::from_utf8_lossy(asked);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    body.len() >= length.unwrap_or(0)
}

fn now() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_369_353_600).unwrap()
}

async fn put(bucket: &Bucket, content: &'static str) -> Result<(), ObjectError> {
    let pieces = content.as_bytes().chunks(3).map(|piece| Ok::<_, Infallible>(Bytes::from_static(piece)));
    let pieces: Vec<_> = pieces.collect();
    bucket.put(now(), "job_1/ä b.txt", (content.len() as u64, &HASH), stream::iter(pieces)).await
}

#[tokio::test]
async fn an_object_is_put_with_its_length_and_its_hash() {
    let (bucket, asked) = answering("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    put(&bucket, "hello there").await.unwrap();
    let asked = asked.await.unwrap();
    assert!(asked.starts_with("PUT /files/of%20diwan/job_1/%C3%A4%20b.txt HTTP/1.1\r\n"), "{asked}");
    assert!(asked.ends_with("\r\n\r\nhello there"), "{asked}");
    for line in
        ["content-length: 11", &format!("x-amz-content-sha256: {}", "07".repeat(32)), "x-amz-date: 20130524T000000Z"]
    {
        assert!(asked.contains(&format!("\r\n{line}\r\n")), "{line}: {asked}");
    }
    let signed = "SignedHeaders=content-length;content-type;host;x-amz-content-sha256;x-amz-date, Signature=";
    assert!(asked.contains("Credential=KEY/20130524/us-east-1/s3/aws4_request") && asked.contains(signed), "{asked}");
    assert!(!asked.contains("quiet") && !asked.contains("transfer-encoding"), "{asked}");
}

#[tokio::test]
async fn an_object_is_fetched_whole_or_in_part() {
    let (bucket, asked) = answering("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello").await;
    let mut object = bucket.get(now(), "a", None).await.unwrap();
    assert_eq!((object.length, object.next().await.unwrap().unwrap()), (5, Bytes::from_static(b"hello")));
    assert_eq!(object.next().await.unwrap(), None);
    assert!(asked.await.unwrap().starts_with("GET /files/of%20diwan/a HTTP/1.1\r\n"));
    let part = "HTTP/1.1 206 Partial Content\r\ncontent-length: 2\r\ncontent-range: bytes 2-3/5\r\n\r\nll";
    let (bucket, asked) = answering(part).await;
    let mut object = bucket.get(now(), "a", Some((2, 2))).await.unwrap();
    assert_eq!(object.next().await.unwrap().unwrap(), Bytes::from_static(b"ll"));
    assert!(asked.await.unwrap().contains("\r\nrange: bytes=2-3\r\n"));
    let (bucket, asked) = answering(part).await;
    let other = bucket.get(now(), "a", Some((1, 2))).await.unwrap_err();
    assert_eq!(other, ObjectError::Malformed("it gave another part than it was asked for".to_owned()));
    asked.await.unwrap();
}

#[tokio::test]
async fn what_a_storage_complains_about_is_told_in_a_line() {
    let denied = "HTTP/1.1 403 Forbidden\r\ncontent-length: 76\r\n\r\n<Error><Code>AccessDenied</Code><Message>Not\nfor you.</Message></Error>     ";
    let (away, refused) =
        (|why: &str| ObjectError::Away(why.to_owned()), |why: &str| ObjectError::Denied(why.to_owned()));
    let long = "HTTP/1.1 400 Bad Request\r\ncontent-length: 45\r\n\r\n<Error><Code>KeyTooLongError</Code></Error>  ";
    let region = "HTTP/1.1 400 Bad Request\r\ncontent-length: 56\r\n\r\n<Error><Code>AuthorizationHeaderMalformed</Code></Error>";
    let malformed = |why: &str| ObjectError::Malformed(why.to_owned());
    for (answer, wanted) in [
        (denied, refused("403 Forbidden: AccessDenied: Not for you.")),
        (long, ObjectError::Unfit("400 Bad Request: KeyTooLongError".to_owned())),
        (region, ObjectError::Refused("400 Bad Request: AuthorizationHeaderMalformed".to_owned())),
        ("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", ObjectError::Missing),
        ("HTTP/1.1 503 Slow Down\r\ncontent-length: 0\r\n\r\n", away("503 Service Unavailable")),
        (
            "HTTP/1.1 307 Elsewhere\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
            malformed("307 Temporary Redirect"),
        ),
    ] {
        let (bucket, asked) = answering(answer).await;
        assert_eq!(put(&bucket, "hello there").await.unwrap_err(), wanted);
        asked.await.unwrap();
    }
    let (bucket, asked) = answering("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello").await;
    assert_eq!(bucket.get(now(), "a", Some((2, 2))).await.unwrap_err(), malformed("it answered 200 OK"));
    asked.await.unwrap();
}

#[tokio::test]
async fn what_breaks_off_is_not_taken_for_the_end() {
    let (bucket, asked) = answering("HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhello").await;
    let mut object = bucket.get(now(), "a", None).await.unwrap();
    assert_eq!(object.next().await.unwrap().unwrap(), Bytes::from_static(b"hello"));
    assert!(matches!(object.next().await, Err(ObjectError::Away(_))));
    asked.await.unwrap();
}

#[tokio::test]
async fn an_address_that_cannot_be_meant_is_refused() {
    for address in
        ["", "storage", "ftp://storage/bucket", "https://key:word@storage/b", "https://storage/b?x=1", "file:///b"]
    {
        let Err(ObjectError::Setting(why)) = bucket(address) else { panic!("{address}") };
        assert!(why.contains("is no address of a bucket"), "{why}");
    }
}

#[test]
fn a_name_is_taken_if_it_fits_with_what_stands_before_it() {
    let place = bucket("https://storage.example/bucket/of/diwan/").unwrap();
    assert!(place.takes(&"a".repeat(1024 - "bucket/of/diwan/".len())));
    assert!(!place.takes(&"a".repeat(1025 - "bucket/of/diwan/".len())));
}
