//! One flow, in the table, in the memory and on machines: whatever happens, none of its jobs is forgotten or given twice.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use diwan_kernel::Timestamp;
use proptest::prelude::*;

use super::super::{Board, Pick, WINDOW};
use super::{NOW, board, flow, machine};
use crate::flow::{Flow, Place};
use crate::id::JobId;

/// What happens to one flow of light jobs: in the table, in the memory and on machines.
#[derive(Debug, Clone)]
enum Turn {
    /// So many come, so much earlier or later than those before.
    Enter {
        count: usize,
        later_ms: i64,
    },
    /// Another server writes some down.
    Elsewhere {
        count: usize,
    },
    /// Somebody looks whether there are such.
    Expect,
    /// More are fetched, and so many come after they were read.
    Fetch {
        meanwhile: usize,
        later_ms: i64,
        how: Fetched,
    },
    Pick(usize),
    /// So many of those under way are done, or their machine is gone.
    End(usize),
    GiveBack(usize),
    /// So many are called off: of those that wait, and of those under way.
    CallOff(usize),
    /// So many of both are wanted again.
    Again(usize),
    /// So many under way are called off, and wanted again when what their machine did was written down without them.
    AgainLate(usize),
}

/// What comes of fetching.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fetched {
    Well,
    /// The database does not answer.
    Not,
    /// Somebody looks meanwhile whether there are such.
    InVain,
}

fn turn() -> impl Strategy<Value = Turn> {
    let how = prop_oneof![3 => Just(Fetched::Well), 1 => Just(Fetched::Not), 1 => Just(Fetched::InVain)];
    prop_oneof![
        3 => (1..900usize, -5..20i64).prop_map(|(count, later_ms)| Turn::Enter { count, later_ms }),
        1 => (1..50usize).prop_map(|count| Turn::Elsewhere { count }),
        1 => Just(Turn::Expect),
        4 => (0..700usize, -5..20i64, how)
            .prop_map(|(meanwhile, later_ms, how)| Turn::Fetch { meanwhile, later_ms, how }),
        4 => (1..700usize).prop_map(Turn::Pick),
        3 => (1..700usize).prop_map(Turn::End),
        2 => (1..300usize).prop_map(Turn::GiveBack),
        2 => (1..300usize).prop_map(Turn::CallOff),
        3 => (1..300usize).prop_map(Turn::Again),
        1 => (1..300usize).prop_map(Turn::AgainLate),
    ]
}

/// A job that a machine has.
#[derive(Debug, Clone, Copy)]
struct Carried {
    /// Where it stood when it was picked.
    from: Place,
    /// Where it stands in the table, unless it was called off.
    row: Option<Place>,
}

/// One flow of light jobs, with everything that is known of it.
struct Table {
    board: Board,
    light: Flow,
    /// Those that wait, as far as this server was told of them or has read them.
    waiting: BTreeSet<Place>,
    /// Those that another server wrote down, and that were not read yet.
    unread: BTreeSet<Place>,
    /// Whether somebody has looked since.
    is_expected: bool,
    under_way: BTreeMap<JobId, Carried>,
    /// Those that were called off, and where they stood.
    off: BTreeMap<JobId, Place>,
    next: u128,
    now_ms: i64,
}

impl Table {
    fn new() -> Self {
        let mut board = board(1);
        board.pull(machine(1), u32::MAX);
        let light = Flow { is_light: true, ..flow("amina", 0) };
        let (waiting, unread, under_way, off) = Default::default();
        Self { board, light, waiting, unread, is_expected: true, under_way, off, next: 0, now_ms: 1_000_000 }
    }

    fn new_place(&mut self) -> Place {
        self.next += 1;
        Place { ready_at: Timestamp::from_millis(self.now_ms), job: JobId::from_bits(self.next) }
    }

    fn enter(&mut self, count: usize, later_ms: i64) {
        self.now_ms += later_ms;
        for _ in 0..count {
            let place = self.new_place();
            self.waiting.insert(place);
            self.board.enter(&self.light, place, NOW);
        }
    }

    fn write_down_elsewhere(&mut self, count: usize) {
        for _ in 0..count {
            let place = self.new_place();
            self.unread.insert(place);
        }
        self.is_expected = false;
    }

    fn expect(&mut self) {
        self.board.expect(&self.light, NOW);
        self.is_expected = true;
    }

    /// True when there was something to fetch.
    fn fetch(&mut self, meanwhile: usize, later_ms: i64, how: Fetched) -> bool {
        let hungry = self.board.hungry();
        let [(id, behind)] = hungry[..] else { return false };
        let from = behind.map_or(Bound::Unbounded, Bound::Excluded);
        let carried = self.under_way.values().filter_map(|one| one.row);
        let queued: BTreeSet<Place> = self.waiting.union(&self.unread).copied().chain(carried).collect();
        let read: Vec<Place> = queued.range((from, Bound::Unbounded)).take(WINDOW).copied().collect();
        self.enter(meanwhile, later_ms);
        match how {
            Fetched::Well => self.waiting.extend(read.iter().filter(|place| self.unread.remove(*place))),
            Fetched::Not => return true,
            Fetched::InVain => self.expect(),
        }
        self.board.feed(id, &read);
        true
    }

