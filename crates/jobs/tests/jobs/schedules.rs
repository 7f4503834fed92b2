//! Jobs that come by themselves.

use diwan_kernel::Timestamp;
use diwan_testkit::{Answer, Person, TestServer, on_every_backend};
use reqwest::{Method, StatusCode};
use ring::hmac;
use serde_json::{Value, json};

use super::machine::Sent;
use super::{Machine, ask, audit, becomes, job, look, text, want};

/// A schedule by the clock.
fn nightly(change: Value) -> Value {
    let when = json!({"kind": "cron", "expression": "0 3 * * *", "time_zone": "Europe/Berlin"});
    let mut wanted = json!({"name": "nightly", "when": when, "job": job(json!({}))});
    for (field, value) in change.as_object().expect("an object") {
        wanted[field] = value.clone();
    }
    wanted
}

async fn make(person: &Person, wanted: Value) -> Value {
    person.post("/api/v1/job-schedules", wanted).await.expect(StatusCode::CREATED)
}

async fn look_at(person: &Person, one: &Value) -> Value {
    person.get(&format!("/api/v1/job-schedules/{}", text(one, "id"))).await.expect(StatusCode::OK)
}

/// The jobs of a schedule, the newest first.
async fn jobs_of(person: &Person, one: &Value) -> Vec<Value> {
    let found = person.get(&format!("/api/v1/jobs?limit=100&schedule={}", text(one, "id"))).await;
    found.expect(StatusCode::OK)["items"].as_array().expect("jobs").clone()
}

/// The moments for which a schedule has jobs, the newest first.
async fn fired(person: &Person, one: &Value) -> Vec<String> {
    jobs_of(person, one).await.iter().map(|job| text(job, "scheduled_for").to_owned()).collect()
}

/// Waits until a schedule has fired so often.
async fn fires(server: &TestServer, person: &Person, one: &Value, times: usize) -> Vec<String> {
    let mut feed = server.product().events.listen(None).receiver;
    loop {
        let all = fired(person, one).await;
        if all.len() >= times {
            return all;
        }
        feed.recv().await.expect("the feed goes on");
    }
}

/// Waits until something is true of a schedule.
async fn comes_to(server: &TestServer, person: &Person, one: &Value, is_so: impl Fn(&Value) -> bool) -> Value {
    let mut feed = server.product().events.listen(None).receiver;
    loop {
        let now = look_at(person, one).await;
        if is_so(&now) {
            return now;
        }
        feed.recv().await.expect("the feed goes on");
    }
}

/// Waits until a schedule fires next at this moment.
async fn goes_on(server: &TestServer, person: &Person, one: &Value, next_at: &str) -> Value {
    comes_to(server, person, one, |now| now["next_at"] == next_at).await
}

/// A schedule that fires by what happens here.
async fn hears(person: &Person, name: &str, (event, filter): (&str, Value), job: &Value) -> Value {
    let when = json!({"kind": "event", "event": event, "filter": filter});
    make(person, json!({"name": name, "when": when, "job": job})).await
}

/// A job that no machine may have.
fn idle(change: Value) -> Value {
    let mut wanted = job(json!({"target": {"kind": "labels", "selector": "nowhere"}}));
    for (field, value) in change.as_object().expect("an object") {
        wanted[field] = value.clone();
    }
    wanted
}

/// The same, and it soon comes to an end by itself.
fn brief(change: Value) -> Value {
    let mut wanted = idle(change);
    wanted["queue_timeout_ms"] = json!(1);
    wanted
}

/// Waits until everything that happened so far was heard.
async fn all_is_heard(server: &TestServer, owner: &Person) {
    let last = hears(owner, "last", ("job.ended", json!({"name": "the end"})), &idle(json!({}))).await;
    want(owner, brief(json!({"name": "the end"}))).await;
    fires(server, owner, &last, 1).await;
}

/// GitHub calls a schedule.
async fn github(
    server: &TestServer,
    one: &Value,
    secret: &str,
    body: Value,
    (event, delivery): (&str, &str),
) -> Answer {
    let signature = format!("sha256={}", signed(secret, body.to_string().as_bytes()));
    let headers =
        [("x-hub-signature-256", signature.as_str()), ("x-github-delivery", delivery), ("x-github-event", event)];
    let path = format!("/api/v1/hooks/jobs/{}", text(one, "id"));
    server.visitor().send(Method::POST, &path, Some(body), &headers).await
}

