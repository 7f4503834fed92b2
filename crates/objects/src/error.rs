//! What can go wrong with an object.

/// Why an object could not be put or fetched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ObjectError {
    /// The address makes no sense, or the certificates that were named cannot be read.
    #[error("{0}")]
    Setting(String),
    /// The storage cannot be reached, or is in trouble itself: later it may be better.
    #[error("the object storage cannot be reached: {0}")]
    Away(String),
    /// It does not let us in.
    #[error("the object storage refuses: {0}")]
    Denied(String),
    /// It does not take this object, and never will.
    #[error("the object storage does not take it: {0}")]
    Unfit(String),
    /// It does not do it.
    #[error("the object storage refuses: {0}")]
    Refused(String),
    /// There is no such object, or no such bucket.
    #[error("the object storage has no such object")]
    Missing,
    /// Its answer makes no sense.
    #[error("the answer of the object storage makes no sense: {0}")]
    Malformed(String),
}
