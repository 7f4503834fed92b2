//! Looks through what was appended for what is suspicious. It can be run at any time and any number
//! of times: what it finds depends on the entries alone.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use diwan_kernel::db::{Db, DbError, Tx, Unrecorded};
use diwan_kernel::events::{Audience, DomainEvent};
use diwan_kernel::{Ctx, Id, Outcome, Permission};
use serde::Serialize;

use crate::audit::Inner;
use crate::entry::{ActorKind, AuditActor, AuditEntry};
use crate::feed::Feed;
use crate::suspicion::{COUNT, NEW_ADDRESS, SuspicionKind, SuspiciousActivity, USER, is_reuse};
use crate::table::audit_entry::{self, Subject, Tally};
use crate::table::{audit_head, suspicious_activity};

const PERIOD: Duration = Duration::from_secs(60);
/// Time for what belongs together to arrive.
const GATHER: Duration = Duration::from_secs(1);
const PAGE: i64 = 500;

/// Something suspicious was found, or goes on.
#[derive(Debug, Serialize)]
pub(crate) struct SuspicionFound<'a> {
    activity: &'a SuspiciousActivity,
    is_new: bool,
}

impl DomainEvent for SuspicionFound<'_> {
    const TOPIC: &'static str = "audit";
    const NAME: &'static str = "audit.suspicious";

    fn audience(&self) -> Audience {
        Audience::Permission(Permission::AuditRead)
    }
}

/// Runs until the shutdown.
pub(crate) async fn run(audit: Arc<Inner>) {
    let mut feed = Feed::of(audit.db.events());
    loop {
        feed.skip_to_now();
        if let Err(error) = pass(&audit).await {
            tracing::warn!(%error, "the audit trail could not be looked through; it is tried again");
        }
        tokio::select! {
            biased;
            () = audit.supervisor.stopping() => return,
            () = feed.reaches(0) => {}
            () = tokio::time::sleep(PERIOD) => {}
        }
        if !audit.supervisor.pause(GATHER).await {
            return;
        }
    }
}

/// Looks at everything that was appended since the last time.
pub(crate) async fn pass(audit: &Inner) -> Result<(), DbError> {
    let _turn = audit.looking.lock().await;
    let began_at = suspicious_activity::looked_up_to(&audit.db).await?;
    // Read first: what is appended meanwhile is for the next time.
    let end = audit_head::find(&audit.db).await?.map_or(began_at, |h| h.seq);
    let mut after = began_at;
    loop {
        let page = audit_entry::noteworthy_after(&audit.db, after, PAGE).await?;
        let Some(last) = page.last().map(|entry| entry.seq) else { break };
        look_at(audit, &page).await?;
        after = last;
    }
    let done = end.max(after);
    if done > began_at {
        let mut tx = audit.db.begin(&ctx(audit)).await?;
        suspicious_activity::set_looked_up_to(&mut tx, done).await?;
        tx.commit_unrecorded(Unrecorded::Bookkeeping).await?;
    }
    Ok(())
}

fn ctx(audit: &Inner) -> Ctx {
    Ctx::system(&audit.world, "suspicion watch")
}

async fn look_at(audit: &Inner, page: &[AuditEntry]) -> Result<(), DbError> {
    // Of entries about the same subject only the last one is counted from.
    let mut counted: BTreeMap<(SuspicionKind, Subject), &AuditEntry> = BTreeMap::new();
    for entry in page {
        if let Some((kind, subject)) = stands_alone(entry) {
            note(audit, kind, &subject, entry, Tally { count: 1, first_at: entry.at }).await?;
        }
        for subject in subjects(entry) {
            if !entry.metadata.contains_key(COUNT) {
                counted.insert((SuspicionKind::RepeatedFailures, subject.clone()), entry);
            }
            if entry.outcome == Outcome::Denied {
                counted.insert((SuspicionKind::RefusalBurst, subject), entry);
            }
        }
    }
    for ((kind, subject), entry) in counted {
        let refusals = kind == SuspicionKind::RefusalBurst;
        let since = entry.at.minus(kind.window());
        let tally = audit_entry::tally(&audit.db, &subject, refusals, since, entry.at).await?;
        if tally.count >= kind.threshold() {
            note(audit, kind, &subject, entry, tally).await?;
        }
    }
    Ok(())
}

