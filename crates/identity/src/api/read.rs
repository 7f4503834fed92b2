//! Reading bodies: every wrong field is named at once, not only the first.

use diwan_kernel::problem::FieldError;
use diwan_kernel::{Problem, Secret};

use crate::password::policy::LONGEST;

/// What is wrong with the fields that were read so far.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    errors: Vec<FieldError>,
}

impl Reading {
    /// Takes a field that was read; `None` when it was wrong.
    pub(crate) fn take<T>(&mut self, read: Result<T, FieldError>) -> Option<T> {
        read.map_err(|error| self.errors.push(error)).ok()
    }

    /// Refuses the body when any field was wrong.
    ///
    /// # Errors
    /// 422 with all of them.
    pub(crate) fn done(self) -> Result<(), Problem> {
        if self.errors.is_empty() { Ok(()) } else { Err(Problem::invalid_fields(self.errors)) }
    }
}

/// Refuses a password that is no password at all, before anything is computed from it.
///
/// # Errors
/// When it is empty or too long.
pub(crate) fn password(field: &str, password: &Secret<String>) -> Result<(), FieldError> {
    bounded(field, password.expose(), LONGEST)
}

/// Refuses an empty or overlong text.
///
/// # Errors
/// When it is one.
pub(crate) fn bounded(field: &str, text: &str, longest: usize) -> Result<(), FieldError> {
    let wrong = |code, message: String| Err(FieldError { field: field.to_owned(), code, message });
    match text.chars().count() {
        0 => wrong("empty", "It must not be empty.".into()),
        n if n > longest => wrong("too_long", format!("It must not be longer than {longest} characters.")),
        _ => Ok(()),
    }
}
