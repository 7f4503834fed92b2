//! Opens a page in the person's browser, where there is one.

use std::process::{Command, Stdio};

/// Opens `url`; false when there is no desktop, no opener, or the address is not one of the web.
pub(super) fn open(url: &str) -> bool {
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    let set = |name| std::env::var_os(name).is_some_and(|v| !v.is_empty());
    let is_remote = set("SSH_CONNECTION") || set("SSH_TTY");
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let has_desktop = cfg!(target_os = "macos") || set("DISPLAY") || set("WAYLAND_DISPLAY");
    if !is_web || is_remote || !has_desktop {
        return false;
    }
    // One argument, no shell: whatever is in the address stays in the address.
    let opened = Command::new(opener).arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    opened.is_ok()
}
