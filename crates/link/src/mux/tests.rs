//! Two ends that hear each other frame by frame, in whatever order the programs at both act.

use std::collections::BTreeMap;

use futures::task::noop_waker;
use proptest::prelude::*;

use super::lane::OVERHEAD;
use super::*;
use crate::frame::LONGEST;

/// What a program may do next.
#[derive(Debug, Clone)]
enum Act {
    Open {
        who: usize,
        priority: usize,
    },
    Send {
        who: usize,
        which: usize,
        length: usize,
    },
    Finish {
        who: usize,
        which: usize,
    },
    Reset {
        who: usize,
        which: usize,
    },
    Receive {
        who: usize,
        which: usize,
    },
    /// So many frames travel from one end to the other.
    Carry {
        from: usize,
        frames: usize,
    },
}

fn act() -> impl Strategy<Value = Act> {
    let (who, which) = (0..2usize, 0..8usize);
    prop_oneof![
        1 => (who.clone(), 0..3usize).prop_map(|(who, priority)| Act::Open { who, priority }),
        6 => (who.clone(), which.clone(), prop_oneof![Just(0), 1..100usize, 16_000..17_000usize, 60_000..200_000usize])
            .prop_map(|(who, which, length)| Act::Send { who, which, length }),
        1 => (who.clone(), which.clone()).prop_map(|(who, which)| Act::Finish { who, which }),
        1 => (who.clone(), which.clone()).prop_map(|(who, which)| Act::Reset { who, which }),
        6 => (who.clone(), which).prop_map(|(who, which)| Act::Receive { who, which }),
        6 => (who, 1..40usize).prop_map(|(from, frames)| Act::Carry { from, frames }),
    ]
}

/// Both ends, and for each stream and direction what was sent and what was received.
struct Pair {
    ends: [Mux; 2],
    known: [Vec<u32>; 2],
    sent: BTreeMap<(usize, u32), Vec<Bytes>>,
    got: BTreeMap<(usize, u32), Vec<Bytes>>,
    was_reset: std::collections::BTreeSet<u32>,
    seed: u8,
}

impl Pair {
    fn new() -> Self {
        let ends = [Mux::new(Side::Dialler, Limits::default()), Mux::new(Side::Acceptor, Limits::default())];
        Self {
            ends,
            known: [vec![], vec![]],
            sent: BTreeMap::new(),
            got: BTreeMap::new(),
            was_reset: Default::default(),
            seed: 0,
        }
    }

    fn pick(&self, who: usize, which: usize) -> Option<u32> {
        let known = &self.known[who];
        (!known.is_empty()).then(|| known[which % known.len()])
    }

    fn perform(&mut self, act: &Act) {
        let waker = noop_waker();
        let cx = &Context::from_waker(&waker);
        match *act {
            Act::Open { who, priority } => {
                let stream = self.ends[who].open(Priority::ALL[priority], Bytes::from_static(b"hello")).unwrap();
                self.known[who].push(stream);
            }
            Act::Send { who, which, length } => {
                let Some(stream) = self.pick(who, which) else { return };
                if self.ends[who].poll_ready(stream, cx).is_ready() {
                    self.seed = self.seed.wrapping_add(1);
                    let message = Bytes::from(vec![self.seed; length]);
                    if self.ends[who].send(stream, message.clone()).is_ok() {
                        self.sent.entry((who, stream)).or_default().push(message);
                    }
                }
            }
            Act::Finish { who, which } => {
                let Some(stream) = self.pick(who, which) else { return };
                self.ends[who].finish(stream);
            }
            Act::Reset { who, which } => {
                let Some(stream) = self.pick(who, which) else { return };
                self.was_reset.insert(stream);
                self.ends[who].reset(stream, ResetCode::Cancelled, "the test", Reset::Here);
            }
            Act::Receive { who, which } => {
                let Some(stream) = self.pick(who, which) else { return };
                self.receive(who, stream, cx);
            }
            Act::Carry { from, frames } => drop(self.carry(from, frames, cx)),
        }
    }

    fn receive(&mut self, who: usize, stream: u32, cx: &Context<'_>) {
        while let Poll::Ready(Ok(Some(message))) = self.ends[who].poll_receive(stream, cx) {
            self.got.entry((1 - who, stream)).or_default().push(message);
        }
    }

    /// Says how many frames travelled.
    fn carry(&mut self, from: usize, frames: usize, cx: &Context<'_>) -> usize {
        let mut carried = 0;
        while carried < frames
            && let Some(frame) = self.ends[from].next_frame()
        {
            self.ends[1 - from].hear(frame).expect("both keep the rules");
            carried += 1;
        }
        while let Poll::Ready(Some((stream, _))) = self.ends[1 - from].poll_accept(cx) {
            self.known[1 - from].push(stream);
        }
        carried
    }

