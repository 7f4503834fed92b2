//! One machine alone: everything that it reports.

use diwan_client::MachineSample;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph, Row, Sparkline, Table};

use super::super::screen::{Tone, safe, size};
use super::board::{Board, Shown};
use super::draw::{bar, tone};

const BAR: usize = 24;
const PER_LINE: usize = 4;
const MOST_CORES: usize = 64;

/// Draws it.
pub(super) fn draw_one(frame: &mut Frame<'_>, area: Rect, board: &Board, shown: &Shown) {
    let facts = facts(board, shown);
    let Some(sample) = shown.sample.as_ref().filter(|_| shown.is_there()) else {
        return frame.render_widget(Paragraph::new(facts), area);
    };
    let figures = figures(board, sample);
    let heights = [facts.len() as u16, 7, figures.len() as u16 + 1].map(Constraint::Length);
    let [above, graph, middle, below] = Layout::vertical(heights.into_iter().chain([Constraint::Min(3)])).areas(area);
    frame.render_widget(Paragraph::new(facts), above);
    draw_graph(frame, graph, board, shown);
    frame.render_widget(Paragraph::new(figures), middle);
    draw_processes(frame, below, sample);
}

fn facts(board: &Board, shown: &Shown) -> Vec<Line<'static>> {
    let machine = &shown.machine;
    let facts = &machine.facts;
    let state = super::super::machine::mark_of(&machine.state);
    let style = state.tone.map(|mark| tone(board, mark)).unwrap_or_default();
    let up = shown.sample.as_ref().map(|sample| format!(", up {}", up(sample.uptime_s))).unwrap_or_default();
    let mut lines = vec![
        Line::from(vec![
            Span::styled(format!("{} {}", state.sign, safe(&machine.state)), style),
            Span::raw(format!("  {}", safe(&machine.labels.join(" ")))),
        ]),
        Line::from(format!(
            "{}, kernel {}, {}{up}",
            safe(&facts.release),
            safe(&facts.kernel),
            safe(&facts.architecture)
        )),
        Line::from(format!(
            "{} × {}, bridge {}",
            facts.processors,
            safe(&facts.processor),
            safe(&facts.bridge_version)
        )),
    ];
    let troubles = machine.troubles.iter().chain(&machine.policy_fault);
    lines.extend(troubles.map(|trouble| Line::styled(safe(trouble).into_owned(), tone(board, Tone::Bad))));
    lines
}

fn draw_graph(frame: &mut Frame<'_>, area: Rect, board: &Board, shown: &Shown) {
    let block = Block::bordered().title(" CPU, the last minutes ");
    let room = usize::from(area.width.saturating_sub(2));
    let from = shown.processor.len().saturating_sub(room);
    let points: Vec<u64> = shown.processor.iter().skip(from).map(|share| (share * 1000.0) as u64).collect();
    let graph = Sparkline::default().block(block).data(points).max(1000).style(tone(board, Tone::Good));
    frame.render_widget(graph, area);
}

fn figures(board: &Board, sample: &MachineSample) -> Vec<Line<'static>> {
    let load = sample.load.iter().map(|load| format!("{load:.2}")).collect::<Vec<_>>().join(" ");
    let line = |name: &str, share: f64, words: String| {
        let mut spans = vec![Span::raw(format!("{:<10}", safe(name).chars().take(10).collect::<String>()))];
        spans.extend(bar(board, share, BAR).spans);
        spans.push(Span::raw(format!(" {:3.0} %  {words}", share * 100.0)));
        Line::from(spans)
    };
    let of = |used: u64, all: u64| used as f64 / all.max(1) as f64;
    let amounts = |used, all| format!("{} of {}", size(used), size(all));
    let mut lines = vec![
        line("CPU", sample.processor, format!("load {load}, {} commands run", sample.commands)),
        line(
            "Memory",
            of(sample.memory_used_bytes, sample.memory_bytes),
            amounts(sample.memory_used_bytes, sample.memory_bytes),
        ),
    ];
    if sample.swap_bytes > 0 {
        let share = of(sample.swap_used_bytes, sample.swap_bytes);
        lines.push(line("Swap", share, amounts(sample.swap_used_bytes, sample.swap_bytes)));
    }
    for disk in &sample.disks {
        let words = format!("{}  {}", amounts(disk.used_bytes, disk.bytes), safe(&disk.path));
        lines.push(line("Disk", of(disk.used_bytes, disk.bytes), words));
    }
    for card in &sample.graphics {
        let heat = card.temperature.map(|degrees| format!(", {degrees} °C")).unwrap_or_default();
        let memory = amounts(card.memory_used_bytes, card.memory_bytes);
        lines.push(line("GPU", card.processor, format!("{memory}{heat}  {}", safe(&card.name))));
    }
    let speeds = format!("{}/s in, {}/s out", size(sample.received_bytes_s), size(sample.sent_bytes_s));
    lines.push(Line::from(format!("{:<10}{speeds}", "Network")));
    lines.extend(cores(board, &sample.processors));
    lines
}

fn cores(board: &Board, processors: &[f64]) -> Vec<Line<'static>> {
    let shown = &processors[..processors.len().min(MOST_CORES)];
    let all: Vec<(usize, &f64)> = shown.iter().enumerate().collect();
    let line = |cores: &[(usize, &f64)]| {
        let mut spans = vec![];
        for (at, share) in cores {
            spans.push(Span::raw(format!("{at:>3} ")));
            spans.extend(bar(board, **share, 12).spans);
            spans.push(Span::raw(format!(" {:3.0} %  ", **share * 100.0)));
        }
        Line::from(spans)
    };
    all.chunks(PER_LINE).map(line).collect()
}

fn draw_processes(frame: &mut Frame<'_>, area: Rect, sample: &MachineSample) {
    let rows = sample.processes.iter().map(|process| {
        Row::new([
            format!("{:>8}", process.pid),
            format!("{:6.1} %", process.processor * 100.0),
            size(process.memory_bytes),
            safe(&process.name).into_owned(),
        ])
    });
    let widths = [Constraint::Length(8), Constraint::Length(9), Constraint::Length(10), Constraint::Min(10)];
    let heading = Row::new(["     PID", "CPU", "MEMORY", "NAME"]).style(Style::new().add_modifier(Modifier::BOLD));
    frame.render_widget(Table::new(rows, widths).header(heading), area);
}

/// How long, in the two largest units.
fn up(seconds: u64) -> String {
    match (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60) {
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}
