//! The steps into the room: each either stands or ends the start, and in a probe says which it would be.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, Write};

use super::plan::Plan;
use super::wire;
use crate::layers::Layer;

/// Why the start ended: in which step, and what was said.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) step: &'static str,
    pub(super) why: String,
}

impl Failed {
    /// For `map_err`: names the step.
    pub(super) fn at<E: Display>(step: &'static str) -> impl FnOnce(E) -> Self {
        move |error| Self { step, why: error.to_string() }
    }
}

/// What a layer says for itself: a note if it stands, a reason if not.
pub(super) type Said = Result<String, String>;

/// For `map_err`: what was tried, and what the system said.
pub(super) fn because<E: Display>(what: impl Display) -> impl FnOnce(E) -> String {
    move |error| format!("{what}: {error}")
}

/// The plan, and where is told how it goes.
#[derive(Debug)]
pub(super) struct Steps {
    pub(super) plan: Plan,
    pub(super) report: File,
}

impl Steps {
    /// Puts a layer on, if the plan has it.
    pub(super) fn layer(&mut self, layer: Layer, put_on: impl FnOnce(&Plan) -> Said) -> Result<(), Failed> {
        if !self.plan.has(layer) {
            return Ok(());
        }
        let said = put_on(&self.plan);
        if !self.plan.probe {
            return said.map(drop).map_err(Failed::at(layer.name()));
        }
        let (verdict, note) = match &said {
            Ok(note) => ("+", note),
            Err(why) => ("-", why),
        };
        self.tell(&format!("{verdict}{}", layer.name()), note).map_err(Failed::at("report"))
    }

    /// Tells one thing outwards.
    pub(super) fn tell(&mut self, name: &str, value: &str) -> io::Result<()> {
        let mut bytes = vec![];
        wire::put(&mut bytes, name, value.as_bytes());
        self.report.write_all(&bytes)
    }

    /// Tells why the start ended.
    pub(super) fn tell_failure(&mut self, failed: &Failed) {
        // If nobody listens any more, the exit code alone has to say it.
        let _ = self.tell(&format!("!{}", failed.step), &failed.why);
    }
}