/// Somebody whose proof does not end while the clock is put forward.
async fn patient(owner: &Person) -> Person {
    let token = json!({"name": "ci", "scopes": ["jobs.run", "jobs.read", "jobs.manage"], "expires_in_days": 3650});
    let token = owner.post("/api/v1/me/tokens", token).await.expect(StatusCode::CREATED);
    owner.with_token(text(&token, "secret"))
}

fn advance_to(server: &TestServer, moment: &str) {
    let at = Timestamp::parse(moment).expect("a moment");
    server.advance(at.since(server.product().world.now()));
}

fn signed(secret: &str, bytes: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    hmac::sign(&key, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn end(sent: &mut Sent, code: i32) {
    sent.begin().await;
    sent.end(code, 0, 0).await;
}

on_every_backend! {
    async fn a_schedule_fires_by_the_clock_of_its_zone_once_for_each_moment(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let owner = patient(&owner).await;
        let made = make(&owner, nightly(json!({}))).await;
        // The clock stands at 09:00 UTC on 6 January; Berlin is one hour ahead.
        assert_eq!(text(&made, "next_at"), "2026-01-07T02:00:00.000Z");
        advance_to(&server, "2026-01-07T02:00:00Z");
        assert_eq!(fires(&server, &owner, &made, 1).await, ["2026-01-07T02:00:00.000Z"]);
        let now = goes_on(&server, &owner, &made, "2026-01-08T02:00:00.000Z").await;
        assert!(now["last_job_id"].is_string());
        advance_to(&server, "2026-01-08T02:00:00Z");
        assert_eq!(fires(&server, &owner, &made, 2).await.len(), 2);
        let summer = json!({"when": {"kind": "cron", "expression": "30 2 29 3 *", "time_zone": "Europe/Berlin"}, "count": 1});
        let next = owner.post("/api/v1/job-schedules/preview", summer).await.expect(StatusCode::OK);
        assert_eq!(next["next"], json!(["2026-03-29T01:00:00.000Z"]), "half past two does not exist on that day");
    }

    async fn what_was_missed_is_made_up_for_as_the_schedule_says(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let owner = patient(&owner).await;
        let mut all = vec![];
        for missed in ["skip", "once", "all"] {
            all.push(make(&owner, nightly(json!({"missed": missed, "name": missed}))).await);
        }
        // Four nights go by in which nobody looks.
        advance_to(&server, "2026-01-10T09:00:00Z");
        assert_eq!(fires(&server, &owner, &all[2], 4).await.len(), 4);
        assert_eq!(fires(&server, &owner, &all[1], 1).await, ["2026-01-10T02:00:00.000Z"]);
        advance_to(&server, "2026-01-11T02:00:00Z");
        assert_eq!(fires(&server, &owner, &all[0], 1).await, ["2026-01-11T02:00:00.000Z"]);
        assert_eq!(fires(&server, &owner, &all[1], 2).await.len(), 2);
        assert_eq!(fires(&server, &owner, &all[2], 5).await.len(), 5);
    }

    async fn a_schedule_is_paused_run_by_hand_changed_and_removed(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let owner = patient(&owner).await;
        let made = make(&owner, nightly(json!({"missed": "all"}))).await;
        let path = format!("/api/v1/job-schedules/{}", text(&made, "id"));
        let paused = owner.patch(&path, json!({"paused": true})).await.expect(StatusCode::OK);
        assert_eq!((paused["paused_at"].is_string(), &paused["next_at"]), (true, &json!(null)));
        advance_to(&server, "2026-01-09T09:00:00Z");
        let by_hand = owner.post(&format!("{path}/run"), json!({})).await.expect(StatusCode::CREATED);
        assert_eq!((&by_hand["schedule_id"], &by_hand["title"]), (&made["id"], &json!("nightly")));
        let on = owner.patch(&path, json!({"paused": false, "name": "each night"})).await.expect(StatusCode::OK);
        assert_eq!(text(&on, "next_at"), "2026-01-10T02:00:00.000Z", "what went by while it was paused is not made up for");
        assert_eq!(fired(&owner, &made).await.len(), 1);
        for (bad, field) in [
            (json!({"name": "ni\u{202e}ghtly"}), "name"),
            (json!({"when": {"kind": "cron", "expression": "61 * * * *"}}), "when.expression"),
            (json!({"when": {"kind": "cron", "expression": "0 3 * * *", "time_zone": "Europe/Berlim"}}), "when.time_zone"),
            (json!({"when": {"kind": "webhook", "provider": "github"}}), "when.kind"),
            (json!({"job": job(json!({"priority": 99}))}), "job.priority"),
            (json!({"job": job(json!({"idempotency_key": "k"}))}), "job.idempotency_key"),
        ] {
            let refused = owner.patch(&path, bad.clone()).await;
            assert_eq!((refused.status, &refused.json["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)), "{bad}");
        }
        assert_eq!(owner.delete(&path).await.status, StatusCode::NO_CONTENT);
        assert_eq!(owner.get(&path).await.status, StatusCode::NOT_FOUND);
        assert_eq!(look(&owner, &by_hand).await["state"], "queued", "its jobs stay");
    }

    async fn a_fire_does_not_overtake_the_one_before_if_it_must_not(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let person = patient(&owner).await;
        let made = make(&person, nightly(json!({"overlap": "skip"}))).await;
        advance_to(&server, "2026-01-07T02:00:00Z");
        fires(&server, &person, &made, 1).await;
        advance_to(&server, "2026-01-08T02:00:00Z");
        server.recorded("job_schedule.skip", 1).await;
        assert_eq!(fired(&person, &made).await.len(), 1);
    }

    async fn a_call_is_believed_by_its_signature_and_counts_once(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let when = json!({"kind": "webhook", "provider": "github", "branch": "main"});
        let made = make(&owner, nightly(json!({"when": when}))).await;
        let secret = text(&made, "secret");
        assert!(look_at(&owner, &made).await["secret"].is_null(), "it is shown once");
        let path = format!("/api/v1/hooks/jobs/{}", text(&made, "id"));
        assert!(text(&made, "hook_url").ends_with(&path));
        let commit = "c0ffee00".repeat(5);
        let push = |branch: &str, after: &str| json!({"ref": format!("refs/heads/{branch}"), "after": after});
        let call = async |body: Value, secret: &str, event: &str, delivery: &str| github(&server, &made, secret, body, (event, delivery)).await;
        let forged = call(push("main", &commit), "another", "push", "1").await;
        assert_eq!((forged.status, forged.problem()), (StatusCode::UNAUTHORIZED, "call_not_believed"));
        let first = call(push("main", &commit), secret, "push", "1").await.expect(StatusCode::OK);
        assert_eq!(first["outcome"], "fired");
        let told = json!({"DIWAN_TRIGGER": "webhook", "DIWAN_TRIGGER_REF": "refs/heads/main", "DIWAN_TRIGGER_COMMIT": commit});
        assert_eq!(look(&owner, &json!({"id": first["job_id"]})).await["env"], told);
        // What was overheard is known again, whatever id it is given.
        for delivery in ["1", "2"] {
            assert_eq!(call(push("main", &commit), secret, "push", delivery).await.expect(StatusCode::OK)["outcome"], "again");
        }
        assert_eq!(call(push("other", "1"), secret, "push", "3").await.expect(StatusCode::OK)["outcome"], "passed");
        assert_eq!(call(push("main", "1"), secret, "ping", "4").await.expect(StatusCode::OK)["outcome"], "passed");
        let deleted = push("main", &"0".repeat(40));
        assert_eq!(call(deleted, secret, "push", "4").await.expect(StatusCode::OK)["outcome"], "passed");
        let unread = call(json!("payload=%7B%7D"), secret, "push", "4").await;
        assert_eq!((unread.status, unread.problem()), (StatusCode::UNPROCESSABLE_ENTITY, "call_not_json"));
        assert!(text(&look_at(&owner, &made).await, "trouble").contains("JSON"), "whoever looks after it sees why");
        assert_eq!(call(push("main", "1"), secret, "push", "5").await.expect(StatusCode::OK)["outcome"], "fired");
        assert_eq!(fired(&owner, &made).await.len(), 2);
        let rotate = format!("/api/v1/job-schedules/{}/secret", text(&made, "id"));
        let new = owner.post(&rotate, json!({})).await.expect(StatusCode::OK);
        assert_eq!(call(push("main", "1"), secret, "push", "6").await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(call(push("main", "1"), text(&new, "secret"), "push", "6").await.expect(StatusCode::OK)["outcome"], "fired");
        let nowhere = server.visitor().send(Method::POST, "/api/v1/hooks/jobs/jsc_00000000000000000000000007", Some(json!({})), &[]).await;
        assert_eq!((nowhere.status, nowhere.problem()), (StatusCode::UNAUTHORIZED, "call_not_believed"));
        let trail = owner.get("/api/v1/audit?limit=200").await.expect(StatusCode::OK).to_string();
        assert!(!trail.contains(secret), "the secret is not written down");
    }

    async fn a_secret_is_shown_once_and_kept_for_no_repetition(backend) {
        let (_server, owner) = TestServer::builder().on(backend).owned().await;
        let post = async |path: &str, body: Value, key: &str| owner.send(Method::POST, path, Some(body), &[("idempotency-key", key)]).await;
        let hook = nightly(json!({"when": {"kind": "webhook", "provider": "diwan"}}));
        let made = post("/api/v1/job-schedules", hook.clone(), "a").await.expect(StatusCode::CREATED);
        assert_eq!(post("/api/v1/job-schedules", hook, "a").await.problem(), "idempotency_secret_not_kept");
        let rotate = format!("/api/v1/job-schedules/{}/secret", text(&made, "id"));
        post(&rotate, json!({}), "b").await.expect(StatusCode::OK);
        assert_eq!(post(&rotate, json!({}), "b").await.problem(), "idempotency_secret_not_kept");
        let first = post("/api/v1/job-schedules", nightly(json!({})), "c").await.expect(StatusCode::CREATED);
        let again = post("/api/v1/job-schedules", nightly(json!({})), "c").await.expect(StatusCode::CREATED);
        assert_eq!(again["id"], first["id"], "without a secret the answer is kept");
    }

    async fn one_that_must_not_overtake_itself_does_not_whoever_asks(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let when = json!({"kind": "webhook", "provider": "github"});
        let made = make(&owner, nightly(json!({"when": when, "overlap": "skip", "job": idle(json!({}))}))).await;
        let run = format!("/api/v1/job-schedules/{}/run", text(&made, "id"));
        let (one, other) = tokio::join!(owner.post(&run, json!({})), owner.post(&run, json!({})));
        let mut both = [one.status, other.status];
        both.sort_unstable();
        assert_eq!(both, [StatusCode::CREATED, StatusCode::CONFLICT]);
        assert_eq!(owner.post(&run, json!({})).await.problem(), "schedule_under_way");
        let call = async || github(&server, &made, text(&made, "secret"), json!({"after": "1"}), ("push", "1")).await.expect(StatusCode::OK);
        assert_eq!(call().await["outcome"], "skipped");
        ask(&owner, &jobs_of(&owner, &made).await[0], "cancel", json!({})).await.expect(StatusCode::OK);
        assert_eq!(call().await["outcome"], "fired", "one of which nothing came may come again");
        // And so it is with what happens here.
        let path = format!("/api/v1/job-schedules/{}", text(&made, "id"));
        assert_eq!(owner.delete(&path).await.status, StatusCode::NO_CONTENT);
        let when = json!({"kind": "event", "event": "job.ended", "filter": {"name": "tick"}});
        let heard = make(&owner, nightly(json!({"when": when, "overlap": "skip", "job": idle(json!({}))}))).await;
        for _ in 0..2 {
            want(&owner, brief(json!({"name": "tick"}))).await;
        }
        server.recorded("job_schedule.skip", 2).await;
        assert_eq!(fired(&owner, &heard).await.len(), 1);
    }

    async fn a_schedule_fires_by_what_happened_here(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let filter = json!({"state": "failed", "queue": "deploy"});
        let clean = hears(&owner, "clean up", ("job.ended", filter), &job(json!({}))).await;
        let good = want(&owner, job(json!({"queue": "deploy"}))).await;
        let mut first = machine.sent().await;
        end(&mut first, 0).await;
        becomes(&server, &owner, &good, "succeeded").await;
        let bad = want(&owner, job(json!({"queue": "deploy"}))).await;
        let mut second = machine.sent().await;
        end(&mut second, 1).await;
        becomes(&server, &owner, &bad, "failed").await;
        assert_eq!(fires(&server, &owner, &clean, 1).await.len(), 1);
        let told = json!({"DIWAN_TRIGGER": "job.ended", "DIWAN_TRIGGER_JOB": bad["id"]});
        assert_eq!(jobs_of(&owner, &clean).await[0]["env"], told);
    }

    async fn what_can_never_happen_is_not_waited_for(backend) {
        let (_server, owner) = TestServer::builder().on(backend).owned().await;
        let ended = |filter: Value| json!({"kind": "event", "event": "job.ended", "filter": filter});
        for (when, field) in [
            (ended(json!({"state": "failde"})), "when.filter.state"),
            (ended(json!({"state": "running"})), "when.filter.state"),
            (ended(json!({"queue": "No Such"})), "when.filter.queue"),
            (ended(json!({"label": "team"})), "when.filter.label"),
            (json!({"kind": "webhook", "provider": "github", "branch": "refs/heads/main"}), "when.branch"),
        ] {
            let refused = owner.post("/api/v1/job-schedules", nightly(json!({"when": when}))).await;
            assert_eq!((refused.status, &refused.json["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)));
        }
        make(&owner, nightly(json!({"when": ended(json!({"state": "failed", "queue": "q.1", "label": "team=a"}))}))).await;
    }

    async fn a_push_that_succeeds_is_heard_and_begins_none_for_ever(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let push = json!({"kind": "git.push", "root": "work"});
        let by_name = hears(&owner, "onwards", ("git.push", json!({"machine": "box"})), &job(json!({"operation": push}))).await;
        let by_id = hears(&owner, "by id", ("git.push", json!({"machine": machine.id()})), &idle(json!({}))).await;
        let elsewhere = hears(&owner, "elsewhere", ("git.push", json!({"machine": "other"})), &idle(json!({}))).await;
        // One that fails is none.
        let bad = want(&owner, job(json!({"operation": push}))).await;
        let mut sent = machine.sent().await;
        end(&mut sent, 1).await;
        becomes(&server, &owner, &bad, "failed").await;
        owner.post("/api/v1/commands", json!({"machine": "box", "operation": push})).await.expect(StatusCode::CREATED);
        let mut sent = machine.sent().await;
        end(&mut sent, 0).await;
        fires(&server, &owner, &by_name, 1).await;
        // What it pushes in turn others hear, and it does not.
        let mut sent = machine.sent().await;
        end(&mut sent, 0).await;
        fires(&server, &owner, &by_id, 2).await;
        all_is_heard(&server, &owner).await;
        let counts = [fired(&owner, &by_name).await.len(), fired(&owner, &by_id).await.len(), fired(&owner, &elsewhere).await.len()];
        assert_eq!(counts, [1, 2, 0]);
        let told = json!({"DIWAN_TRIGGER": "git.push", "DIWAN_TRIGGER_MACHINE": machine.id()});
        assert_eq!(jobs_of(&owner, &by_name).await[0]["env"], told);
    }

    async fn schedules_that_begin_one_another_come_to_an_end(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let link = brief(json!({"labels": {"part": "chain"}}));
        let mut all = vec![];
        for name in ["a", "b", "c"] {
            all.push(hears(&owner, name, ("job.ended", json!({"label": "part=chain"})), &link).await);
        }
        want(&owner, link.clone()).await;
        // No chain has any of them twice: three, then six, then six again.
        for one in &all {
            fires(&server, &owner, one, 5).await;
            for job in jobs_of(&owner, one).await {
                becomes(&server, &owner, &job, "expired").await;
            }
        }
        all_is_heard(&server, &owner).await;
        for one in &all {
            assert_eq!(fired(&owner, one).await.len(), 5);
        }
    }

    async fn what_others_do_begins_nothing_of_somebody_who_did_not_ask_for_it(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let dana = server.invite(&owner, "dana", "developer").await;
        let me = dana.get("/api/v1/me").await.expect(StatusCode::OK);
        let mut all = vec![];
        for (name, filter) in [
            ("own", json!({"name": "build"})),
            ("hers", json!({"name": "build", "owner": me["user"]["id"]})),
            ("anybody's", json!({"name": "build", "owner": "*"})),
        ] {
            all.push(hears(&owner, name, ("job.ended", filter), &idle(json!({}))).await);
        }
        want(&dana, brief(json!({"name": "build"}))).await;
        fires(&server, &owner, &all[1], 1).await;
        want(&owner, brief(json!({"name": "build"}))).await;
        fires(&server, &owner, &all[0], 1).await;
        all_is_heard(&server, &owner).await;
        let counts = [fired(&owner, &all[0]).await.len(), fired(&owner, &all[1]).await.len(), fired(&owner, &all[2]).await.len()];
        assert_eq!(counts, [1, 1, 2]);
    }

    async fn a_schedule_does_not_fire_without_measure(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let made = hears(&owner, "each", ("job.ended", json!({"queue": "many"})), &idle(json!({}))).await;
        let many = vec![brief(json!({"queue": "many"})); 61];
        owner.post("/api/v1/jobs/batch", json!({"jobs": many})).await.expect(StatusCode::CREATED);
        comes_to(&server, &owner, &made, |now| now["trouble"].is_string()).await;
        assert_eq!(fired(&owner, &made).await.len(), 60);
    }

    async fn one_that_cannot_fire_goes_on_and_says_why(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let dana = server.invite(&owner, "dana", "developer").await;
        let made = make(&dana, nightly(json!({}))).await;
        let heard = hears(&dana, "heard", ("job.ended", json!({"owner": "*"})), &idle(json!({}))).await;
        let me = dana.get("/api/v1/me").await.expect(StatusCode::OK);
        let user = format!("/api/v1/users/{}", text(&me["user"], "id"));
        owner.patch(&user, json!({"role": "viewer"})).await.expect(StatusCode::OK);
        let person = patient(&owner).await;
        let over = want(&person, idle(json!({}))).await;
        ask(&person, &over, "cancel", json!({})).await.expect(StatusCode::OK);
        comes_to(&server, &person, &heard, |now| now["trouble"].is_string()).await;
        advance_to(&server, "2026-01-07T02:00:00Z");
        let now = goes_on(&server, &person, &made, "2026-01-08T02:00:00.000Z").await;
        assert!(now["trouble"].is_string() && now["last_job_id"].is_null(), "{now}");
        // Whoever answers for it from then on does not make up for what could not be.
        let path = format!("/api/v1/job-schedules/{}", text(&made, "id"));
        person.patch(&path, json!({"job": idle(json!({}))})).await.expect(StatusCode::OK);
        advance_to(&server, "2026-01-08T02:00:00Z");
        assert_eq!(fires(&server, &person, &made, 1).await, ["2026-01-08T02:00:00.000Z"]);
        comes_to(&server, &person, &made, |now| now["trouble"].is_null() && now["last_job_id"].is_string()).await;
    }

    async fn nothing_is_done_for_somebody_who_is_not_here_any_more(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let dana = server.invite(&owner, "dana", "developer").await;
        let made = make(&dana, nightly(json!({}))).await;
        let path = format!("/api/v1/job-schedules/{}", text(&made, "id"));
        assert_eq!(server.invite(&owner, "omar", "developer").await.patch(&path, json!({"paused": true})).await.status, StatusCode::FORBIDDEN);
        let me = dana.get("/api/v1/me").await.expect(StatusCode::OK);
        let user = format!("/api/v1/users/{}", text(&me["user"], "id"));
        let gone = owner.patch(&user, json!({"role": "viewer"})).await;
        assert_eq!(gone.status, StatusCode::OK, "{}", gone.json);
        let refused = owner.post(&format!("{path}/run"), json!({})).await;
        assert_eq!((refused.status, refused.problem()), (StatusCode::CONFLICT, "schedule_owner_gone"));
        // Whoever changes what it does answers for it.
        owner.patch(&path, json!({"job": job(json!({"name": "mine now"}))})).await.expect(StatusCode::OK);
        owner.post(&format!("{path}/run"), json!({})).await.expect(StatusCode::CREATED);
        assert_eq!(audit(&owner, "job_schedule.update").await.len(), 1);
        let all = owner.get("/api/v1/job-schedules").await.expect(StatusCode::OK);
        assert_eq!(all["items"].as_array().expect("some").len(), 1);
        let none = ask(&owner, &json!({"id": "job_00000000000000000000000007"}), "cancel", json!({})).await;
        assert_eq!(none.status, StatusCode::NOT_FOUND);
    }
}
