//! Looks for a text in what a command said.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedKept;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Path, Query};
use diwan_kernel::problem::ProblemDocument;
use serde::Deserialize;

use crate::commands::id::CommandId;
use crate::commands::output::OutputChannel;
use crate::commands::search::{OutputMatches, Sought};
use crate::fleet::Fleet;

const LONGEST: usize = 200;
const USUAL: u32 = 100;
const MOST: u32 = 500;

/// What is looked for, and where.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OutputSearch {
    /// The text: words as they are, no pattern.
    #[param(min_length = 1, max_length = 200)]
    text: String,
    /// On what it was said.
    #[serde(default)]
    #[param(inline, required = false)]
    channel: OutputChannel,
    /// From which place on.
    #[param(default = 0, maximum = 9_007_199_254_740_991u64)]
    from: Option<u64>,
    /// The number of the line that this place is in: `next_line` of the answer before.
    #[param(minimum = 1, default = 1, maximum = 9_007_199_254_740_991u64)]
    line: Option<u64>,
    /// How many lines at the most.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<u32>,
    /// Whether small and large letters from A to Z are the same.
    #[param(default = false)]
    ignore_case: Option<bool>,
}

impl OutputSearch {
    fn checked(self) -> Result<Sought, Problem> {
        let wrong = |field, code, message: String| Err(Problem::invalid_field(field, code, message));
        let (limit, line) = (self.limit.unwrap_or(USUAL), self.line.unwrap_or(1));
        if !(1..=LONGEST).contains(&self.text.chars().count()) {
            return wrong("text", "wrong_length", format!("It must have from 1 to {LONGEST} characters."));
        }
        if self.text.chars().any(|c| c.is_control() && c != '\t') {
            return wrong("text", "unsafe_character", "It must be one line without control characters.".to_owned());
        }
        if !(1..=MOST).contains(&limit) {
            return wrong("limit", "out_of_range", format!("It must be from 1 to {MOST}."));
        }
        if line == 0 {
            return wrong("line", "out_of_range", "Lines are counted from 1 on.".to_owned());
        }
        let from = (self.from.unwrap_or_default(), line);
        let ignores_case = self.ignore_case.unwrap_or_default();
        Ok(Sought { text: self.text, ignores_case, channel: self.channel, from, most: limit as usize })
    }
}

/// The lines of what a command said that have a text in them, each once, with the place of the first find. Escape
/// codes are passed over: a word is found whose half is coloured. At most 64 MiB are looked through for one answer;
/// `next_from` and `next_line` say where to go on. What goes on in a line longer than that may be told again.
#[utoipa::path(
    get,
    path = "/commands/{id}/output/search",
    operation_id = "search_command_output",
    tag = "commands",
    params(("id" = CommandId, Path, description = "Which command"), OutputSearch),
    responses(
        (status = 200, description = "What was found so far", body = OutputMatches),
        (status = 410, description = "It is not kept any longer", body = ProblemDocument<'static>, content_type = "application/problem+json"),
        GuardedKept,
    ),
    extensions(("x-permission" = json!("commands.run"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn search_command_output(
    _: Allowed<may::CommandsRun>,
    State(fleet): State<Fleet>,
    Path(id): Path<CommandId>,
    Query(query): Query<OutputSearch>,
) -> Result<Json<OutputMatches>, Problem> {
    Ok(Json(fleet.answer_search(id, query).await?))
}

impl Fleet {
    /// Looks for a text in what a command said so far. Whether somebody may see it is for the caller to know.
    ///
    /// # Errors
    /// 422 for what cannot be looked for; 404, 409 of a terminal, 410 when it is not kept any longer; 500 when something
    /// of it is damaged, 503 when the disk does not let itself be read.
    pub async fn answer_search(&self, id: CommandId, query: OutputSearch) -> Result<OutputMatches, Problem> {
        self.search_output(id, query.checked()?).await
    }
}
