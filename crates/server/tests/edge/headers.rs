//! The headers of every kind of answer.

use crate::house::{Answer, get, plan};

const EVERYWHERE: [(&str, &str); 5] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

fn policy(answer: &Answer) -> &str {
    answer.header("content-security-policy")
}

#[tokio::test]
async fn every_kind_of_answer_carries_the_headers_that_protect_it() {
    let house = plan().build().await;
    let html = ("accept", "text/html");
    for path in
        ["/", "/people", "/assets/main-1.js", "/nowhere.js", "/docs", "/healthz", "/readyz", "/api/v1/openapi.json"]
            .into_iter()
            .chain(["/api/v1/open", "/api/v1/mine", "/api/v1/nowhere", "/api/v1/panic", "/api/v1/live", "/api/v1/bare"])
    {
        let answer = house.ask(get(path).header(html.0, html.1)).await;
        for (name, value) in EVERYWHERE {
            assert_eq!(answer.header(name), value, "{name} of {path}");
        }
        let policy = policy(&answer);
        for part in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"] {
            assert!(policy.contains(part), "{part} in {policy} of {path}");
        }
        assert!(!policy.contains("unsafe-eval"), "{path}");
        assert!(!answer.header("permissions-policy").is_empty(), "{path}");
        assert!(answer.header("x-request-id").starts_with("req_"), "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "", "{path}");
        assert_eq!(answer.header("strict-transport-security"), "", "{path}: not over plain http");
    }
}

#[tokio::test]
async fn no_page_may_write_styles_or_scripts_of_its_own() {
    let house = plan().build().await;
    for path in ["/", "/people", "/docs", "/docs/", "/nowhere.js", "/api/v1/open"] {
        let answer = house.ask(get(path).header("accept", "text/html")).await;
        assert!(!policy(&answer).contains("unsafe-"), "{path}");
        assert_eq!(policy(&answer).contains("script-src 'self';"), !path.starts_with("/api"), "{path}");
    }
    let page = house.ask(get("/").header("accept", "text/html")).await;
    let reference = house.ask(get("/docs").header("accept", "text/html")).await;
    assert_eq!(policy(&reference), policy(&page));
}

#[tokio::test]
async fn private_answers_are_kept_by_nobody() {
    let house = plan().build().await;
    for path in ["/api/v1/open", "/api/v1/mine", "/api/v1/nowhere", "/api/v1/things/1", "/healthz"] {
        let answer = house.ask(get(path).token("Bearer amina")).await;
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
    }
}

#[tokio::test]
async fn https_is_promised_for_a_year_where_there_is_https() {
    let house = plan().reached_at("https://diwan.example.org").build().await;
    let answer = house.ask(get("/").header("host", "diwan.example.org")).await;
    let age: u64 = answer.header("strict-transport-security").trim_start_matches("max-age=").parse().unwrap();
    assert!(age >= 31_536_000);
    let proxied = plan().with(|c| c.trusted_proxies = vec!["203.0.113.0/24".parse().unwrap()]).build().await;
    let answer = proxied.ask(get("/").header("x-forwarded-proto", "https")).await;
    assert!(!answer.header("strict-transport-security").is_empty());
}

#[tokio::test]
async fn only_allowed_origins_may_read_and_never_with_cookies() {
    let house = plan().with(|c| c.cors_origins = vec!["https://tool.example/".parse().unwrap()]).build().await;
    let preflight = |origin| {
        crate::house::ask("OPTIONS", "/api/v1/things")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization")
    };
    let allowed = house.ask(preflight("https://tool.example")).await;
    assert_eq!((allowed.status.as_u16(), allowed.header("access-control-allow-origin")), (204, "https://tool.example"));
    assert_eq!(allowed.header("access-control-allow-credentials"), "");
    assert!(allowed.header("access-control-allow-headers").contains("authorization"));
    let refused = house.ask(preflight("https://evil.example")).await;
    assert_eq!((refused.status.as_u16(), refused.header("access-control-allow-origin")), (405, ""));
    let read = house.ask(get("/api/v1/open").header("origin", "https://tool.example")).await;
    assert_eq!((read.header("access-control-allow-origin"), read.header("vary")), ("https://tool.example", "origin"));
}
