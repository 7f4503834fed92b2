//! Has machines do something.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use diwan_kernel::answers::GuardedKept;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Created, Json};
use diwan_kernel::{Ctx, Permission, Problem};
use serde::Deserialize;

use super::{machine_offline, target};
use crate::commands::end::run_entry;
use crate::commands::id::BatchId;
use crate::commands::operation::{CommandOperation, Manner};
use crate::commands::run::{Begun, Target, Wish};
use crate::commands::table::CommandActor;
use crate::commands::variables::{SecretVariable, Variables};
use crate::commands::view::{BatchView, CommandView};
use crate::fleet::Fleet;

const LONGEST_WAIT_S: u32 = 86_400;
const LONGEST_AWAIT_MS: u32 = 20_000;

/// What machines are to do. Exactly one of `machine`, `machines` and `selector` is needed.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RunCommand {
    /// One machine, by its id or name.
    #[schema(max_length = 128)]
    machine: Option<String>,
    /// Several, by their ids or names.
    #[schema(min_items = 1, max_items = 500)]
    machines: Option<Vec<String>>,
    /// Those with these labels: `env=prod,gpu` means both.
    #[schema(max_length = 4096)]
    selector: Option<String>,
    /// What is to be done.
    operation: CommandOperation,
    /// Whether it may be done again when nobody knows whether it was done.
    #[serde(default)]
    retry_safe: bool,
    /// For how many seconds a machine that is not connected is waited for; without it, it is not.
    #[schema(minimum = 1, maximum = 86400)]
    wait_s: Option<u32>,
    /// After how many milliseconds the program is ended, if the machine's policy allows so long. Only for `exec`
    /// and `script`.
    #[schema(minimum = 1, maximum = 604_800_000)]
    timeout_ms: Option<u64>,
    /// Whether the program is given input. Only for `exec`.
    #[serde(default)]
    has_input: bool,
    /// For how many milliseconds the answer waits for all commands to come to an end.
    #[schema(maximum = 20000)]
    await_end_ms: Option<u32>,
    /// Plain variables that the program is given, by their names. Only for programs in the sandbox. What they say is
    /// shown to everybody who sees the command.
    #[serde(default)]
    env: BTreeMap<String, String>,
    /// Variables whose values are secrets of the vault. Whoever asks, or the machine, must be allowed to read them for
    /// the purpose that is the kind of the operation. Needs `secrets.use` besides.
    #[serde(default)]
    #[schema(max_items = 64)]
    secrets: Vec<SecretVariable>,
}

impl RunCommand {
    async fn targets(&self, fleet: &Fleet) -> Result<Vec<Target>, Problem> {
        match (&self.machine, &self.machines, &self.selector) {
            (Some(machine), None, None) => Ok(vec![target::one(fleet, "machine", machine).await?]),
            (None, Some(machines), None) => target::several(fleet, machines).await,
            (None, None, Some(selector)) => target::selected(fleet, selector).await,
            _ => {
                let message = "Exactly one of machine, machines and selector is needed.";
                Err(Problem::invalid_field("machine", "machine_missing", message))
            }
        }
    }

    fn wish(&self, ctx: &Ctx, fleet: &Fleet) -> Result<Wish, Problem> {
        let is_terminal = self.operation.is_terminal();
        if is_terminal {
            ctx.require(Permission::TerminalsOpen)?;
        }
        if is_terminal && (self.machine.is_none() || self.retry_safe) {
            let message = "A terminal is for one machine, and is never opened again by itself.";
            return Err(Problem::invalid_field("operation", "one_terminal", message));
        }
        if self.operation.is_own() {
            let message = "Keys are put on machines by `/machines/{id}/ssh-keys`, which sees to their rotation too.";
            return Err(Problem::invalid_field("operation", "not_by_hand", message));
        }
        if !self.secrets.is_empty() {
            ctx.require(Permission::SecretsUse)?;
        }
        let variables = Variables { env: self.env.clone(), secrets: self.secrets.clone(), job: None };
        variables.check(&self.operation)?;
        let manner = Manner { has_input: self.has_input || is_terminal, timeout_ms: self.timeout_ms };
        if self.wait_s.is_some_and(|s| !(1..=LONGEST_WAIT_S).contains(&s)) {
            let message = format!("It must be from 1 to {LONGEST_WAIT_S}.");
            return Err(Problem::invalid_field("wait_s", "out_of_range", message));
        }
        if self.await_end_ms.is_some_and(|ms| ms > LONGEST_AWAIT_MS) {
            let message = format!("It must be at most {LONGEST_AWAIT_MS}.");
            return Err(Problem::invalid_field("await_end_ms", "out_of_range", message));
        }
        Ok(Wish {
            batch: BatchId::new(fleet.world()),
            actor: CommandActor::from_ctx(ctx),
            wire: self.operation.read(manner)?,
            operation: self.operation.clone(),
            manner,
            retry_safe: self.retry_safe || self.operation.is_harmless(),
            retry_of: None,
            approval: None,
            wait: self.wait_s.map(|s| Duration::from_secs(s.into())),
            variables,
            artifacts: vec![],
            limits: None,
        })
    }
}

/// Have one machine or several do something. Each is sent a command of its own, as far as its owner's policy
/// lets it in; how each fares is in the answer and in the live feed.
#[utoipa::path(
    post,
    path = "/commands",
    operation_id = "run_command",
    tag = "commands",
    request_body = RunCommand,
    responses((status = 201, description = "One command a machine", body = BatchView), GuardedKept),
    // A script is long, and longer still as JSON.
    extensions(("x-permission" = json!("commands.run")), ("x-max-body-bytes" = json!(1_048_576))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn run_command(
    ctx: Allowed<may::CommandsRun>,
    State(fleet): State<Fleet>,
    Json(body): Json<RunCommand>,
) -> Result<Created<BatchView>, Problem> {
    let wish = body.wish(&ctx, &fleet)?;
    let targets = body.targets(&fleet).await?;
    if let (Some(_), [only], None) = (&body.machine, &targets[..], wish.wait)
        && fleet.connections().find(only.id).is_none()
    {
        return Err(machine_offline(&only.name));
    }
    let (batch, ctx, this) = (wish.batch, (*ctx).clone(), fleet.clone());
    // Once they are written down they are sent, even if whoever asked has gone.
    let begun = fleet.to_the_end(async move {
        let entry = run_entry(wish.batch, &wish, &targets);
        this.carry_out(&ctx, &wish, &targets, entry).await
    });
    let begun = begun.await?;
    if let Some(ms) = body.await_end_ms {
        await_end(&begun, Duration::from_millis(ms.into())).await;
    }
    let is_one = begun.len() == 1;
    let commands = begun.into_iter().map(|begun| view(&fleet, begun));
    let commands = commands.map(|command| if is_one { command } else { command.in_a_list() }).collect();
    Ok(Created(BatchView::new(batch, commands)))
}

async fn await_end(begun: &[Begun], patience: Duration) {
    let all = async {
        for one in begun.iter().filter(|one| one.command.state.is_open()) {
            // What it waits for is held by the command itself.
            let _ = one.live.progress.subscribe().wait_for(|progress| progress.over.is_some()).await;
        }
    };
    // Whatever has not ended by then is shown as it stands.
    let _ = tokio::time::timeout(patience, all).await;
}

fn view(fleet: &Fleet, begun: Begun) -> CommandView {
    let over = begun.live.progress.borrow().over.as_ref().map(Arc::clone);
    match over {
        Some(over) => CommandView::new((*over).clone(), fleet.commands().live()),
        None => CommandView::new(begun.command, fleet.commands().live()),
    }
}
