//! How a process is made to stop: first asked, a little later made to; and what is told of why.

use std::time::Duration;

use diwan_protocol::run::Outcome;
use rustix::process::Signal;

/// How long a process may take to stop when it is asked.
const GRACE: Duration = Duration::from_secs(5);

/// What has to be done now, to the process and all that it has started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    Ask,
    Kill,
}

/// Whether, why and when a process has to stop.
#[derive(Debug)]
pub(super) struct Stop {
    /// Until when it may run.
    deadline: Duration,
    /// Why it was stopped: the first reason counts.
    why: Option<Outcome>,
    /// When it is killed, unless it is over by then.
    kill_at: Option<Duration>,
    was_killed: bool,
}

impl Stop {
    pub(super) fn new(deadline: Duration) -> Self {
        Self { deadline, why: None, kill_at: None, was_killed: false }
    }

    /// Why it was stopped, if it was.
    pub(super) fn why(&self) -> Option<&Outcome> {
        self.why.as_ref()
    }

    /// It has to stop, for this reason. What is to be done about it now, if it is the first.
    pub(super) fn ask(&mut self, why: Outcome, now: Duration) -> Option<Deed> {
        if self.why.is_some() {
            return None;
        }
        self.why = Some(why);
        self.kill_at = Some(now + GRACE);
        Some(Deed::Ask)
    }

    /// It must not run a moment longer.
    pub(super) fn kill(&mut self, why: Outcome) -> Deed {
        self.why.get_or_insert(why);
        self.was_killed = true;
        Deed::Kill
    }

    /// What time demands.
    pub(super) fn tick(&mut self, now: Duration) -> Option<Deed> {
        match self.kill_at {
            None if now >= self.deadline => self.ask(Outcome::TimedOut, now),
            Some(at) if now >= at && !self.was_killed => {
                self.was_killed = true;
                Some(Deed::Kill)
            }
            _ => None,
        }
    }

    /// When to look again; `None` when only the process can bring news.
    pub(super) fn wait(&self, now: Duration) -> Option<Duration> {
        let next = if self.was_killed { return None } else { self.kill_at.unwrap_or(self.deadline) };
        Some(next.saturating_sub(now))
    }
}

/// A signal that may be sent to a command. What would stop the launcher rather than the command is none, nor
/// is what only a kernel says.
pub(super) fn signal(number: u8) -> Option<Signal> {
    let allowed = [
        Signal::HUP,
        Signal::INT,
        Signal::QUIT,
        Signal::KILL,
        Signal::USR1,
        Signal::USR2,
        Signal::TERM,
        Signal::CONT,
        Signal::WINCH,
    ];
    allowed.into_iter().find(|signal| signal.as_raw() == i32::from(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn time_is_up_then_asked_then_killed() {
        let mut stop = Stop::new(s(10));
        assert_eq!((stop.tick(s(9)), stop.wait(s(9))), (None, Some(s(1))));
        assert_eq!((stop.tick(s(10)), stop.wait(s(10))), (Some(Deed::Ask), Some(s(5))));
        assert_eq!(stop.tick(s(14)), None);
        assert_eq!((stop.tick(s(15)), stop.wait(s(15))), (Some(Deed::Kill), None));
        assert_eq!((stop.tick(s(99)), stop.why()), (None, Some(&Outcome::TimedOut)));
    }

    #[test]
    fn the_first_reason_is_the_one_that_is_told() {
        let mut stop = Stop::new(s(10));
        assert_eq!(stop.ask(Outcome::Cancelled, s(1)), Some(Deed::Ask));
        assert_eq!(stop.ask(Outcome::Cancelled, s(2)), None);
        assert_eq!(stop.kill(Outcome::OverLimit("much".into())), Deed::Kill);
        assert_eq!(stop.tick(s(100)), None);
        assert_eq!(stop.why(), Some(&Outcome::Cancelled));
    }

    #[test]
    fn signals_that_would_hit_the_wrong_one_are_not_passed_on() {
        assert_eq!(signal(2), Some(Signal::INT));
        for number in [0, 4, 11, 17, 19, 20, 30, 31, 64, 255] {
            assert_eq!(signal(number), None, "{number}");
        }
    }
}
