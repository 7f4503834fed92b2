//! How jobs come about, and what is refused.

use diwan_kernel::Ctx;
use diwan_kernel::db::Unrecorded;
use diwan_testkit::{Backend, Person, TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::json;

use super::{Machine, ask, audit, becomes, job, look, text, titles, want};

/// Wants jobs with these names, all at once; what is answered to each.
async fn want_named(person: &Person, names: impl Iterator<Item = String>) -> Vec<StatusCode> {
    let wanted = names.map(|name| person.post("/api/v1/jobs", job(json!({"name": name}))));
    futures::future::join_all(wanted).await.into_iter().map(|answer| answer.status).collect()
}

on_every_backend! {
    async fn a_job_is_written_down_given_to_a_machine_and_done(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let wanted = want(&owner, job(json!({"name": "tidy up", "labels": {"team": "web"}}))).await;
        assert_eq!((&wanted["state"], &wanted["title"], &wanted["queue"]), (&json!("queued"), &json!("tidy up"), &json!("default")));
        let mut sent = machine.sent().await;
        let leased = look(&owner, &wanted).await;
        assert_eq!((&leased["machine_name"], &leased["attempt"]), (&json!("box"), &json!(1)));
        assert_eq!(text(&leased, "command_id"), sent.command.id);
        sent.begin().await;
        let running = becomes(&server, &owner, &wanted, "running").await;
        assert!(running["started_at"].is_string());
        sent.end(0, 0, 0).await;
        let over = becomes(&server, &owner, &wanted, "succeeded").await;
        assert_eq!((&over["exit_code"], &over["reason"], &over["dead_at"]), (&json!(0), &json!(null), &json!(null)));
        assert_eq!(over["attempts"].as_array().expect("attempts").len(), 1);
        assert_eq!(over["usage"]["user_us"], 1200);
        for (action, what) in [("job.create", "job"), ("job.lease", "job"), ("job.start", "job"), ("job.end", "job")] {
            let entries = audit(&owner, action).await;
            assert_eq!((entries.len(), &entries[0]["resource"]["kind"]), (1, &json!(what)), "{action}");
        }
        machine.forgets(text(&leased, "command_id")).await;
        assert_eq!(titles(&owner, "label=team%3Dweb&phase=ended").await, ["tidy up"]);
        assert!(titles(&owner, "label=team%3Dops").await.is_empty());
    }

    async fn f53_f54_a_wish_with_a_key_is_one_job(backend) {
        let (_server, owner) = TestServer::builder().on(backend).owned().await;
        let wanted = job(json!({"idempotency_key": "nightly 1"}));
        let first = want(&owner, wanted.clone()).await;
        let again = owner.post("/api/v1/jobs", wanted.clone()).await.expect(StatusCode::OK);
        assert_eq!(again["id"], first["id"]);
        let mut other = wanted.clone();
        other["priority"] = json!(3);
        let refused = owner.post("/api/v1/jobs", other).await;
        assert_eq!((refused.status, refused.problem()), (StatusCode::CONFLICT, "idempotency_conflict"));
        let many = futures::future::join_all((0..20).map(|_| {
            owner.post("/api/v1/jobs", job(json!({"idempotency_key": "at once"})))
        })).await;
        let ids: std::collections::BTreeSet<String> =
            many.into_iter().map(|answer| text(&answer.json, "id").to_owned()).collect();
        assert_eq!(ids.len(), 1, "twenty at once are one");
        assert_eq!(titles(&owner, "").await.len(), 2);
    }

    async fn of_many_at_once_each_is_written_down_as_what_its_owner_wanted(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let other = server.invite(&owner, "Ola", "developer").await;
        let wants = |person, name: &'static str| want_named(person, (0..40).map(move |n| format!("{name} {n}")));
        let (first, second) = tokio::join!(wants(&owner, "mine"), wants(&other, "hers"));
        assert!(first.iter().chain(&second).all(|status| *status == StatusCode::CREATED), "{first:?} {second:?}");
        let mut names = titles(&owner, "limit=100").await;
        names.sort();
        let mut wanted: Vec<String> = (0..40).flat_map(|n| [format!("mine {n}"), format!("hers {n}")]).collect();
        wanted.sort();
        assert_eq!(names, wanted, "each once");
        let entries = owner.get("/api/v1/audit?action=job.create&limit=100").await.expect(StatusCode::OK);
        let entries = entries["items"].as_array().expect("items").clone();
        let of_hers = entries.iter().filter(|entry| text(&entry["actor"], "name") == "Ola").count();
        assert_eq!((entries.len(), of_hers), (80, 40), "each in the name of whoever wanted it");
        assert_eq!(owner.post("/api/v1/audit/verify", json!({})).await.expect(StatusCode::OK)["ok"], true);
    }

    async fn what_the_database_refuses_of_one_does_not_keep_others_from_being_written_down(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let db = &server.product().db;
        let mut tx = db.begin(&Ctx::system(db.world(), "test")).await.expect("a unit of work");
        let refuse = match backend {
            Backend::Sqlite => {
                "CREATE TRIGGER refuse BEFORE INSERT ON job WHEN NEW.name = 'poison'
                 BEGIN SELECT RAISE(ABORT, 'poison'); END"
            }
            Backend::Postgresql => "ALTER TABLE job ADD CONSTRAINT refuse CHECK (name <> 'poison')",
        };
        tx.execute(refuse, vec![]).await.expect("it is refused from now on");
        tx.commit_unrecorded(Unrecorded::Bookkeeping).await.expect("it is there");
        let names = (0..60).map(|n| if n % 20 == 7 { "poison".to_owned() } else { format!("good {n}") });
        let answers = want_named(&owner, names).await;
        for (at, status) in answers.iter().enumerate() {
            let wanted = if at % 20 == 7 { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::CREATED };
            assert_eq!(*status, wanted, "the {at}th");
        }
        assert_eq!(titles(&owner, "limit=100").await.len(), 57);
        assert_eq!(audit(&owner, "job.create").await.len(), 50, "a page of them");
    }

    async fn what_cannot_be_meant_is_refused_field_by_field(backend) {
        let (_server, owner) = TestServer::builder().on(backend).owned().await;
        for (wanted, field) in [
            (json!({"queue": "Not A Queue"}), "queue"),
            (json!({"priority": 99}), "priority"),
            (json!({"retry": {"attempts": 0}}), "retry.attempts"),
            (json!({"target": {"kind": "labels", "selector": "?"}}), "target.selector"),
            (json!({"target": {"kind": "machine", "machine_id": "mch_00000000000000000000000007"}}), "target.machine_id"),
            (json!({"after": [{"job_id": "job_00000000000000000000000007"}]}), "after[0]"),
            (json!({"after": [{"step": 0}]}), "after"),
            (json!({"operation": {"kind": "exec", "argv": [], "root": "work"}}), "operation.argv"),
            (json!({"operation": {"kind": "terminal", "root": "work", "columns": 80, "rows": 24}}), "operation.kind"),
        ] {
            let refused = owner.post("/api/v1/jobs", job(wanted.clone())).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{wanted}");
            assert_eq!(refused.json["errors"][0]["field"], field, "{}", refused.json);
        }
        let unknown = owner.post("/api/v1/jobs", job(json!({"colour": "red"}))).await;
        assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", unknown.json);
        assert!(titles(&owner, "").await.is_empty());
    }

    async fn several_are_written_down_together_or_not_at_all(backend) {
        let (_server, owner) = TestServer::builder().on(backend).owned().await;
        let bad = json!({"jobs": [job(json!({"name": "a"})), job(json!({"priority": 99}))]});
        let refused = owner.post("/api/v1/jobs/batch", bad).await;
        assert_eq!(refused.json["errors"][0]["field"], "jobs[1].priority", "{}", refused.json);
        let bad = json!({"jobs": [job(json!({"name": "a"})), job(json!({"after": [{"step": 1}]}))]});
        assert_eq!(owner.post("/api/v1/jobs/batch", bad).await.json["errors"][0]["field"], "jobs[1].after[0]");
        assert!(titles(&owner, "").await.is_empty(), "none of them is there");
        let good = json!({"jobs": [job(json!({"name": "a"})), job(json!({"name": "b", "after": [{"step": 0}]}))]});
        let made = owner.post("/api/v1/jobs/batch", good).await.expect(StatusCode::CREATED);
        let second = look(&owner, &made["jobs"][1]).await;
        assert_eq!((&second["hold"], &second["dependencies"][0]["id"]), (&json!("dependencies"), &made["jobs"][0]["id"]));
        assert_eq!(titles(&owner, "").await, ["b", "a"]);
    }

    async fn a_delay_is_kept_and_what_does_not_begin_in_time_expires(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let now = server.product().world.now();
        let later = now.plus(std::time::Duration::from_secs(3600));
        let delayed = want(&owner, job(json!({"name": "later", "not_before": later}))).await;
        assert_eq!((&delayed["hold"], &look(&owner, &delayed).await["waits_for"]), (&json!("time"), &json!("time")));
        let hurried = want(&owner, job(json!({"name": "soon", "queue_timeout_ms": 60_000}))).await;
        assert_eq!(look(&owner, &hurried).await["waits_for"], "no_machine");
        server.advance(std::time::Duration::from_secs(61));
        let over = becomes(&server, &owner, &hurried, "expired").await;
        assert_eq!((&over["reason"], over["dead_at"].is_string()), (&json!("queue_timeout"), true));
        let mut machine = Machine::connected(&server, &owner, "box").await;
        server.advance(std::time::Duration::from_secs(3600));
        let mut sent = machine.sent().await;
        assert_eq!(text(&look(&owner, &delayed).await, "command_id"), sent.command.id, "only it is sent");
        sent.begin().await;
        sent.end(0, 0, 0).await;
        becomes(&server, &owner, &delayed, "succeeded").await;
    }

    async fn lists_are_cut_into_pages_and_filtered(backend) {
        let (_server, owner) = TestServer::builder().on(backend).owned().await;
        for number in 0..7 {
            let queue = if number % 2 == 0 { "even" } else { "odd" };
            want(&owner, job(json!({"name": format!("n{number}"), "queue": queue}))).await;
        }
        let first = owner.get("/api/v1/jobs?limit=3").await.expect(StatusCode::OK);
        let cursor = text(&first, "next_cursor");
        assert_eq!(titles(&owner, &format!("limit=3&cursor={cursor}")).await, ["n3", "n2", "n1"]);
        assert_eq!(titles(&owner, "queue=odd").await, ["n5", "n3", "n1"]);
        assert_eq!(titles(&owner, "search=N4").await, ["n4"]);
        assert_eq!(titles(&owner, "phase=waiting&limit=1").await, ["n6"]);
        assert!(titles(&owner, "phase=dead").await.is_empty());
        let first = owner.get("/api/v1/jobs?search=n0").await.expect(StatusCode::OK);
        let cancelled = ask(&owner, &first["items"][0], "cancel", json!({})).await.expect(StatusCode::OK);
        assert_eq!(cancelled["state"], "cancelled");
        assert_eq!(titles(&owner, "state=cancelled").await, ["n0"]);
        assert_eq!(owner.get("/api/v1/jobs?state=waiting").await.status, StatusCode::BAD_REQUEST);
    }
}
