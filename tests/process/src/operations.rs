//! Every operation that the API document names: without credentials, with too little permission, and with
//! bodies and parameters that make no sense.

use std::collections::BTreeMap;
use std::fmt::Write;

use reqwest::Method;
use serde_json::json;

use crate::api::{Answer, Api, claim};
use crate::program::{Program, memory_dir};

/// Operation, permission and whether a fresh proof is needed, one a line. A new operation, or one that asks
/// for something else, is written down here by somebody who means it.
const EXPECTED: &str = include_str!("../operations.txt");

const PUBLIC: &str = "none";

struct Operation {
    id: String,
    method: Method,
    path: String,
    permission: String,
    needs_fresh_proof: bool,
    is_socket: bool,
    has_body: bool,
    query: Vec<String>,
}

impl Operation {
    /// Its path, with this text in every place for an id.
    fn filled(&self, fill: &str) -> String {
        let mut path = String::new();
        for part in self.path.split('/').skip(1) {
            path.push('/');
            path.push_str(if part.starts_with('{') { fill } else { part });
        }
        path
    }

    async fn call(&self, api: &Api, path: &str, body: Option<(&str, Vec<u8>)>) -> Answer {
        let body = body.or_else(|| self.has_body.then(|| ("application/json", b"{}".to_vec())));
        let answer = api.send_raw(self.method.clone(), path, body, None).await;
        answer.unwrap_or_else(|| panic!("{} {path} got no answer", self.method))
    }
}

async fn operations(api: &Api) -> Vec<Operation> {
    let document = api.get("/openapi.json").await.expect(200);
    let paths = document["paths"].as_object().expect("paths");
    let mut found = vec![];
    for (path, item) in paths {
        for (method, operation) in item.as_object().expect("operations") {
            let Ok(method) = method.to_uppercase().parse::<Method>() else { continue };
            if operation["operationId"].is_null() {
                continue;
            }
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let query = parameters.iter().filter(|p| p["in"] == "query").filter_map(|p| p["name"].as_str());
            found.push(Operation {
                id: operation["operationId"].as_str().expect("an id").to_owned(),
                method,
                path: path.strip_prefix("/api/v1").unwrap_or(path).to_owned(),
                permission: operation["x-permission"].as_str().unwrap_or("MISSING").to_owned(),
                needs_fresh_proof: operation["x-step-up"] == true,
                is_socket: operation["x-socket"] == true,
                has_body: !operation["requestBody"].is_null(),
                query: query.map(str::to_owned).collect(),
            });
        }
    }
    found.sort_by(|a, b| a.id.cmp(&b.id));
    found
}

fn is_problem(answer: &Answer) -> bool {
    let document = &answer.json;
    answer.kind.starts_with("application/problem+json")
        && document["status"] == answer.status
        && ["code", "title", "detail", "next"].iter().all(|name| document[name].as_str().is_some_and(|t| !t.is_empty()))
}

#[track_caller]
fn expect_nothing(wrong: &[String], what: &str) {
    assert!(wrong.is_empty(), "{what}:\n  {}", wrong.join("\n  "));
}

#[tokio::test]
async fn the_document_names_exactly_the_operations_and_permissions_that_were_agreed() {
    let dir = memory_dir();
    let program = Program::start(dir.path()).await;
    let mut actual = String::new();
    for operation in operations(&Api::anonymous(&program)).await {
        let proof = if operation.needs_fresh_proof { " fresh_proof" } else { "" };
        writeln!(actual, "{} {}{proof}", operation.id, operation.permission).expect("a line");
    }
    assert!(actual == EXPECTED, "tests/process/operations.txt says otherwise; the document says:\n{actual}");
}

#[tokio::test]
async fn without_credentials_every_operation_that_is_not_public_answers_401() {
    let dir = memory_dir();
    let program = Program::start(dir.path()).await;
    claim(&program).await;
    let visitor = Api::anonymous(&program);
    let mut wrong = vec![];
    for operation in operations(&visitor).await {
        let callers = [visitor.clone(), visitor.with_token("dwn_forged"), visitor.with_token("e30.e30.")];
        for (at, caller) in callers.iter().enumerate() {
            let answer = operation.call(caller, &operation.filled("x"), None).await;
            let is_public = operation.permission == PUBLIC;
            // A WebSocket that no page of ours opens is refused before anybody asks who wants it.
            let earlier = operation.is_socket && answer.status == 403;
            if !is_public && !earlier && (answer.status != 401 || !is_problem(&answer)) {
                wrong.push(format!("{} (caller {at}): {} {}", operation.id, answer.status, answer.json));
            }
            if is_public && answer.status >= 500 {
                wrong.push(format!("{} (caller {at}): {} {}", operation.id, answer.status, answer.json));
            }
        }
    }
    expect_nothing(&wrong, "Operations that answer strangers");
}

#[tokio::test]
async fn with_too_little_permission_every_operation_answers_403_or_404() {
    let dir = memory_dir();
    let program = Program::start(dir.path()).await;
    let owner = claim(&program).await;
    let mut wrong = vec![];
    for (role, email) in [("viewer", "v@example.org"), ("developer", "d@example.org"), ("admin", "a@example.org")] {
        let person = owner.add_person(&program, email, role).await;
        let me = person.get("/me").await.expect(200);
        let has =
            |permission: &str| me["permissions"].as_array().is_some_and(|all| all.iter().any(|p| p == permission));
        for operation in operations(&person).await.iter().filter(|o| o.permission != PUBLIC && !has(&o.permission)) {
            let answer = operation.call(&person, &operation.filled("x"), None).await;
            if !matches!(answer.status, 403 | 404) || !is_problem(&answer) {
                wrong.push(format!("{} as {role}: {} {}", operation.id, answer.status, answer.json));
            }
        }
    }
    expect_nothing(&wrong, "Operations that do not ask for their permission");
}

