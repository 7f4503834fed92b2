//! What the vault asks and other capabilities know: who is here, what was written down, how people are told.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use diwan_audit::Audit;
use diwan_identity::{GlassBroken, Identity};
use diwan_kernel::config::Live;
use diwan_kernel::{Ctx, Db, Problem, Supervisor, Tx};
use diwan_vault::{Alarm, Broken, LastMark, LastMarks, Needs, Parts, People, Person, Trail, VaultConfig};

/// What the vault stands on.
pub(super) fn parts(
    db: &Db,
    supervisor: &Supervisor,
    config: Live<VaultConfig>,
    data_dir: &Path,
    (identity, audit): (&Identity, &Audit),
    needs: Arc<dyn Needs>,
) -> Parts {
    Parts {
        db: db.clone(),
        supervisor: supervisor.clone(),
        config,
        data_dir: data_dir.to_owned(),
        people: Arc::new(Members(identity.clone())),
        trail: Arc::new(Deeds(audit.clone())),
        needs,
        alarm: Arc::new(Members(identity.clone())),
        is_guessed_early: diwan_identity::is_guessed_early,
    }
}

struct Members(Identity);

#[async_trait]
impl People for Members {
    async fn list(&self) -> Result<Vec<Person>, Problem> {
        let members = self.0.members().await?;
        Ok(members.into_iter().map(|m| Person { id: m.id, name: m.name, role: m.role }).collect())
    }
}

#[async_trait]
impl Alarm for Members {
    async fn raise(&self, ctx: &Ctx, tx: &mut Tx, broken: &Broken) -> Result<(), Problem> {
        let Broken { secret, who, reason, at } = broken;
        self.0.warn_of_broken_glass(ctx, tx, GlassBroken { secret, who, reason, at: *at }).await
    }

    fn send(&self) {
        self.0.send_mails();
    }
}

struct Deeds(Audit);

#[async_trait]
impl Trail for Deeds {
    async fn last_marks(&self) -> Result<LastMarks, Problem> {
        let marks = self.0.retrace("secret_policy", LastMarks::default(), |marks, deed| {
            marks.policies = noted(deed.metadata, "mark").or(marks.policies.take());
        });
        let marks = self.0.retrace("secret", marks.await?, |marks, deed| {
            let text = |key: &str| noted(deed.metadata, key);
            let marks = &mut marks.secrets;
            let Some(id) = text("id") else { return };
            let name = deed.resource.to_owned();
            match (deed.action, text("mark")) {
                ("secret.delete", _) => drop(marks.insert(id, LastMark { name, mark: None })),
                (_, Some(mark)) => drop(marks.insert(id, LastMark { name, mark: Some(mark) })),
                // A read changes nothing.
                (_, None) => {}
            }
        });
        Ok(marks.await?)
    }
}

/// A text that was written down with a deed.
fn noted(metadata: &str, key: &str) -> Option<String> {
    let known: serde_json::Value = serde_json::from_str(metadata).unwrap_or_default();
    known.get(key).and_then(serde_json::Value::as_str).map(str::to_owned)
}
