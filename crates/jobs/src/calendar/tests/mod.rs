//! Properties of schedules, judged by slower and simpler ways to say the same.

mod far;
mod known_days;
mod missed;
mod near_changes;
mod parse;
mod speak;
mod walker;

use diwan_kernel::Timestamp;

use super::{Cron, Zone, preview};

fn cron(text: &str) -> Cron {
    Cron::parse(text).unwrap_or_else(|fault| panic!("{text}: {fault}"))
}

fn zone(name: &str) -> Zone {
    Zone::parse(name).unwrap()
}

fn moment(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap_or_else(|| panic!("{text} is no moment"))
}

/// The next fires, as the clocks of the zone show them, with their distance from Greenwich.
fn fires(expression: &str, name: &str, after: &str, count: usize) -> Vec<String> {
    let zone = zone(name);
    let next = preview(&cron(expression), &zone, moment(after), count);
    let shown = |at: &Timestamp| {
        let at = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap();
        let offset = zone.rules().to_offset(at);
        format!("{}{offset}", offset.to_datetime(at))
    };
    next.iter().map(shown).collect()
}
