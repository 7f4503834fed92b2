//! Configurations that nobody can mean: each is refused with its line, the setting, why, and what was
//! probably meant. Before a start, and by a running server, which goes on with what was in force.
#![expect(clippy::expect_used, reason = "that is how a test fails")]

use std::path::Path;
use std::process::Command;

use diwan::compose::config::reasons;
use diwan_testkit::TestServer;
use reqwest::StatusCode;
use serde_json::{Value, json};

/// What the file says; then in which line the fault is, of which setting, why, and what was probably meant.
type Slip = (&'static str, u64, &'static str, &'static str, Option<&'static str>);

const SLIPS: &[Slip] = &[
    ("mial:\n  host: smtp.example.org\n", 2, "mial.host", "it is not a setting", Some("mail.host")),
    ("fantastic:\n  a: 1\n", 2, "fantastic.a", "it is not a setting", None),
    ("mial:\n", 1, "mial", "it is not a section", Some("mail")),
    ("mail:\n  prt: 25\n", 2, "mail.prt", "it is not a setting", Some("mail.port")),
    ("mail:\n  whatsoever_this: 25\n", 2, "mail.whatsoever_this", "it is not a setting", None),
    ("server:\n  retention_days: 3\n", 2, "server.retention_days", "it is not a setting", Some("audit.retention_days")),
    ("mail:\n  port: many\n", 2, "mail.port", "it must be a whole number from 0 to 65535", None),
    (
        "audit:\n  retention_days: \"30\"\n",
        2,
        "audit.retention_days",
        "it must be a whole number from 0 to 36525",
        None,
    ),
    (
        "server:\n  max_connections: 20.5\n",
        2,
        "server.max_connections",
        "it must be a whole number from 16 to 1000000",
        None,
    ),
    ("server:\n  instance_name: 2026\n", 2, "server.instance_name", "it must be a text; put it in quotes", None),
    ("mail:\n  host: true\n", 2, "mail.host", "it must be a text; put it in quotes", None),
    ("mail:\n  host: [a, b]\n", 2, "mail.host", "it must be a text", None),
    ("server:\n  allowed_hosts: diwan.example.org\n", 2, "server.allowed_hosts", "it must be a list", None),
    ("server:\n  trusted_proxies:\n    a: 10.0.0.1\n", 2, "server.trusted_proxies", "it must be a list", None),
    (
        "server:\n  allowed_hosts:\n    - a.example\n    - 7\n",
        4,
        "server.allowed_hosts[1]",
        "it must be a text; put it in quotes",
        None,
    ),
    ("mail:\n  port:\n", 2, "mail.port", "it must be a whole number from 0 to 65535", None),
    ("mail: smtp.example.org\n", 1, "", "`mail` must be a section with keys below it", None),
    ("server:\n- listen\n", 1, "", "`server` must be a section with keys below it", None),
    ("- mail\n", 1, "", "it must be sections with their settings below them", None),
    ("hello\n", 1, "", "it must be sections with their settings below them", None),
    (
        "identity:\n  session_idle_minutes: 4\n",
        2,
        "identity.session_idle_minutes",
        "it must be a whole number from 5 to 43200",
        None,
    ),
    ("audit:\n  retention_days: 36526\n", 2, "audit.retention_days", "it must be a whole number from 0 to 36525", None),
    ("vault:\n  warn_days: -1\n", 2, "vault.warn_days", "it must be a whole number from 0 to 365", None),
    (
        "server:\n  max_connections: 99999999999999999999\n",
        2,
        "server.max_connections",
        "it must be a whole number from 16 to 1000000",
        None,
    ),
    ("mail:\n  port: 65536\n", 2, "mail.port", "it must be a whole number from 0 to 65535", None),
    ("server:\n  log_format: jsn\n", 2, "server.log_format", "it must be human or json", Some("json")),
    ("mail:\n  security: startls\n", 2, "mail.security", "it must be starttls, tls or none", Some("starttls")),
    ("identity:\n  default_language: klingon\n", 2, "identity.default_language", "it must be en or ar", None),
    (
        "identity:\n  second_factor_required_for: Everybody\n",
        2,
        "identity.second_factor_required_for",
        "it must be nobody, admins or everybody",
        Some("everybody"),
    ),
    ("vault:\n  guard: keyfile\n", 2, "vault.guard", "it must be key_file, passphrase or transit", Some("key_file")),
    ("outputs:\n  most_total_gb: 0\n", 2, "outputs.most_total_gb", "it must be a whole number from 1 to 1000000", None),
    ("outputs:\n  keep_day: 3\n", 2, "outputs.keep_day", "it is not a setting", Some("outputs.keep_days")),
    ("server:\n  instance_name: \"\"\n", 2, "server.instance_name", "it must not be empty", None),
    (
        "server:\n  instance_name: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n",
        2,
        "server.instance_name",
        "it must not be longer than 60 characters",
        None,
    ),
    ("server:\n  instance_name: \"  \"\n", 2, "server.instance_name", "it must not be empty", None),
    (
        "oidc:\n  providers:\n    - id: acme\n      label: Acme\n      issuer: https://login.example\n      client_id: diwan\n      clinet_secret: x\n",
        7,
        "oidc.providers[0].clinet_secret",
        "it is not a setting",
        Some("oidc.providers[0].client_secret"),
    ),
    (
        "oidc:\n  providers:\n    - id: acme\n      label: Acme\n      issuer: https://login.example\n",
        3,
        "oidc.providers[0]",
        "it lacks `client_id`",
        None,
    ),
    (
        "oidc:\n  providers:\n    - id: acme\n      label: Acme\n      issuer: https://login.example\n      client_id: d\n      role: developr\n",
        7,
        "oidc.providers[0].role",
        "it must be viewer, developer, admin or owner",
        Some("developer"),
    ),
    (
        "oidc:\n  providers:\n    - {id: a, label: A, issuer: https://a.example, client_id: d}\n    - {id: b, label: B, issuer: https://b.example, client_id: d, auto_create: 1}\n",
        4,
        "oidc.providers[1].auto_create",
        "it must be true or false",
        None,
    ),
    ("oidc:\n  providers:\n    acme:\n      id: a\n", 2, "oidc.providers", "it must be a list", None),
    (
        "oidc:\n  providers:\n    - id: a\n      label: A\n      issuer: http://login.example\n      client_id: d\n",
        5,
        "oidc.providers[0].issuer",
        "it must be an https:// address, or http:// on this machine",
        None,
    ),
    (
        "oidc:\n  providers:\n    - {id: a, label: A, issuer: https://a.example, client_id: d}\n    - {id: a, label: B, issuer: https://b.example, client_id: d}\n",
        4,
        "oidc.providers[1].id",
        "another entry has the same",
        None,
    ),
    (
        "oidc:\n  providers:\n    - {id: a, label: A, issuer: https://a.example, client_id: d}\n    - id: b\n      label: B\n      issuer: https://b.example\n      client_id: d\n      scopes:\n        - openid\n        - two words\n",
        10,
        "oidc.providers[1].scopes[1]",
        "it must be a word",
        None,
    ),
    (
        "oidc:\n  providers:\n    - {id: a, label: A, issuer: https://a.example, client_id: d}\n    - id: b\n      label: B\n      issuer: https://b.example\n      client_id: d\n      auto_create: true\n",
        8,
        "oidc.providers[1].auto_create",
        "it needs allowed_domains",
        None,
    ),
    (
        "server:\n  listen: localhost\n",
        2,
        "server.listen",
        "it must be an address and a port, like 127.0.0.1:7400",
        None,
    ),
    ("server:\n  metrics_listen: 9090\n", 2, "server.metrics_listen", "it must be a text; put it in quotes", None),
    (
        "server:\n  metrics_listen: '127.0.0.1:99999'\n",
        2,
        "server.metrics_listen",
        "it must be an address and a port, like 127.0.0.1:7400",
        None,
    ),
    (
        "server:\n  public_url: diwan.example.org\n",
        2,
        "server.public_url",
        "it is not a URL like https://diwan.example.org",
        None,
    ),
    (
        "server:\n  public_url: https://diwan.example.org/app\n",
        2,
        "server.public_url",
        "it must end after the name or the port, without a path, a query or a user",
        None,
    ),
    (
        "server:\n  cors_origins:\n    - https://a.example\n    - '*'\n",
        4,
        "server.cors_origins[1]",
        "it is not a URL like https://diwan.example.org",
        None,
    ),
    (
        "server:\n  trusted_proxies:\n    - 10.0.0.0/33\n",
        3,
        "server.trusted_proxies[0]",
        "it must be an address or a network like 10.0.0.0/8",
        None,
    ),
    (
        "identity:\n  allowed_addresses:\n    - 192.0.2.1\n    - office\n",
        4,
        "identity.allowed_addresses[1]",
        "it must be an address or a network like 203.0.113.0/24",
        None,
    ),
    (
        "server:\n  allowed_hosts:\n    - https://a.example\n",
        3,
        "server.allowed_hosts[0]",
        "it is not a host name (no scheme, no port)",
        None,
    ),
    (
        "server:\n  tls_cert: cert.pem\n",
        1,
        "server.tls_key",
        "a certificate and its key belong together: set tls_cert and tls_key",
        None,
    ),
    (
        "server:\n  tls_key: key.pem\n",
        2,
        "server.tls_key",
        "a certificate and its key belong together: set tls_cert and tls_key",
        None,
    ),
    (
        "server:\n  listen: 127.0.0.1:7400\n  metrics_listen: 127.0.0.1:7400\n",
        3,
        "server.metrics_listen",
        "it must differ from server.listen",
        None,
    ),
    (
        "server:\n  log_level: loud\n",
        2,
        "server.log_level",
        "it must be error, warn, info, debug or trace, or by module like info,diwan_server=debug",
        None,
    ),
    (
        "server:\n  database_url: mysql://a:hunter2@db/d\n",
        2,
        "server.database_url",
        "it must be a path, or a URL that begins with postgres:// or sqlite://",
        None,
    ),
    (
        "server:\n  database_url: vault:db/password\n",
        2,
        "server.database_url",
        "it is needed before the vault is open, so it cannot be kept there",
        None,
    ),
    (
        "mail:\n  host: smtp.example.org\n",
        1,
        "mail.from",
        "it is missing: mails that leave need a sender, like diwan@example.org",
        None,
    ),
    (
        "mail:\n  host: smtp.example.org\n  from: a@example.org\n  username: a\n  security: none\n",
        5,
        "mail.security",
        "without TLS the password would travel in clear; use starttls or tls",
        None,
    ),
    ("mail:\n  password: 12345\n", 2, "mail.password", "it must be a text; put it in quotes", None),
    (
        "mail:\n  password: •••\n",
        2,
        "mail.password",
        "these dots only stand for a secret; write the secret itself, or where it is kept, like vault:mail/password",
        None,
    ),
    (
        "mail:\n  password: 'vault:'\n",
        2,
        "mail.password",
        "after `vault:` stands the name of a secret, like vault:mail/password",
        None,
    ),
    (
        "mail:\n  password: vault:Mail Password\n",
        2,
        "mail.password",
        "after `vault:` stands the name of a secret, like vault:mail/password",
        None,
    ),
    (
        "oidc:\n  providers:\n    - id: a\n      label: A\n      issuer: https://a.example\n      client_id: d\n      client_secret: 'vault:'\n",
        7,
        "oidc.providers[0].client_secret",
        "after `vault:` stands the name of a secret, like vault:mail/password",
        None,
    ),
    ("mail:\n  host: http://smtp.example.org\n", 2, "mail.host", "it is not a host name (no scheme, no port)", None),
    ("mail:\n  host: smtp example\n", 2, "mail.host", "it is not a host name (no scheme, no port)", None),
    (
        "mail:\n  host: \"a\\nb\"\n",
        2,
        "mail.host",
        "it holds characters that cannot be seen, change direction, or pile up",
        None,
    ),
    (
        "mail:\n  from: \"a@example.org\\r\\nBcc: b@example.org\"\n",
        2,
        "mail.from",
        "it holds characters that cannot be seen, change direction, or pile up",
        None,
    ),
    (
        "mail:\n  from: somebody\n",
        2,
        "mail.from",
        "it must be an address like diwan@example.org or Diwan <diwan@example.org>",
        None,
    ),
    ("mail:\n  security: STARTTLS\n", 2, "mail.security", "it must be starttls, tls or none", Some("starttls")),
    ("identity:\n  default_language: fr\n", 2, "identity.default_language", "it must be en or ar", None),
    ("vault:\n  port: 1\n", 2, "vault.port", "it is not a setting", Some("mail.port")),
    (
        "vault:\n  key_file: ''\n",
        2,
        "vault.key_file",
        "it must be the whole path of a file, like /etc/diwan/token",
        None,
    ),
    (
        "vault:\n  transit:\n    address: https://v.example\n    key: k\n    token_file: hvs.CAESIJ\n",
        5,
        "vault.transit.token_file",
        "it must be the whole path of a file, like /etc/diwan/token",
        None,
    ),
    (
        "vault:\n  transit:\n    address: https://user:hunter2@v.example\n    key: k\n    token_file: /t\n",
        3,
        "vault.transit.address",
        "it must end before a query and name no user: whoever may look at settings sees it",
        None,
    ),
    (
        "vault:\n  backends:\n    - name: other\n      address: https://v.example/?token=hunter2\n      token_file: /t\n",
        4,
        "vault.backends[0].address",
        "it must end before a query and name no user: whoever may look at settings sees it",
        None,
    ),
    (
        "artifacts:\n  address: https://s3.example/bucket\n",
        1,
        "artifacts.key_id",
        "a bucket needs the access key that requests are signed with",
        None,
    ),
    (
        "artifacts:\n  address: https://s3.example/bucket\n  key_id: AKIA\n",
        1,
        "artifacts.secret_key",
        "a bucket needs the access key that requests are signed with",
        None,
    ),
    (
        "artifacts:\n  key_id: AKIA/20260101\n",
        2,
        "artifacts.key_id",
        "a bucket needs the access key that requests are signed with",
        None,
    ),
    (
        "artifacts:\n  address: http://s3.example/bucket\n  key_id: AKIA\n  secret_key: vault:storage/key\n",
        2,
        "artifacts.address",
        "it must be an https:// address, or http:// on this machine",
        None,
    ),
    (
        "artifacts:\n  address: https://s3.example/bucket/of diwan\n  key_id: AKIA\n  secret_key: vault:storage/key\n",
        2,
        "artifacts.address",
        "its path must be of letters, digits and - . _ ~ between slashes",
        None,
    ),
    (
        "artifacts:\n  region: us east\n",
        2,
        "artifacts.region",
        "it must be a name of letters, digits and dashes, like us-east-1",
        None,
    ),
    (
        "artifacts:\n  ca_file: ca.pem\n",
        2,
        "artifacts.ca_file",
        "it must be the whole path of a file, like /etc/diwan/token",
        None,
    ),
    (
        "server:\n  database_url: postgres://db/d?sslmode=maybe\n",
        2,
        "server.database_url",
        "it is not a PostgreSQL URL like postgres://user:password@host/database",
        None,
    ),
    ("vault:\n  guard: transit\n", 1, "vault.transit", "the guard is transit, so it has to be set", None),
    (
        "vault:\n  transit:\n    address: https://v.example\n    key: k\n",
        2,
        "vault.transit",
        "it lacks `token_file`",
        None,
    ),
    (
        "vault:\n  transit:\n    address: http://v.example\n    key: k\n    token_file: /t\n",
        3,
        "vault.transit.address",
        "it must be an https:// address, or http:// on this machine",
        None,
    ),
    (
        "vault:\n  backends:\n    - name: other\n      address: https://v.example\n",
        3,
        "vault.backends[0].token_file",
        "it needs either token_file, or role_id and secret_id_file",
        None,
    ),
    (
        "vault:\n  backends:\n    - name: local\n      address: https://v.example\n      token_file: /t\n",
        3,
        "vault.backends[0].name",
        "it must be a plain word other than `local`",
        None,
    ),
    (
        "vault:\n  backends:\n    - name: one\n      address: https://v.example\n      token_file: /t\n    - name: two\n      address: http://v.example\n      token_file: /t\n",
        7,
        "vault.backends[1].address",
        "it must be an https:// address, or http:// on this machine",
        None,
    ),
    (
        "vault:\n  backends:\n    - name: one\n      address: https://v.example\n      token_file: /t\n    - address: https://w.example\n      token_file: /t\n      name: one\n",
        8,
        "vault.backends[1].name",
        "another entry has the same",
        None,
    ),
    (
        "vault:\n  backends:\n    - name: other\n      address: https://v.example\n      token_file: /t\n      dialect: kv3\n",
        6,
        "vault.backends[0].dialect",
        "it must be kv1 or kv2",
        Some("kv1"),
    ),
    ("mail:\n  port: 25\n  port: 26\n", 3, "", "duplicate mapping key: port", None),
    ("mail:\n  port: 25\nmail:\n  host: a\n", 3, "", "duplicate mapping key: mail", None),
    ("mail:\n\tport: 25\n", 2, "", "a tab stands where spaces must be", None),
    ("mail:\n  port: 25\n~: a\n", 3, "", "a key must be a name", None),
    ("mail:\n  host: [a\n", 2, "", "unclosed bracket '['", None),
    ("mail:\n  port: 25\n host: a\n", 3, "", "while parsing a block mapping, did not find expected key", None),
    ("mail\n  port: 25\n", 1, "", "it must be sections with their settings below them", None),
    ("mail:\n  host: \"a\n", 3, "", "invalid indentation in multiline quoted scalar", None),
    ("mail: &m\n  port: 25\nserver: *x\n", 3, "", "alias references unknown anchor", None),
    ("mail:\n  port: 25\n---\naudit:\n  retention_days: 3\n", 4, "", "multiple YAML documents detected", None),
    (
        "server:\n  data_dir: /elsewhere\n",
        2,
        "server.data_dir",
        "this file is found in the data directory and cannot say where that is; use --data-dir or DIWAN_DATA_DIR",
        None,
    ),
];

