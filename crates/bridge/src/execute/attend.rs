//! Attends to a process until it is over: takes its output, gives it its input, passes signals on, and keeps
//! it within its bounds. One thread waits for all of it at once.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::Child;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use diwan_kernel::World;
use diwan_protocol::run::Outcome;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::pty::{self, Pty};
use super::said::Said;
use super::stop::{self, Deed, Stop};
use crate::commands::{Ask, Bell, Channel, Entry, SpoolError};

/// What is read at once: as much as a pipe usually holds.
const AT_ONCE: usize = 64 * 1024;
/// What a pipe is made to hold for a command that says much, and what is read of it at once then.
const WIDE: usize = 1024 * 1024;
const MUCH_AT_ONCE: usize = 256 * 1024;

/// A process, and all that is needed to attend to it.
pub(super) struct Attended<'a> {
    world: &'a World,
    entry: &'a Entry,
    bell: Bell,
    /// What asks, or kills, it and everything that it has started.
    do_to_all: &'a dyn Fn(Deed),
    process: OwnedFd,
    output: [Option<OwnedFd>; 2],
    said: Said<'a>,
    output_left: u64,
    /// Not all that it said is kept.
    is_cut: bool,
    input: Option<OwnedFd>,
    waiting: BytesMut,
    input_ends: bool,
    taken: u64,
    stop: Stop,
    buffer: Vec<u8>,
    /// Whose pipe is wide.
    wide: [bool; 2],
}

/// How much and how long.
pub(super) struct Bounds {
    pub(super) wall_time: Duration,
    pub(super) output: u64,
}

/// What rang.
struct Rang {
    process: bool,
    bell: bool,
    output: [bool; 2],
    input: bool,
}

impl<'a> Attended<'a> {
    pub(super) fn new(
        world: &'a World,
        entry: &'a Entry,
        (child, pty): (&mut Child, Option<Pty>),
        said: Said<'a>,
        bounds: &Bounds,
        do_to_all: &'a dyn Fn(Deed),
    ) -> std::io::Result<Self> {
        let (input, output) = match pty {
            Some(pty) => (Some(pty.ours.try_clone()?), [Some(pty.ours), None]),
            None => {
                let outputs = [child.stdout.take().map(OwnedFd::from), child.stderr.take().map(OwnedFd::from)];
                (child.stdin.take().map(OwnedFd::from), outputs)
            }
        };
        if let Some(input) = &input {
            rustix::io::ioctl_fionbio(input, true)?;
        }
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or(Errno::SRCH)?;
        Ok(Self {
            world,
            entry,
            bell: entry.asks.attend()?,
            do_to_all,
            process: pidfd_open(pid, PidfdFlags::empty())?,
            output,
            said,
            output_left: bounds.output,
            is_cut: false,
            input,
            waiting: BytesMut::new(),
            input_ends: false,
            taken: 0,
            stop: Stop::new(world.monotonic() + bounds.wall_time),
            buffer: vec![0; AT_ONCE],
            wide: [false; 2],
        })
    }

    /// Until the process is over and all it said is kept. Gives why it was stopped, if it was, and how much it
    /// said.
    pub(super) fn until_the_end(mut self) -> (Option<Outcome>, [u64; 2]) {
        loop {
            let now = self.world.monotonic();
            if let Some(deed) = self.stop.tick(now) {
                self.act(deed);
            }
            if self.entry.pipe.is_late(now) {
                self.stop_for(Outcome::OverLimit("nobody took up its pipe in time".to_owned()));
            }
            let Ok(rang) = self.wait(self.entry.pipe.patience(now, self.stop.wait(now))) else {
                // Without being able to wait there is no attending: nothing may go on unseen.
                self.is_cut = true;
                self.act(Deed::Kill);
                break;
            };
            if rang.bell {
                self.bell.hear();
                self.hear_asks();
            }
            self.take_output(rang.output);
            if rang.input {
                self.give_input();
            }
            if rang.process && !self.is_saying() {
                break;
            }
        }
        // Somebody else may still hold them open, but nobody listens any more.
        Channel::BOTH.into_iter().for_each(|channel| self.end(channel));
        (self.stop.why().cloned(), self.said.lengths())
    }

