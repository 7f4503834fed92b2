//! What the records of a journal mean together.

use std::collections::BTreeMap;

use diwan_protocol::run::Ended;

use super::record::{Record, Started};

/// What is remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Memory {
    /// The highest number of a command that was used.
    pub(crate) seen: u64,
    /// Commands that began and are not forgotten, with their end once they have one.
    pub(crate) commands: BTreeMap<String, (Started, Option<Ended>)>,
    /// Commands that are forgotten, until when their bytes could come again.
    pub(crate) spent: BTreeMap<String, i64>,
}

impl Memory {
    /// Takes in one more record.
    pub(crate) fn take(&mut self, record: Record) {
        match record {
            Record::Started(started) => {
                self.seen = self.seen.max(started.sequence);
                self.commands.insert(started.command.clone(), (started, None));
            }
            Record::Ended { command, ended } => {
                if let Some((_, end)) = self.commands.get_mut(&command) {
                    *end = Some(ended);
                }
            }
            Record::Forgotten { command } => {
                if let Some((started, _)) = self.commands.remove(&command) {
                    self.spent.insert(command, started.expires_ms);
                }
            }
            Record::Seen(number) => self.seen = self.seen.max(number),
            Record::Spent { command, until_ms } => {
                self.spent.insert(command, until_ms);
            }
        }
    }

    /// Lets go of what can no longer matter.
    pub(crate) fn expire(&mut self, now_ms: i64) {
        self.spent.retain(|_, until| *until > now_ms);
    }

    /// Whether this id was used before.
    pub(crate) fn knows(&self, command: &str) -> bool {
        self.commands.contains_key(command) || self.spent.contains_key(command)
    }

    /// The fewest records that mean the same.
    pub(crate) fn records(&self) -> Vec<Record> {
        let mut records = vec![Record::Seen(self.seen)];
        let spent = self.spent.iter();
        records
            .extend(spent.map(|(command, until_ms)| Record::Spent { command: command.clone(), until_ms: *until_ms }));
        for (command, (started, ended)) in &self.commands {
            records.push(Record::Started(started.clone()));
            records.extend(ended.clone().map(|ended| Record::Ended { command: command.clone(), ended }));
        }
        records
    }
}
