//! What is wrong with an expression, and where.

/// Why an expression is refused: which field, the place, what was wrong and what may stand there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub(crate) struct CronFault {
    /// The field, as people call it: `minute`, `day of month`; `expression` where no single one is meant.
    pub(crate) field: &'static str,
    /// How many characters of the expression stand before the place.
    pub(crate) at: usize,
    /// What was wrong, and what may stand there.
    pub(crate) message: String,
}

impl CronFault {
    pub(super) fn new(field: &'static str, at: usize, message: impl Into<String>) -> Self {
        Self { field, at, message: message.into() }
    }

    /// One that concerns the expression as a whole.
    pub(super) fn whole(at: usize, message: impl Into<String>) -> Self {
        Self::new("expression", at, message)
    }
}

/// What somebody wrote, fit for a message: quoted, without control characters, and not endless.
pub(super) fn quoted(word: &str) -> String {
    const LONGEST: usize = 40;
    let mut shown: String = word.chars().take(LONGEST).collect();
    if shown.len() < word.len() {
        shown.push('…');
    }
    format!("{shown:?}")
}