/// What `diwan config validate` finds in the data directory: the exit code and the list.
fn validated(data: &Path) -> (Option<i32>, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_diwan"));
    command.args(["config", "validate", "--json", "--data-dir"]).arg(data).env_clear().env("HOME", data);
    let output = command.output().expect("it ran");
    (output.status.code(), serde_json::from_slice(&output.stdout).expect("JSON"))
}

#[test]
fn a_configuration_that_cannot_be_meant_is_refused_with_its_place_and_reason() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("diwan.yaml");
    let codes: Vec<&str> = reasons().iter().map(|phrase| phrase.code).collect();
    for (text, line, key, reason, nearest) in SLIPS {
        std::fs::write(&path, text).expect("it is written");
        let (code, found) = validated(dir.path());
        assert_eq!((code, &found["ok"]), (Some(2), &json!(false)), "{text}");
        assert_eq!(found["faults"].as_array().map(Vec::len), Some(1), "{text}: {found}");
        let fault = &found["faults"][0];
        assert_eq!(
            [&fault["file"], &fault["line"], &fault["key"], &fault["reason"], &fault["nearest"]],
            [&json!(path), &json!(line), &json!(key), &json!(reason), &json!(nearest)],
            "{text}"
        );
        let code = fault["code"].as_str().expect("a code");
        assert!(codes.contains(&code), "docs/settings/reasons.json does not list {code}: {text}");
    }
}

