//! Which machines are meant.

use std::collections::BTreeMap;

use diwan_kernel::Problem;

use crate::commands::run::Target;
use crate::fleet::Fleet;
use crate::label::Selector;
use crate::machine::{Known, MachineId, Standing};
use crate::table::machine::{self, Wanted};

/// No request is for more machines.
pub(super) const MOST: usize = 500;

/// The machine with this id or name.
pub(super) async fn one(fleet: &Fleet, field: &str, named: &str) -> Result<Target, Problem> {
    let found = find(fleet, named)
        .await?
        .ok_or_else(|| Problem::invalid_field(field, "machine_unknown", "There is no machine with this id or name."))?;
    Ok(target(found))
}

/// The machine of a path.
pub(crate) async fn of_path(fleet: &Fleet, id: MachineId) -> Result<Target, Problem> {
    let found = machine::find(fleet.db(), id).await?.filter(may_come);
    Ok(target(found.ok_or_else(|| Problem::not_found("machine"))?))
}

/// The machines with these ids or names, each once.
pub(super) async fn several(fleet: &Fleet, named: &[String]) -> Result<Vec<Target>, Problem> {
    if named.is_empty() || named.len() > MOST {
        let message = format!("It must name 1 to {MOST} machines.");
        return Err(Problem::invalid_field("machines", "out_of_range", message));
    }
    let mut all = BTreeMap::new();
    for (at, name) in named.iter().enumerate() {
        let target = one(fleet, &format!("machines[{at}]"), name).await?;
        all.insert(target.id, target);
    }
    Ok(all.into_values().collect())
}

/// The machines with these labels.
pub(super) async fn selected(fleet: &Fleet, selector: &str) -> Result<Vec<Target>, Problem> {
    let selector = Some(Selector::read("selector", selector)?);
    let wanted = Wanted { selector, standing: Some(Standing::Active), ..Wanted::default() };
    let found = machine::list(fleet.db(), &wanted, None, MOST + 1).await?;
    match found.len() {
        0 => Err(Problem::invalid_field("selector", "nothing_selected", "No machine has these labels.")),
        1..=MOST => Ok(found.into_iter().map(target).collect()),
        _ => {
            let message = format!("More than {MOST} machines have these labels.");
            Err(Problem::invalid_field("selector", "too_many", message))
        }
    }
}

async fn find(fleet: &Fleet, named: &str) -> Result<Option<Known>, Problem> {
    let found = match named.parse::<MachineId>() {
        Ok(id) => machine::find(fleet.db(), id).await?,
        Err(_) => machine::find_named(fleet.db(), named).await?,
    };
    Ok(found.filter(may_come))
}

fn may_come(known: &Known) -> bool {
    known.standing != Standing::Revoked
}

fn target(known: Known) -> Target {
    Target { id: known.id, name: known.name }
}
