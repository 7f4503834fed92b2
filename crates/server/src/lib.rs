//! The edge: everything between a socket and an operation, and back.
//!
//! It accepts connections with time limits, learns who is calling, limits how fast, guards writes
//! against forgery, keeps the answers of repeated writes, answers with security headers, and serves
//! the OpenAPI document, the dashboard's files and the live feed.
//!
//! Its settings may change while it runs: every request is judged from beginning to end by those in
//! force when it came, and what was counted before counts on.
//!
//! What it deliberately does not know: any capability, account or rule. The composition hands those in
//! through [`Builder`]: routers with their documents, an [`Authenticator`], [`VitalSigns`],
//! [`TakesMachines`] for the connections of machines.
//!
//! Start at [`Builder`] for what it is made of, and at the module `pass` for the way of a request.
#![forbid(unsafe_code)]

mod authenticator;
mod bridges;
mod builder;
mod config;
mod dashboard;
mod edge;
mod health;
mod listen;
mod live;
mod metrics;
mod openapi;
mod operation;
mod pass;
mod platform;
mod table;

pub use authenticator::{Authenticator, Caller};
pub use bridges::TakesMachines;
pub use builder::{BuildError, Builder, Ground};
pub use config::{LogFormat, Network, Origin, ServerConfig, check_database_url};
pub use dashboard::{Dashboard, File};
pub use edge::Edge;
pub use listen::{ServeError, Serving, TlsError, check_certificate};
pub use live::Topic;
pub use pass::rate::Rate;
pub use platform::{Mail, VitalSigns, Vitals, Warning};
