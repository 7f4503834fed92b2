//! Rules that a machine's owner is asked for: what is believed, who decides, and what never reaches the policy.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "that is how a test fails")]

mod support;

use diwan_link::Priority;
use diwan_protocol::command::{Actor, Approval};
use diwan_protocol::control::{FromBridge, ToBridge};
use diwan_protocol::rules::{Grant, RuleAsk, RuleNews, RuleStanding, VERSION};
use diwan_protocol::run::Decision;
use diwan_protocol::{Opening, SignedRules, SigningKey, decode, encode};
use support::bridge::{Bridge, POLICY};
use support::plane::{Connection, MACHINE, Plane, now_ms};
use support::talk::{exec, next_policy};

const RULE: &str = "[[rules]]\nname = \"cat freely\"\noperations = [\"exec\"]\nprogram = \"cat\"\npositionals = [{ value = \"path\" }]\nclass = \"reads\"\ndecision = \"allow\"\n";
const OTHER: &str = "[[rules]]\nname = \"sleep\"\noperations = [\"exec\"]\nprogram = \"true\"\nclass = \"reads\"\ndecision = \"deny\"\n";

async fn connected(policy: &str) -> (Plane, Bridge, Connection) {
    let plane = Plane::start().await;
    let mut bridge = Bridge::joined(&plane).await;
    bridge.write_policy(policy);
    bridge.start();
    let machine = plane.meet().await;
    (plane, bridge, machine)
}

fn with_remote_approvals() -> String {
    format!("{POLICY}\n[approvals]\nremote = true\n\n[profiles.open]\nconfined = false\n")
}

fn ask(id: &str, text: &str) -> RuleAsk {
    RuleAsk {
        version: VERSION,
        id: id.to_owned(),
        machine: MACHINE.to_owned(),
        issued_ms: now_ms(),
        expires_ms: now_ms() + 3_600_000,
        actor: Actor { id: "usr_1".to_owned(), name: "Amina".to_owned() },
        reason: "for Fridays".to_owned(),
        text: text.to_owned(),
        grant: None,
    }
}

fn granted(machine: &Connection, id: &str, text: &str) -> RuleAsk {
    let by = Actor { id: "usr_2".to_owned(), name: "Omar".to_owned() };
    let approval = Approval { id: format!("apv_{id}"), by, at_ms: now_ms() };
    let grant = Grant { approval, boot: machine.hello.boot, policy: machine.hello.policy.hash };
    RuleAsk { expires_ms: now_ms() + 60_000, grant: Some(grant), ..ask(id, text) }
}

async fn bring(machine: &Connection, signed: &SignedRules) -> RuleStanding {
    let mut stream = machine.link.open(Priority::Interactive, encode(&Opening::Rules).into()).unwrap();
    stream.send(encode(signed).into()).await.unwrap();
    stream.finish();
    let news: RuleNews = decode(&stream.receive().await.unwrap().unwrap()).unwrap().unwrap();
    news.standing
}

async fn sign(plane: &Plane, machine: &Connection, ask: &RuleAsk) -> RuleStanding {
    bring(machine, &plane.signing.sign_rules(ask)).await
}

#[track_caller]
fn is_not_taken(standing: RuleStanding, code: &str) {
    match standing {
        RuleStanding::NotTaken(reason) => assert_eq!(reason.code, code),
        other => panic!("{other:?}"),
    }
}

/// What the machine tells about a request by itself.
async fn next_news(machine: &mut Connection, id: &str) -> RuleStanding {
    loop {
        let message = machine.control.receive().await.unwrap().expect("the machine left");
        if let Some(FromBridge::Rules(news)) = decode(&message).unwrap()
            && news.id == id
        {
            return news.standing;
        }
    }
}

async fn may_cat(plane: &Plane, machine: &Connection, bridge: &Bridge) -> bool {
    bridge.script("a", "x");
    let heard = machine.run(plane, exec(&["cat", "a"])).await.until_the_end().await;
    heard.decision() == Decision::Allow
}

