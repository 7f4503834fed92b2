//! A WebSocket on which somebody looks on while a command runs, and talks to it.
//!
//! Every viewer reads from what is kept at their own pace: a slow one slows nobody.

mod farewell;
mod message;
mod places;
mod session;

pub(crate) use self::farewell::part;
pub(crate) use self::places::Places;
pub(crate) use self::session::{Session, Viewer, session_has_ended};
