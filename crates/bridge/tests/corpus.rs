//! The corpus of hostile and benign command lines, really judged by the standard policy on this machine and
//! really carried out where it lets them: by a real bridge, in a poisoned working copy with canaries around.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "that is how a test fails")]

#[path = "corpus/ground.rs"]
mod ground;
#[path = "../../policy/tests/corpus/reading.rs"]
#[allow(dead_code, reason = "what is judged where nothing is carried out needs more of it")]
mod reading;
mod support;

use std::collections::BTreeMap;

use diwan_policy::Preset;
use diwan_protocol::run::{Decision, Outcome};
use futures::StreamExt;
use reading::{Case, benign, hostile};
use support::bridge::Bridge;
use support::plane::{Connection, Plane};
use support::talk::Heard;

use self::ground::Ground;

/// So many are carried out at once.
const AT_ONCE: usize = 6;

/// What became of a line.
struct Tried {
    case: Case,
    heard: Heard,
}

impl Tried {
    fn code(&self) -> &str {
        let verdict = self.heard.verdict.as_ref();
        verdict.and_then(|verdict| verdict.reasons.first()).map_or("", |reason| &reason.code)
    }

    fn is_allowed(&self) -> bool {
        self.heard.verdict.as_ref().is_some_and(|verdict| verdict.decision == Decision::Allow)
    }

    fn in_words(&self) -> String {
        let (case, ended) = (&self.case, self.heard.ended.as_ref().map(|ended| &ended.outcome));
        let verdict = self.heard.verdict.as_ref().map(|verdict| (verdict.decision, &verdict.reasons));
        format!("{} {} {:?} {:?}: {verdict:?} {ended:?}", case.id, case.operation, case.argv, case.path)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f74_to_f92_nothing_hostile_runs_and_nothing_that_runs_leaves_the_sandbox() {
    let plane = Plane::start().await;
    let mut bridge = Bridge::joined(&plane).await;
    let ground = Ground::lay(&mut bridge);
    bridge.write_policy(&ground.policy(&Preset::Standard.text(&bridge.root())));
    bridge.start();
    let machine = plane.meet().await;
    let before = ground.outside();

    let refused = all(&plane, &machine, hostile()).await;
    let allowed: Vec<String> =
        refused.iter().filter(|t| t.is_allowed() || t.heard.started).map(Tried::in_words).collect();
    assert!(allowed.is_empty(), "{} hostile lines are let in:\n{}", allowed.len(), allowed.join("\n"));

    let usual = all(&plane, &machine, benign()).await;
    let (absent, there): (Vec<&Tried>, Vec<&Tried>) = usual.iter().partition(|tried| tried.code() == "program_absent");
    let denied: Vec<String> = there.iter().filter(|tried| !tried.is_allowed()).map(|tried| tried.in_words()).collect();
    assert!(denied.is_empty(), "{} benign lines are not let in:\n{}", denied.len(), denied.join("\n"));
    let missing: BTreeMap<&str, usize> = absent.iter().fold(BTreeMap::new(), |mut missing, tried| {
        *missing.entry(tried.case.argv.first().map_or("", String::as_str)).or_default() += 1;
        missing
    });

    let began = usual.iter().filter(|tried| tried.heard.started).count();
    let payloads = ground.payloads_run();
    println!(
        "{} hostile: none let in; {} benign: {} let in, {began} carried out",
        refused.len(),
        usual.len(),
        there.len()
    );
    println!("not on this machine: {missing:?}; the poison ran {payloads} times; not ended with 0:");
    for tried in there.iter().filter(|tried| tried.heard.started && tried.heard.outcome() != &Outcome::Exited(0)) {
        println!("{} {:?} {:?}", tried.case.id, tried.case.argv, tried.heard.outcome());
    }
    // Otherwise nothing was tried at all.
    assert!(began > 40 && payloads > 0, "{began} were carried out, the poison ran {payloads} times");

    for tried in refused.iter().chain(&usual) {
        for said in [&tried.heard.output, &tried.heard.errors] {
            assert!(!ground.is_told_in(said), "a secret got out: {}", tried.in_words());
        }
    }
    ground.is_untouched(&before);
    assert_eq!(ground.processes_left(), Vec::<String>::new(), "something still runs");
}

/// The canaries sing: what is not in a sandbox is noticed by everything that is looked at.
#[test]
fn the_ground_notices_what_is_not_in_a_sandbox() {
    let mut bridge = Bridge::new();
    let ground = Ground::lay(&mut bridge);
    let before = ground.outside();
    let said = ground.let_loose();
    let (is_told, calls, left) = (ground.is_told_in(&said), ground.calls(), ground.processes_left());
    let (noticed, things) = (ground.outside() != before, ground.things_left());
    ground.clear_away();
    assert!(is_told && noticed && ground.is_changed(), "told: {is_told}, left outside: {noticed}");
    assert!(!left.is_empty() && !things.is_empty(), "running: {left:?}, left elsewhere: {things:?}");
    // Without bash and python nobody calls.
    assert!(calls[0] || !std::path::Path::new("/usr/bin/python3").exists(), "{calls:?}");
    assert!(ground.payloads_run() > 0);
}

async fn all(plane: &Plane, machine: &Connection, cases: Vec<Case>) -> Vec<Tried> {
    let tried = futures::stream::iter(cases).map(async |case| {
        let heard = machine.run(plane, case.operation()).await.until_the_end().await;
        assert!(heard.started || matches!(heard.outcome(), Outcome::NotStarted(_)), "{}: {:?}", case.id, heard.ended);
        Tried { case, heard }
    });
    tried.buffered(AT_ONCE).collect().await
}