#[tokio::test]
async fn the_owner_grants_on_the_machine_and_the_control_plane_hears_so() {
    // The rule that asks is stricter, so the owner's file has none here.
    let policy = POLICY.split("[[rules]]\nname = \"cat with a yes\"").next().unwrap();
    let (plane, bridge, mut machine) = connected(policy).await;
    assert!(!may_cat(&plane, &machine, &bridge).await);
    let RuleStanding::Waiting(judged) = sign(&plane, &machine, &ask("rrq_1", RULE)).await else { panic!() };
    assert!(judged.words[0].contains("“cat freely” allows exec of `cat`") && !judged.from_afar);
    let listed = bridge.policy_command(&["requests"]).await;
    let text = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(text.contains("rrq_1") && text.contains("for Fridays") && text.contains("  | program = \"cat\""), "{text}");
    let before = std::fs::read_to_string(bridge.policy()).unwrap();
    // Nobody says yes at the question.
    assert!(!bridge.policy_command(&["grant", "rrq_1"]).await.status.success());
    assert_eq!(std::fs::read_to_string(bridge.policy()).unwrap(), before);
    let done = bridge.policy_command(&["grant", "rrq_1", "--yes"]).await;
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    machine.hello.policy = next_policy(&mut machine).await;
    assert_eq!(next_news(&mut machine, "rrq_1").await, RuleStanding::Granted);
    assert!(may_cat(&plane, &machine, &bridge).await);
    assert_eq!(std::fs::read_to_string(bridge.policy().with_file_name("policy.toml.before")).unwrap(), before);
    machine.tell(&ToBridge::ForgetRules(vec!["rrq_1".to_owned(), "../identity".to_owned()])).await;
    assert!(String::from_utf8_lossy(&bridge.policy_command(&["requests"]).await.stdout).contains("no rules"));
    assert!(bridge.state().join("identity").exists());
}

#[tokio::test]
async fn the_owner_refuses_and_a_restart_forgets_nothing() {
    let (plane, mut bridge, machine) = connected(&with_remote_approvals()).await;
    assert!(matches!(sign(&plane, &machine, &ask("rrq_1", RULE)).await, RuleStanding::Waiting(_)));
    bridge.kill();
    let done = bridge.policy_command(&["refuse", "rrq_1", "--why", "not on this machine"]).await;
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    bridge.start();
    let mut machine = plane.meet().await;
    let refused = RuleStanding::Refused("not on this machine".to_owned());
    assert_eq!(next_news(&mut machine, "rrq_1").await, refused);
    // The owner's no weighs more than any yes from afar.
    assert_eq!(sign(&plane, &machine, &granted(&machine, "rrq_1", RULE)).await, refused);
}

#[tokio::test]
async fn f80_texts_that_are_no_rules_or_hide_something_are_told_back_and_never_kept() {
    let (plane, bridge, machine) = connected(&with_remote_approvals()).await;
    for text in [
        &format!("[approvals]\nremote = true\n{RULE}"),
        &format!("{RULE}\n[roots.all]\npath = \"/\"\nwritable = true\n"),
        &RULE.replace("cat freely", "scripts"),
        &RULE.replace("cat freely", "c\u{202e}at"),
        &RULE.replace("cat freely\"", "cat freely\" # \u{200b}"),
        &RULE.replace("\"cat\"", "\"rm\""),
        "[[rules]\n",
    ] {
        let told = sign(&plane, &machine, &ask("rrq_1", text)).await;
        assert!(matches!(&told, RuleStanding::Faulty(faults) if !faults.is_empty()), "{text}: {told:?}");
        let told = sign(&plane, &machine, &granted(&machine, "rrq_1", text)).await;
        assert!(!matches!(told, RuleStanding::Granted | RuleStanding::Waiting(_)), "{text}: {told:?}");
    }
    is_not_taken(sign(&plane, &machine, &ask("rrq_1", &"x".repeat(17_000))).await, "form");
    let listed = bridge.policy_command(&["requests"]).await;
    assert!(String::from_utf8_lossy(&listed.stdout).contains("no rules are asked for"));
    assert!(!bridge.policy().with_file_name("policy.toml.before").exists());
}

