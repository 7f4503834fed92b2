//! A terminal as the kernel has it: one end for whoever attends to it, one for what runs in it.

use std::os::fd::{AsFd, OwnedFd};

use rustix::io::Errno;
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{InputModes, OptionalActions, Winsize, tcgetattr, tcsetattr, tcsetwinsize};

use crate::commands::Size;

/// Both ends of a terminal.
#[derive(Debug)]
pub(super) struct Pty {
    /// The end of whoever attends to it.
    pub(super) ours: OwnedFd,
    /// The end of what runs in it.
    theirs: OwnedFd,
}

impl Pty {
    /// A new one of this size, which belongs to this user if the bridge is root.
    pub(super) fn open(size: Size, owner: Option<u32>) -> Result<Self, Errno> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let ours = openpt(flags)?;
        grantpt(&ours)?;
        unlockpt(&ours)?;
        let theirs = ioctl_tiocgptpeer(&ours, flags)?;
        let mut modes = tcgetattr(&theirs)?;
        // Whoever corrects a line takes away whole characters.
        modes.input_modes |= InputModes::IUTF8;
        tcsetattr(&theirs, OptionalActions::Now, &modes)?;
        resize(&ours, size)?;
        if let Some(owner) = owner {
            rustix::fs::fchown(&theirs, Some(rustix::fs::Uid::from_raw(owner)), None)?;
        }
        rustix::io::ioctl_fionbio(&ours, true)?;
        Ok(Self { ours, theirs })
    }

    /// The end of what runs in it, for one of its streams.
    pub(super) fn theirs(&self) -> std::io::Result<OwnedFd> {
        self.theirs.try_clone()
    }
}

/// Says how large it is now; what runs in it is told.
pub(super) fn resize(terminal: impl AsFd, size: Size) -> Result<(), Errno> {
    let size = Winsize { ws_col: size.columns.max(1), ws_row: size.rows.max(1), ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(terminal, size)
}
