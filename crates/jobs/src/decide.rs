//! What follows from how a try went. Pure: time and chance come in.

use std::time::Duration;

use diwan_fleet::{End, How};
use diwan_kernel::Timestamp;

use crate::job::{Fared, Job};
use crate::spec::{JobRetry, RetryOn};
use crate::state::{JobHold, JobState};

/// A job that never comes to its machine is not carried there more often than this.
const MOST_VAIN: u32 = 50;

const FIRST_VAIN_PAUSE_MS: u64 = 100;
const VAIN_PAUSES_THAT_GROW: u32 = 9;

/// The longest pause after a try that did not come to its machine.
pub(crate) const LONGEST_VAIN_PAUSE: Duration = vain_pause(VAIN_PAUSES_THAT_GROW);

/// The pause after so many tries that did not come to their machine.
const fn vain_pause(vain: u32) -> Duration {
    let grown = if vain < VAIN_PAUSES_THAT_GROW { vain } else { VAIN_PAUSES_THAT_GROW };
    Duration::from_millis(FIRST_VAIN_PAUSE_MS << grown)
}

/// The longest pause between two tries, of whatever kind.
pub(crate) fn longest_pause(retry: &JobRetry) -> Duration {
    LONGEST_VAIN_PAUSE.max(Duration::from_millis(retry.max_delay_ms.max(retry.delay_ms)))
}

/// Why a try is over.
#[derive(Debug, Clone)]
pub(crate) enum Over {
    /// The machine told, or it is known from there.
    Told(End),
    /// The machine was lost for longer than the job waits for it, and the job moves on or not.
    Lost {
        /// Whether it is tried on another machine.
        moves: bool,
    },
    /// Somebody who cancelled it did not want to wait for its machine, which is away.
    GivenUp,
}

impl Over {
    /// Whether the machine has refused it.
    pub(crate) const fn is_refusal(&self) -> bool {
        matches!(self, Self::Told(End { how: How::Refused, .. }))
    }
}

/// What follows for a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// It has ended so.
    End(JobState),
    /// It is tried again after this pause. Whether the try counted.
    Again {
        /// The pause before it.
        after: Duration,
        /// Whether it is one of those that the job is tried at the most.
        counted: bool,
    },
    /// It is tried at once on another machine than the one that refused it. The try does not count.
    Elsewhere,
}

/// What is known of a try that is over, and what follows.
#[derive(Debug, Clone)]
pub(crate) struct Decided {
    /// How the try is remembered.
    pub(crate) state: JobState,
    /// How it went.
    pub(crate) fared: Fared,
    /// What follows.
    pub(crate) next: Next,
}

/// What follows from how a try went. `has_other` says whether another machine could take it, `chance` is from 0 to 1.
pub(crate) fn decide(job: &Job, over: &Over, was_too_long: bool, has_other: bool, chance: f64) -> Decided {
    let (state, reason, why) = judge(job, over, was_too_long);
    let fared = fared(over, reason);
    let next = match (state, why) {
        _ if job.cancel_asked_at.is_some() && state != JobState::Succeeded => Next::End(JobState::Cancelled),
        (_, Why::NeverBegan) if vain(job) < MOST_VAIN => Next::Again { after: vain_pause(vain(job)), counted: false },
        (_, Why::Refused) if has_other => Next::Elsewhere,
        (_, Why::Moves) if job.tries + 1 < job.most_tries.max(2) => again(job, chance),
        (_, Why::May(on)) if job.spec.retry.on.contains(&on) && job.tries + 1 < job.most_tries => again(job, chance),
        (state, _) => Next::End(state),
    };
    let state = if next == Next::End(JobState::Cancelled) { JobState::Cancelled } else { state };
    Decided { state, fared, next }
}

/// How many tries did not come to their machine.
fn vain(job: &Job) -> u32 {
    let refused = u32::try_from(job.avoids.len()).unwrap_or(u32::MAX);
    job.attempt.saturating_sub(job.tries).saturating_sub(refused)
}

/// Whether a try may be followed by another.
enum Why {
    /// If the job asks for that.
    May(RetryOn),
    /// By itself: nothing was done.
    NeverBegan,
    /// On another machine.
    Moves,
    /// On another machine, if one is there.
    Refused,
    /// Not by itself.
    Never,
}

fn judge(job: &Job, over: &Over, was_too_long: bool) -> (JobState, Option<&'static str>, Why) {
    use JobState::{Cancelled, Failed, Succeeded, TimedOut};
    let how = match over {
        Over::Lost { moves: true } => return (Failed, Some("machine_lost"), Why::Moves),
        Over::Lost { moves: false } if job.spec.retry_safe => {
            return (Failed, Some("machine_lost"), Why::May(RetryOn::Lost));
        }
        // It may still go on there.
        Over::Lost { moves: false } => return (Failed, Some("machine_lost"), Why::Never),
        Over::GivenUp => return (Cancelled, Some("given_up"), Why::Never),
        Over::Told(end) => &end.how,
    };
    match how {
        How::Exited(0) => (Succeeded, None, Why::Never),
        How::Exited(_) => (Failed, Some("exit_code"), Why::May(RetryOn::Failed)),
        How::Signalled(_) => (Failed, Some("signal"), Why::May(RetryOn::Failed)),
        How::TimedOut => (TimedOut, Some("timeout"), Why::May(RetryOn::TimedOut)),
        How::Cancelled if was_too_long => (TimedOut, Some("timeout"), Why::May(RetryOn::TimedOut)),
        How::Cancelled if job.cancel_asked_at.is_some() => (Cancelled, Some("cancelled"), Why::Never),
        // The bridge was stopped, or somebody stopped the command behind the job.
        How::Cancelled => (Failed, Some("stopped"), Why::May(RetryOn::Failed)),
        How::OverLimit => (Failed, Some("over_limit"), Why::May(RetryOn::Failed)),
        How::NotStarted => (Failed, Some("not_started"), Why::May(RetryOn::Failed)),
        How::Refused => (Failed, Some("refused"), Why::Refused),
        How::NeedsApproval => (Failed, Some("needs_approval"), Why::Never),
        How::NeverArrived => (Failed, Some("never_arrived"), Why::NeverBegan),
        How::Unknown if job.spec.retry_safe => (Failed, Some("unknown_outcome"), Why::May(RetryOn::Lost)),
        How::Unknown => (Failed, Some("unknown_outcome"), Why::Never),
    }
}

