//! What really happened, counted by the programs themselves: a database of its own, outside of everything that is
//! tested. It also sees at once what must not be.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::step::{Act, Step};

/// So many of the last events are told when something went wrong.
const TOLD: usize = 200;

/// What is allowed of the job behind a step.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rule {
    /// Whether it may be done again although nobody knows whether it was done.
    pub(crate) may_repeat: bool,
    /// Whether it is given up when its machine is away.
    pub(crate) may_be_lost: bool,
    /// The key that it shares with others, and how many of them run at once.
    pub(crate) key: Option<(String, usize)>,
    /// Whether many jobs do it.
    pub(crate) is_shared: bool,
}

/// What really happened. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Ledger {
    steps: Arc<Vec<(Step, Rule)>>,
    limits: Arc<Vec<u32>>,
    book: Arc<Mutex<Book>>,
}

#[derive(Debug, Default)]
pub(crate) struct Book {
    /// What ran, by the id of its command.
    pub(crate) runs: BTreeMap<String, Run>,
    /// What must not have been.
    pub(crate) wrong: Vec<String>,
    /// What had not ended when the person looked last.
    pub(crate) open: Vec<String>,
    events: VecDeque<String>,
    digest: u64,
    now: Duration,
    /// What goes on without its bridge: when, and which command.
    loose: Vec<(Duration, String)>,
}

/// A run of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) step: usize,
    pub(crate) machine: usize,
    pub(crate) said: [usize; 2],
    pub(crate) effects: u32,
    /// How it ended; nothing as long as it runs, or when it died with its bridge.
    pub(crate) end: Option<String>,
    /// Whether it died with its bridge, or goes on without it.
    pub(crate) is_dead: bool,
    /// Whether the server may have given it up.
    pub(crate) was_away: bool,
}

impl Ledger {
    pub(crate) fn new(steps: Vec<(Step, Rule)>, limits: Vec<u32>) -> Self {
        Self { steps: Arc::new(steps), limits: Arc::new(limits), book: Arc::default() }
    }

    pub(crate) fn step(&self, number: usize) -> &Step {
        &self.steps[number].0
    }

    pub(crate) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something happened.
    pub(crate) fn note(&self, what: &str) {
        self.note_at(turmoil::sim_elapsed().unwrap_or(Duration::ZERO), what);
    }

    pub(crate) fn note_at(&self, at: Duration, what: &str) {
        let line = format!("{:>9.3} {what}", at.as_secs_f64());
        let mut book = self.book();
        let mut hasher = DefaultHasher::new();
        (book.digest, &line).hash(&mut hasher);
        book.digest = hasher.finish();
        if book.events.len() == TOLD {
            book.events.pop_front();
        }
        book.events.push_back(line);
    }

    /// Something must not have been.
    pub(crate) fn wrong(&self, what: String) {
        self.note(&format!("WRONG: {what}"));
        self.book().wrong.push(what);
    }

    /// A number that differs if anything that happened does.
    pub(crate) fn digest(&self) -> u64 {
        self.book().digest
    }

    /// What happened last.
    pub(crate) fn told(&self) -> String {
        Vec::from(self.book().events.clone()).join("\n")
    }

    /// A program begins; says which status it will end with.
    pub(crate) fn begins(&self, command: &str, number: usize, machine: usize) -> i32 {
        let wrong = self.book().objections(command, (number, machine), &self.steps, &self.limits);
        let mut book = self.book();
        let times = book.runs.values().filter(|run| run.step == number).count();
        let run = Run { step: number, machine, said: [0; 2], effects: 0, end: None, is_dead: false, was_away: false };
        book.runs.insert(command.to_owned(), run);
        drop(book);
        self.note(&format!("machine-{machine} begins s{number} as {command}"));
        wrong.into_iter().for_each(|wrong| self.wrong(wrong));
        let statuses = &self.steps[number].0.statuses;
        statuses[times.min(statuses.len() - 1)]
    }

