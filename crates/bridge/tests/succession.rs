//! The control plane changes its keys: what a machine believes of that, and what it keeps.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "that is how a test fails")]

mod support;

use std::sync::atomic::{AtomicU64, Ordering};

use diwan_protocol::control::{FromBridge, ToBridge};
use diwan_protocol::run::Outcome;
use diwan_protocol::succession::{Succession, VERSION};
use diwan_protocol::{SigningKey, decode};
use support::bridge::Bridge;
use support::plane::{Connection, Plane, now_ms};
use support::talk::{command, exec};

static NUMBERS: AtomicU64 = AtomicU64::new(0);

/// Until it asks for a certificate of the new authority, or says that it has written that down.
async fn next_word(machine: &mut Connection) -> FromBridge {
    loop {
        let message = machine.control.receive().await.unwrap().expect("the machine left");
        if let Some(word @ (FromBridge::Succeed(_) | FromBridge::Succeeded)) = decode(&message).unwrap() {
            return word;
        }
    }
}

/// What comes after the keys of the old one.
fn succession(new: &Plane, request: &[u8]) -> Succession {
    let authority = new.certify(request).pop().unwrap().into();
    Succession { version: VERSION, authority, keys: vec![new.signing.verifying_key()], until_ms: now_ms() + 60_000 }
}

async fn works(plane: &Plane, machine: &Connection) -> bool {
    // Both count the commands of the same machine.
    plane.sequence.store(NUMBERS.fetch_add(1, Ordering::SeqCst), Ordering::SeqCst);
    let signed = plane.signing.sign(&command(plane, machine, exec(&["true"])));
    machine.bring(&signed).await.until_the_end().await.outcome() == &Outcome::Exited(0)
}

#[tokio::test]
async fn f71_new_keys_are_taken_whole_when_the_old_vouch_for_them_and_the_old_stay_for_a_while() {
    let (old, mut new) = (Plane::start().await, Plane::start().await);
    new.signing = SigningKey::from_seed("key_2", &[9; 32]).unwrap();
    let mut bridge = Bridge::new();
    let target = old.target();
    let (joined, asked) = tokio::join!(bridge.join(&target, support::plane::TOKEN, &[]), old.take_join());
    assert!(joined.status.success());
    bridge.start();
    let mut machine = old.meet().await;
    let coming = succession(&new, &asked.request);
    // Nobody that it believes has signed this one.
    machine.tell(&ToBridge::Succession(new.signing.sign_succession(&coming))).await;
    bridge.wait_for_log("nobody vouches for them").await;
    assert!(!works(&new, &machine).await);
    machine.tell(&ToBridge::Succession(old.signing.sign_succession(&coming))).await;
    let FromBridge::Succeed(request) = next_word(&mut machine).await else { panic!("it asks first") };
    // A certificate of a third authority is not the one that was vouched for.
    let third = Plane::start().await;
    let chain = |plane: &Plane| plane.certify(&request).into_iter().map(Into::into).collect();
    machine.tell(&ToBridge::Renewed(chain(&third))).await;
    machine.tell(&ToBridge::Renewed(chain(&new))).await;
    assert_eq!(next_word(&mut machine).await, FromBridge::Succeeded);
    assert!(works(&old, &machine).await && works(&new, &machine).await, "both sign for a while");
    // Who vouched once does not do so again.
    machine.tell(&ToBridge::Succession(old.signing.sign_succession(&succession(&third, &request)))).await;
    bridge.wait_for_log("nobody vouches for them").await;
    // The control plane was put back to the day before.
    bridge.kill();
    bridge.start();
    let machine = old.meet().await;
    assert!(works(&old, &machine).await);
    bridge.kill();
    let address = old.address;
    drop((machine, old));
    new.move_to(address).await;
    bridge.start();
    let machine = new.meet().await;
    assert!(works(&new, &machine).await);
}
