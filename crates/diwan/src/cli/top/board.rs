//! What `diwan top` knows of the machines, and what is chosen on its screen.

use std::collections::{BTreeMap, VecDeque};

use diwan_client::{Machine, MachineSample, SamplePoint};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// So many points of a graph are kept.
const MOST_POINTS: usize = 600;

/// A machine on the board.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    pub(super) machine: Machine,
    pub(super) sample: Option<MachineSample>,
    /// Shares of the processors in use, oldest first.
    pub(super) processor: VecDeque<f64>,
}

impl Shown {
    /// Share of the processors in use.
    pub(super) fn load(&self) -> Option<f64> {
        let pulse = self.machine.pulse.as_ref().map(|pulse| pulse.processor);
        self.sample.as_ref().map(|sample| sample.processor).or(pulse).filter(|_| self.is_there())
    }

    /// Share of the memory in use.
    pub(super) fn memory(&self) -> Option<f64> {
        let all = self.machine.facts.memory_bytes.max(1) as f64;
        let pulse = self.machine.pulse.as_ref().map(|pulse| pulse.memory_used_bytes as f64 / all);
        let sample = self.sample.as_ref().map(|s| s.memory_used_bytes as f64 / s.memory_bytes.max(1) as f64);
        sample.or(pulse).filter(|_| self.is_there())
    }

    pub(super) fn is_there(&self) -> bool {
        matches!(self.machine.state.as_str(), "online" | "busy" | "error")
    }
}

/// In which order they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Name,
    Processor,
    Memory,
}

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    Nothing,
    Quit,
    /// Another machine is shown alone.
    Detail,
}

/// The board.
#[derive(Debug)]
pub(super) struct Board {
    /// Only these, if somebody named them.
    pub(super) only: Option<Vec<String>>,
    pub(super) has_colours: bool,
    pub(super) machines: BTreeMap<String, Shown>,
    pub(super) order: Order,
    /// The one that is chosen.
    pub(super) chosen: Option<String>,
    /// Whether it is shown alone.
    pub(super) is_alone: bool,
    /// What went wrong last.
    pub(super) trouble: Option<String>,
}

impl Board {
    pub(super) fn new(only: Option<Vec<String>>, has_colours: bool) -> Self {
        let is_alone = only.as_ref().is_some_and(|only| only.len() == 1);
        let chosen = only.as_ref().and_then(|only| only.first().cloned());
        let (machines, order, trouble) = (BTreeMap::new(), Order::Name, None);
        Self { only, has_colours, machines, order, chosen, is_alone, trouble }
    }

    /// These are the machines now.
    pub(super) fn set(&mut self, machines: Vec<Machine>) {
        let mut before = std::mem::take(&mut self.machines);
        let wanted = |machine: &Machine| self.only.as_ref().is_none_or(|only| only.contains(&machine.id));
        for machine in machines.into_iter().filter(|machine| machine.state != "revoked" && wanted(machine)) {
            let known = before.remove(&machine.id);
            let (sample, processor) = known.map(|known| (known.sample, known.processor)).unwrap_or_default();
            self.machines.insert(machine.id.clone(), Shown { machine, sample, processor });
        }
        let is_gone = self.chosen.as_ref().is_some_and(|chosen| !self.machines.contains_key(chosen));
        if self.chosen.is_none() || is_gone {
            self.chosen = self.in_order().first().map(|shown| shown.machine.id.clone());
        }
    }

    /// A machine is so now.
    pub(super) fn set_state(&mut self, id: &str, state: &str) {
        if let Some(shown) = self.machines.get_mut(id) {
            state.clone_into(&mut shown.machine.state);
        }
    }

    /// How a machine is doing.
    pub(super) fn sampled(&mut self, id: &str, sample: MachineSample) {
        let Some(shown) = self.machines.get_mut(id) else { return };
        shown.processor.push_back(sample.processor);
        while shown.processor.len() > MOST_POINTS {
            shown.processor.pop_front();
        }
        shown.sample = Some(sample);
    }

    /// How a machine was doing before it was watched.
    pub(super) fn remembers(&mut self, id: &str, points: &[SamplePoint]) {
        if let Some(shown) = self.machines.get_mut(id) {
            shown.processor = points.iter().map(|point| point.processor).collect();
        }
    }

    /// The machines in their order.
    pub(super) fn in_order(&self) -> Vec<&Shown> {
        let mut all: Vec<&Shown> = self.machines.values().collect();
        let by = |value: Option<f64>| value.unwrap_or(-1.0);
        all.sort_by(|a, b| match self.order {
            Order::Name => a.machine.name.cmp(&b.machine.name),
            Order::Processor => by(b.load()).total_cmp(&by(a.load())).then_with(|| a.machine.name.cmp(&b.machine.name)),
            Order::Memory => {
                by(b.memory()).total_cmp(&by(a.memory())).then_with(|| a.machine.name.cmp(&b.machine.name))
            }
        });
        all
    }