/// What is suspicious when it happens once.
fn stands_alone(entry: &AuditEntry) -> Option<(SuspicionKind, Subject)> {
    if is_reuse(entry.error.as_deref()) {
        let user = entry.metadata.get(USER).and_then(|user| user.as_str()).map(str::to_owned);
        let subject = user.map(Subject::Account).or_else(|| subjects(entry).into_iter().next())?;
        return Some((SuspicionKind::RefreshTokenReuse, subject));
    }
    let is_from_afar = entry.outcome == Outcome::Ok && entry.metadata.get(NEW_ADDRESS) == Some(&true.into());
    let subject = Subject::Actor(entry.actor.id.clone()?);
    is_from_afar.then_some((SuspicionKind::NewAddress, subject))
}

/// Whether nobody knows who it was.
fn is_unknown(entry: &AuditEntry) -> bool {
    entry.actor.kind == ActorKind::Anonymous
}

/// What an unsuccessful entry counts against.
fn subjects(entry: &AuditEntry) -> Vec<Subject> {
    if entry.outcome == Outcome::Ok || entry.actor.kind == ActorKind::System {
        return vec![];
    }
    let account = entry.resource.as_ref().filter(|r| is_unknown(entry) && r.kind == "user" && !r.id.is_empty());
    let actor = entry.actor.id.clone().map(Subject::Actor);
    let account = account.map(|r| Subject::Account(r.id.clone()));
    let address = entry.address.clone().map(Subject::Address);
    actor.into_iter().chain(account).chain(address).collect()
}

async fn note(
    audit: &Inner,
    kind: SuspicionKind,
    subject: &Subject,
    entry: &AuditEntry,
    tally: Tally,
) -> Result<(), DbError> {
    let mut tx = audit.db.begin(&ctx(audit)).await?;
    save(&mut tx, audit, kind, subject, entry, tally).await?;
    tx.commit_unrecorded(Unrecorded::Bookkeeping).await
}

async fn save(
    tx: &mut Tx,
    audit: &Inner,
    kind: SuspicionKind,
    subject: &Subject,
    entry: &AuditEntry,
    tally: Tally,
) -> Result<(), DbError> {
    let (actor, who) = whose(&audit.db, subject, entry).await?;
    let activity = SuspiciousActivity {
        id: Id::new(&audit.world),
        kind,
        actor,
        count: tally.count,
        first_at: tally.first_at,
        last_at: entry.at,
        address: entry.address.clone(),
        detail: kind.detail(tally.count, &who),
    };
    let key = subject.to_string();
    let goes_on = suspicious_activity::continue_episode(tx, &key, &activity).await?;
    let is_new = !goes_on && suspicious_activity::insert(tx, &key, &activity).await?;
    tx.emit(&SuspicionFound { activity: &activity, is_new });
    Ok(())
}

/// Who an activity is told about, and what they are called in its sentence. Whose account it is about
/// is called as the trail called them last.
async fn whose(db: &Db, subject: &Subject, entry: &AuditEntry) -> Result<(AuditActor, String), DbError> {
    Ok(match subject {
        Subject::Actor(_) => (entry.actor.clone(), entry.actor.name.clone()),
        Subject::Address(address) => {
            let nobody = AuditActor { kind: ActorKind::Anonymous, id: None, name: String::new() };
            (nobody, format!("somebody at {address}"))
        }
        Subject::Account(id) => {
            let name = audit_entry::latest_name_of(db, id).await?;
            let who = format!("somebody using the account of {}", name.as_ref().unwrap_or(id));
            let name = name.unwrap_or_default();
            (AuditActor { kind: ActorKind::User, id: Some(id.clone()), name }, who)
        }
    })
}
