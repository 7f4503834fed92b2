//! Lists machines.

use axum::extract::State;
use diwan_kernel::answers::GuardedRead;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Query};
use diwan_kernel::{Page, PageQuery, Problem};
use serde::Deserialize;

use super::body::MachineView;
use crate::fleet::Fleet;
use crate::label::Selector;
use crate::machine::{Known, MachineId, MachineState, Standing};
use crate::table::machine::{self, Wanted};

/// So many are looked at at once when only those in some state are wanted.
const AT_ONCE: usize = 500;

/// Which machines are wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct MachineQuery {
    /// A part of the name, of a label, or of what the machine says it is.
    #[param(max_length = 200)]
    search: Option<String>,
    /// Labels that it must have, all of them: `env=prod,gpu`. A key alone means any value of it.
    #[param(max_length = 1000)]
    labels: Option<String>,
    /// How it must be.
    state: Option<MachineState>,
}

impl MachineQuery {
    fn read(&self) -> Result<Wanted, Problem> {
        if self.search.as_ref().is_some_and(|search| search.chars().count() > 200) {
            let message = "It must not be longer than 200 characters.";
            return Err(Problem::invalid_field("search", "too_long", message));
        }
        let selector = self.labels.as_deref().filter(|labels| !labels.trim().is_empty());
        let standing = self.state.map(|state| match state {
            MachineState::Locked => Standing::Locked,
            MachineState::Revoked => Standing::Revoked,
            _ => Standing::Active,
        });
        Ok(Wanted {
            search: self.search.clone().filter(|search| !search.is_empty()),
            selector: selector.map(|labels| Selector::read("labels", labels)).transpose()?,
            standing,
        })
    }
}

/// The machines, by name. Those that were put out are among them until they are removed.
#[utoipa::path(
    get,
    path = "/machines",
    operation_id = "list_machines",
    tag = "machines",
    params(PageQuery, MachineQuery),
    responses((status = 200, description = "Machines", body = Page<MachineView>), GuardedRead),
    extensions(("x-permission" = json!("machines.read"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn list_machines(
    _: Allowed<may::MachinesRead>,
    State(fleet): State<Fleet>,
    Query(page): Query<PageQuery>,
    Query(query): Query<MachineQuery>,
) -> Result<Json<Page<MachineView>>, Problem> {
    let (limit, after) = (page.limit()?, page.position::<(String, MachineId)>()?);
    let found = find(&fleet, &query.read()?, query.state, after, limit + 1).await?;
    let page = Page::cut(found, limit, |known: &Known| (known.name.clone(), known.id));
    Ok(Json(page.map(|known| MachineView::new(&fleet, known))))
}

/// How a machine is, the database knows only in part: it is asked until there are enough.
async fn find(
    fleet: &Fleet,
    wanted: &Wanted,
    state: Option<MachineState>,
    mut after: Option<(String, MachineId)>,
    limit: usize,
) -> Result<Vec<Known>, Problem> {
    let at_once = if state.is_some() { AT_ONCE.max(limit) } else { limit };
    let mut found = vec![];
    loop {
        let some = machine::list(fleet.db(), wanted, after.take(), at_once).await?;
        let is_last = some.len() < at_once;
        after = some.last().map(|known| (known.name.clone(), known.id));
        found.extend(some.into_iter().filter(|known| state.is_none_or(|state| fleet.state_of(known) == state)));
        found.truncate(limit);
        if is_last || found.len() == limit {
            return Ok(found);
        }
    }
}
