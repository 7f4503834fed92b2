//! The rules of a link, without any input or output: what may be sent next, and what follows from what
//! came in. Wakers are kept here too, since it is here that is known whom a change concerns.

use std::collections::{HashMap, VecDeque};
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};

use crate::ended::{Ended, Reset, ResetCode};
use crate::frame::{FILLS_A_FRAME, Frame, Priority};
use crate::pace::AFTER_A_KEY;
use lane::{Fragment, INITIAL_CREDIT, LONGEST_QUEUE, Lane};

mod lane;

/// Who opened the connection. Both may open streams; their numbers never meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The machine.
    Dialler,
    /// The control plane.
    Acceptor,
}

/// What one end allows the other.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How many streams the other end may have open at once.
    pub streams: usize,
    /// How many bytes of a stream may lie here unread.
    pub window: u32,
    /// How long a message may be.
    pub message: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { streams: 256, window: INITIAL_CREDIT, message: 1024 * 1024 }
    }
}

/// How often [`Mux::tick`] looks.
pub(crate) const TICK: std::time::Duration = std::time::Duration::from_secs(3);
/// After so many looks without a frame the other end is asked whether it is there, and after so many it is not:
/// 12 to 15 seconds after its last frame, so that what a lost machine was doing is seen to be lost in time.
const ASK_TICKS: u32 = 2;
const SILENT_TICKS: u32 = 4;
/// More pings than this between two looks are a nuisance.
const MOST_PINGS: u32 = 50;
/// Answers, credits and ends that wait to be written. Only somebody who never reads can make them so many.
const LONGEST_URGENT: usize = 4096;

/// A message that comes in parts is rarely longer.
const WHOLE: usize = 3 * FILLS_A_FRAME;

/// Everything that a link remembers.
pub(crate) struct Mux {
    side: Side,
    limits: Limits,
    lanes: HashMap<u32, Lane>,
    theirs: usize,
    next: u32,
    /// The highest number that the other end has used.
    seen: u32,
    lines: [VecDeque<u32>; 3],
    urgent: VecDeque<Frame>,
    incoming: VecDeque<(u32, Bytes)>,
    accept_waker: Option<Waker>,
    writer_waker: Option<Waker>,
    ended: Option<Ended>,
    /// This end wants to close as soon as what it says to that is written.
    closing: bool,
    /// Frames that came in, and how many of them were pings since [`Mux::tick`].
    heard: u64,
    pings: u32,
    /// What the watch over the connection has seen.
    last_heard: u64,
    silent_ticks: u32,
    is_writing: bool,
    writing_ticks: u32,
    /// So many bytes that are not urgent still go at the pace that leaves room for keys.
    paced: u64,
    /// Of these went since the writer last asked.
    paced_went: u64,
    /// Only what is urgent is written now.
    is_resting: bool,
}

impl Mux {
    pub(crate) fn new(side: Side, limits: Limits) -> Self {
        Self {
            side,
            limits,
            lanes: HashMap::new(),
            theirs: 0,
            next: if side == Side::Dialler { 1 } else { 2 },
            seen: 0,
            lines: Default::default(),
            urgent: VecDeque::new(),
            incoming: VecDeque::new(),
            accept_waker: None,
            writer_waker: None,
            ended: None,
            closing: false,
            heard: 0,
            pings: 0,
            last_heard: 0,
            silent_ticks: 0,
            is_writing: false,
            writing_ticks: 0,
            paced: 0,
            paced_went: 0,
            is_resting: false,
        }
    }

    // What the program asks for.

    pub(crate) fn open(&mut self, priority: Priority, opening: Bytes) -> Result<u32, Ended> {
        if let Some(ended) = &self.ended {
            return Err(ended.clone());
        }
        if self.closing {
            return Err(Ended::Here);
        }
        let stream = self.next;
        // Four thousand million streams are more than a connection lives to see.
        self.next = self.next.checked_add(2).ok_or(Ended::Rule("all numbers of streams were used"))?;
        self.lanes.insert(stream, Lane::new(priority, false));
        self.say(Frame::Open { stream, priority, opening });
        Ok(stream)
    }

