//! The table that a bench run ends with.

use std::path::Path;

use anyhow::Result;

use crate::load::Outcome;

/// What a figure is to be.
#[derive(Clone, Copy)]
pub(crate) enum Goal {
    AtLeast(f64),
    AtMost(f64),
}

#[derive(Default)]
pub(crate) struct Report {
    lines: Vec<(String, String)>,
}

impl Report {
    pub(crate) fn figure(&mut self, name: &str, value: f64, unit: &str, goal: Option<&str>) {
        let goal = goal.map(|g| format!("  ({g})")).unwrap_or_default();
        self.add(name, format!("{value:.1} {unit}{goal}"));
    }

    /// A figure, and whether it is what it is to be.
    pub(crate) fn goal(&mut self, name: &str, value: f64, unit: &str, goal: Goal) {
        let (sign, wanted, is_met) = match goal {
            Goal::AtLeast(least) => ('≥', least, value >= least),
            Goal::AtMost(most) => ('≤', most, value <= most),
        };
        let verdict = if is_met { "met" } else { "MISSED" };
        let digits = if value < 10.0 { 2 } else { 1 };
        self.add(name, format!("{value:.digits$} {unit}  (goal {sign} {wanted}: {verdict})"));
    }

    pub(crate) fn load(&mut self, name: &str, outcome: &Outcome) {
        let Outcome { per_second, p50_ms, p99_ms, refused, .. } = outcome;
        let refused = if *refused > 0 { format!("  {refused} NOT ANSWERED WITH SUCCESS") } else { String::new() };
        self.add(name, format!("{per_second:.0}/s  p50 {p50_ms:.2} ms  p99 {p99_ms:.2} ms{refused}"));
    }

    pub(crate) fn ratio(&mut self, name: &str, ours: f64, theirs: f64, goal: &str) {
        let goal = if goal.is_empty() { String::new() } else { format!("  ({goal})") };
        self.add(name, format!("{:.2} ×{goal}", ours / theirs));
    }

    pub(crate) fn note(&mut self, name: &str, text: &str) {
        self.add(name, text.to_owned());
    }

    fn add(&mut self, name: &str, text: String) {
        // Said at once too: a run takes a minute.
        println!("{name}: {text}");
        self.lines.push((name.to_owned(), text));
    }

    pub(crate) fn print(&self) {
        let width = self.lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
        println!("\nResults");
        for (name, text) in &self.lines {
            println!("  {name:<width$}  {text}");
        }
    }
}

/// What a browser loads before it can show anything: what index.html refers to, as sent.
pub(crate) fn dashboard_payload(report: &mut Report) -> Result<()> {
    let dist = Path::new("web/dist");
    let index = std::fs::read_to_string(dist.join("index.html"))?;
    let references = index.split(['"', '\'']).filter(|part| part.starts_with("/assets/"));
    let mut bytes = 0;
    for path in references {
        let file = dist.join(path.trim_start_matches('/'));
        let compressed = dist.join(format!("{}.br", path.trim_start_matches('/')));
        bytes += std::fs::metadata(compressed).or_else(|_| std::fs::metadata(file))?.len();
    }
    report.figure("dashboard, first load, compressed", bytes as f64 / 1000.0, "kB", Some("goal ≤ 200"));
    Ok(())
}
