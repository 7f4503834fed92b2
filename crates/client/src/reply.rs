//! An answer: as it came, and by type.

use std::marker::PhantomData;

use serde::de::DeserializeOwned;

use crate::error::ClientError;
use crate::server::ServerUrl;

/// An answer that holds a `T`.
#[derive(Debug, Clone)]
pub struct Reply<T> {
    text: String,
    server: ServerUrl,
    date: Option<String>,
    kind: PhantomData<fn() -> T>,
}

impl<T> Reply<T> {
    pub(crate) const fn new(text: String, server: ServerUrl, date: Option<String>) -> Self {
        Self { text, server, date, kind: PhantomData }
    }

    /// The answer as it came.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What time it is there, as the server said it.
    pub fn date(&self) -> Option<&str> {
        self.date.as_deref()
    }
}

impl<T: DeserializeOwned> Reply<T> {
    /// The answer by type.
    ///
    /// # Errors
    /// When it is not what such an answer should be.
    pub fn read(&self) -> Result<T, ClientError> {
        serde_json::from_str(&self.text).map_err(|e| ClientError::Unexpected {
            server: self.server.clone(),
            what: format!("the answer does not fit ({e}); is the server another version?"),
        })
    }
}