    pub(crate) fn poll_accept(&mut self, cx: &Context<'_>) -> Poll<Option<(u32, Bytes)>> {
        match self.incoming.pop_front() {
            Some(incoming) => Poll::Ready(Some(incoming)),
            None if self.ended.is_some() => Poll::Ready(None),
            None => {
                self.accept_waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    /// Whether there is room to send.
    pub(crate) fn poll_ready(&mut self, stream: u32, cx: &Context<'_>) -> Poll<Result<(), Reset>> {
        let Some(lane) = self.lanes.get_mut(&stream) else { return Poll::Ready(Err(Reset::Here)) };
        if let Some(reset) = &lane.reset {
            return Poll::Ready(Err(reset.clone()));
        }
        if lane.waiting < LONGEST_QUEUE {
            return Poll::Ready(Ok(()));
        }
        lane.send_waker = Some(cx.waker().clone());
        Poll::Pending
    }

    pub(crate) fn send(&mut self, stream: u32, mut message: Bytes) -> Result<(), Reset> {
        let longest = self.limits.message;
        let lane = self.lanes.get_mut(&stream).ok_or(Reset::Here)?;
        if let Some(reset) = &lane.reset {
            return Err(reset.clone());
        }
        if lane.finish {
            return Err(Reset::Here);
        }
        if message.len() > longest {
            return Err(Reset::TooLong(longest));
        }
        lane.waiting += message.len();
        while message.len() > FILLS_A_FRAME {
            lane.outbox.push_back(Fragment { bytes: message.split_to(FILLS_A_FRAME), more: true });
        }
        lane.outbox.push_back(Fragment { bytes: message, more: false });
        self.line_up(stream);
        Ok(())
    }

    pub(crate) fn finish(&mut self, stream: u32) {
        if let Some(lane) = self.lanes.get_mut(&stream) {
            lane.finish = true;
            self.line_up(stream);
        }
    }

    pub(crate) fn poll_receive(&mut self, stream: u32, cx: &Context<'_>) -> Poll<Result<Option<Bytes>, Reset>> {
        let longest = self.limits.message;
        let Some(lane) = self.lanes.get_mut(&stream) else { return Poll::Ready(Err(Reset::Here)) };
        let mut message = None;
        while let Some(fragment) = lane.inbox.pop_front() {
            lane.unread -= fragment.cost();
            if !fragment.more && lane.partial.is_empty() {
                message = Some(fragment.bytes);
                break;
            }
            if lane.partial.is_empty() {
                lane.partial.reserve(WHOLE);
            }
            lane.partial.extend_from_slice(&fragment.bytes);
            if lane.partial.len() > longest {
                self.reset(stream, ResetCode::Protocol, "a message is too long", Reset::TooLong(longest));
                return Poll::Ready(Err(Reset::TooLong(longest)));
            }
            if !fragment.more {
                message = Some(std::mem::take(&mut lane.partial).freeze());
                break;
            }
        }
        self.give_credit(stream);
        let Some(lane) = self.lanes.get_mut(&stream) else { return Poll::Ready(Err(Reset::Here)) };
        if message.is_some() {
            return Poll::Ready(Ok(message));
        }
        if let Some(reset) = &lane.reset {
            return Poll::Ready(Err(reset.clone()));
        }
        if lane.heard_all {
            return Poll::Ready(Ok(None));
        }
        lane.receive_waker = Some(cx.waker().clone());
        Poll::Pending
    }

    /// How much may lie here unread from now on: more for what is large and wanted fast.
    pub(crate) fn widen(&mut self, stream: u32, window: u32) {
        if let Some(lane) = self.lanes.get_mut(&stream) {
            lane.window = lane.window.max(window);
            self.give_credit(stream);
        }
    }

    /// Cuts a stream off, here and there.
    pub(crate) fn reset(&mut self, stream: u32, code: ResetCode, reason: &str, here: Reset) {
        let Some(lane) = self.lanes.get_mut(&stream) else { return };
        if !lane.is_over() {
            lane.cut(here);
            self.say(Frame::Reset { stream, code: code.number(), reason: reason.to_owned() });
        }
        self.forget_if_over(stream);
    }

    /// Nobody holds the stream any more.
    pub(crate) fn release(&mut self, stream: u32) {
        let Some(lane) = self.lanes.get_mut(&stream) else { return };
        lane.is_held = false;
        // What was said to the end is still written; whatever else was under way is cut off.
        if lane.heard_all && lane.finish {
            return self.forget_if_over(stream);
        }
        self.reset(stream, ResetCode::Cancelled, "nobody listens any more", Reset::Here);
    }

    pub(crate) fn ping(&mut self, token: u64) {
        self.say(Frame::Ping { token });
    }

    /// Somebody typed: what is not urgent leaves room for a while.
    pub(crate) fn give_way(&mut self) {
        self.paced = AFTER_A_KEY;
    }

    /// Takes leave: what is urgent is still written, the rest is not.
    pub(crate) fn close(&mut self, retry_after_ms: u32, reason: &str) {
        if self.ended.is_none() && !self.closing {
            self.say(Frame::GoAway { retry_after_ms, reason: reason.to_owned() });
            self.closing = true;
        }
    }

    // What the connection does.

    /// What came in.
    pub(crate) fn hear(&mut self, frame: Frame) -> Result<(), Ended> {
        self.heard += 1;
        match frame {
            Frame::Open { stream, priority, opening } => self.opened(stream, priority, opening)?,
            Frame::Data { stream, more, bytes } => self.heard(stream, more, bytes)?,
            Frame::Credit { stream, bytes } => self.credited(stream, bytes)?,
            Frame::End { stream } => {
                self.check_known(stream)?;
                if let Some(lane) = self.lanes.get_mut(&stream).filter(|lane| lane.reset.is_none()) {
                    if lane.heard_all || lane.within {
                        return Err(Ended::Rule("a stream ended twice or within a message"));
                    }
                    lane.heard_all = true;
                    lane.wake();
                    self.forget_if_over(stream);
                }
            }
            Frame::Reset { stream, code, reason } => {
                self.check_known(stream)?;
                if let Some(lane) = self.lanes.get_mut(&stream) {
                    lane.cut(Reset::ByPeer { code: ResetCode::read(code), reason });
                    self.forget_if_over(stream);
                }
            }
            Frame::Ping { token } => {
                self.pings += 1;
                self.say(Frame::Pong { token });
            }
            Frame::GoAway { retry_after_ms, reason } => return Err(Ended::GoneAway { retry_after_ms, reason }),
            Frame::Pong { .. } | Frame::Unknown => {}
        }
        if self.urgent.len() > LONGEST_URGENT {
            return Err(Ended::Rule("it asks and never reads the answers"));
        }
        Ok(())
    }

    /// How many frames came in so far.
    pub(crate) fn heard_so_far(&self) -> u64 {
        self.heard
    }

    /// Looks, every five seconds, whether the other end is alive: by what came in, not by the state of a
    /// socket.
    pub(crate) fn tick(&mut self) -> Result<(), Ended> {
        if std::mem::take(&mut self.pings) > MOST_PINGS {
            return Err(Ended::Rule("too many pings"));
        }
        self.writing_ticks = if self.is_writing { self.writing_ticks + 1 } else { 0 };
        self.silent_ticks = if self.heard == self.last_heard { self.silent_ticks + 1 } else { 0 };
        self.last_heard = self.heard;
        if self.silent_ticks >= SILENT_TICKS || self.writing_ticks >= SILENT_TICKS {
            return Err(Ended::Silent);
        }
        if self.silent_ticks >= ASK_TICKS {
            self.ping(0);
        }
        Ok(())
    }

    /// Whether something is being written right now.
    pub(crate) fn set_writing(&mut self, is_writing: bool) {
        (self.is_writing, self.writing_ticks) = (is_writing, 0);
    }

    /// What is written next: the most urgent first, and streams of the same priority in turn.
    pub(crate) fn next_frame(&mut self) -> Option<Frame> {
        if let Some(frame) = self.urgent.pop_front() {
            return Some(frame);
        }
        if self.closing {
            return None;
        }
        let rests = self.is_resting;
        for priority in Priority::ALL.into_iter().filter(|&p| p == Priority::Control || !rests) {
            while let Some(stream) = self.lines[priority as usize].pop_front() {
                if let Some(frame) = self.next_of(stream) {
                    if priority != Priority::Control {
                        self.went(&frame);
                    }
                    return Some(frame);
                }
            }
        }
        None
    }

    fn went(&mut self, frame: &Frame) {
        if let Frame::Data { bytes, .. } = frame {
            let paced = self.paced.min(bytes.len() as u64);
            self.paced -= paced;
            self.paced_went += paced;
        }
    }

    /// How much went that has to keep the pace; if any, only what is urgent goes until [`Mux::rested`].
    pub(crate) fn rest(&mut self) -> u64 {
        let went = std::mem::take(&mut self.paced_went);
        self.is_resting |= went > 0;
        went
    }

    pub(crate) fn rested(&mut self) {
        self.is_resting = false;
    }

    fn next_of(&mut self, stream: u32) -> Option<Frame> {
        let lane = self.lanes.get_mut(&stream)?;
        lane.in_line = false;
        if lane.reset.is_some() || !lane.can_write() {
            return None;
        }
        let frame = match lane.outbox.pop_front() {
            Some(fragment) => {
                lane.credit -= fragment.cost();
                lane.waiting -= fragment.bytes.len();
                Frame::Data { stream, more: fragment.more, bytes: fragment.bytes }
            }
            None => {
                lane.finished = true;
                Frame::End { stream }
            }
        };
        if lane.waiting < LONGEST_QUEUE
            && let Some(waker) = lane.send_waker.take()
        {
            waker.wake();
        }
        self.line_up(stream);
        self.forget_if_over(stream);
        Some(frame)
    }

    /// Fills the buffer with what is to be written next, about so much; says whether it is the last.
    pub(crate) fn poll_write_into(&mut self, buffer: &mut BytesMut, about: usize, cx: &Context<'_>) -> Poll<bool> {
        while buffer.len() < about
            && let Some(frame) = self.next_frame()
        {
            frame.write(buffer);
        }
        let is_last = self.ended.is_some() || (self.closing && self.urgent.is_empty());
        if buffer.is_empty() && !is_last {
            self.writer_waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        self.set_writing(true);
        Poll::Ready(is_last)
    }

    /// Whether nothing waits to be written.
    pub(crate) fn is_calm(&self) -> bool {
        self.urgent.is_empty() && self.lines.iter().all(VecDeque::is_empty)
    }

    /// The link is over: everybody who waits is told.
    pub(crate) fn end(&mut self, ended: Ended) {
        let ended = self.ended.get_or_insert(ended).clone();
        let mut lanes: Vec<_> = self.lanes.iter_mut().collect();
        // Those who wait are woken in an order that is the same each time.
        lanes.sort_unstable_by_key(|(stream, _)| **stream);
        for (_, lane) in lanes {
            // What came before the end can still be read.
            if lane.reset.is_none() && !(lane.finished && lane.heard_all) {
                lane.reset = Some(Reset::Link(ended.clone()));
            }
            lane.outbox.clear();
            lane.wake();
        }
        self.lanes.retain(|_, lane| lane.is_held);
        for waker in [self.accept_waker.take(), self.writer_waker.take()].into_iter().flatten() {
            waker.wake();
        }
    }

    pub(crate) fn ended(&self) -> Option<&Ended> {
        self.ended.as_ref()
    }

    fn say(&mut self, frame: Frame) {
        if self.ended.is_some() || self.closing {
            return;
        }
        self.urgent.push_back(frame);
        self.wake_writer();
    }

    fn wake_writer(&mut self) {
        if let Some(waker) = self.writer_waker.take() {
            waker.wake();
        }
    }

    fn line_up(&mut self, stream: u32) {
        let Some(lane) = self.lanes.get_mut(&stream) else { return };
        if !lane.in_line && lane.reset.is_none() && lane.can_write() {
            lane.in_line = true;
            self.lines[lane.priority as usize].push_back(stream);
            self.wake_writer();
        }
    }

    fn opened(&mut self, stream: u32, priority: Priority, opening: Bytes) -> Result<(), Ended> {
        if self.is_mine(stream) || stream <= self.seen {
            return Err(Ended::Rule("a stream's number is not a new one of the other side"));
        }
        self.seen = stream;
        if self.theirs >= self.limits.streams {
            let reason = "there are too many streams".to_owned();
            self.say(Frame::Reset { stream, code: ResetCode::Refused.number(), reason });
            return Ok(());
        }
        self.theirs += 1;
        self.lanes.insert(stream, Lane::new(priority, true));
        self.incoming.push_back((stream, opening));
        if let Some(waker) = self.accept_waker.take() {
            waker.wake();
        }
        Ok(())
    }

    fn heard(&mut self, stream: u32, more: bool, bytes: Bytes) -> Result<(), Ended> {
        self.check_known(stream)?;
        let Some(lane) = self.lanes.get_mut(&stream).filter(|lane| lane.reset.is_none()) else { return Ok(()) };
        if lane.heard_all {
            return Err(Ended::Rule("a stream went on after its end"));
        }
        let fragment = Fragment { bytes, more };
        let rest = lane.allowed.checked_sub(fragment.cost());
        lane.allowed = rest.ok_or(Ended::Rule("more was sent than was allowed"))?;
        lane.unread += fragment.cost();
        lane.within = fragment.more;
        lane.inbox.push_back(fragment);
        if let Some(waker) = lane.receive_waker.take() {
            waker.wake();
        }
        Ok(())
    }

    fn credited(&mut self, stream: u32, bytes: u32) -> Result<(), Ended> {
        self.check_known(stream)?;
        if let Some(lane) = self.lanes.get_mut(&stream) {
            lane.credit = lane.credit.checked_add(bytes).ok_or(Ended::Rule("too much credit was given"))?;
            self.line_up(stream);
        }
        Ok(())
    }

    /// Allows more when half of what lay here was read: seldom enough to cost little.
    fn give_credit(&mut self, stream: u32) {
        let Some(lane) = self.lanes.get_mut(&stream) else { return };
        if lane.reset.is_some() || lane.heard_all {
            return;
        }
        let missing = lane.window.saturating_sub(lane.unread).saturating_sub(lane.allowed);
        if missing > 0 && missing >= lane.window / 2 {
            lane.allowed += missing;
            self.say(Frame::Credit { stream, bytes: missing });
        }
    }

    fn is_mine(&self, stream: u32) -> bool {
        (stream % 2 == 1) == (self.side == Side::Dialler)
    }

    /// Streams that are over may still be spoken of, streams that never were may not.
    fn check_known(&self, stream: u32) -> Result<(), Ended> {
        let was_opened = if self.is_mine(stream) { stream < self.next } else { stream <= self.seen };
        if was_opened { Ok(()) } else { Err(Ended::Rule("a stream was spoken of that never began")) }
    }

    fn forget_if_over(&mut self, stream: u32) {
        let Some(lane) = self.lanes.get(&stream) else { return };
        if lane.is_over() && !lane.is_held {
            let is_theirs = lane.is_theirs;
            self.lanes.remove(&stream);
            self.theirs -= usize::from(is_theirs);
        }
    }
}

#[cfg(test)]
mod tests;
