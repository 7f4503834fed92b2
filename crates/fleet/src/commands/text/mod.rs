//! What commands say, as text: without the codes that colour it, and looked through for words.

mod escapes;
mod search;

pub(crate) use self::escapes::Escapes;
pub(crate) use self::search::{Found, Searcher};
