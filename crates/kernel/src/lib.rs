//! The ground that every Diwan crate stands on.
//!
//! What is here: typed ids, the clock and the other doors to the outside world ([`World`]), who is
//! calling ([`Ctx`]), errors as problem documents ([`Problem`]), paging, the database ([`Db`]),
//! domain events, the supervisor that owns every task, configuration sections, sealing and redaction.
//!
//! What it deliberately does not know: any capability, any route, any table of theirs.
//!
//! Start at [`db`] for how a change is written and at [`ctx`] for how a caller is known.
#![forbid(unsafe_code)]

pub mod answers;
pub mod config;
pub mod ctx;
pub mod db;
pub mod events;
pub mod heap;
pub mod http;
pub mod id;
pub mod journal;
pub mod key_file;
pub mod keys;
pub mod page;
pub mod problem;
pub mod redact;
pub mod seal;
pub mod stack;
pub mod supervisor;
pub mod text;
pub mod world;

pub use ctx::{Actor, Ctx, Permission, Role};
pub use db::{Db, DbError, Tx};
pub use events::{Events, NewEvent};
pub use id::Id;
pub use journal::{Entry, Journal, Outcome};
pub use page::{Page, PageQuery};
pub use problem::Problem;
pub use redact::Secret;
pub use seal::Sealer;
pub use supervisor::{Supervisor, TaskPolicy};
pub use world::{Timestamp, World};
