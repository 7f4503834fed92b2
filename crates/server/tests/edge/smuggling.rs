//! Requests whose end two servers could see in different places (CL.TE, TE.CL, TE.TE, CL.CL), after the
//! corpora of the known tools. None of them may bring a second answer.

use crate::house::plan;

const SMUGGLED: &str = "GET /api/v1/mine HTTP/1.1\r\nHost: localhost\r\nX: y";

fn corpus() -> Vec<(&'static str, String)> {
    let head = "POST /api/v1/open HTTP/1.1\r\nHost: localhost\r\n";
    let s = SMUGGLED;
    vec![
        ("CL.TE", format!("{head}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{s}\r\n\r\n")),
        ("TE.CL", format!("{head}Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n{s}\r\n\r\n")),
        ("CL.CL", format!("{head}Content-Length: 0\r\nContent-Length: 44\r\n\r\n{s}\r\n\r\n")),
        ("CL list", format!("{head}Content-Length: 0, 44\r\n\r\n{s}\r\n\r\n")),
        ("CL sign", format!("{head}Content-Length: +0\r\n\r\n{s}\r\n\r\n")),
        ("CL hex", format!("{head}Content-Length: 0x0\r\n\r\n{s}\r\n\r\n")),
        ("CL blank", format!("{head}Content-Length : 0\r\n\r\n{s}\r\n\r\n")),
        ("CL huge", format!("{head}Content-Length: 99999999999999999999\r\n\r\n{s}\r\n\r\n")),
        ("TE identity", format!("{head}Transfer-Encoding: identity\r\n\r\n{s}\r\n\r\n")),
        ("TE xchunked", format!("{head}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{s}\r\n\r\n")),
        ("TE twice", format!("{head}Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n{s}\r\n\r\n")),
        ("TE chunked last", format!("{head}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n{s}\r\n\r\n")),
        ("TE blank", format!("{head}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n{s}\r\n\r\n")),
        ("TE folded", format!("{head}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n{s}\r\n\r\n")),
        ("TE tab", format!("{head}Transfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n{s}\r\n\r\n")),
        ("TE vertical tab", format!("{head}Transfer-Encoding: \u{b}chunked\r\n\r\n0\r\n\r\n{s}\r\n\r\n")),
        ("TE quoted", format!("{head}Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n{s}\r\n\r\n")),
        ("TE in 1.0", format!("{}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n{s}\r\n\r\n", head.replace("1.1", "1.0"))),
        ("chunk size sign", format!("{head}Transfer-Encoding: chunked\r\n\r\n+0\r\n\r\n{s}\r\n\r\n")),
        ("chunk size hex", format!("{head}Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n{s}\r\n\r\n")),
        ("chunk size huge", format!("{head}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n\r\n{s}\r\n\r\n")),
        ("chunk without end", format!("{head}Transfer-Encoding: chunked\r\n\r\n1\r\nZZZ0\r\n\r\n{s}\r\n\r\n")),
        (
            "chunk extension",
            format!("{head}Transfer-Encoding: chunked\r\n\r\n0;{}\r\n\r\n{s}\r\n\r\n", "a".repeat(20_000)),
        ),
        ("header without colon", format!("{head}Content-Length\r\n\r\n{s}\r\n\r\n")),
        ("nul in header", format!("{head}X: a\0b\r\n\r\n{s}\r\n\r\n")),
        ("bare CR", format!("{head}X: a\rContent-Length: 0\r\n\r\n{s}\r\n\r\n")),
        ("two hosts", format!("{head}Host: evil.example\r\nContent-Length: 0\r\nConnection: close\r\n\r\n{s}\r\n\r\n")),
    ]
}

#[tokio::test(start_paused = true)]
async fn no_request_hides_in_another() {
    let house = plan().open().await;
    for (name, request) in corpus() {
        let answer = house.raw(&request).await;
        assert!(answer.matches("HTTP/1.").count() <= 1, "{name}: {answer}");
        assert!(!answer.contains("sign_in_required"), "{name}: {answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_honest_chunked_body_is_read_and_its_connection_closed() {
    let house = plan().open().await;
    let request = "POST /api/v1/things HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer amina\r\n\
Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"nam\r\n8\r\ne\":\"ab\"}\r\n0\r\n\r\n";
    let answer = house.raw(request).await;
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert!(answer.to_lowercase().contains("\r\nconnection: close\r\n"), "{answer}");
}