    /// The one that is chosen.
    pub(super) fn chosen(&self) -> Option<&Shown> {
        self.chosen.as_ref().and_then(|id| self.machines.get(id))
    }

    /// Where the chosen one stands.
    pub(super) fn place(&self) -> usize {
        self.in_order().iter().position(|shown| Some(&shown.machine.id) == self.chosen.as_ref()).unwrap_or_default()
    }

    /// A key was pressed.
    pub(super) fn press(&mut self, key: KeyEvent) -> Asked {
        let is_interrupt = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            _ if is_interrupt => Asked::Quit,
            KeyCode::Char('q') => Asked::Quit,
            KeyCode::Esc | KeyCode::Backspace | KeyCode::Left if self.is_alone && self.machines.len() > 1 => {
                self.is_alone = false;
                Asked::Nothing
            }
            KeyCode::Esc => Asked::Quit,
            KeyCode::Enter | KeyCode::Right if self.chosen.is_some() => {
                self.is_alone = true;
                Asked::Detail
            }
            KeyCode::Char('s') => {
                self.order = match self.order {
                    Order::Name => Order::Processor,
                    Order::Processor => Order::Memory,
                    Order::Memory => Order::Name,
                };
                Asked::Nothing
            }
            code => self.go(code),
        }
    }

    fn go(&mut self, code: KeyCode) -> Asked {
        let last = self.machines.len().saturating_sub(1);
        let place = match code {
            KeyCode::Up | KeyCode::Char('k') => self.place().saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => (self.place() + 1).min(last),
            KeyCode::PageUp => self.place().saturating_sub(10),
            KeyCode::PageDown => (self.place() + 10).min(last),
            KeyCode::Home => 0,
            KeyCode::End => last,
            _ => return Asked::Nothing,
        };
        self.chosen = self.in_order().get(place).map(|shown| shown.machine.id.clone());
        if self.is_alone { Asked::Detail } else { Asked::Nothing }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use serde_json::json;

    pub(in super::super) fn machine(name: &str, processor: f64) -> Machine {
        let machine = json!({"id": format!("mch_{name}"), "name": name, "labels": ["env=prod"], "state": "online",
            "facts": {"hostname": name, "release": "Debian 13", "kernel": "6.12", "architecture": "x86_64",
                "processors": 2, "processor": "P", "memory_bytes": 8 << 30, "bridge_version": "0.1.0"},
            "pulse": {"at": "2026-11-21T00:00:00Z", "processor": processor, "memory_used_bytes": 1 << 30,
                "received_bytes_s": 0, "sent_bytes_s": 0}, "joined_at": "2026-11-21T00:00:00Z"});
        serde_json::from_value(machine).unwrap()
    }

    fn press(board: &mut Board, code: KeyCode) -> Asked {
        board.press(KeyEvent::from(code))
    }

    #[test]
    fn keys_choose_show_and_go_back() {
        let mut board = Board::new(None, false);
        board.set(vec![machine("b", 0.9), machine("a", 0.1)]);
        assert_eq!(board.chosen().map(|shown| shown.machine.name.as_str()), Some("a"));
        press(&mut board, KeyCode::Down);
        press(&mut board, KeyCode::Down);
        assert_eq!(board.place(), 1);
        press(&mut board, KeyCode::Char('s'));
        assert_eq!(board.place(), 0, "the busiest stands first, and the same one stays chosen");
        assert_eq!(press(&mut board, KeyCode::Enter), Asked::Detail);
        assert_eq!((press(&mut board, KeyCode::Esc), board.is_alone), (Asked::Nothing, false));
        assert_eq!(press(&mut board, KeyCode::Esc), Asked::Quit);
        let interrupt = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(board.press(interrupt), Asked::Quit);
    }

    #[test]
    fn a_machine_that_is_gone_is_not_chosen_any_more() {
        let mut board = Board::new(None, false);
        board.set(vec![machine("a", 0.1), machine("b", 0.1)]);
        board.set(vec![machine("b", 0.1)]);
        assert_eq!(board.chosen().map(|shown| shown.machine.name.as_str()), Some("b"));
        board.set(vec![]);
        assert!(board.chosen().is_none() && press(&mut board, KeyCode::Down) == Asked::Nothing);
        assert_eq!(press(&mut board, KeyCode::Enter), Asked::Nothing);
    }
}
