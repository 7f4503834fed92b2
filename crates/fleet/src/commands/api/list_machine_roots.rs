//! Lists the roots of a machine.

use axum::extract::State;
use diwan_kernel::answers::GuardedReadOne;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Path};
use diwan_kernel::{Page, Problem};
use serde::Serialize;

use crate::fleet::Fleet;
use crate::machine::MachineId;
use crate::table::policy;

/// More are not told of.
const MOST: usize = 200;

/// A directory that a machine's policy names.
#[derive(Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(super) struct MachineRoot {
    /// What it is called.
    #[schema(max_length = 128)]
    name: String,
    /// Whether anything in it may be changed.
    writable: bool,
}

/// The roots of a machine, as its policy names them, in the order of their names. The machine is not asked.
#[utoipa::path(
    get,
    path = "/machines/{id}/roots",
    operation_id = "list_machine_roots",
    tag = "files",
    params(("id" = MachineId, Path, description = "Which machine")),
    responses((status = 200, description = "Its roots", body = Page<MachineRoot>), GuardedReadOne),
    extensions(("x-permission" = json!("machines.read"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn list_machine_roots(
    _: Allowed<may::MachinesRead>,
    State(fleet): State<Fleet>,
    Path(id): Path<MachineId>,
) -> Result<Json<Page<MachineRoot>>, Problem> {
    fleet.require_machine(id).await?;
    let text = policy::find_of(fleet.db(), id).await?.unwrap_or_default();
    Ok(Json(Page::whole(roots_of(&text))))
}

/// What is no policy names no roots.
fn roots_of(policy: &str) -> Vec<MachineRoot> {
    let Ok(policy) = policy.parse::<toml::Table>() else { return vec![] };
    let Some(roots) = policy.get("roots").and_then(toml::Value::as_table) else { return vec![] };
    let root = |(name, root): (&String, &toml::Value)| MachineRoot {
        name: crate::commands::words::plain(name, 128),
        writable: root.get("writable").and_then(toml::Value::as_bool).unwrap_or_default(),
    };
    roots.iter().take(MOST).map(root).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_read_from_a_policy_as_it_stands() {
        let text = "[roots.work]\npath = \"/srv\"\nwritable = true\n[roots.papers]\npath = \"/x\"\n";
        let expected = [("papers", false), ("work", true)];
        let found: Vec<_> = roots_of(text).into_iter().map(|root| (root.name, root.writable)).collect();
        assert_eq!(found, expected.map(|(name, writable)| (name.to_owned(), writable)));
        assert_eq!(roots_of("no policy ="), []);
    }
}