    pub(crate) fn said(&self, command: &str, channel: usize, length: usize) {
        self.book().runs.get_mut(command).expect("it has begun").said[channel] += length;
    }

    pub(crate) fn effect(&self, command: &str, at: Duration) {
        let mut book = self.book();
        let run = book.runs.get_mut(command).expect("it has begun");
        run.effects += 1;
        let number = run.step;
        drop(book);
        self.note_at(at, &format!("effect of s{number} by {command}"));
    }

    pub(crate) fn ends(&self, command: &str, how: &str) {
        self.book().runs.get_mut(command).expect("it has begun").end = Some(how.to_owned());
        self.note(&format!("{command} ends: {how}"));
    }

    /// The bridge died under a program that began at this moment.
    pub(crate) fn dies(&self, command: &str, began: Duration) {
        let mut book = self.book();
        let now = book.now;
        let run = book.runs.get_mut(command).expect("it has begun");
        run.is_dead = true;
        let step = &self.steps[run.step].0;
        let effects = step.course.iter().filter(|(_, act)| *act == Act::Effect).map(|(after, _)| began + *after);
        let left: Vec<Duration> = effects.filter(|at| step.survives && *at > now).collect();
        book.loose.extend(left.iter().map(|at| (*at, command.to_owned())));
        drop(book);
        self.note_at(
            now,
            &format!("the bridge died under {command}{}", if left.is_empty() { "" } else { ", which goes on" }),
        );
    }

    /// It is so late now: what goes on without its bridge goes on.
    pub(crate) fn go_on(&self, now: Duration) {
        self.book().now = now;
        let due: Vec<(Duration, String)> = self.book().loose.extract_if(.., |(at, _)| *at <= now).collect();
        due.into_iter().for_each(|(at, command)| self.effect(&command, at));
    }

    /// A machine has no power any more: nothing goes on there.
    pub(crate) fn power_is_cut(&self, machine: usize) {
        let mut book = self.book();
        let Book { loose, runs, .. } = &mut *book;
        loose.retain(|(_, command)| runs[command].machine != machine);
    }

    /// The server may give up what runs there: they cannot hear each other. Without a machine, what runs anywhere.
    pub(crate) fn is_away(&self, machine: Option<usize>) {
        for run in self.book().runs.values_mut().filter(|run| machine.is_none_or(|machine| run.machine == machine)) {
            run.was_away |= run.end.is_none();
        }
    }
}

impl Book {
    /// Why a program must not begin.
    fn objections(
        &self,
        command: &str,
        (number, machine): (usize, usize),
        steps: &[(Step, Rule)],
        limits: &[u32],
    ) -> Vec<String> {
        let mut wrong = vec![];
        if self.runs.contains_key(command) {
            wrong.push(format!("{command} is begun twice"));
        }
        let rule = &steps[number].1;
        for (before, run) in self.runs.iter().filter(|(_, run)| run.step == number && !rule.is_shared) {
            if rule.may_repeat {
                continue;
            }
            if run.end.is_none() {
                wrong.push(format!("{command} does s{number} again although nobody knows what became of {before}"));
            } else if run.end.as_deref() == Some("Exited(0)") {
                wrong.push(format!("{command} does s{number} again although {before} did it"));
            }
        }
        // What was given up may still be at it, and so may what died with its bridge.
        let is_counted =
            |run: &&Run| run.end.is_none() && !run.is_dead && !(run.was_away && steps[run.step].1.may_be_lost);
        let running = || self.runs.values().filter(is_counted);
        if let Some((key, most)) = &rule.key {
            let same = |run: &&Run| steps[run.step].1.key.as_ref().is_some_and(|(other, _)| other == key);
            let many = running().filter(same).count() + 1;
            if many > *most {
                wrong.push(format!("{many} with the key {key} run at once"));
            }
        }
        let many = running().filter(|run| run.machine == machine).count() + 1;
        if many > limits[machine] as usize {
            wrong.push(format!("{many} run on machine-{machine} at once"));
        }
        wrong
    }
}
