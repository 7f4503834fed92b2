//! The sandbox on Linux: two more starts of this same program before the command itself.
//!
//! ```text
//! bridge ─ outer (launcher) ─ inner (process 1 of the room) ─ program
//! ```
//!
//! The outer one leaves the namespaces of the machine and passes signals inwards, where they are for the
//! program, but the one that asks everything inside to end; the inner one builds the file tree, gives up
//! every privilege, locks the room and reaps. If any of them or the bridge dies, everything inside dies.

mod calls;
mod fence;
mod groups;
mod inner;
mod limits;
mod namespaces;
mod outer;
mod plan;
mod prepared;
mod privileges;
mod sandbox;
mod steps;
mod told;
mod tree;
mod wire;

pub use prepared::Prepared;
pub use sandbox::{Sandbox, hold};

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::process::exit;

use nix::sys::signal::Signal;

/// What the launcher is called: nobody types this as the name of the program.
const NAME: &str = "diwan-sandbox";
const OUTER: &str = "--sandbox-outer";
const INNER: &str = "--sandbox-inner";
/// What the launcher is told to have everything in the room asked to end. It means nothing else to it, and is a signal
/// because that is what it hears from outside.
const ASK_ALL: Signal = Signal::SIGPWR;

/// Becomes the launcher if this program was started as one, and never returns then. It is to be the very
/// first thing in `main`, before any thread is started.
#[allow(clippy::disallowed_methods, reason = "another program ends here, with nothing of the server to shut down")]
pub fn launch_if_asked() {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let [name, role, descriptors] = arguments.as_slice() else { return };
    if name.as_bytes() != NAME.as_bytes() {
        return;
    }
    let descriptors = descriptors.to_str().map(|text| text.split(',').map(str::parse).collect::<Result<Vec<_>, _>>());
    match (role.to_str(), descriptors) {
        (Some(OUTER), Some(Ok(descriptors))) => exit(outer::run(descriptors)),
        (Some(INNER), Some(Ok(descriptors))) => exit(inner::run(descriptors)),
        _ => {}
    }
}
