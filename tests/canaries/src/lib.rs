//! Values that must lie nowhere, and what looks for them: in bytes, in folders, in every row and every file
//! of a PostgreSQL.
//!
//! For tests only, and it knows nothing of the product. Start at [`Canaries`], which plants them and says
//! in the end what was found that must not be there; [`Scanner`] does the looking.
#![forbid(unsafe_code)]
#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot be set up must fail loudly")]

mod aes;
mod canary;
mod place;
mod postgres;
mod scanner;

pub use canary::Canaries;
pub use place::{Place, files};
pub use postgres::{Database, rows};
pub use scanner::Scanner;
