//! A vault of an older release is taken up once; whoever edits the database cannot have it done again.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use diwan_kernel::db::{KERNEL, Unrecorded};
use diwan_kernel::{Journal, params};
use diwan_testkit::{Ground, on_every_backend};
use zeroize::Zeroizing;

use super::*;
use crate::keep::{NewSecret, Source};
use crate::kind::SecretKind;
use crate::name::SecretName;
use crate::vault::{Alarm, Broken, LastMark, Parts, People, Person, Trail};
use crate::{MIGRATIONS, Needs, VaultConfig};

/// Remembers what was written down.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<LastMarks>>);

#[async_trait]
impl Journal for Memory {
    async fn append(&self, _: &mut Tx, entries: Vec<(Ctx, Entry)>) -> Result<(), DbError> {
        let mut marks = self.0.lock().expect("nobody panics");
        for (_, entry) in entries {
            let text = |key: &str| entry.metadata.get(key).and_then(|v| v.as_str()).map(str::to_owned);
            match (&entry.resource, text("id"), text("mark")) {
                (Some(("secret", name)), Some(id), mark @ Some(_)) => {
                    marks.secrets.insert(id, LastMark { name: name.clone(), mark });
                }
                (Some(("secret_policy", _)), _, mark @ Some(_)) => marks.policies = mark,
                _ => {}
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Trail for Memory {
    async fn last_marks(&self) -> Result<LastMarks, Problem> {
        Ok(self.0.lock().expect("nobody panics").clone())
    }
}

struct Nobody;

#[async_trait]
impl People for Nobody {
    async fn list(&self) -> Result<Vec<Person>, Problem> {
        Ok(vec![])
    }
}

#[async_trait]
impl Alarm for Nobody {
    async fn raise(&self, _: &Ctx, _: &mut Tx, _: &Broken) -> Result<(), Problem> {
        Ok(())
    }

    fn send(&self) {}
}

impl Needs for Nobody {
    fn setting_that_needs(&self, _: &str) -> Option<String> {
        None
    }
}

async fn start(ground: &Ground, memory: &Memory) -> Vault {
    let parts = Parts {
        db: ground.db.clone(),
        supervisor: ground.supervisor.clone(),
        config: VaultConfig::default().into(),
        data_dir: PathBuf::from(ground.dir()),
        people: Arc::new(Nobody),
        trail: Arc::new(memory.clone()),
        alarm: Arc::new(Nobody),
        needs: Arc::new(Nobody),
        is_guessed_early: |_| false,
    };
    Vault::start(parts).await.expect("the vault starts")
}

async fn execute(ground: &Ground, statements: Vec<(&'static str, Vec<diwan_kernel::db::Value>)>) {
    let mut tx = ground.db.begin(&Ctx::system(&ground.world, "a test")).await.expect("a unit of work");
    for (sql, values) in statements {
        tx.execute(sql, values).await.expect("the statement runs");
    }
    tx.commit_unrecorded(Unrecorded::Bookkeeping).await.expect("it is saved");
}

/// Two secrets as the release before signed them; says the vouching key as that one wrapped it.
async fn older_vault(ground: &Ground, memory: &Memory) -> Vec<u8> {
    let vault = start(ground, memory).await;
    let ctx = Ctx::system(&ground.world, "a test");
    let masters = vault.masters().expect("it is unsealed");
    for name in ["a", "b"] {
        let new = NewSecret {
            name: SecretName::parse(name).expect("a name"),
            kind: SecretKind::Free,
            description: String::new(),
            provider: String::new(),
            backend: crate::config::LOCAL.to_owned(),
            recipe: None,
            source: Source::Given(Zeroizing::new(format!("the value of {name}"))),
            rotation_days: None,
            overlap_hours: None,
            expires_at: None,
        };
        let secret = vault.create_secret(&ctx, new).await.expect("it is kept");
        let sign = |said: &[&[u8]]| masters.vouching().sign(said);
        let signature = sign(&said_of(&secret).each_ref().map(Vec::as_slice));
        let mark = crate::vouch::mark(&signature);
        let version = version::list(&ground.db, secret.id).await.expect("versions").remove(0);
        let version = sign(&said_of_version(&version, secret.id).each_ref().map(Vec::as_slice));
        execute(
            ground,
            vec![
                ("UPDATE vault_secret SET signature = $1 WHERE id = $2", params![signature, secret.id]),
                ("UPDATE vault_version SET signature = $1 WHERE secret_id = $2", params![version, secret.id]),
            ],
        )
        .await;
        let mut marks = memory.0.lock().expect("nobody panics");
        marks.secrets.insert(secret.id.to_string(), LastMark { name: name.to_owned(), mark: Some(mark) });
    }
    let row = master::list_in_use(&ground.db).await.expect("a key").remove(0);
    let key = masters.active().unwrap_vouching(&row.vouching).expect("it opens");
    let first = masters.active().wrap_first_vouching(&ground.world, &key).expect("it is wrapped");
    execute(
        ground,
        vec![
            ("DELETE FROM vault_policy_book", params![]),
            ("UPDATE vault_master SET vouching = $1, signature = NULL", params![first.clone()]),
        ],
    )
    .await;
    memory.0.lock().expect("nobody panics").policies = None;
    first
}

async fn faults(vault: &Vault) -> serde_json::Value {
    let found = vault.verify(&Ctx::system(vault.world(), "a test")).await.expect("it is verified");
    serde_json::to_value(found).expect("JSON")["faults"].take()
}

async fn ground(backend: diwan_testkit::Backend) -> (Ground, Memory) {
    let (ground, memory) = (Ground::new(backend, &[KERNEL, MIGRATIONS]).await, Memory::default());
    ground.db.set_journal(Arc::new(memory.clone()));
    std::fs::create_dir(ground.dir().join("keys")).expect("a directory");
    (ground, memory)
}

on_every_backend! {
    async fn an_older_vault_is_vouched_for_at_its_first_unsealing(backend) {
        let (ground, memory) = ground(backend).await;
        older_vault(&ground, &memory).await;
        let vault = start(&ground, &memory).await;
        assert_eq!(faults(&vault).await, serde_json::json!([]));
        assert_eq!(vault.rules().await.expect("policies").len(), 2);
        // What was not signed before is from here on.
        execute(&ground, vec![("UPDATE vault_secret SET overlap_hours = 9 WHERE name = 'a'", params![])]).await;
        assert_eq!(faults(&vault).await[0]["kind"], "edited");
    }

    async fn what_was_forged_before_is_not_signed_anew(backend) {
        let (ground, memory) = ground(backend).await;
        older_vault(&ground, &memory).await;
        execute(&ground, vec![("UPDATE vault_secret SET kind = 'password' WHERE name = 'a'", params![])]).await;
        let found = faults(&start(&ground, &memory).await).await;
        assert_eq!((found.as_array().map(Vec::len), &found[0]["name"], &found[0]["kind"]), (Some(1), &"a".into(), &"edited".into()));
    }

    async fn it_is_not_done_again_for_whoever_puts_an_old_copy_back(backend) {
        let (ground, memory) = ground(backend).await;
        let first = older_vault(&ground, &memory).await;
        start(&ground, &memory).await.rules().await.expect("policies");
        execute(&ground, vec![
            ("DELETE FROM vault_policy_book", params![]),
            ("UPDATE vault_master SET vouching = $1", params![first]),
            ("UPDATE vault_policy SET actions = '[\"read\"]' WHERE name = 'admins'", params![]),
        ]).await;
        let vault = start(&ground, &memory).await;
        assert!(vault.rules().await.is_err());
        assert_eq!(faults(&vault).await[0]["about"], "policy");
    }
}
