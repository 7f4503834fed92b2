//! Finds all of many words in one go (Aho and Corasick, 1975), and knows at every place how much of a word may have
//! begun there. It is our own, since what is found is needed less than what may still become something, which
//! ready-made ones do not tell; and its memory is wiped.

use std::collections::VecDeque;

use zeroize::Zeroize;

/// Where nothing has begun.
pub(super) const BEGINNING: u32 = 0;
/// No such state.
const NONE: u32 = u32::MAX;
const WORD: usize = u64::BITS as usize;
/// So many places are looked at at once.
const AT_ONCE: usize = 16;

/// The words, as a tree of their beginnings: one state for each.
#[derive(Debug)]
pub(super) struct Automaton {
    states: Vec<State>,
    /// Where each byte leads from the beginning.
    first: Box<[u32; 256]>,
    /// With which two bytes a word begins: one bit for each pair.
    pairs: Box<[u64; 65536 / WORD]>,
}

/// A beginning of a word.
#[derive(Debug, Clone, Copy)]
struct State {
    /// Its last byte.
    byte: u8,
    /// Its length.
    depth: u32,
    /// The first of those that are longer by one byte, and the next of those that are as long as this one and
    /// differ in the last byte only.
    child: u32,
    sibling: u32,
    /// The longest beginning that this one ends with.
    fallback: u32,
    /// The length of the longest word that this one ends with.
    ends: u32,
}

impl Automaton {
    /// For these words, each of two bytes at least.
    pub(super) fn new(words: &[impl AsRef<[u8]>]) -> Self {
        let first = Box::new([BEGINNING; 256]);
        let root = State { byte: 0, depth: 0, child: NONE, sibling: NONE, fallback: BEGINNING, ends: 0 };
        let mut automaton = Self { states: vec![root], first, pairs: Box::new([0; 65536 / WORD]) };
        // Growing would leave copies behind.
        automaton.states.reserve_exact(words.iter().map(|word| word.as_ref().len()).sum());
        words.iter().for_each(|word| automaton.add(word.as_ref()));
        automaton.tie();
        automaton
    }

    fn add(&mut self, word: &[u8]) {
        if let [one, two, ..] = *word {
            let pair = pair(one, two);
            self.pairs[pair / WORD] |= 1 << (pair % WORD);
        }
        let mut state = BEGINNING;
        for byte in word {
            state = match self.child(state, *byte) {
                NONE => self.grow(state, *byte),
                child => child,
            };
        }
        let depth = self.states[state as usize].depth;
        self.states[state as usize].ends = depth;
    }

    fn grow(&mut self, parent: u32, byte: u8) -> u32 {
        let new = u32::try_from(self.states.len()).unwrap_or(NONE);
        let State { depth, child: sibling, .. } = self.states[parent as usize];
        self.states.push(State { byte, depth: depth + 1, child: NONE, sibling, fallback: BEGINNING, ends: 0 });
        self.states[parent as usize].child = new;
        if parent == BEGINNING {
            self.first[usize::from(byte)] = new;
        }
        new
    }

    /// Says of each state what it falls back to, the short ones first.
    fn tie(&mut self) {
        let mut waiting: VecDeque<u32> = self.children(BEGINNING).collect();
        while let Some(state) = waiting.pop_front() {
            let fallback = self.states[state as usize].fallback;
            let ends = self.states[fallback as usize].ends;
            self.states[state as usize].ends = self.states[state as usize].ends.max(ends);
            // Those of its children begin where this one falls back to.
            let children: Vec<u32> = self.children(state).collect();
            for child in children {
                let byte = self.states[child as usize].byte;
                self.states[child as usize].fallback = self.go(fallback, byte);
                waiting.push_back(child);
            }
        }
    }

    fn children(&self, state: u32) -> impl Iterator<Item = u32> {
        let next = |state: u32| (state != NONE).then_some(state);
        std::iter::successors(next(self.states[state as usize].child), move |child| {
            next(self.states[*child as usize].sibling)
        })
    }

    fn child(&self, state: u32, byte: u8) -> u32 {
        let mut child = self.states[state as usize].child;
        while child != NONE && self.states[child as usize].byte != byte {
            child = self.states[child as usize].sibling;
        }
        child
    }

    /// The longest beginning that ends with this byte.
    fn go(&self, mut state: u32, byte: u8) -> u32 {
        while state != BEGINNING {
            match self.child(state, byte) {
                NONE => state = self.states[state as usize].fallback,
                child => return child,
            }
        }
        self.first[usize::from(byte)]
    }

    /// The next state, and how long the longest word is that ends here; 0 when none does. A state from which no word
    /// goes on is not gone to.
    pub(super) fn step(&self, state: u32, byte: u8) -> (u32, usize) {
        let mut next = self.go(state, byte);
        let length = self.states[next as usize].ends as usize;
        while next != BEGINNING && self.states[next as usize].child == NONE {
            next = self.states[next as usize].fallback;
        }
        (next, length)
    }

    /// How much of a word may have begun.
    pub(super) fn depth(&self, state: u32) -> usize {
        self.states[state as usize].depth as usize
    }

    /// Where the next word may begin; the length of the text when none does.
    pub(super) fn next_beginning(&self, text: &[u8]) -> usize {
        let mut at = 0;
        // Most of a text begins nothing: that is found out for several places at once.
        while let Some(part) = text.get(at..=at + AT_ONCE) {
            let begins = (0..AT_ONCE).fold(0, |begins, one| begins | self.begins(part[one], part[one + 1]));
            if begins == 1 {
                break;
            }
            at += AT_ONCE;
        }
        let found = text[at..].windows(2).position(|pair| self.begins(pair[0], pair[1]) == 1);
        match (found, text.last()) {
            (Some(found), _) => at + found,
            (None, Some(last)) if self.first[usize::from(*last)] != BEGINNING => text.len() - 1,
            (None, _) => text.len(),
        }
    }

    fn begins(&self, one: u8, two: u8) -> u64 {
        let pair = pair(one, two);
        self.pairs[pair / WORD] >> (pair % WORD) & 1
    }
}

fn pair(one: u8, two: u8) -> usize {
    usize::from(one) << 8 | usize::from(two)
}

impl Drop for Automaton {
    fn drop(&mut self) {
        self.states.iter_mut().for_each(|state| state.byte.zeroize());
        self.pairs.zeroize();
        self.first.zeroize();
    }
}
