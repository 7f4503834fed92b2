//! Values on lease: for one holder, for one purpose, for a while.

use std::time::Duration;

use diwan_kernel::{Ctx, Problem, Timestamp};
use diwan_testkit::{Person, TestServer, on_every_backend};
use diwan_vault::{Asker, LeaseEnd, LeaseParams, Leased, SecretName, SubjectKind};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::sealing::sign_in;
use super::{bring, text};

pub(crate) const HOUR: Duration = Duration::from_secs(3600);

fn ctx(server: &TestServer) -> Ctx {
    Ctx::system(&server.product().world, "bridge")
}

fn now(server: &TestServer) -> Timestamp {
    ctx(server).now()
}

fn asked(machine: &str, purpose: &str, ttl: Duration) -> LeaseParams {
    LeaseParams {
        secret: SecretName::parse("git/deploy-key").expect("a name"),
        holder_kind: SubjectKind::Machine,
        holder: machine.to_owned(),
        asker: Asker::default().and(SubjectKind::Machine, machine),
        guarantor: None,
        purpose: purpose.to_owned(),
        ttl,
    }
}

pub(crate) async fn lend(server: &TestServer, machine: &str, purpose: &str, ttl: Duration) -> Result<Leased, Problem> {
    server.product().vault.lend(&ctx(server), asked(machine, purpose, ttl)).await
}

/// A secret that the machine `mac_1` may have for `git.clone`; says its id.
pub(crate) async fn arranged(owner: &Person) -> String {
    let policy = json!({"name": "clones", "effect": "allow", "subject_kind": "machine", "subject": "mac_1",
        "secrets": "git/*", "actions": ["read"], "purposes": ["git.clone"]});
    owner.post("/api/v1/secret-policies", policy).await.expect(StatusCode::CREATED);
    bring(owner, "git/deploy-key", "a very quiet word").await
}

async fn leases(owner: &Person) -> Vec<Value> {
    let found = owner.get("/api/v1/secret-leases").await;
    assert!(!found.text.contains("quiet"), "{}", found.text);
    found.expect(StatusCode::OK)["items"].as_array().expect("items").clone()
}