    fn wait(&self, timeout: Option<Duration>) -> Result<Rang, Errno> {
        let mut watched = vec![PollFd::new(&self.process, PollFlags::IN), PollFd::new(&self.bell, PollFlags::IN)];
        let mut places = [None; 3];
        for (place, output) in places.iter_mut().zip(&self.output) {
            if let Some(output) = output {
                *place = Some(watched.len());
                watched.push(PollFd::new(output, PollFlags::IN));
            }
        }
        if let Some(input) = self.input.as_ref().filter(|_| !self.waiting.is_empty()) {
            places[2] = Some(watched.len());
            watched.push(PollFd::new(input, PollFlags::OUT));
        }
        let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        match poll(&mut watched, timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
        let rings = |place: Option<usize>| place.is_some_and(|place| !watched[place].revents().is_empty());
        Ok(Rang {
            process: rings(Some(0)),
            bell: rings(Some(1)),
            output: [rings(places[0]), rings(places[1])],
            input: rings(places[2]),
        })
    }

    /// Whether there is output that was not read yet. Asked when the process is over: somebody else may still
    /// hold its output open, and is not waited for.
    fn is_saying(&self) -> bool {
        self.output.iter().flatten().any(|output| has_more(output.as_fd()))
    }

    fn take_output(&mut self, rang: [bool; 2]) {
        for channel in Channel::BOTH {
            if rang[channel.index()] {
                self.take_some(channel);
            }
        }
    }

    fn take_some(&mut self, channel: Channel) {
        let Some(output) = &self.output[channel.index()] else { return };
        let length = match rustix::io::read(output, &mut self.buffer[..]) {
            Err(Errno::AGAIN | Errno::INTR) => return,
            Ok(0) | Err(_) => {
                self.output[channel.index()] = None;
                return self.end(channel);
            }
            Ok(length) => length,
        };
        self.keep(channel, length);
        if length >= AT_ONCE && !self.is_terminal() && !self.wide[channel.index()] {
            self.widen(channel);
        }
    }

    /// It says much: fewer and larger steps. A system that does not allow it goes on as before.
    fn widen(&mut self, channel: Channel) {
        self.wide[channel.index()] = true;
        self.buffer.resize(MUCH_AT_ONCE, 0);
        if let Some(output) = &self.output[channel.index()] {
            let _ = rustix::pipe::fcntl_setpipe_size(output, WIDE);
        }
    }

    fn keep(&mut self, channel: Channel, length: usize) {
        let allowed = usize::try_from(self.output_left).unwrap_or(usize::MAX).min(length);
        self.output_left -= allowed as u64;
        if allowed > 0
            && let Err(error) = self.said.keep(self.entry, channel, &self.buffer[..allowed])
        {
            self.no_room(&error);
        }
        if allowed < length {
            self.is_cut = true;
            let words = "it said more than it may";
            let deed = self.stop.kill(Outcome::OverLimit(words.to_owned()));
            self.act(deed);
        }
    }

    fn no_room(&mut self, error: &SpoolError) {
        (self.output_left, self.is_cut) = (0, true);
        let deed = self.stop.kill(Outcome::OverLimit(error.to_string()));
        self.act(deed);
    }

    /// What may still have become a secret is let go of.
    fn end(&mut self, channel: Channel) {
        // What was stopped in the middle may have been about to say the rest of one.
        let is_cut = self.is_cut || self.stop.why().is_some();
        if let Err(error) = self.said.end(self.entry, channel, is_cut) {
            self.no_room(&error);
        }
    }

    fn hear_asks(&mut self) {
        let asked = self.entry.asks.take();
        if let (Some(size), Some(terminal)) = (asked.size, self.input.as_ref().filter(|_| self.is_terminal())) {
            // One that is over already has no size.
            let _ = pty::resize(terminal, size);
        }
        self.waiting.unsplit(asked.input);
        // A terminal has no end of input that would be told from outside.
        self.input_ends = asked.input_ends && !self.is_terminal();
        for ask in asked.others {
            match ask {
                Ask::Signal(number) => stop::signal(number).into_iter().for_each(|signal| self.send(signal)),
                Ask::Cancel => {
                    if let Some(deed) = self.stop.ask(Outcome::Cancelled, self.world.monotonic()) {
                        self.act(deed);
                    }
                }
            }
        }
        self.give_input();
    }

    fn give_input(&mut self) {
        while let Some(input) = self.input.as_ref().filter(|_| !self.waiting.is_empty()) {
            match rustix::io::write(input, &self.waiting) {
                Ok(length) => {
                    self.waiting.advance(length);
                    self.taken += length as u64;
                }
                Err(Errno::AGAIN | Errno::INTR) => break,
                // It reads no more: what still comes goes nowhere.
                Err(_) => self.input = None,
            }
        }
        if self.input.is_none() {
            self.taken += self.waiting.len() as u64;
            self.waiting.clear();
        }
        if self.input_ends && self.waiting.is_empty() {
            self.input = None;
        }
        if self.entry.input_taken() < self.taken {
            self.entry.took(self.taken);
        }
    }

    fn stop_for(&mut self, why: Outcome) {
        if let Some(deed) = self.stop.ask(why, self.world.monotonic()) {
            self.act(deed);
        }
    }

    fn act(&self, deed: Deed) {
        match deed {
            // What a shell understands as its terminal being closed, and tells what runs in it; to be asked to end, it
            // passes over.
            Deed::Ask if self.is_terminal() => self.send(Signal::HUP),
            Deed::Ask => (self.do_to_all)(deed),
            Deed::Kill => {
                (self.do_to_all)(deed);
                // The launcher of a terminal ends what runs in it, also what stands apart, and must live to do so.
                if !self.is_terminal() {
                    self.send(Signal::KILL);
                }
            }
        }
    }

    fn is_terminal(&self) -> bool {
        self.said.is_terminal()
    }

    /// One that is over already hears nothing.
    fn send(&self, signal: Signal) {
        let _ = pidfd_send_signal(&self.process, signal);
    }
}

fn has_more(output: BorrowedFd<'_>) -> bool {
    let mut watched = [PollFd::new(&output, PollFlags::IN)];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut watched, Some(&now)).is_ok() && watched[0].revents().contains(PollFlags::IN)
}