fn fared(over: &Over, reason: Option<&'static str>) -> Fared {
    let reason = reason.map(str::to_owned);
    let Over::Told(end) = over else { return Fared { reason, ..Fared::default() } };
    Fared {
        reason,
        detail: end.detail.clone(),
        exit_code: if let How::Exited(code) = end.how { Some(code) } else { None },
        signal: if let How::Signalled(signal) = end.how { Some(signal) } else { None },
        // Of what nobody saw end it is not known.
        usage: end.usage.filter(|usage| usage.wall_us > 0),
        output_bytes: end.output_bytes,
        error_bytes: end.error_bytes,
    }
}

fn again(job: &Job, chance: f64) -> Next {
    Next::Again { after: pause(&job.spec.retry, job.tries, chance), counted: true }
}

/// The pause after the try with this number, the first being 0.
pub(crate) fn pause(retry: &JobRetry, tries: u32, chance: f64) -> Duration {
    let longest = retry.max_delay_ms.max(retry.delay_ms) as f64;
    let grown = retry.delay_ms as f64 * retry.factor.max(1.0).powi(i32::try_from(tries).unwrap_or(i32::MAX));
    let whole = grown.min(longest);
    let share = if retry.jitter { 0.5 + 0.5 * chance.clamp(0.0, 1.0) } else { 1.0 };
    Duration::from_millis((whole * share) as u64)
}

impl Job {
    /// The job after a try at it is over.
    #[must_use]
    pub(crate) fn after(&self, decided: &Decided, now: Timestamp) -> Self {
        let mut job = self.clone();
        job.fence += 1;
        job.fared = decided.fared.clone();
        match decided.next {
            Next::End(state) => {
                job.tries += 1;
                job.end(state, now);
            }
            Next::Elsewhere => {
                if let Some((machine, _)) = self.machine {
                    job.avoid(machine);
                }
                job.wait_again();
            }
            Next::Again { after, counted } => {
                job.tries += u32::from(counted);
                job.wait_again();
                if !after.is_zero() {
                    (job.hold, job.due_at) = (JobHold::Time, Some(now.plus(after)));
                }
                if counted {
                    // It had begun in time, and has to once more.
                    job.deadline_at = job.deadline_from(job.due_at.unwrap_or(now));
                }
            }
        }
        job
    }

    /// It keeps its place: who waited longest still goes first.
    fn wait_again(&mut self) {
        (self.state, self.hold, self.due_at) = (JobState::Queued, JobHold::None, None);
        (self.leased_at, self.started_at, self.machine, self.command) = (None, None, None, None);
    }

    /// Until when it has to begin, if it may from this moment on.
    pub(crate) fn deadline_from(&self, ready_at: Timestamp) -> Option<Timestamp> {
        self.spec.queue_timeout_ms.map(|ms| ready_at.plus(Duration::from_millis(ms)))
    }

    /// It has ended.
    pub(crate) fn end(&mut self, state: JobState, now: Timestamp) {
        (self.state, self.hold, self.due_at, self.ended_at) = (state, JobHold::None, None, Some(now));
        self.dead_at = state.is_dead().then_some(now);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Pauses grow to the longest and no further, and chance makes them shorter by half at the most.
        #[test]
        fn pauses_grow_and_stay_within_their_bounds(
            delay in 0u64..100_000, longest in 0u64..1_000_000, factor in 1.0f64..10.0, tries in 0u32..100, chance in 0.0f64..=1.0,
        ) {
            let retry = |jitter| JobRetry { delay_ms: delay, max_delay_ms: longest, factor, jitter, ..JobRetry::default() };
            let whole = pause(&retry(false), tries, chance);
            prop_assert!(whole <= Duration::from_millis(longest.max(delay)));
            prop_assert!(whole >= Duration::from_millis(delay.min(longest.max(delay))) || delay == 0);
            prop_assert!(pause(&retry(false), tries + 1, chance) >= whole);
            let shorter = pause(&retry(true), tries, chance);
            prop_assert!(shorter <= whole && shorter + Duration::from_millis(1) >= whole / 2);
        }
    }

    #[test]
    fn what_never_comes_to_its_machine_is_carried_less_and_less_often() {
        let pauses: Vec<u128> = (0..12).map(|vain| vain_pause(vain).as_millis()).collect();
        assert_eq!((pauses[0], pauses[3], pauses[9], pauses[11]), (100, 800, 51_200, 51_200));
    }
}
