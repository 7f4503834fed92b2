//! What leaves the edge, whatever happens inside.

use axum::http::StatusCode;

use crate::house::{ask, get, plan, post};

#[tokio::test]
async fn whatever_goes_wrong_is_told_as_a_problem_document() {
    let house = plan().build().await;
    let amina = "diwan_session=amina";
    let long = format!("/api/v1/open?{}", "a".repeat(9000));
    let large = format!("{{\"name\":\"{}\"}}", "x".repeat(300_000));
    let cases = [
        (get("/api/v1/nowhere"), (404, "not_found")),
        (get("/api"), (404, "not_found")),
        (get("/api/v2/open"), (404, "not_found")),
        (get("/api/v1/things/abc").browser(amina), (404, "not_found")),
        (ask("DELETE", "/api/v1/open").browser(amina), (405, "method_not_allowed")),
        (ask("BREW", "/api/v1/open").browser(amina), (405, "method_not_allowed")),
        (post("/api/v1/openapi.json", ""), (405, "method_not_allowed")),
        (get("/api/v1/mine"), (401, "sign_in_required")),
        (ask("DELETE", "/api/v1/things/1").browser("diwan_session=dalia"), (403, "not_allowed")),
        (
            post("/api/v1/things", "{\"name\":\"a\"}").browser(amina).header("content-type", "text/plain"),
            (415, "json_expected"),
        ),
        (post("/api/v1/things", "{").browser(amina), (400, "request_invalid")),
        (post("/api/v1/things", "{\"name\":1}").browser(amina), (422, "fields_invalid")),
        (post("/api/v1/things", &large).browser(amina), (413, "body_too_large")),
        (get("/api/v1/open%00"), (400, "request_invalid")),
        (get(&long), (414, "target_too_long")),
        (get("/api/v1/open").header("host", "evil.example"), (421, "host_unknown")),
        (get("/").header("host", "evil.example"), (421, "host_unknown")),
        (get("/api/v1/open").without("host"), (400, "host_invalid")),
        (get("/api/v1/bare"), (418, "request_refused")),
        (get("/missing.js"), (404, "not_found")),
        (get("/api/v1/live").browser(amina).header("origin", "http://localhost:7400"), (426, "websocket_required")),
    ];
    for (request, expected) in cases {
        let answer = house.ask(request.clone()).await;
        assert_eq!(answer.problem(), expected, "{}", request.build().uri());
    }
}

#[tokio::test]
async fn no_body_makes_the_reader_stumble() {
    let house = plan().build().await;
    let deep = format!("{{\"name\":{}", "[".repeat(100_000));
    let bodies = [
        &*deep,
        "",
        "null",
        "[]",
        "\"a\"",
        "{\"name\":1e400}",
        "{\"name\":NaN}",
        "{\"name\":\"\\ud800\"}",
        "{\"name\":\"a\",\"name\":\"b\"}",
        "{\"name\":\"a\",\"more\":1}",
        "{\"name\":\"\\u0000\"}",
        "{\"name\":\"a\"}{}",
        "\u{feff}{}",
    ];
    for body in bodies {
        let answer = house.ask(post("/api/v1/things", body).token("Bearer amina")).await;
        let (status, code) = answer.problem();
        assert!(matches!((status, code), (400, "request_invalid") | (422, "fields_invalid")), "{status} {code}");
    }
}

#[tokio::test]
async fn a_problem_keeps_the_headers_that_are_not_of_its_body() {
    let house = plan().build().await;
    assert_eq!(house.ask(get("/api/v1/bare")).await.header("x-kept"), "1");
    let answer = house.ask(ask("PUT", "/api/v1/open").token("Bearer amina")).await;
    assert_eq!(answer.header("allow"), "GET, HEAD, POST");
}

#[tokio::test]
async fn a_panic_is_one_failed_request_and_says_nothing_to_the_client() {
    let house = plan().build().await;
    let answer = house.ask(get("/api/v1/panic")).await;
    assert_eq!(answer.problem(), (500, "internal_error"));
    assert!(!answer.text.contains("clumsy"), "{}", answer.text);
    assert_eq!(house.ask(get("/api/v1/open")).await.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn an_operation_that_takes_too_long_is_given_up() {
    let house = plan().with(|c| c.request_timeout_s = 30).build().await;
    let start = tokio::time::Instant::now();
    let answer = house.ask(get("/api/v1/slow")).await;
    assert_eq!((answer.problem(), answer.header("retry-after")), ((503, "took_too_long"), "5"));
    assert_eq!(start.elapsed().as_secs(), 30);
    assert_eq!(house.ask(get("/api/v1/patient")).await.status, StatusCode::NO_CONTENT, "it said that it takes longer");
}

#[tokio::test]
async fn only_answers_that_are_large_and_wanted_small_are_compressed() {
    let house = plan().build().await;
    let answer = house.ask(get("/api/v1/large").header("accept-encoding", "gzip, br")).await;
    assert_eq!((answer.header("content-encoding"), answer.header("vary")), ("br", "accept-encoding"));
    assert!(answer.text.len() < 5000);
    assert_eq!(house.ask(get("/api/v1/large")).await.header("content-encoding"), "");
    assert_eq!(house.ask(get("/api/v1/open").header("accept-encoding", "gzip")).await.header("content-encoding"), "");
}

#[tokio::test]
async fn the_document_is_complete_and_not_sent_twice() {
    let house = plan().build().await;
    let answer = house.ask(get("/api/v1/openapi.json")).await;
    assert_eq!(answer.json["openapi"], "3.1.0");
    assert!(answer.json["paths"]["/api/v1/things/{number}"]["delete"].is_object());
    for (path, item) in answer.json["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(operation["operationId"].is_string(), "{method} {path}");
            assert!(operation["x-permission"].is_string(), "{method} {path} does not say who may use it");
            assert_eq!(operation["responses"]["default"]["$ref"], "#/components/responses/Problem", "{method} {path}");
        }
    }
    for scheme in ["session", "bearer"] {
        assert!(answer.json["components"]["securitySchemes"][scheme].is_object());
    }
    let again = house.ask(get("/api/v1/openapi.json").header("if-none-match", answer.header("etag"))).await;
    assert_eq!((again.status, again.text.as_str()), (StatusCode::NOT_MODIFIED, ""));
}

#[tokio::test]
async fn a_proof_that_no_longer_counts_is_named_and_its_cookie_taken_back() {
    let house = plan().build().await;
    let answer = house.ask(get("/api/v1/mine").browser("diwan_session=nobody")).await;
    assert_eq!((answer.problem(), answer.header("set-cookie")), ((401, "session_ended"), "diwan_session=; Max-Age=0"));
    let open = house.ask(get("/api/v1/open").browser("diwan_session=nobody")).await;
    assert_eq!((open.status, &open.json["actor"]), (StatusCode::OK, &"anonymous".into()));
}

#[tokio::test]
async fn heads_are_answered_like_gets() {
    let house = plan().build().await;
    for path in ["/api/v1/open", "/", "/api/v1/openapi.json", "/healthz"] {
        assert_eq!(house.ask(ask("HEAD", path)).await.status, StatusCode::OK, "{path}");
    }
}
