//! Masking: secrets that a command was given are taken out of what it says, before anything of that is written down.
//!
//! Every occurrence of every form of a secret becomes `***`, wherever the text was cut when it was read. What may
//! still become one is held back, and nothing else: it is let go of when it can no longer become one, or when the
//! command has said its last. Time does not matter, so that nobody gets a secret out by saying half of it and waiting.
//!
//! It keeps secrets from being shown by mistake. A program that has a secret can say it in a manner that nobody
//! foresees; what a program may not give away it must not be given.
//!
//! Start at [`forms`] for what is looked for and at [`automaton`] for how.

mod automaton;
mod forms;

use std::sync::Arc;

use automaton::{Automaton, BEGINNING};
use zeroize::Zeroizing;

/// What stands where a secret would have been.
const MASK: &[u8] = b"***";

/// What is looked for in what a command says. Cheap to clone: each channel has a [`Mask`] of its own.
#[derive(Debug, Clone)]
pub(crate) struct Masks(Arc<Automaton>);

impl Masks {
    /// Looks for these secrets; `None` where there is nothing to look for.
    pub(crate) fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let forms: Vec<Zeroizing<Vec<u8>>> = secrets.into_iter().flat_map(forms::of).collect();
        if forms.is_empty() { None } else { Some(Self(Arc::new(Automaton::new(&forms)))) }
    }

    /// Begins with a channel.
    pub(crate) fn begin(&self) -> Mask {
        Mask {
            automaton: Arc::clone(&self.0),
            state: BEGINNING,
            held: Zeroizing::default(),
            found: vec![],
            in_mask: false,
            out: vec![],
        }
    }
}

/// A channel that is masked as it goes.
#[derive(Debug)]
pub(crate) struct Mask {
    automaton: Arc<Automaton>,
    state: u32,
    /// What may become a secret: as it was said.
    held: Zeroizing<Vec<u8>>,
    /// Where in what is held, and what came behind it, secrets are: from and to, one after the other, none touching
    /// the next.
    found: Vec<(usize, usize)>,
    /// What was let go of last was masked.
    in_mask: bool,
    out: Vec<u8>,
}

impl Mask {
    /// Takes what was said next; gives what may be shown of all that was said and not shown yet.
    pub(crate) fn pass(&mut self, said: &[u8]) -> &[u8] {
        self.find(said);
        let all = self.held.len() + said.len();
        let upto = all - self.automaton.depth(self.state);
        self.out.clear();
        self.show(said, upto);
        self.hold(said, upto);
        &self.out
    }

    /// That was all: what was held back never became a secret.
    pub(crate) fn end(&mut self) -> &[u8] {
        self.out.clear();
        self.show(&[], self.held.len());
        self.forget();
        &self.out
    }

    /// That was not all, but nothing more of it is heard: what was held back may be most of a secret.
    pub(crate) fn cut(&mut self) -> &[u8] {
        self.out.clear();
        if !self.held.is_empty() && !self.in_mask {
            self.out.extend_from_slice(MASK);
        }
        self.forget();
        &self.out
    }

    fn forget(&mut self) {
        (self.state, self.in_mask) = (BEGINNING, false);
        self.held = Zeroizing::default();
        self.found.clear();
    }

    fn find(&mut self, said: &[u8]) {
        let before = self.held.len();
        let mut at = 0;
        while at < said.len() {
            if self.state == BEGINNING {
                at += self.automaton.next_beginning(&said[at..]);
                if at == said.len() {
                    return;
                }
            }
            let (state, length) = self.automaton.step(self.state, said[at]);
            self.state = state;
            at += 1;
            if length > 0 {
                self.mark(before + at - length, before + at);
            }
        }
    }

    /// Secrets that overlap or touch are one: nothing between them is shown.
    fn mark(&mut self, mut from: usize, to: usize) {
        while let Some((begin, end)) = self.found.last().copied().filter(|(_, end)| *end >= from) {
            debug_assert!(end <= to, "they are found in the order of their ends");
            from = from.min(begin);
            self.found.pop();
        }
        self.found.push((from, to));
    }

    /// Lets go of everything up to a place: of what is held first, and then of what was just said.
    fn show(&mut self, said: &[u8], upto: usize) {
        let mut at = 0;
        for found in 0..self.found.len() {
            let (from, to) = self.found[found];
            if from >= upto {
                break;
            }
            if from > at {
                self.show_plain(said, at, from);
            }
            if !self.in_mask {
                self.out.extend_from_slice(MASK);
                self.in_mask = true;
            }
            at = to.min(upto);
        }
        if upto > at {
            self.show_plain(said, at, upto);
        }
    }

    fn show_plain(&mut self, said: &[u8], from: usize, to: usize) {
        let held = self.held.len();
        self.out.extend_from_slice(&self.held[from.min(held)..to.min(held)]);
        self.out.extend_from_slice(&said[from.max(held) - held..to.max(held) - held]);
        self.in_mask = false;
    }

    /// Keeps what comes behind that place.
    fn hold(&mut self, said: &[u8], upto: usize) {
        let held = self.held.len();
        let mut rest = Zeroizing::new(Vec::with_capacity(held + said.len() - upto));
        rest.extend_from_slice(&self.held[upto.min(held)..]);
        rest.extend_from_slice(&said[upto.max(held) - held..]);
        self.held = rest;
        self.found.retain_mut(|(from, to)| {
            (*from, *to) = (from.saturating_sub(upto), to.saturating_sub(upto));
            *to > 0
        });
    }
}

#[cfg(test)]
mod tests;
