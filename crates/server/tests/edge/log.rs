//! What the log says of a request, and what it must not say.

use std::io::Write;
use std::sync::{Arc, Mutex};

use tracing_subscriber::fmt::MakeWriter;

use crate::house::{Ask, get, plan, post};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// The lines that these requests leave.
async fn lines(level: &str, requests: Vec<Ask<'_>>) -> Vec<String> {
    let house = plan().build().await;
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(format!("off,diwan_server={level}"))
        .with_ansi(false)
        .with_writer(lines.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    for request in requests {
        house.ask(request).await;
    }
    drop(guard);
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn writes_and_refusals_have_a_line_and_reads_only_when_asked_for() {
    let requests = || {
        vec![
            get("/api/v1/open"),
            post("/api/v1/things", "{\"name\":\"a\"}").token("Bearer amina"),
            get("/api/v1/mine"),
            get("/api/v1/things/7").token("Bearer amina"),
        ]
    };
    let usual = lines("info", requests()).await;
    assert_eq!(usual.len(), 2, "{usual:#?}");
    assert!(usual[0].contains("INFO") && usual[0].contains("status=201") && usual[0].contains("actor=\"usr_"));
    assert!(usual[1].contains("status=401") && usual[1].contains("code=\"sign_in_required\""));
    let all = lines("debug", requests()).await;
    assert!(all.iter().any(|l| l.contains("route=/api/v1/things/{number}")), "{all:#?}");
    for line in &all {
        assert!(line.contains("request=\"req_") && line.contains("duration_ms="), "{line}");
    }
}

#[tokio::test]
async fn a_failure_has_one_line_with_its_cause() {
    let failed = lines("info", vec![get("/api/v1/panic")]).await;
    assert_eq!(failed.len(), 1, "{failed:#?}");
    assert!(failed[0].contains("ERROR") && failed[0].contains("clumsy") && failed[0].contains("internal_error"));
}

#[tokio::test]
async fn secrets_and_forged_lines_do_not_get_in() {
    let requests = vec![
        get("/api/v1/nowhere?token=s3cret-query").token("Bearer s3cret-token"),
        post("/api/v1/things", "{\"name\":\"s3cret-body\"}").token("Bearer amina"),
        get("/api/v1/mine").browser("diwan_session=s3cret-cookie"),
        get("/api/v1/%0d%0aINFO%20forged").header("user-agent", "x\tINFO forged"),
    ];
    let all = lines("trace", requests).await;
    assert!(all.len() >= 4);
    for line in all {
        assert!(!line.contains("s3cret"), "{line}");
        assert!(!line.starts_with("INFO forged"), "{line}");
    }
}
