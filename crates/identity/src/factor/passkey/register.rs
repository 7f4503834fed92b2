//! Adding a passkey to one's account.

use axum::http::{HeaderMap, StatusCode};
use diwan_kernel::id::User;
use diwan_kernel::{Ctx, Entry, Id, Problem};
use serde_json::{Value, json};
use webauthn_rs::prelude::{PasskeyRegistration, RegisterPublicKeyCredential, Uuid};

use super::{Purpose, Question, read_answer, recall, remember};
use crate::event::MeUpdated;
use crate::factor::mail;
use crate::factor::mail::template::Change;
use crate::identity::Identity;
use crate::person::read_line;
use crate::table;
use crate::table::passkey::Passkey;

/// How many a person may have.
pub(crate) const MOST: u32 = 20;
/// How long a name may be.
pub(crate) const MAX_NAME: usize = 60;

/// Asks a device for a new passkey that it finds by itself later, without a name being typed.
///
/// # Errors
/// When there are too many already, or the page was not opened by a name.
pub(crate) async fn start_registration(
    identity: &Identity,
    ctx: &Ctx,
    headers: &HeaderMap,
    user: Id<User>,
) -> Result<Question, Problem> {
    let webauthn = identity.factors().passkeys().at(headers)?;
    let person = table::user::find(identity.db(), user).await?.ok_or_else(Problem::sign_in_required)?;
    let known = table::passkey::list(identity.db(), user).await?;
    if known.len() >= MOST as usize {
        return Err(full());
    }
    let known = known.into_iter().map(|p| p.credential_id).collect();
    let handle = Uuid::from_u128(user.bits());
    let started = webauthn.start_passkey_registration(handle, &person.email, &person.name, Some(known));
    let (question, state) = started.map_err(Problem::internal)?;
    let mut options = serde_json::to_value(question).map_err(Problem::internal)?;
    if let Some(selection) = options.pointer_mut("/publicKey/authenticatorSelection").and_then(Value::as_object_mut) {
        selection.insert("residentKey".to_owned(), json!("required"));
        selection.insert("requireResidentKey".to_owned(), json!(true));
    }
    remember(identity, ctx, Purpose::Registration, user, options, &state).await
}

/// Checks what the device answered and keeps the passkey.
///
/// # Errors
/// When the answer does not fit the question, or the passkey is known already.
pub(crate) async fn finish_registration(
    identity: &Identity,
    ctx: &Ctx,
    user: Id<User>,
    challenge_id: &str,
    name: &str,
    credential: Value,
) -> Result<Passkey, Problem> {
    let name = read_line("name", name, MAX_NAME).map_err(|e| Problem::invalid_fields(vec![e]))?;
    let answer: RegisterPublicKeyCredential = read_answer(credential)?;
    let state: PasskeyRegistration = recall(identity, ctx, Purpose::Registration, user, challenge_id).await?;
    let webauthn = identity.factors().passkeys().webauthn()?;
    let made = webauthn.finish_passkey_registration(&answer, &state).map_err(|e| not_registered().because(e))?;
    let passkey = Passkey {
        id: Id::new(&ctx.world),
        user,
        credential_id: made.cred_id().to_vec(),
        credential: serde_json::to_value(&made).map_err(Problem::internal)?,
        sign_count: 0,
        name,
        created_at: ctx.now(),
        last_used_at: None,
    };
    save(identity, ctx, &passkey).await?;
    Ok(passkey)
}

async fn save(identity: &Identity, ctx: &Ctx, passkey: &Passkey) -> Result<(), Problem> {
    let mut tx = identity.db().begin(ctx).await?;
    // Two of their windows take turns, so that the limit holds.
    table::user::lock(&mut tx, passkey.user).await?;
    match table::passkey::insert(&mut tx, passkey, MOST).await {
        Ok(true) => {}
        Ok(false) => return Err(full()),
        Err(e) if e.is_unique("passkey", "credential_id") => return Err(known_already()),
        Err(e) => return Err(e.into()),
    }
    tx.emit(&MeUpdated { user: passkey.user });
    mail::tell(identity, ctx, &mut tx, passkey.user, Change::PasskeyAdded(&passkey.name)).await?;
    let entry = Entry::done("passkey.add").on("passkey", passkey.id).with("name", passkey.name.as_str());
    tx.commit(entry).await?;
    mail::wake(identity);
    Ok(())
}

fn full() -> Problem {
    Problem::conflict(
        "passkeys_full",
        "You have as many passkeys as there may be",
        format!("An account can have {MOST} passkeys."),
        "Remove one that you no longer use.",
    )
}

fn known_already() -> Problem {
    Problem::conflict(
        "passkey_known",
        "This passkey is known already",
        "The device gave a passkey that is registered here already.",
        "Use another device or another key.",
    )
}

fn not_registered() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "passkey_refused",
        "The passkey was not accepted",
        "The answer of the device does not fit the question, or the device did not check who uses it.",
        "Try again; choose a device that asks for a PIN, a finger or a face.",
    )
}