#[test]
fn everything_that_is_wrong_is_named_at_once_in_the_order_of_the_file() {
    let dir = tempfile::tempdir().expect("a directory");
    let text = "mail:\n  prt: 25\n  security: tsl\naudit:\n  retention_days: -1\nsevrer:\n  listen: x\n";
    std::fs::write(dir.path().join("diwan.yaml"), text).expect("it is written");
    let (code, found) = validated(dir.path());
    let faults = found["faults"].as_array().expect("a list");
    let places: Vec<_> = faults.iter().map(|f| (f["line"].as_u64(), f["key"].as_str())).collect();
    let expected = [(2, "mail.prt"), (3, "mail.security"), (5, "audit.retention_days"), (7, "sevrer.listen")];
    assert_eq!((code, places), (Some(2), expected.map(|(line, key)| (Some(line), Some(key))).to_vec()));

    let mut command = Command::new(env!("CARGO_BIN_EXE_diwan"));
    command.args(["config", "validate", "--data-dir"]).arg(dir.path()).env_clear().env("HOME", dir.path());
    let output = command.output().expect("it ran");
    let said = String::from_utf8(output.stdout).expect("text");
    assert_eq!(said.lines().count(), 4, "{said}");
    assert!(said.contains("diwan.yaml:2:3: mail.prt: it is not a setting; did you mean mail.port?"), "{said}");
    let errors = String::from_utf8(output.stderr).expect("text");
    assert!(errors.contains("4 faults") && errors.contains("next: "), "{errors}");
}

