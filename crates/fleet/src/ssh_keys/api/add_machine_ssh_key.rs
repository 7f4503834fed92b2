//! Wants an SSH key of the vault on a machine.

use axum::extract::State;
use diwan_kernel::answers::GuardedKept;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Created, Json, Path};
use diwan_kernel::{Ctx, DbError, Entry, Problem};
use diwan_protocol::ssh_line::SshLine;
use diwan_vault::SshPublicKey;
use serde::Deserialize;

use crate::commands::CommandActor;
use crate::fleet::Fleet;
use crate::machine::{MachineId, Standing};
use crate::ssh_keys::event::SshKeyChanged;
use crate::ssh_keys::id::SshKeyId;
use crate::ssh_keys::table::{self, SshKey};
use crate::ssh_keys::tend::entry;
use crate::ssh_keys::view::SshKeyView;

/// More than these no machine has.
const MOST: usize = 200;

/// Which key is wanted, and where.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AddMachineSshKey {
    /// An SSH key of the vault, by its id or name.
    #[schema(min_length = 1, max_length = 128)]
    secret: String,
    /// The user of the machine who is to be logged in as.
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_][A-Za-z0-9_.-]*$")]
    user: String,
    /// Where the machine's own SSH server listens, for the proof.
    #[serde(default = "usual_port")]
    #[schema(minimum = 1, maximum = 65535, default = 22)]
    port: u16,
}

const fn usual_port() -> u16 {
    22
}

/// Have an SSH key of the vault on a machine, for one of its users. It is put there and proven as soon as the machine
/// is there and as far as its policy allows, and every new version after it, the old one going last.
#[utoipa::path(
    post,
    path = "/machines/{id}/ssh-keys",
    operation_id = "add_machine_ssh_key",
    tag = "machines",
    params(("id" = MachineId, Path, description = "Which machine")),
    request_body = AddMachineSshKey,
    responses((status = 201, description = "The key, on its way", body = SshKeyView), GuardedKept),
    extensions(("x-permission" = json!("machines.manage"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn add_machine_ssh_key(
    ctx: Allowed<may::MachinesManage>,
    State(fleet): State<Fleet>,
    Path(id): Path<MachineId>,
    Json(body): Json<AddMachineSshKey>,
) -> Result<Created<SshKeyView>, Problem> {
    let known = fleet.require_machine(id).await?;
    if known.standing == Standing::Revoked {
        return Err(Problem::not_found("machine"));
    }
    let public = fleet.vault().ssh_key_for(&ctx, &body.secret).await?;
    body.check(&public)?;
    if table::list(fleet.db(), id).await?.len() >= MOST {
        let message = format!("A machine has at most {MOST} keys.");
        return Err(Problem::invalid_field("secret", "too_many", message));
    }
    let key = body.key(&ctx, &fleet, id, public);
    let mut tx = fleet.db().begin(&ctx).await?;
    if !table::want_again(&mut tx, &key).await? {
        match table::insert(&mut tx, &key).await {
            Err(DbError::Unique(_)) => return Err(there_already()),
            other => other?,
        }
    }
    tx.emit(&SshKeyChanged { id: key.id, machine_id: id });
    tx.commit(entry(Entry::done("machine_ssh_key.add"), &key)).await?;
    let key = table::find_at(fleet.db(), id, key.secret, &key.user).await?.unwrap_or(key);
    Ok(Created(super::view(&fleet, key).await?))
}

impl AddMachineSshKey {
    fn check(&self, public: &SshPublicKey) -> Result<(), Problem> {
        if self.port == 0 {
            return Err(Problem::invalid_field("port", "out_of_range", "It must be from 1 to 65535."));
        }
        let (user, secret, key) = (self.user.clone(), public.id.to_string(), public.key.clone());
        match (SshLine { user, secret: secret.clone(), version: 1, key: key.clone() }).flaw() {
            None => Ok(()),
            Some(_) if (SshLine { user: "root".to_owned(), secret, version: 1, key }).flaw().is_some() => {
                let message = "A key of this kind cannot be put on machines.";
                Err(Problem::invalid_field("secret", "not_an_ssh_key", message))
            }
            Some(_) => {
                let message =
                    "A user has letters, digits, dots, dashes and underscores, and begins with no dash or dot.";
                Err(Problem::invalid_field("user", "user_invalid", message))
            }
        }
    }

    fn key(self, ctx: &Ctx, fleet: &Fleet, machine: MachineId, public: SshPublicKey) -> SshKey {
        SshKey {
            id: SshKeyId::new(fleet.world()),
            machine,
            secret: public.id,
            secret_name: public.name.to_string(),
            user: self.user,
            port: self.port,
            wanted_by: CommandActor::from_ctx(ctx),
            created_at: ctx.now(),
            removed_at: None,
            is_check_asked: false,
            next_at: ctx.now(),
            tries: 0,
            problem: None,
            asked_as: None,
        }
    }
}

fn there_already() -> Problem {
    Problem::conflict(
        "ssh_key_exists",
        "The key is wanted there already",
        "This key is wanted on this machine for this user already.",
        "Look at how it is doing, or take it away first.",
    )
}
