//! Who people are and how they prove it: accounts, sign-in, sessions, tokens, invitations.
//!
//! What is here: the people of an installation and their roles, every way to sign in, what a browser
//! or a program carries afterwards (cookie, access and refresh token, API token), step-up, lock-out,
//! invitations, plans.
//!
//! What it deliberately does not know: routes of others, how bytes reach the server, what anybody
//! does once they are let in.
//!
//! Start at [`Identity`]; then `sign_in` for how a proof becomes a session, and `gate` for how a
//! request becomes a caller.
#![forbid(unsafe_code)]

mod alarm;
mod api;
mod api_tokens;
mod avatar;
mod client_name;
mod config;
mod cookie;
mod cookie_value;
mod device_login;
mod device_mark;
mod email;
mod error;
mod event;
mod factor;
mod gate;
mod identity;
mod invitation;
mod jws;
mod keys;
mod known;
mod memory;
mod migration;
mod network;
mod opaque;
mod opening;
mod password;
mod password_sign_in;
mod people;
mod person;
mod plan;
mod refresh;
mod refusal;
mod rescue;
mod roster;
mod session;
mod setup;
mod sign_in;
mod step_up;
mod table;
mod throttle;
mod token_secret;
mod touched;
mod upkeep;
mod view;

pub use alarm::GlassBroken;
pub use config::{IdentityConfig, MailConfig, MailSecurity, OidcConfig, OidcProvider, SecondFactorFor};
pub use error::StartError;
pub use identity::{Caller, Credential, Identity, Parts};
pub use migration::MIGRATIONS;
pub use password::is_guessed_early;
pub use people::Census;
pub use person::Language;
pub use plan::{Plan, Quotas};
pub use rescue::{RescueLink, RescueRefused};
pub use roster::Member;
pub use setup::SetupLink;
