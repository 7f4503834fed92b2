//! Secrets in the settings: never shown, noticed when they stand in the file, and best kept in the vault.

use diwan_testkit::{TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::json;

use super::{change, errors, reload, setting, write, written};

const WORD: &str = "a-very-quiet-word";

on_every_backend! {
    async fn a_secret_in_the_file_is_noticed_and_moved_into_the_vault(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        write(&server, &format!("mail:\n  host: 127.0.0.1\n  security: none\n  from: diwan@example.org\n  password: {WORD}\n"));
        reload(&owner).await.expect(StatusCode::OK);
        let all = owner.get("/api/v1/settings").await;
        assert!(!all.text.contains(WORD), "{}", all.text);
        assert_eq!(all.json["plain_secrets"], json!([{"key": "mail.password", "line": 5, "name": "mail/password"}]));
        assert_eq!(setting(&owner, "mail.password").await["value"], "•••");

        let moved = owner.post("/api/v1/settings/secrets/move", json!({"key": "mail.password", "name": "mail/password"})).await;
        moved.expect(StatusCode::OK);
        assert!(written(&server).contains("  password: vault:mail/password\n") && !written(&server).contains(WORD));
        assert_eq!(setting(&owner, "mail.password").await["value"], "vault:mail/password");
        assert_eq!(owner.get("/api/v1/settings").await.json["plain_secrets"], json!([]));
        let kept = owner.get("/api/v1/secrets?name=mail/password").await.expect(StatusCode::OK);
        let id = kept["items"][0]["id"].as_str().expect("it is kept");
        let value = owner.post(&format!("/api/v1/secrets/{id}/reveal"), json!({"reason": "a test"})).await.expect(StatusCode::OK);
        assert_eq!(value["value"], WORD);
        let again = owner.post("/api/v1/settings/secrets/move", json!({"key": "mail.password", "name": "mail/other"})).await;
        assert_eq!(again.status, StatusCode::NOT_FOUND);
        for path in ["/api/v1/settings/diff?from=1&to=3", "/api/v1/settings/versions", "/api/v1/audit?limit=200"] {
            assert!(!owner.get(path).await.text.contains(WORD), "{path}");
        }
    }

    async fn a_secret_deep_in_a_list_is_moved_too_and_the_rest_keeps_its_own(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let provider = |id: &str, secret: &str| json!({
            "id": id, "label": id, "issuer": format!("https://{id}.example.org"), "client_id": "diwan", "client_secret": secret,
        });
        change(&owner, json!({"oidc.providers": [provider("acme", WORD), provider("other", "another-word")]})).await.expect(StatusCode::OK);
        let shown = setting(&owner, "oidc.providers").await["value"].clone();
        assert_eq!(shown[0]["client_secret"], "•••");
        let moved = owner.post("/api/v1/settings/secrets/move", json!({"key": "oidc.providers[0].client_secret", "name": "oidc/acme"})).await;
        moved.expect(StatusCode::OK);
        // Sent back as it is shown, with another label: the hidden secret stays.
        let mut shown = setting(&owner, "oidc.providers").await["value"].clone();
        shown[1]["label"] = json!("Another");
        change(&owner, json!({"oidc.providers": shown})).await.expect(StatusCode::OK);
        assert!(written(&server).contains("another-word") && written(&server).contains("client_secret: vault:oidc/acme"));
        // Dots that stand for nothing are no secret.
        let refused = change(&owner, json!({"oidc.providers": [provider("new", "•••")]})).await;
        assert!(errors(&refused)[0].2.contains("only stand for a secret"), "{}", refused.text);
    }

    async fn only_a_secret_that_one_may_read_can_be_referred_to(backend) {
        let (_server, owner) = TestServer::builder().on(backend).owned().await;
        let refused = change(&owner, json!({"mail.password": "vault:mail/password"})).await;
        assert_eq!(errors(&refused)[0].0, "mail.password");
        let secret = json!({"name": "prod/db", "kind": "free", "value": WORD});
        owner.post("/api/v1/secrets", secret).await.expect(StatusCode::CREATED);
        change(&owner, json!({"mail.password": "vault:prod/db"})).await.expect(StatusCode::OK);
        change(&owner, json!({"mail.password": null})).await.expect(StatusCode::OK);
        let deny = json!({"name": "nobody", "effect": "deny", "subject_kind": "role", "subject": "owner", "secrets": "prod/**", "actions": ["read"]});
        owner.post("/api/v1/secret-policies", deny).await.expect(StatusCode::CREATED);
        let refused = change(&owner, json!({"mail.password": "vault:prod/db"})).await;
        assert_eq!(refused.problem(), "settings_refused");
    }

    async fn what_is_needed_before_the_vault_opens_cannot_be_kept_there(backend) {
        let (_server, owner) = TestServer::builder().on(backend).owned().await;
        let refused = change(&owner, json!({"server.database_url": "vault:db/url"})).await;
        assert!(errors(&refused)[0].2.contains("before the vault is open"), "{}", refused.text);
    }

    async fn a_secret_that_a_setting_names_keeps_its_name_and_place(backend) {
        let (_server, owner) = TestServer::builder().on(backend).owned().await;
        let secret = json!({"name": "mail/password", "kind": "free", "value": WORD});
        let secret = owner.post("/api/v1/secrets", secret).await.expect(StatusCode::CREATED);
        let path = format!("/api/v1/secrets/{}", secret["id"].as_str().expect("an id"));
        change(&owner, json!({"mail.password": "vault:mail/password"})).await.expect(StatusCode::OK);
        for refused in [owner.delete(&path).await, owner.patch(&path, json!({"name": "mail/other"})).await] {
            assert_eq!((refused.status, refused.problem()), (StatusCode::CONFLICT, "secret_needed"));
            assert!(refused.text.contains("mail.password"), "{}", refused.text);
        }
        owner.patch(&path, json!({"description": "of the relay"})).await.expect(StatusCode::OK);
        change(&owner, json!({"mail.password": null})).await.expect(StatusCode::OK);
        owner.patch(&path, json!({"name": "mail/other"})).await.expect(StatusCode::OK);

        // What named it then cannot come back.
        let back = owner.post("/api/v1/settings/versions/2/rollback", json!({})).await;
        assert_eq!(errors(&back)[0].1, "no_secret");
        assert_eq!(owner.delete(&path).await.status, StatusCode::NO_CONTENT);
    }

    async fn a_file_may_come_before_its_secrets_and_somebody_is_told(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        write(&server, "mail:\n  password: vault:mail/password\n");
        reload(&owner).await.expect(StatusCode::OK);
        let status = owner.get("/api/v1/status").await.expect(StatusCode::OK);
        let is_it = |warning: &&serde_json::Value| warning["code"] == "settings_secret_missing";
        let warning = status["warnings"].as_array().and_then(|all| all.iter().find(is_it)).expect("a warning");
        let detail = warning["detail"].as_str().expect("a sentence");
        assert!(detail.contains("vault:mail/password (mail.password)"), "{detail}");
        let secret = json!({"name": "mail/password", "kind": "free", "value": WORD});
        owner.post("/api/v1/secrets", secret).await.expect(StatusCode::CREATED);
        let status = owner.get("/api/v1/status").await.expect(StatusCode::OK);
        assert!(!status["warnings"].as_array().is_some_and(|all| all.iter().any(|warning| is_it(&warning))));
    }
}
