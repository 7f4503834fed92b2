//! Refresh tokens: one successor, and what a copy does.

use std::time::Duration;

use diwan_testkit::{Answer, TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{entry, text, tokens};

async fn refresh(server: &TestServer, token: &str) -> Answer {
    server.visitor().post("/api/v1/auth/refresh", json!({"refresh_token": token})).await
}

fn refresh_token(pair: &Value) -> &str {
    text(pair, "refresh_token")
}

/// Chance that is the same in every run.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("it fits") % sides
    }
}

/// What the rules say about the tokens of one session.
#[derive(Default)]
struct Family {
    tokens: Vec<String>,
    used_at: Vec<u64>,
    ended: bool,
}

impl Family {
    #[track_caller]
    fn expect(&mut self, step: usize, which: usize, now: u64, answer: &Answer) {
        let last = self.tokens.len() - 1;
        if which == last {
            assert_eq!(answer.status, StatusCode::OK, "step {step}: {}", answer.text);
            self.tokens.push(refresh_token(&answer.json).to_owned());
            self.used_at.push(now);
        } else if which + 1 == last && now - self.used_at[which] <= 10 {
            assert_eq!(answer.status, StatusCode::OK, "step {step}: {}", answer.text);
            assert_eq!(refresh_token(&answer.json), self.tokens[last], "step {step}");
        } else {
            assert_eq!(answer.problem(), "refresh_reused", "step {step}");
            self.ended = true;
        }
    }
}

on_every_backend! {
    async fn a_pair_is_exchanged_for_the_next_one(backend) {
        let (server, _) = TestServer::builder().on(backend).owned().await;
        let first = tokens(&server, "owner@example.org").await;
        assert_eq!((text(&first, "token_type"), &first["expires_in_s"]), ("Bearer", &json!(3600)));
        let second = refresh(&server, refresh_token(&first)).await.expect(StatusCode::OK);
        assert_ne!(refresh_token(&second), refresh_token(&first));
        assert_ne!(text(&second, "access_token"), text(&first, "access_token"));
        let me = server.visitor().with_token(text(&second, "access_token")).get("/api/v1/me").await;
        assert_eq!(me.expect(StatusCode::OK)["user"]["email"], "owner@example.org");
    }

    async fn an_access_token_dies_after_an_hour_and_the_refresh_token_goes_on(backend) {
        let (server, _) = TestServer::builder().on(backend).manual_clock().owned().await;
        let pair = tokens(&server, "owner@example.org").await;
        let program = server.visitor().with_token(text(&pair, "access_token"));
        server.advance(Duration::from_secs(3599));
        program.get("/api/v1/me").await.expect(StatusCode::OK);
        server.advance(Duration::from_secs(1));
        assert_eq!(program.get("/api/v1/me").await.problem(), "token_expired");
        refresh(&server, refresh_token(&pair)).await.expect(StatusCode::OK);
    }

    async fn fifty_at_once_get_one_and_the_same_successor(backend) {
        let (server, _) = TestServer::builder().on(backend).owned().await;
        let pair = tokens(&server, "owner@example.org").await;
        let answers = futures::future::join_all((0..50).map(|_| refresh(&server, refresh_token(&pair)))).await;
        let mut successors: Vec<String> = answers
            .into_iter()
            .map(|answer| refresh_token(&answer.expect(StatusCode::OK)).to_owned())
            .collect();
        successors.dedup();
        assert_eq!(successors.len(), 1);
        refresh(&server, &successors[0]).await.expect(StatusCode::OK);
    }

    async fn a_lost_answer_is_given_again_for_ten_seconds(backend) {
        let (server, _) = TestServer::builder().on(backend).manual_clock().owned().await;
        let first = tokens(&server, "owner@example.org").await;
        let second = refresh(&server, refresh_token(&first)).await.expect(StatusCode::OK);
        server.advance(Duration::from_secs(10));
        let again = refresh(&server, refresh_token(&first)).await.expect(StatusCode::OK);
        assert_eq!(refresh_token(&again), refresh_token(&second));
    }

    async fn a_copied_token_ends_the_whole_family(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let first = tokens(&server, "owner@example.org").await;
        let second = refresh(&server, refresh_token(&first)).await.expect(StatusCode::OK);
        let program = server.visitor().with_token(text(&second, "access_token"));
        program.get("/api/v1/me").await.expect(StatusCode::OK);
        server.advance(Duration::from_secs(11));
        let copied = refresh(&server, refresh_token(&first)).await;
        assert_eq!((copied.status, copied.problem()), (StatusCode::UNAUTHORIZED, "refresh_reused"));
        assert_eq!(refresh(&server, refresh_token(&second)).await.problem(), "refresh_invalid");
        assert_eq!(program.get("/api/v1/me").await.problem(), "session_ended");
        assert_eq!(text(&entry(&owner, "session.refresh_reuse").await, "outcome"), "denied");
    }

    async fn only_the_immediate_predecessor_is_forgiven(backend) {
        let (server, _) = TestServer::builder().on(backend).owned().await;
        let first = tokens(&server, "owner@example.org").await;
        let second = refresh(&server, refresh_token(&first)).await.expect(StatusCode::OK);
        refresh(&server, refresh_token(&second)).await.expect(StatusCode::OK);
        assert_eq!(refresh(&server, refresh_token(&first)).await.problem(), "refresh_reused");
    }

    async fn whatever_is_tried_in_whatever_order_the_rules_hold(backend) {
        let (server, _) = TestServer::builder().on(backend).manual_clock().owned().await;
        let mut dice = Dice(7400);
        let mut family = Family::default();
        let mut now = 0;
        for step in 0..250 {
            if family.ended || family.tokens.is_empty() {
                let pair = tokens(&server, "owner@example.org").await;
                family = Family { tokens: vec![refresh_token(&pair).to_owned()], ..Family::default() };
            }
            let seconds = [0, 0, 1, 5, 10, 11][dice.throw(6)];
            server.advance(Duration::from_secs(seconds));
            now += seconds;
            let last = family.tokens.len() - 1;
            let which = [last, last, last, last.saturating_sub(1), dice.throw(last + 1)][dice.throw(5)];
            let answer = refresh(&server, &family.tokens[which]).await;
            family.expect(step, which, now, &answer);
        }
    }

    async fn a_made_up_token_ends_nothing(backend) {
        let (server, _) = TestServer::builder().on(backend).owned().await;
        let pair = tokens(&server, "owner@example.org").await;
        for token in ["x", &"A".repeat(43), &format!("{}=", refresh_token(&pair))] {
            assert_eq!(refresh(&server, token).await.problem(), "refresh_invalid", "{token}");
        }
        refresh(&server, refresh_token(&pair)).await.expect(StatusCode::OK);
    }
}
