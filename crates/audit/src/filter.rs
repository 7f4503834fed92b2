//! Which entries are wanted.

use diwan_kernel::problem::FieldError;
use diwan_kernel::{Outcome, Problem, Timestamp};
use serde::Deserialize;

const MAX_CHARS: usize = 200;

/// Which entries are wanted; what is not given does not matter.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// By whom: the id of a person or token, or a part of the name.
    #[param(max_length = 200)]
    pub actor: Option<String>,
    /// What was done: the beginning of the action, like `user.`.
    #[param(max_length = 200)]
    pub action: Option<String>,
    /// On what: a kind (`user`), an id, or both (`user:usr_…`).
    #[param(max_length = 200)]
    pub resource: Option<String>,
    /// How it ended.
    #[param(inline)]
    pub outcome: Option<Outcome>,
    /// From this moment on.
    pub since: Option<Timestamp>,
    /// Before this moment.
    pub until: Option<Timestamp>,
    /// A text that occurs anywhere in the entry.
    #[param(max_length = 200)]
    pub search: Option<String>,
}

impl Filter {
    /// The filter without empty texts, checked.
    ///
    /// # Errors
    /// 422 when a text is too long or holds a NUL.
    pub fn checked(self) -> Result<Self, Problem> {
        let mut errors = vec![];
        let mut text = |field: &str, value: Option<String>| {
            let value = value.filter(|v| !v.is_empty())?;
            let wrong = if value.chars().count() > MAX_CHARS {
                ("too_long", format!("It must not be longer than {MAX_CHARS} characters."))
            } else if value.contains('\0') {
                ("unsafe_character", "It must not hold a NUL character.".to_owned())
            } else {
                return Some(value);
            };
            errors.push(FieldError { field: field.to_owned(), code: wrong.0, message: wrong.1 });
            None
        };
        let checked = Self {
            actor: text("actor", self.actor),
            action: text("action", self.action),
            resource: text("resource", self.resource),
            search: text("search", self.search),
            ..self
        };
        if errors.is_empty() { Ok(checked) } else { Err(Problem::invalid_fields(errors)) }
    }

    /// What was asked for, for the entry that an export leaves.
    pub(crate) fn described(&self) -> serde_json::Value {
        let Self { actor, action, resource, outcome, since, until, search } = self;
        let mut asked = serde_json::json!({
            "actor": actor, "action": action, "resource": resource, "outcome": outcome,
            "since": since, "until": until, "search": search,
        });
        if let Some(map) = asked.as_object_mut() {
            map.retain(|_, value| !value.is_null());
        }
        asked
    }
}