#[tokio::test]
async fn a_token_without_rights_is_refused_by_every_operation() {
    let dir = memory_dir();
    let program = Program::start(dir.path()).await;
    let owner = claim(&program).await;
    let body = json!({"name": "narrow", "scopes": ["status.read"], "expires_in_days": 1});
    let secret = owner.post("/me/tokens", body).await.expect(201)["secret"].as_str().expect("a secret").to_owned();
    let narrow = owner.with_token(&secret);
    narrow.get("/status").await.expect(200);
    let mut wrong = vec![];
    for operation in operations(&owner).await {
        if operation.permission == PUBLIC || operation.permission == "status.read" {
            continue;
        }
        let answer = operation.call(&narrow, &operation.filled("x"), None).await;
        if !matches!(answer.status, 403 | 404) || !is_problem(&answer) {
            wrong.push(format!("{}: {} {}", operation.id, answer.status, answer.json));
        }
    }
    expect_nothing(&wrong, "Operations that a narrow token opens");
}

/// Bodies that no operation can mean.
fn garbage() -> BTreeMap<&'static str, (&'static str, Vec<u8>)> {
    let json = "application/json";
    BTreeMap::from([
        ("nothing", (json, vec![])),
        ("half a document", (json, br#"{"email": "a@b"#.to_vec())),
        ("not UTF-8", (json, vec![b'{', b'"', 0xff, 0xfe, b'"', b':', b'1', b'}'])),
        ("a list", (json, b"[1, 2, 3]".to_vec())),
        ("a number", (json, b"1e400".to_vec())),
        ("null", (json, b"null".to_vec())),
        ("a text", (json, br#""hello""#.to_vec())),
        ("an unknown field", (json, br#"{"there_is_no_such_field": true}"#.to_vec())),
        ("wrong types", (json, br#"{"email": {"a": []}, "name": 7, "token": [], "code": {}, "role": 1}"#.to_vec())),
        ("a field twice", (json, br#"{"name": "a", "name": "b", "email": "x", "email": "y"}"#.to_vec())),
        ("NUL", (json, br#"{"name": "a\u0000b", "email": "\u0000@x.y", "token": "\u0000"}"#.to_vec())),
        ("half a surrogate", (json, br#"{"name": "\ud800", "email": "\udfff@x.y", "token": "\ud800"}"#.to_vec())),
        ("deep", (json, [b"[".repeat(5_000), b"]".repeat(5_000)].concat())),
        ("not JSON", ("text/plain", b"{}".to_vec())),
        ("a form", ("application/x-www-form-urlencoded", b"a=1&b=2".to_vec())),
        ("a large text", (json, format!(r#"{{"name": "{}"}}"#, "x".repeat(200_000)).into_bytes())),
        ("too much", (json, format!(r#"{{"name": "{}"}}"#, "x".repeat(400_000)).into_bytes())),
    ])
}

#[tokio::test]
async fn bodies_that_make_no_sense_are_refused_with_a_problem_and_never_break_anything() {
    let dir = memory_dir();
    let program = Program::start(dir.path()).await;
    let owner = claim(&program).await;
    let mut wrong = vec![];
    for operation in operations(&owner).await.iter().filter(|operation| operation.has_body) {
        for (what, (kind, body)) in garbage() {
            let answer = operation.call(&owner, &operation.filled("x"), Some((kind, body))).await;
            if !(400..500).contains(&answer.status) || !is_problem(&answer) {
                wrong.push(format!("{} with {what}: {} {}", operation.id, answer.status, answer.json));
            }
        }
    }
    expect_nothing(&wrong, "Operations that take nonsense");
    owner.get("/me").await.expect(200);
    assert_eq!(owner.verify().await["ok"], true);
}

#[tokio::test]
async fn addresses_that_make_no_sense_are_refused_with_a_problem_and_never_break_anything() {
    let dir = memory_dir();
    let program = Program::start(dir.path()).await;
    let owner = claim(&program).await;
    let nonsense = [
        "usr_00000000000000000000000000",
        "usr_zzzzzzzzzzzzzzzzzzzzzzzzzz",
        "..%2f..%2fetc%2fpasswd",
        "%00",
        "%ff%fe",
        "%27%20OR%201%3D1%20--",
        "%3Cscript%3E",
        "%D8%AF%D9%8A%D9%88%D8%A7%D9%86",
        "-1",
    ];
    let long = "x".repeat(4_000);
    let mut wrong = vec![];
    for operation in operations(&owner).await {
        let has_place = operation.path.contains('{');
        let mut targets = vec![];
        for text in nonsense.iter().copied().chain([long.as_str()]) {
            if has_place {
                targets.push(operation.filled(text));
            }
            for name in &operation.query {
                targets.push(format!("{}?{name}={text}", operation.filled("x")));
            }
        }
        for target in targets {
            let answer = operation.call(&owner, &target, None).await;
            if answer.status >= 500 || (answer.status >= 400 && !is_problem(&answer)) {
                let shown: String = target.chars().take(120).collect();
                wrong.push(format!("{} {shown}: {} {}", operation.id, answer.status, answer.json));
            }
        }
    }
    expect_nothing(&wrong, "Addresses that break something");
    owner.get("/me").await.expect(200);
}