    /// As it is done: whatever has to be fetched is fetched before.
    fn pick(&mut self, most: usize, is_calm: bool) -> usize {
        while self.fetch(0, 0, Fetched::Well) {}
        let picks = self.board.pick(NOW, most);
        for Pick { place, .. } in &picks {
            if is_calm {
                assert_eq!(self.waiting.first(), Some(place), "whoever was ready first goes first");
            }
            // Perhaps it stands elsewhere by now; if it is over, nothing comes of it.
            let is_its = |row: &&Place| row.job == place.job;
            let row = self.waiting.get(place).or_else(|| self.waiting.iter().find(is_its)).copied();
            row.iter().for_each(|row| assert!(self.waiting.remove(row)));
            self.off.remove(&place.job);
            let twice = self.under_way.insert(place.job, Carried { from: *place, row });
            assert!(twice.is_none(), "given away twice");
        }
        picks.len()
    }

    fn end(&mut self, count: usize) {
        for _ in 0..count {
            let Some((job, one)) = self.under_way.pop_first() else { return };
            if one.row.is_none() {
                self.off.insert(job, one.from);
            }
            self.board.let_go(job);
        }
    }

    fn give_back(&mut self, count: usize) {
        for _ in 0..count {
            let Some((job, one)) = self.under_way.pop_first() else { return };
            match one.row {
                Some(row) => drop(self.waiting.insert(row)),
                None => drop(self.off.insert(job, one.from)),
            }
            self.board.let_go(job);
            self.board.enter(&self.light, one.from, NOW);
        }
    }

    fn call_off(&mut self, count: usize) {
        for _ in 0..count {
            if let Some(place) = self.waiting.pop_last() {
                self.off.insert(place.job, place);
                self.board.leave(self.light.id(), place);
            }
        }
        for one in self.under_way.values_mut().take(count) {
            let row = one.row.take();
            row.into_iter().for_each(|row| self.board.leave(self.light.id(), row));
        }
    }

    /// Where a job stands that was ready then and is wanted again: time has passed since.
    fn again(&mut self, was: Place) -> Place {
        self.now_ms = self.now_ms.max(was.ready_at.as_millis()) + 1;
        Place { ready_at: Timestamp::from_millis(self.now_ms), ..was }
    }

    fn want_again(&mut self, count: usize) {
        for _ in 0..count {
            let Some((_, was)) = self.off.pop_first() else { break };
            let place = self.again(was);
            self.waiting.insert(place);
            self.board.enter(&self.light, place, NOW);
        }
        let off = self.under_way.values().filter(|one| one.row.is_none()).take(count);
        for one in off.copied().collect::<Vec<Carried>>() {
            let place = self.again(one.from);
            self.under_way.insert(place.job, Carried { row: Some(place), ..one });
            self.board.enter(&self.light, place, NOW);
        }
    }

    fn want_again_late(&mut self, count: usize) {
        for _ in 0..count {
            let Some((job, one)) = self.under_way.pop_first() else { return };
            one.row.into_iter().for_each(|row| self.board.leave(self.light.id(), row));
            let place = self.again(one.from);
            self.waiting.insert(place);
            self.board.enter(&self.light, place, NOW);
            self.board.let_go(job);
        }
    }
}

proptest! {
    /// However jobs come, are fetched and come back, are called off and wanted again: none is given to two machines,
    /// none is forgotten, and what is under way is counted once. As long as nobody changes their mind they go in order.
    #[test]
    fn nothing_that_is_fetched_is_lost_or_given_twice(turns in prop::collection::vec(turn(), 1..60), is_calm: bool) {
        let mut table = Table::new();
        for turn in turns {
            match turn {
                Turn::Enter { count, later_ms } => table.enter(count, later_ms),
                Turn::Elsewhere { count } => table.write_down_elsewhere(count),
                Turn::Expect => table.expect(),
                Turn::Fetch { meanwhile, later_ms, how } => drop(table.fetch(meanwhile, later_ms, how)),
                Turn::Pick(most) => drop(table.pick(most, is_calm)),
                Turn::End(count) => table.end(count),
                Turn::GiveBack(count) => table.give_back(count),
                Turn::CallOff(_) | Turn::Again(_) | Turn::AgainLate(_) if is_calm => {}
                Turn::CallOff(count) => table.call_off(count),
                Turn::Again(count) => table.want_again(count),
                Turn::AgainLate(count) => table.want_again_late(count),
            }
            prop_assert_eq!(table.board.queue("default").held as usize, table.under_way.len(), "counted otherwise");
        }
        if !table.is_expected {
            table.expect();
        }
        while table.pick(1000, is_calm) > 0 || table.fetch(0, 0, Fetched::Well) {}
        prop_assert!(table.waiting.is_empty(), "{} are forgotten", table.waiting.len());
        prop_assert!(table.unread.is_empty(), "{} were never read", table.unread.len());
    }
}