on_every_backend! {
    async fn a_value_is_lent_to_whom_and_for_what_a_policy_says(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        arranged(&owner).await;
        let lent = lend(&server, "mac_1", "git.clone", HOUR).await.expect("a lease");
        assert_eq!((lent.value.expose().as_str(), lent.version), ("a very quiet word", 1));
        assert!(!format!("{lent:?}").contains("quiet"), "{lent:?}");
        assert_eq!(lent.expires_at, now(&server).plus(HOUR));
        for (machine, purpose) in [("mac_1", "git.push"), ("mac_1", ""), ("mac_2", "git.clone")] {
            let refused = lend(&server, machine, purpose, HOUR).await.expect_err("no policy allows it");
            assert_eq!(refused.code(), "secret_denied", "{machine} {purpose}");
        }
        let items = leases(&owner).await;
        assert_eq!(items.len(), 1);
        assert_eq!((text(&items[0], "holder"), text(&items[0], "purpose")), ("mac_1", "git.clone"));
        assert_eq!((text(&items[0], "secret_name"), &items[0]["ended_at"]), ("git/deploy-key", &json!(null)));
        let denied = owner.get("/api/v1/audit?action=secret.lend&outcome=denied").await.expect(StatusCode::OK);
        assert_eq!(denied["items"].as_array().map(Vec::len), Some(3));
        let entry = &denied["items"][0];
        assert_eq!((&entry["metadata"]["holder"], &entry["resource"]["id"]), (&json!("machine:mac_2"), &json!("git/deploy-key")));
        let done = owner.get("/api/v1/audit?action=secret.lend&outcome=ok").await;
        assert!(!done.text.contains("quiet"), "{}", done.text);
        let entry = &done.expect(StatusCode::OK)["items"][0]["metadata"];
        assert_eq!((&entry["holder"], &entry["purpose"]), (&json!("machine:mac_1"), &json!("git.clone")));
    }

    async fn what_is_lent_renewed_and_ended_is_announced_and_written_down(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let id = arranged(&owner).await;
        owner.post(&format!("/api/v1/secrets/{id}/versions"), json!({"value": "a quiet new word"})).await.expect(StatusCode::CREATED);
        let vault = &server.product().vault;
        let mut feed = server.product().events.listen(None).receiver;
        // Nobody has to say twice who will hold it.
        let bare = LeaseParams { asker: Asker::default(), ..asked("mac_1", "git.clone", HOUR) };
        let lent = vault.lend(&ctx(&server), bare).await.expect("a lease");
        let issued = now(&server);
        assert_eq!(text(&leases(&owner).await[0], "issued_at"), issued.to_string());
        server.advance(HOUR / 2);
        let until = vault.renew_lease(&ctx(&server), lent.id, HOUR).await.expect("it is renewed");
        vault.end_lease(&ctx(&server), lent.id, LeaseEnd::Returned).await.expect("it ends");
        for _ in 0..3 {
            let mut event = feed.recv().await.expect("the feed goes on");
            while event.name != "secret.lease_changed" {
                event = feed.recv().await.expect("the feed goes on");
            }
            assert_eq!(event.data["id"], json!(lent.id));
        }
        let (lease, purpose, holder) = (json!(lent.id), "git.clone", "machine:mac_1");
        for (action, metadata) in [
            ("secret.lend", json!({"version": 2, "holder": holder, "purpose": purpose, "lease": lease, "until": issued.plus(HOUR)})),
            ("secret.renew_lease", json!({"lease": lease, "until": until})),
            ("secret.end_lease", json!({"lease": lease, "why": "returned"})),
        ] {
            let found = owner.get(&format!("/api/v1/audit?action={action}")).await.expect(StatusCode::OK);
            assert_eq!(found["items"][0]["resource"], json!({"kind": "secret", "id": "git/deploy-key"}), "{action}");
            assert_eq!(found["items"][0]["metadata"], metadata, "{action}");
        }
    }

    async fn no_lease_is_too_short_to_be_renewed(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        arranged(&owner).await;
        let (shortest, moment) = (Duration::from_secs(30), Duration::from_secs(1));
        let lent = lend(&server, "mac_1", "git.clone", moment).await.expect("a lease");
        assert_eq!(lent.expires_at, now(&server).plus(shortest));
        server.advance(moment);
        let until = server.product().vault.renew_lease(&ctx(&server), lent.id, moment).await.expect("it is renewed");
        assert_eq!(until, now(&server).plus(shortest));
    }

    async fn a_policy_that_ran_out_lends_and_renews_nothing(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        bring(&owner, "git/deploy-key", "a very quiet word").await;
        let policy = json!({"name": "today", "effect": "allow", "subject_kind": "machine", "subject": "mac_1",
            "secrets": "git/*", "actions": ["read"], "expires_at": now(&server).plus(HOUR)});
        owner.post("/api/v1/secret-policies", policy).await.expect(StatusCode::CREATED);
        let lent = lend(&server, "mac_1", "git.clone", HOUR * 2).await.expect("a lease");
        let returned = lend(&server, "mac_1", "git.clone", HOUR * 2).await.expect("a lease");
        let vault = &server.product().vault;
        vault.end_lease(&ctx(&server), returned.id, LeaseEnd::Returned).await.expect("it ends");
        server.advance(HOUR);
        let renewed = vault.renew_lease(&ctx(&server), lent.id, HOUR).await;
        assert_eq!(renewed.expect_err("the policy ran out").code(), "secret_denied");
        let again = lend(&server, "mac_1", "git.clone", HOUR).await;
        assert_eq!(again.expect_err("the policy ran out").code(), "secret_denied");
        // What is over is over, whatever the policies say.
        let renewed = vault.renew_lease(&ctx(&server), returned.id, HOUR).await;
        assert_eq!(renewed.expect_err("it was given back").code(), "lease_ended");
        server.advance(HOUR);
        let renewed = vault.renew_lease(&ctx(&server), lent.id, HOUR).await;
        assert_eq!(renewed.expect_err("it ran out").code(), "lease_ended");
    }

    async fn a_policy_counts_for_its_own_kind_for_whole_names_and_for_each_of_its_purposes(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        bring(&owner, "git/deploy-key", "a very quiet word").await;
        for (kind, subject, purposes) in [("job", "nightly", json!(["git.clone", "git.push"])), ("agent", "*", json!(["git.fetch"]))] {
            let policy = json!({"name": kind, "effect": "allow", "subject_kind": kind, "subject": subject,
                "secrets": "git/*", "actions": ["read"], "purposes": purposes});
            owner.post("/api/v1/secret-policies", policy).await.expect(StatusCode::CREATED);
        }
        for (holder_kind, holder, purpose, may) in [
            (SubjectKind::Job, "nightly", "git.clone", true),
            (SubjectKind::Job, "nightly", "git.push", true),
            (SubjectKind::Job, "nightly", "git.clone.deep", false),
            (SubjectKind::Job, "nightly", "git", false),
            (SubjectKind::Job, "nightly", "git.fetch", false),
            (SubjectKind::Job, "nightly2", "git.clone", false),
            (SubjectKind::Job, "night", "git.clone", false),
            (SubjectKind::Job, "Nightly", "git.clone", false),
            (SubjectKind::Machine, "nightly", "git.clone", false),
            (SubjectKind::Agent, "nightly", "git.clone", false),
            (SubjectKind::Agent, "backup", "git.fetch", true),
            (SubjectKind::Machine, "backup", "git.fetch", false),
        ] {
            let bare = LeaseParams { holder_kind, asker: Asker::default(), ..asked(holder, purpose, HOUR) };
            let lent = server.product().vault.lend(&ctx(&server), bare).await;
            assert_eq!(lent.map_err(|refused| refused.code()).map(drop), if may { Ok(()) } else { Err("secret_denied") },
                "{holder_kind:?} {holder} {purpose}");
        }
    }

    async fn a_denial_wins_over_every_name_the_holder_has(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        arranged(&owner).await;
        let deny = json!({"name": "not nightly", "effect": "deny", "subject_kind": "job", "subject": "nightly", "secrets": "**", "actions": ["read"]});
        owner.post("/api/v1/secret-policies", deny).await.expect(StatusCode::CREATED);
        let mut job = asked("mac_1", "git.clone", HOUR);
        job.asker = job.asker.and(SubjectKind::Job, "nightly");
        let refused = server.product().vault.lend(&ctx(&server), job).await.expect_err("the job is denied");
        assert_eq!(refused.code(), "secret_denied");
        lend(&server, "mac_1", "git.clone", HOUR).await.expect("another job of the machine");
    }

    async fn it_is_renewed_up_to_the_longest_and_no_further(backend) {
        let builder = TestServer::builder().on(backend).manual_clock().config(|c| c.vault.lease_hours = 2);
        let (server, owner) = builder.owned().await;
        arranged(&owner).await;
        let begun = now(&server);
        let lent = lend(&server, "mac_1", "git.clone", HOUR).await.expect("a lease");
        let vault = &server.product().vault;
        server.advance(HOUR / 2);
        let until = vault.renew_lease(&ctx(&server), lent.id, HOUR).await.expect("it is renewed");
        assert_eq!(until, begun.plus(HOUR / 2 * 3));
        server.advance(HOUR / 2);
        let until = vault.renew_lease(&ctx(&server), lent.id, HOUR * 50).await.expect("it is renewed");
        assert_eq!(until, begun.plus(HOUR * 2));
        server.advance(HOUR);
        let refused = vault.renew_lease(&ctx(&server), lent.id, HOUR).await.expect_err("it ran out");
        assert_eq!(refused.code(), "lease_ended");
        let wished = lend(&server, "mac_1", "git.clone", HOUR * 50).await.expect("a lease");
        assert_eq!(wished.expires_at, now(&server).plus(HOUR * 2));
    }

    async fn it_ends_by_the_clock_by_hand_or_when_it_is_given_back(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        arranged(&owner).await;
        let vault = &server.product().vault;
        let short = lend(&server, "mac_1", "git.clone", HOUR / 2).await.expect("a lease");
        let returned = lend(&server, "mac_1", "git.clone", HOUR).await.expect("a lease");
        let revoked = lend(&server, "mac_1", "git.clone", HOUR).await.expect("a lease");
        vault.end_lease(&ctx(&server), returned.id, LeaseEnd::Returned).await.expect("it ends");
        let path = format!("/api/v1/secret-leases/{}", revoked.id);
        owner.delete(&path).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(owner.delete(&path).await.problem(), "lease_ended");
        server.advance(HOUR / 2);
        vault.look().await;
        let owner = sign_in(&server).await;
        let why = |id: String, items: &[Value]| {
            let found = items.iter().find(|l| l["id"] == *id).expect("the lease");
            text(found, "ended_why").to_owned()
        };
        let items = leases(&owner).await;
        assert_eq!(why(short.id.to_string(), &items), "expired");
        assert_eq!(why(returned.id.to_string(), &items), "returned");
        assert_eq!(why(revoked.id.to_string(), &items), "revoked");
        for id in [short.id, returned.id, revoked.id] {
            let refused = vault.renew_lease(&ctx(&server), id, HOUR).await.expect_err("it ended");
            assert_eq!(refused.code(), "lease_ended");
        }
        // Its time comes, and it stays what it was.
        server.advance(HOUR);
        vault.look().await;
        assert_eq!(why(returned.id.to_string(), &leases(&sign_in(&server).await).await), "returned");
    }

    async fn it_ends_with_the_version_it_is_about(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let id = arranged(&owner).await;
        let vault = &server.product().vault;
        let first = lend(&server, "mac_1", "git.clone", HOUR).await.expect("a lease");
        owner.post(&format!("/api/v1/secrets/{id}/versions"), json!({"value": "a quiet new word"})).await.expect(StatusCode::CREATED);
        let second = lend(&server, "mac_1", "git.clone", HOUR).await.expect("a lease");
        assert_eq!((second.version, second.value.expose().as_str()), (2, "a quiet new word"));
        owner.delete(&format!("/api/v1/secrets/{id}/versions/1")).await.expect(StatusCode::NO_CONTENT);
        let items = leases(&owner).await;
        let ended: Vec<(i64, &Value)> = items.iter().map(|l| (l["version"].as_i64().expect("a number"), &l["ended_why"])).collect();
        assert_eq!(ended, [(2, &json!(null)), (1, &json!("version_destroyed"))]);
        assert_eq!(vault.renew_lease(&ctx(&server), first.id, HOUR).await.expect_err("it ended").code(), "lease_ended");
        vault.renew_lease(&ctx(&server), second.id, HOUR).await.expect("it goes on");
        owner.delete(&format!("/api/v1/secrets/{id}")).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(leases(&owner).await, Vec::<Value>::new());
        assert_eq!(vault.renew_lease(&ctx(&server), second.id, HOUR).await.expect_err("it is gone").status(), StatusCode::NOT_FOUND);
    }

    async fn what_no_policy_allows_any_more_is_not_renewed(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        arranged(&owner).await;
        let vault = &server.product().vault;
        let lent = lend(&server, "mac_1", "git.clone", HOUR).await.expect("a lease");
        vault.renew_lease(&ctx(&server), lent.id, HOUR).await.expect("the policy is there");
        let policies = owner.get("/api/v1/secret-policies").await.expect(StatusCode::OK);
        let policies = policies["items"].as_array().expect("items").clone();
        let clones = policies.iter().find(|p| p["name"] == "clones").expect("the policy");
        owner.delete(&format!("/api/v1/secret-policies/{}", text(clones, "id"))).await.expect(StatusCode::NO_CONTENT);
        let refused = vault.renew_lease(&ctx(&server), lent.id, HOUR).await.expect_err("the policy is gone");
        assert_eq!(refused.code(), "secret_denied");
        assert_eq!(leases(&owner).await[0]["ended_at"], json!(null));
        let denied = owner.get("/api/v1/audit?action=secret.renew_lease&outcome=denied").await.expect(StatusCode::OK);
        let entry = &denied["items"][0];
        assert_eq!((&entry["metadata"]["holder"], &entry["metadata"]["lease"]), (&json!("machine:mac_1"), &json!(lent.id)));
        assert_eq!(entry["resource"]["id"], "git/deploy-key");
        let again = json!({"name": "again", "effect": "allow", "subject_kind": "machine", "subject": "*",
            "secrets": "git/*", "actions": ["read"], "purposes": ["git.clone"]});
        owner.post("/api/v1/secret-policies", again).await.expect(StatusCode::CREATED);
        vault.renew_lease(&ctx(&server), lent.id, HOUR).await.expect("a policy allows it again");
    }

    async fn a_denial_of_anything_that_the_holder_is_ends_renewing(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        arranged(&owner).await;
        let asker = Asker::default().and(SubjectKind::Job, "nightly").and(SubjectKind::Machine, "mac_1");
        let asked = LeaseParams { asker, ..asked("mac_1", "git.clone", HOUR) };
        let vault = &server.product().vault;
        let lent = vault.lend(&ctx(&server), asked).await.expect("a lease");
        let deny = json!({"name": "not nightly", "effect": "deny", "subject_kind": "job", "subject": "nightly", "secrets": "**", "actions": ["read"]});
        owner.post("/api/v1/secret-policies", deny).await.expect(StatusCode::CREATED);
        let refused = vault.renew_lease(&ctx(&server), lent.id, HOUR).await.expect_err("its job is denied");
        assert_eq!(refused.code(), "secret_denied");
    }

    async fn nothing_is_lent_while_the_vault_is_sealed_and_what_is_lent_goes_on(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        arranged(&owner).await;
        let lent = lend(&server, "mac_1", "git.clone", HOUR).await.expect("a lease");
        owner.post("/api/v1/vault/seal", json!({})).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(lend(&server, "mac_1", "git.clone", HOUR).await.expect_err("it is sealed").code(), "vault_sealed");
        server.product().vault.renew_lease(&ctx(&server), lent.id, HOUR).await.expect("it goes on");
    }
}