    /// Carries and receives until nothing moves any more.
    fn settle(&mut self) {
        let waker = noop_waker();
        let cx = &Context::from_waker(&waker);
        loop {
            let mut carried = 0;
            for who in 0..2 {
                carried += self.carry(who, usize::MAX, cx);
                for stream in self.known[1 - who].clone() {
                    self.receive(1 - who, stream, cx);
                }
            }
            if carried == 0 && self.ends.iter().all(Mux::is_calm) {
                break;
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]
    #[test]
    fn everything_that_was_sent_arrives_once_and_in_order(acts in prop::collection::vec(act(), 1..200)) {
        let mut pair = Pair::new();
        for act in &acts {
            pair.perform(act);
        }
        pair.settle();
        for ((who, stream), sent) in &pair.sent {
            let got = pair.got.remove(&(*who, *stream)).unwrap_or_default();
            if pair.was_reset.contains(stream) {
                prop_assert!(sent.starts_with(&got), "stream {}: something else arrived", stream);
            } else {
                prop_assert!(*sent == got, "stream {}: {} of {} arrived", stream, got.len(), sent.len());
            }
        }
        prop_assert!(pair.got.values().all(Vec::is_empty));
        for who in 0..2 {
            for stream in pair.known[who].clone() {
                pair.ends[who].release(stream);
            }
        }
        pair.settle();
        for end in &pair.ends {
            prop_assert!(end.lanes.is_empty(), "something is left of {} streams", end.lanes.len());
            prop_assert_eq!(end.theirs, 0);
        }
    }

    #[test]
    fn whatever_is_heard_neither_panics_nor_fills_the_memory(
        frames in prop::collection::vec((1..9u8, any::<u8>(), 0..12u32, prop::collection::vec(any::<u8>(), 0..40)), 1..300)
    ) {
        let mut end = Mux::new(Side::Acceptor, Limits { streams: 4, ..Limits::default() });
        for (kind, flags, stream, body) in frames {
            let mut head = vec![kind, flags, 0, u8::try_from(body.len()).unwrap()];
            head.extend(stream.to_be_bytes());
            let head = crate::frame::Head::read(head.try_into().unwrap()).unwrap();
            let Ok(frame) = head.frame(Bytes::from(body)) else { continue };
            if let Err(ended) = end.hear(frame) {
                end.end(ended);
                break;
            }
        }
        prop_assert!(end.theirs <= 4 && end.urgent.len() <= LONGEST_URGENT + 1);
    }
}

#[test]
fn what_is_urgent_overtakes_what_is_bulky_and_equals_take_turns() {
    let mut end = Mux::new(Side::Dialler, Limits::default());
    let [first, second] = [0; 2].map(|_| end.open(Priority::Bulk, Bytes::new()).unwrap());
    for stream in [first, first, second, second] {
        end.send(stream, Bytes::from_static(&[0; FILLS_A_FRAME])).unwrap();
    }
    let keys = end.open(Priority::Interactive, Bytes::new()).unwrap();
    end.send(keys, Bytes::from_static(b"x")).unwrap();
    let order: Vec<u32> = std::iter::from_fn(|| end.next_frame())
        .filter_map(|frame| if let Frame::Data { stream, .. } = frame { Some(stream) } else { None })
        .collect();
    assert_eq!(order, [keys, first, second, first, second]);
}

#[test]
fn who_sends_more_than_allowed_is_cut_off() {
    let mut end = Mux::new(Side::Acceptor, Limits::default());
    end.hear(Frame::Open { stream: 1, priority: Priority::Bulk, opening: Bytes::new() }).unwrap();
    // Three of the longest frames fit into the first credit with their overhead, a fourth does not.
    let data = || Frame::Data { stream: 1, more: false, bytes: Bytes::from_static(&[0; LONGEST]) };
    for _ in 0..3 {
        end.hear(data()).unwrap();
    }
    assert_eq!(end.hear(data()), Err(Ended::Rule("more was sent than was allowed")));
}

#[test]
fn a_flood_of_empty_messages_costs_credit_too() {
    let mut end = Mux::new(Side::Acceptor, Limits::default());
    end.hear(Frame::Open { stream: 1, priority: Priority::Bulk, opening: Bytes::new() }).unwrap();
    let mut heard = 0;
    while end.hear(Frame::Data { stream: 1, more: heard % 2 == 0, bytes: Bytes::new() }).is_ok() {
        heard += 1;
    }
    assert_eq!(heard, INITIAL_CREDIT / OVERHEAD);
}

#[test]
fn one_stream_too_many_is_refused_and_the_others_go_on() {
    let mut end = Mux::new(Side::Acceptor, Limits { streams: 2, ..Limits::default() });
    for stream in [1, 3, 5] {
        end.hear(Frame::Open { stream, priority: Priority::Bulk, opening: Bytes::new() }).unwrap();
    }
    let reason = "there are too many streams".to_owned();
    assert_eq!(end.next_frame(), Some(Frame::Reset { stream: 5, code: 2, reason }));
    end.hear(Frame::Data { stream: 3, more: false, bytes: Bytes::from_static(b"still") }).unwrap();
    // What is still under way for the refused one does no harm.
    end.hear(Frame::Data { stream: 5, more: false, bytes: Bytes::from_static(b"late") }).unwrap();
}

#[test]
fn rules_that_are_broken_end_the_link() {
    let open = |stream| Frame::Open { stream, priority: Priority::Control, opening: Bytes::new() };
    let data = |more| Frame::Data { stream: 1, more, bytes: Bytes::from_static(b"a") };
    let end = || Frame::End { stream: 1 };
    let credit = |bytes| Frame::Credit { stream: 1, bytes };
    for (frames, rule) in [
        (vec![open(2)], "a stream's number is not a new one of the other side"),
        (vec![open(1), open(1)], "a stream's number is not a new one of the other side"),
        (vec![open(3), open(1)], "a stream's number is not a new one of the other side"),
        (vec![data(false)], "a stream was spoken of that never began"),
        (vec![Frame::Credit { stream: 2, bytes: 1 }], "a stream was spoken of that never began"),
        (vec![open(1), end(), data(false)], "a stream went on after its end"),
        (vec![open(1), end(), end()], "a stream ended twice or within a message"),
        (vec![open(1), data(true), end()], "a stream ended twice or within a message"),
        (vec![open(1), credit(u32::MAX)], "too much credit was given"),
    ] {
        let mut mux = Mux::new(Side::Acceptor, Limits::default());
        let last = frames.len() - 1;
        for (at, frame) in frames.into_iter().enumerate() {
            let heard = mux.hear(frame);
            assert_eq!(heard, if at == last { Err(Ended::Rule(rule)) } else { Ok(()) });
        }
    }
}