#[tokio::test]
async fn a_running_server_refuses_the_same_and_goes_on_with_what_was_in_force() {
    let (server, owner) = TestServer::builder().owned().await;
    let file = server.dir().join("data/diwan.yaml");
    let good = "mail:\n  host: smtp.example.org\n  from: diwan@example.org\n";
    std::fs::write(&file, good).expect("it is written");
    owner.post("/api/v1/settings/reload", json!({})).await.expect(StatusCode::OK);
    let before = owner.get("/api/v1/settings").await.expect(StatusCode::OK);
    for (text, line, key, reason, nearest) in SLIPS {
        std::fs::write(&file, text).expect("it is written");
        let answer = owner.post("/api/v1/settings/reload", json!({})).await;
        assert_eq!(answer.problem(), "settings_refused", "{text}");
        let problem = answer.expect(StatusCode::UNPROCESSABLE_ENTITY);
        let error = &problem["errors"][0];
        let field = if key.is_empty() { "file" } else { *key };
        assert_eq!((&error["field"], problem["errors"].as_array().map(Vec::len)), (&json!(field), Some(1)), "{text}");
        let message = error["message"].as_str().expect("a text");
        let place = format!("(line {line} of {})", file.display());
        assert!(message.starts_with(reason) && message.ends_with(&place), "{text}: {message}");
        assert!(nearest.is_none_or(|nearest| message.contains(&format!("did you mean {nearest}?"))), "{message}");

        let now = owner.get("/api/v1/settings").await.expect(StatusCode::OK);
        assert_eq!((&now["version"], &now["items"]), (&before["version"], &before["items"]), "{text}");
        let fault = &now["refused"]["faults"][0];
        assert_eq!((&fault["line"], &fault["key"]), (&json!(line), &json!(key)), "{text}");
    }
    std::fs::write(&file, good).expect("it is written");
    owner.post("/api/v1/settings/reload", json!({})).await.expect(StatusCode::OK);
    let mended = owner.get("/api/v1/settings").await.expect(StatusCode::OK);
    assert_eq!((&mended["refused"], &mended["version"]), (&Value::Null, &before["version"]));
    server.stop().await;
}