#[tokio::test]
async fn a_yes_from_afar_counts_where_the_policy_takes_it_and_once() {
    let (plane, bridge, mut machine) = connected(&with_remote_approvals()).await;
    let yes = granted(&machine, "rrq_1", OTHER);
    assert_eq!(sign(&plane, &machine, &yes).await, RuleStanding::Granted);
    let after = std::fs::read_to_string(bridge.policy()).unwrap();
    assert!(after.ends_with(&format!("# Asked for as rrq_1.\n{OTHER}")), "{after}");
    machine.hello.policy = next_policy(&mut machine).await;
    // The owner takes it back: the same yes does not bring it again, not even to the very same file.
    bridge.write_policy(&with_remote_approvals());
    machine.hello.policy = next_policy(&mut machine).await;
    is_not_taken(sign(&plane, &machine, &yes).await, "replay");
    assert!(!std::fs::read_to_string(bridge.policy()).unwrap().contains("rrq_1"));
}

#[tokio::test]
async fn f80_a_yes_from_afar_for_something_else_is_refused() {
    let (plane, bridge, mut machine) = connected(&with_remote_approvals()).await;
    let before = std::fs::read_to_string(bridge.policy()).unwrap();
    let yes = || granted(&machine, "rrq_1", OTHER);
    let with = |change: fn(&mut Grant)| {
        let mut ask = granted(&machine, "rrq_2", OTHER);
        change(ask.grant.as_mut().unwrap());
        ask
    };
    let open = OTHER.replace("exec", "terminal").replace("\"true\"", "\"sh\"");
    let open = open.replace("class = \"reads\"", "class = \"writes\"\nprofile = \"open\"");
    is_not_taken(sign(&plane, &machine, &granted(&machine, "rrq_3", &open)).await, "not_from_afar");
    is_not_taken(sign(&plane, &machine, &with(|g| g.approval.by.id = "usr_1".into())).await, "own_request");
    is_not_taken(sign(&plane, &machine, &with(|g| g.policy = [9; 32].into())).await, "other_policy");
    is_not_taken(sign(&plane, &machine, &with(|g| g.boot = [9; 16].into())).await, "earlier_boot");
    is_not_taken(sign(&plane, &machine, &RuleAsk { machine: "mch_2".into(), ..yes() }).await, "other_machine");
    is_not_taken(sign(&plane, &machine, &RuleAsk { expires_ms: now_ms() + 120_000, ..yes() }).await, "expired");
    let mut altered = plane.signing.sign_rules(&yes());
    let at = altered.bytes.windows(4).position(|w| w == b"deny").unwrap();
    altered.bytes[at..at + 4].copy_from_slice(b"ask\"");
    is_not_taken(bring(&machine, &altered).await, "signature");
    let other = SigningKey::from_seed("key_1", &[8; 32]).unwrap();
    is_not_taken(bring(&machine, &other.sign_rules(&yes())).await, "signature");
    // The owner changed the file in between.
    let late = yes();
    machine.until_policy_is_told(&bridge).await;
    is_not_taken(sign(&plane, &machine, &late).await, "other_policy");
    assert_eq!(std::fs::read_to_string(bridge.policy()).unwrap(), format!("{before}\n# again\n"));
}

#[tokio::test]
async fn f80_without_the_owners_word_no_yes_from_afar_counts() {
    let (plane, bridge, machine) = connected(POLICY).await;
    let before = std::fs::read_to_string(bridge.policy()).unwrap();
    let told = sign(&plane, &machine, &granted(&machine, "rrq_1", OTHER)).await;
    is_not_taken(told, "not_from_afar");
    assert_eq!(std::fs::read_to_string(bridge.policy()).unwrap(), before);
}

#[tokio::test]
async fn f81_there_is_an_end_to_what_waits_for_the_owner() {
    let (plane, _bridge, machine) = connected(POLICY).await;
    for at in 0..20 {
        let told = sign(&plane, &machine, &ask(&format!("rrq_{at}"), OTHER)).await;
        assert!(matches!(told, RuleStanding::Waiting(_)), "{told:?}");
    }
    is_not_taken(sign(&plane, &machine, &ask("rrq_20", OTHER)).await, "too_many");
    assert!(matches!(sign(&plane, &machine, &ask("rrq_0", OTHER)).await, RuleStanding::Waiting(_)), "known already");
}
