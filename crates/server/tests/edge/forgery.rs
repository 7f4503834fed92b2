//! Writes that a foreign page may have caused.

use crate::house::{Ask, ask, get, plan, post};

const OWN: &str = "http://localhost:7400";
const CODES: [&str; 2] = ["cross_site_refused", "csrf_header_missing"];

#[tokio::test]
async fn a_write_with_a_cookie_must_come_from_our_own_page_and_say_so() {
    let house = plan().build().await;
    let write = || post("/api/v1/things", "{\"name\":\"a\"}").header("cookie", "diwan_session=amina");
    let says = |ask: Ask<'static>| ask.header("x-diwan-csrf", "1");
    let cases: [(Ask<'static>, Option<&str>); 14] = [
        (says(write()).header("sec-fetch-site", "same-origin"), None),
        (says(write()).header("sec-fetch-site", "none"), None),
        (says(write()).header("origin", OWN), None),
        (says(write()), None),
        (write(), Some(CODES[1])),
        (write().header("sec-fetch-site", "same-origin"), Some(CODES[1])),
        (write().header("x-diwan-csrf", "2").header("origin", OWN), Some(CODES[1])),
        (says(write()).header("sec-fetch-site", "cross-site"), Some(CODES[0])),
        (says(write()).header("sec-fetch-site", "same-site"), Some(CODES[0])),
        (says(write()).header("sec-fetch-site", "cross-site").header("origin", OWN), Some(CODES[0])),
        (says(write()).header("origin", "https://evil.example"), Some(CODES[0])),
        (says(write()).header("origin", "null"), Some(CODES[0])),
        (says(write()).header("origin", "http://localhost:7401"), Some(CODES[0])),
        (says(write()).header("origin", "http://localhost:7400.evil.example"), Some(CODES[0])),
    ];
    for (n, (request, refused)) in cases.into_iter().enumerate() {
        let answer = house.ask(request).await;
        match refused {
            None => assert_eq!(answer.status.as_u16(), 201, "case {n}: {}", answer.text),
            Some(code) => assert_eq!(answer.problem(), (403, code), "case {n}"),
        }
    }
}

#[tokio::test]
async fn every_write_of_the_document_refuses_a_foreign_page() {
    let house = plan().build().await;
    let document: serde_json::Value = serde_json::from_str(house.edge.openapi()).unwrap();
    let mut writes = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys().filter(|m| *m != "get") {
            let (method, path) = (method.to_uppercase(), path.replace("{number}", "1"));
            let from_evil =
                ask(&method, &path).header("cookie", "diwan_session=omar").header("origin", "https://evil.example");
            assert_eq!(house.ask(from_evil).await.problem(), (403, CODES[0]), "{method} {path}");
            writes += 1;
        }
    }
    assert!(writes >= 4);
}

#[tokio::test]
async fn signing_in_from_a_foreign_page_is_refused_too() {
    let house = plan().build().await;
    assert_eq!(house.ask(post("/api/v1/open", "").header("origin", "https://evil.example")).await.problem().0, 403);
    assert_eq!(house.ask(post("/api/v1/open", "").header("sec-fetch-site", "cross-site")).await.problem().0, 403);
    assert_eq!(house.ask(post("/api/v1/open", "").header("origin", OWN)).await.status.as_u16(), 204);
    assert_eq!(house.ask(post("/api/v1/open", "")).await.status.as_u16(), 204, "a program names no origin");
}

#[tokio::test]
async fn a_token_needs_no_such_proof_and_a_read_needs_none() {
    let house = plan().build().await;
    let write =
        post("/api/v1/things", "{\"name\":\"a\"}").token("Bearer amina").header("origin", "https://evil.example");
    assert_eq!(house.ask(write).await.status.as_u16(), 201);
    let read = get("/api/v1/mine").header("cookie", "diwan_session=amina").header("sec-fetch-site", "cross-site");
    assert_eq!(house.ask(read).await.status.as_u16(), 200);
}

#[tokio::test]
async fn behind_a_proxy_the_public_address_is_our_own() {
    let house = plan().reached_at("https://diwan.example.org").build().await;
    let write = |origin| {
        post("/api/v1/things", "{\"name\":\"a\"}")
            .browser("diwan_session=amina")
            .without("sec-fetch-site")
            .header("host", "10.0.0.5:7400")
            .header("origin", origin)
    };
    assert_eq!(house.ask(write("https://diwan.example.org")).await.status.as_u16(), 201);
    assert_eq!(house.ask(write("http://diwan.example.org")).await.problem(), (403, CODES[0]));
}
