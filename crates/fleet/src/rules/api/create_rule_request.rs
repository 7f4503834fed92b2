//! Asks a machine's owner for rules.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedWrite;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Created, Json, Path};
use diwan_protocol::rules::LONGEST_TEXT;
use serde::Deserialize;

use super::view::RuleRequestView;
use crate::commands::of_path;
use crate::fleet::Fleet;
use crate::machine::MachineId;

const LONGEST_REASON: usize = 500;

/// What is asked for.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateRuleRequest {
    /// The rules, as `[[rules]]` of a policy and nothing else.
    #[schema(max_length = 16384)]
    text: String,
    /// What for: the owner is shown it.
    #[schema(max_length = 500)]
    reason: String,
}

impl CreateRuleRequest {
    fn check(self) -> Result<(String, String), Problem> {
        let (text, reason) = (format!("{}\n", self.text.trim()), self.reason.trim().to_owned());
        if text.len() > LONGEST_TEXT {
            return Err(Problem::invalid_field("text", "too_long", format!("It has at most {LONGEST_TEXT} bytes.")));
        }
        // Whatever else hides, the machine names with its line.
        if text.trim().is_empty() || text.contains(|c: char| c.is_control() && c != '\n') {
            return Err(Problem::invalid_field("text", "not_text", "It is empty, or holds control characters."));
        }
        if reason.is_empty() || reason.chars().count() > LONGEST_REASON || reason.contains(char::is_control) {
            let message = format!("It has 1 to {LONGEST_REASON} characters, in one line.");
            return Err(Problem::invalid_field("reason", "out_of_range", message));
        }
        Ok((text, reason))
    }
}

/// Ask a machine's owner for rules. The machine judges the text at once if it is connected; the owner grants or
/// refuses it there, within seven days.
#[utoipa::path(
    post,
    path = "/machines/{id}/rule-requests",
    operation_id = "create_rule_request",
    tag = "machines",
    params(("id" = MachineId, Path, description = "Which machine")),
    request_body = CreateRuleRequest,
    responses((status = 201, description = "The request", body = RuleRequestView), GuardedWrite),
    extensions(("x-permission" = json!("commands.run"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn create_rule_request(
    ctx: Allowed<may::CommandsRun>,
    State(fleet): State<Fleet>,
    Path(id): Path<MachineId>,
    Json(body): Json<CreateRuleRequest>,
) -> Result<Created<RuleRequestView>, Problem> {
    let (text, reason) = body.check()?;
    let target = of_path(&fleet, id).await?;
    Ok(Created(fleet.ask_for_rules(&ctx, target, reason, text).await?.into()))
}
