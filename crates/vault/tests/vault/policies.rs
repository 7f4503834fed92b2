//! Who may do what.

use diwan_testkit::{TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::json;

use super::{bring, reveal, text, value};

on_every_backend! {
    async fn nobody_reads_without_a_policy_and_a_denial_wins(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let developer = server.invite(&owner, "Amina", "developer").await;
        let id = bring(&owner, "git/dev", "the dev value").await;
        let prod = bring(&owner, "git/prod", "the prod value").await;
        // What is none of one's business is not there.
        assert_eq!(reveal(&developer, &id).await.status, StatusCode::NOT_FOUND);
        assert_eq!(developer.get("/api/v1/secrets").await.json["items"], json!([]));

        let allow = json!({"name": "devs", "effect": "allow", "subject_kind": "role", "subject": "developer", "secrets": "git/*", "actions": ["read"]});
        owner.post("/api/v1/secret-policies", allow).await.expect(StatusCode::CREATED);
        assert_eq!(value(&developer, &id).await, "the dev value");
        assert_eq!(value(&developer, &prod).await, "the prod value");
        let me = developer.get("/api/v1/me").await.json["user"]["id"].clone();
        let deny = json!({"name": "not amina", "effect": "deny", "subject_kind": "user", "subject": me, "secrets": "git/prod", "actions": ["read"]});
        let deny = owner.post("/api/v1/secret-policies", deny).await.expect(StatusCode::CREATED);
        assert_eq!(reveal(&developer, &prod).await.status, StatusCode::NOT_FOUND);
        let write = developer.post(&format!("/api/v1/secrets/{id}/versions"), json!({"value": "mine now"})).await;
        assert_eq!((write.status, write.problem()), (StatusCode::FORBIDDEN, "secret_denied"));

        let readers = owner.get(&format!("/api/v1/secrets/{prod}/readers")).await.expect(StatusCode::OK);
        let names: Vec<&str> = readers["items"].as_array().expect("items").iter().map(|r| text(r, "name")).collect();
        assert_eq!(names, ["Omar"]);
        let readers = owner.get(&format!("/api/v1/secrets/{id}/readers")).await.expect(StatusCode::OK);
        assert_eq!(readers["items"].as_array().map(Vec::len), Some(2));
        owner.delete(&format!("/api/v1/secret-policies/{}", text(&deny, "id"))).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(value(&developer, &prod).await, "the prod value");
        let denied = owner.get("/api/v1/audit?action=secret.read&outcome=denied").await.expect(StatusCode::OK);
        assert_eq!(denied["items"].as_array().map(Vec::len), Some(2));
    }

    async fn admins_bring_secrets_in_but_do_not_see_values_and_owners_can_break_the_glass(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let admin = server.invite(&owner, "Bilal", "admin").await;
        let id = bring(&admin, "db/password", "the first value").await;
        let refused = reveal(&admin, &id).await;
        assert_eq!((refused.status, refused.problem()), (StatusCode::FORBIDDEN, "secret_denied"));
        let path = format!("/api/v1/secrets/{id}/break-glass");
        assert_eq!(admin.post(&path, json!({"reason": "x"})).await.status, StatusCode::FORBIDDEN);
        let policies = owner.get("/api/v1/secret-policies").await.expect(StatusCode::OK);
        for policy in policies["items"].as_array().expect("items") {
            owner.delete(&format!("/api/v1/secret-policies/{}", text(policy, "id"))).await.expect(StatusCode::NO_CONTENT);
        }
        assert_eq!(reveal(&owner, &id).await.problem(), "secret_denied");
        let taken = owner.post(&path, json!({"reason": "the house is on fire"})).await.expect(StatusCode::OK);
        assert_eq!(text(&taken, "value"), "the first value");
        for action in ["secret.break_glass", "secret.read"] {
            let found = owner.get(&format!("/api/v1/audit?action={action}&limit=1&outcome=ok")).await.expect(StatusCode::OK);
            assert_eq!(found["items"][0]["metadata"]["reason"], "the house is on fire", "{action}");
        }
    }

    async fn what_is_taken_is_the_version_that_was_wished_and_written_down_with_why(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let id = bring(&owner, "db/password", "the first value").await;
        owner.post(&format!("/api/v1/secrets/{id}/versions"), json!({"value": "the second value"})).await.expect(StatusCode::CREATED);
        let mut feed = server.product().events.listen(None).receiver;
        let wish = json!({"reason": "a fire", "version": 1});
        let taken = owner.post(&format!("/api/v1/secrets/{id}/break-glass"), wish).await.expect(StatusCode::OK);
        assert_eq!((text(&taken, "value"), &taken["version"]), ("the first value", &json!(1)));
        let mut event = feed.recv().await.expect("the feed goes on");
        while event.name != "secret.glass_broken" {
            event = feed.recv().await.expect("the feed goes on");
        }
        assert_eq!(event.data["id"], json!(id));
        let last = async |action: &str| {
            let found = owner.get(&format!("/api/v1/audit?action={action}&limit=1")).await.expect(StatusCode::OK);
            assert_eq!(found["items"][0]["resource"], json!({"kind": "secret", "id": "db/password"}), "{action}");
            found["items"][0]["metadata"].clone()
        };
        let broken = json!({"id": id, "version": 1, "reason": "a fire"});
        assert_eq!(last("secret.break_glass").await, broken);
        assert_eq!(last("secret.read").await, json!({"id": id, "version": 1, "reason": "a fire", "past_policies": true}));

        let wish = json!({"reason": "a test", "purpose": "db.check", "version": 1});
        let taken = owner.post(&format!("/api/v1/secrets/{id}/reveal"), wish).await.expect(StatusCode::OK);
        assert_eq!((text(&taken, "value"), &taken["version"]), ("the first value", &json!(1)));
        assert_eq!(last("secret.read").await, json!({"id": id, "version": 1, "reason": "a test", "purpose": "db.check"}));
    }

    async fn a_new_vault_has_two_policies(backend) {
        let (_server, owner) = TestServer::builder().on(backend).owned().await;
        let found = owner.get("/api/v1/secret-policies").await.expect(StatusCode::OK);
        let found = found["items"].as_array().expect("items").iter();
        let found: Vec<_> = found.map(|p| (text(p, "subject"), text(p, "effect"), text(p, "secrets"), &p["actions"])).collect();
        let (some, all) = (json!(["write", "rotate"]), json!(["read", "write", "rotate"]));
        assert_eq!(found, [("admin", "allow", "**", &some), ("owner", "allow", "**", &all)]);
    }

    async fn policies_have_one_name_each_and_their_changes_are_announced(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let developer = server.invite(&owner, "Amina", "developer").await;
        let id = bring(&owner, "a", "the value of a").await;
        let mut feed = server.product().events.listen(None).receiver;
        let policy = |name: &str, kind: &str, subject: &str| {
            json!({"name": name, "effect": "allow", "subject_kind": kind, "subject": subject, "secrets": "**", "actions": ["read"]})
        };
        let first = owner.post("/api/v1/secret-policies", policy("w", "role", "developer")).await.expect(StatusCode::CREATED);
        let path = format!("/api/v1/secret-policies/{}", text(&first, "id"));
        assert_eq!(owner.post("/api/v1/secret-policies", policy("w", "job", "nightly")).await.problem(), "policy_name_taken");
        for action in ["write", "rotate"] {
            let tried = match action {
                "write" => developer.delete(&format!("/api/v1/secrets/{id}")).await,
                _ => developer.post(&format!("/api/v1/secrets/{id}/rotate"), json!({})).await,
            };
            assert_eq!((tried.status, tried.problem()), (StatusCode::FORBIDDEN, "secret_denied"), "{action}");
            assert!(text(&tried.json, "detail").contains(&format!(" {action} the secret a")), "{}", tried.text);
            let denied = owner.get(&format!("/api/v1/audit?action=secret.{action}&outcome=denied")).await.expect(StatusCode::OK);
            assert_eq!(denied["items"][0]["resource"]["id"], "a", "{action}");
        }
        owner.delete(&path).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(owner.delete(&path).await.status, StatusCode::NOT_FOUND);
        for _ in 0..2 {
            while feed.recv().await.expect("the feed goes on").name != "secret.policies_changed" {}
        }

        // What rules speak of is told once, whatever the number of rules and their order.
        let spoken_of = [("z", "machine", "mac_1"), ("y", "machine", "*"), ("x", "job", "nightly"), ("v", "agent", "backup"), ("u", "machine", "mac_1")];
        for (name, kind, subject) in spoken_of {
            owner.post("/api/v1/secret-policies", policy(name, kind, subject)).await.expect(StatusCode::CREATED);
        }
        let readers = owner.get(&format!("/api/v1/secrets/{id}/readers")).await.expect(StatusCode::OK);
        let readers = readers["items"].as_array().expect("items");
        let told: Vec<_> = readers.iter().map(|r| (text(r, "kind"), text(r, "subject"), text(r, "policy"))).collect();
        let me = owner.get("/api/v1/me").await.json["user"]["id"].clone();
        let me = me.as_str().expect("an id");
        let all = [("user", me, "owners"), ("agent", "backup", "v"), ("job", "nightly", "x"), ("machine", "*", "y"), ("machine", "mac_1", "u")];
        assert_eq!(told, all);
    }

    async fn everybody_who_manages_secrets_learns_of_broken_glass_and_of_what_is_due(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let admin = server.invite(&owner, "Bilal", "admin").await;
        let developer = server.invite(&owner, "Amina", "developer").await;
        let id = bring(&owner, "db/password", "the first value").await;
        bring(&owner, "db/other", "another value").await;
        let told = async |person: &diwan_testkit::Person| {
            let warnings = person.get("/api/v1/status").await.expect(StatusCode::OK)["warnings"].clone();
            let warnings = warnings.as_array().expect("warnings").clone().into_iter();
            warnings.filter(|w| text(w, "code").contains("glass") || text(w, "code").starts_with("secrets_")).collect::<Vec<_>>()
        };
        assert_eq!(told(&owner).await, Vec::<serde_json::Value>::new());
        let path = format!("/api/v1/secrets/{id}/break-glass");
        owner.post(&path, json!({"reason": "the house is on fire"})).await.expect(StatusCode::OK);
        for person in [&owner, &admin] {
            let warnings = told(person).await;
            let params = &warnings[0]["params"];
            assert_eq!((warnings.len(), text(&warnings[0], "code")), (1, "vault_glass_broken"));
            assert_eq!((text(params, "who"), text(params, "secret"), text(params, "count")), ("Omar", "db/password", "1"));
            assert!(text(&warnings[0], "detail").starts_with("Omar read the secret db/password past the policies at 20"));
        }
        // Which secrets there are is not everybody's business.
        assert_eq!(told(&developer).await, Vec::<serde_json::Value>::new());
        let mails = owner.get("/api/v1/outbox").await.expect(StatusCode::OK);
        let mails = mails["items"].as_array().expect("mails").iter().filter(|m| text(m, "subject").contains("past the policies"));
        let mut to: Vec<&str> = mails.map(|m| {
            assert!(text(m, "body_text").contains("the house is on fire") && !m.to_string().contains("the first value"));
            text(m, "to")
        }).collect();
        to.sort_unstable();
        assert_eq!(to, ["bilal@example.org", "owner@example.org"]);

        // After a week nobody is reminded any more; then the passwords come near their time, and end.
        let days = |days: u64| std::time::Duration::from_secs(days * 24 * 3600);
        server.advance(days(8));
        let owner = crate::sealing::sign_in(&server).await;
        assert_eq!(told(&owner).await, Vec::<serde_json::Value>::new());
        let ends = server.product().world.now().plus(days(3)).to_string();
        owner.patch(&format!("/api/v1/secrets/{id}"), json!({"expires_at": ends})).await.expect(StatusCode::OK);
        let due = told(&owner).await;
        assert_eq!((due.len(), text(&due[0], "code"), text(&due[0]["params"], "secret")), (1, "secrets_due", "db/password"));
        assert_eq!((text(&due[0]["params"], "count"), text(&due[0]["params"], "at")), ("1", ends.as_str()));
        let other = owner.get("/api/v1/secrets?name=db/other").await.expect(StatusCode::OK);
        let other = format!("/api/v1/secrets/{}", text(&other["items"][0], "id"));
        owner.patch(&other, json!({"rotation_days": 20})).await.expect(StatusCode::OK);
        server.advance(days(4));
        let owner = crate::sealing::sign_in(&server).await;
        let both = told(&owner).await;
        let codes: Vec<&str> = both.iter().map(|w| text(w, "code")).collect();
        assert_eq!(codes, ["secrets_ended", "secrets_due"]);
        assert_eq!(text(&both[1]["params"], "secret"), "db/other");
    }

    async fn a_rule_for_one_purpose_is_not_got_around_by_naming_none(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let developer = server.invite(&owner, "Amina", "developer").await;
        let id = bring(&owner, "git/dev", "the dev value").await;
        let allow = json!({"name": "clones", "effect": "allow", "subject_kind": "role", "subject": "developer",
            "secrets": "git/*", "actions": ["read"], "purposes": ["git.clone"]});
        owner.post("/api/v1/secret-policies", allow).await.expect(StatusCode::CREATED);
        let path = format!("/api/v1/secrets/{id}/reveal");
        for body in [json!({"reason": "a test"}), json!({"reason": "a test", "purpose": "git.push"})] {
            let refused = developer.post(&path, body).await;
            assert_eq!((refused.status, refused.problem()), (StatusCode::FORBIDDEN, "secret_denied"));
        }
        let body = json!({"reason": "a test", "purpose": "git.clone"});
        let taken = developer.post(&path, body).await.expect(StatusCode::OK);
        assert_eq!(text(&taken, "value"), "the dev value");
    }

    async fn nobody_hands_on_what_they_do_not_hold(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let admin = server.invite(&owner, "Bilal", "admin").await;
        let me = admin.get("/api/v1/me").await.json["user"]["id"].clone();
        let path = "/api/v1/secret-policies";
        let policy = |name: &str, effect: &str, kind: &str, subject: &serde_json::Value, secrets: &str, actions: &[&str]| {
            json!({"name": name, "effect": effect, "subject_kind": kind, "subject": subject, "secrets": secrets, "actions": actions})
        };
        let (developer, machine, above) = (json!("developer"), json!("mac_1"), json!("owner"));
        let top = bring(&owner, "top/secret", "the top value").await;
        for refused in [
            policy("me", "allow", "user", &me, "**", &["read"]),
            policy("others", "allow", "role", &developer, "dev/*", &["write", "read"]),
            policy("machines", "allow", "machine", &machine, "**", &["read"]),
        ] {
            let refused = admin.post(path, refused).await;
            assert_eq!((refused.status, refused.problem()), (StatusCode::FORBIDDEN, "policy_not_held"));
        }
        assert_eq!(reveal(&admin, &top).await.problem(), "secret_denied");
        let writers = policy("writers", "allow", "role", &developer, "dev/*", &["write", "rotate"]);
        let writers = admin.post(path, writers).await.expect(StatusCode::CREATED);
        let wider = policy("writers", "allow", "role", &developer, "dev/*", &["read"]);
        assert_eq!(admin.put(&format!("{path}/{}", text(&writers, "id")), wider).await.problem(), "policy_not_held");
        // What somebody holds they may hand on, as widely and no further.
        let theirs = policy("theirs", "allow", "user", &me, "dev/**", &["read"]);
        owner.post(path, theirs).await.expect(StatusCode::CREATED);
        admin.post(path, policy("readers", "allow", "role", &developer, "dev/*", &["read"])).await.expect(StatusCode::CREATED);
        assert_eq!(admin.post(path, policy("more", "allow", "role", &developer, "dev*/*", &["read"])).await.problem(), "policy_not_held");

        // A denial taken away is handed on too, whoever it was about.
        let denied = owner.post(path, policy("not me", "deny", "user", &me, "dev/prod", &["write"])).await;
        let denied = format!("{path}/{}", text(&denied.expect(StatusCode::CREATED), "id"));
        assert_eq!(admin.delete(&denied).await.problem(), "policy_not_held");
        for narrower in [
            policy("not me", "allow", "user", &me, "dev/prod", &["rotate"]),
            policy("not me", "deny", "user", &me, "dev/prod", &["rotate"]),
            policy("not me", "deny", "role", &developer, "dev/prod", &["write"]),
        ] {
            assert_eq!(admin.put(&denied, narrower).await.problem(), "policy_not_held");
        }
        admin.put(&denied, policy("still", "deny", "user", &me, "dev/**", &["read", "write"])).await.expect(StatusCode::OK);

        // What owners may is the owners' matter.
        let omar = owner.get("/api/v1/me").await.json["user"]["id"].clone();
        let everyone = json!("*");
        for refused in [
            policy("out", "deny", "role", &above, "**", &["read"]),
            policy("out", "deny", "role", &everyone, "**", &["read"]),
            policy("out", "deny", "user", &omar, "**", &["write"]),
            policy("up", "allow", "role", &above, "dev/*", &["rotate"]),
        ] {
            let refused = admin.post(path, refused).await;
            assert_eq!((refused.status, refused.problem()), (StatusCode::FORBIDDEN, "policy_about_owners"));
        }
        let all = owner.get(path).await.expect(StatusCode::OK);
        let owners = all["items"].as_array().expect("items").iter().find(|p| p["name"] == "owners").expect("owners");
        assert_eq!(admin.delete(&format!("{path}/{}", text(owners, "id"))).await.problem(), "policy_about_owners");
        assert_eq!(value(&owner, &top).await, "the top value");
        owner.post(path, policy("shut", "deny", "role", &above, "top/*", &["read"])).await.expect(StatusCode::CREATED);
        let refused = owner.get("/api/v1/audit?action=secret_policy&outcome=denied&limit=50").await.expect(StatusCode::OK);
        assert_eq!(refused["items"].as_array().map(Vec::len), Some(14));
    }

    async fn who_can_read_is_who_is_let_in(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let viewer = server.invite(&owner, "Vera", "viewer").await;
        let developer = server.invite(&owner, "Amina", "developer").await;
        let admin = server.invite(&owner, "Bilal", "admin").await;
        let people = [("Omar", &owner), ("Bilal", &admin), ("Amina", &developer), ("Vera", &viewer)];
        let id = bring(&owner, "prod/key", "the prod value").await;
        for (policy, readers) in [
            // Viewers lack the permission, whatever a policy says.
            (json!({"name": "all", "effect": "allow", "subject": "viewer"}), vec!["Omar", "Bilal", "Amina"]),
            // What is denied to developers is not denied to those above them.
            (json!({"name": "no developers", "effect": "deny", "subject": "developer"}), vec!["Omar", "Bilal"]),
            (json!({"name": "clones", "effect": "deny", "subject": "admin", "purposes": ["git.clone"]}), vec!["Omar", "Bilal"]),
            (json!({"name": "nobody", "effect": "deny", "subject": "owner"}), vec![]),
        ] {
            let mut body = json!({"subject_kind": "role", "secrets": "prod/*", "actions": ["read"]});
            body.as_object_mut().expect("a body").extend(policy.as_object().expect("a policy").clone());
            owner.post("/api/v1/secret-policies", body).await.expect(StatusCode::CREATED);
            let told = owner.get(&format!("/api/v1/secrets/{id}/readers")).await.expect(StatusCode::OK);
            let told = told["items"].as_array().expect("items");
            for (name, person) in people {
                let listed = told.iter().any(|r| r["name"] == name && r["policy"] != json!(null));
                assert_eq!(listed, readers.contains(&name), "{name} in {told:?}");
                assert_eq!(reveal(person, &id).await.status == StatusCode::OK, listed, "{name}");
            }
            // Owners have another way besides, and nobody else has.
            let past: Vec<&str> = told.iter().filter(|r| r["past_policies"] == true).map(|r| text(r, "name")).collect();
            assert_eq!(past, ["Omar"]);
            for reader in told.iter().filter(|r| r["name"] == "Bilal" && policy["name"] == "clones") {
                assert_eq!((&reader["purposes"], &reader["not_for"]), (&json!([]), &json!(["git.clone"])));
            }
        }
    }

    async fn a_new_name_gives_nobody_what_the_old_one_did_not(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let developer = server.invite(&owner, "Amina", "developer").await;
        let admin = server.invite(&owner, "Bilal", "admin").await;
        for (name, effect, secrets, actions) in [
            ("deploys", "allow", "deploy/*", json!(["write"])),
            ("no deploys", "deny", "deploy/*", json!(["read"])),
            ("theirs", "allow", "dev/**", json!(["read", "write"])),
            ("turned", "allow", "turned/*", json!(["read", "write", "rotate"])),
        ] {
            let policy = json!({"name": name, "effect": effect, "subject_kind": "role", "subject": "developer",
                "secrets": secrets, "actions": actions});
            owner.post("/api/v1/secret-policies", policy).await.expect(StatusCode::CREATED);
        }
        let id = bring(&owner, "deploy/key", "the deploy value").await;
        let top = bring(&owner, "top/secret", "the top value").await;
        let own = bring(&owner, "dev/own", "the dev value").await;
        let named = |name: &str| json!({"name": name, "description": "moved"});
        for (who, id, name) in [
            (&developer, &id, "dev/mine"),
            (&admin, &top, "dev/renamed"),
            // Nothing can be read there that could not be read here, but rotated.
            (&developer, &own, "turned/own"),
        ] {
            let refused = who.patch(&format!("/api/v1/secrets/{id}"), named(name)).await;
            assert_eq!((refused.status, refused.problem()), (StatusCode::FORBIDDEN, "secret_denied"), "{name}");
        }
        assert_eq!(reveal(&developer, &id).await.problem(), "secret_denied");
        // What keeps its name needs no more than before, and whoever may read may move.
        developer.patch(&format!("/api/v1/secrets/{id}"), named("deploy/key")).await.expect(StatusCode::OK);
        developer.patch(&format!("/api/v1/secrets/{own}"), named("dev/mine")).await.expect(StatusCode::OK);
        owner.patch(&format!("/api/v1/secrets/{top}"), named("dev/top")).await.expect(StatusCode::OK);
    }

    async fn a_token_needs_the_scope_and_a_person_a_fresh_proof(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let id = bring(&owner, "a", "the first value").await;
        for (scopes, status) in [(json!(["secrets.read"]), StatusCode::FORBIDDEN), (json!(["secrets.use"]), StatusCode::OK)] {
            let made = owner.post("/api/v1/me/tokens", json!({"name": "ci", "scopes": scopes, "expires_in_days": 30})).await;
            let token = owner.with_token(text(&made.expect(StatusCode::CREATED), "secret"));
            assert_eq!(reveal(&token, &id).await.status, status);
        }
        server.advance(std::time::Duration::from_secs(11 * 60));
        let refused = reveal(&owner, &id).await;
        assert_eq!((refused.status, refused.problem()), (StatusCode::FORBIDDEN, "step_up_required"));
    }
}
