//! Lists the certificates of a machine.

use axum::extract::State;
use diwan_kernel::answers::GuardedReadOne;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Path};
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Page, Problem};
use serde::Serialize;

use crate::authority::hex;
use crate::fleet::Fleet;
use crate::machine::MachineId;
use crate::table::certificate::{self, Certificate};

/// More were not given out in the time for which they are kept, unless somebody asked again and again.
const MOST: usize = 200;

/// A certificate of a machine.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct MachineCertificate {
    /// Its serial number.
    serial: String,
    /// SHA-256 of its key.
    key: String,
    /// When it was given out.
    issued_at: Timestamp,
    /// When it ends.
    ends_at: Timestamp,
    /// When it stopped counting because the machine joined anew.
    voided_at: Option<Timestamp>,
}

impl From<Certificate> for MachineCertificate {
    fn from(certificate: Certificate) -> Self {
        Self {
            serial: certificate.serial,
            key: hex(&certificate.key_hash),
            issued_at: certificate.issued_at,
            ends_at: certificate.ends_at,
            voided_at: certificate.voided_at,
        }
    }
}

/// The certificates of a machine, newest first.
#[utoipa::path(
    get,
    path = "/machines/{id}/certificates",
    operation_id = "list_machine_certificates",
    tag = "machines",
    params(("id" = MachineId, Path, description = "Which machine")),
    responses((status = 200, description = "The newest certificates", body = Page<MachineCertificate>), GuardedReadOne),
    extensions(("x-permission" = json!("machines.read"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn list_machine_certificates(
    _: Allowed<may::MachinesRead>,
    State(fleet): State<Fleet>,
    Path(id): Path<MachineId>,
) -> Result<Json<Page<MachineCertificate>>, Problem> {
    fleet.require_machine(id).await?;
    let certificates = certificate::list(fleet.db(), id, MOST).await?;
    Ok(Json(Page::whole(certificates).map(MachineCertificate::from)))
}
