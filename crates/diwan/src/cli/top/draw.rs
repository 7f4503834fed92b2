//! How the board looks: all machines in a table, or one alone.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Cell, Paragraph, Row, Table, TableState};

use super::super::machine::mark_of;
use super::super::screen::{Tone, safe, size};
use super::board::{Board, Order, Shown};
use super::one::draw_one;

const HEADINGS: [&str; 12] = ["", "NAME", "STATE", "CPU", "", "MEMORY", "", "LOAD", "IN", "OUT", "RUNS", "LABELS"];
/// Those of names and states are as long as they are.
const WIDTHS: [u16; 12] = [1, 0, 0, 5, 10, 6, 10, 6, 11, 11, 4, 6];
const LABELS: usize = 11;
/// What goes first on a narrow screen: bars, then what is looked at the least.
const LESS_NEEDED: [usize; 9] = [6, 4, LABELS, 7, 9, 8, 10, 5, 3];
const LONGEST_NAME: usize = 40;

/// Draws everything.
pub(super) fn draw(frame: &mut Frame<'_>, board: &Board) {
    let [head, body, foot] =
        Layout::vertical([Constraint::Length(1), Constraint::Min(1), Constraint::Length(1)]).areas(frame.area());
    match board.chosen().filter(|_| board.is_alone) {
        Some(shown) => {
            frame.render_widget(title(board, &shown.machine.name), head);
            draw_one(frame, body, board, shown);
        }
        None => {
            frame.render_widget(title(board, &count(board)), head);
            draw_all(frame, body, board);
        }
    }
    frame.render_widget(keys(board), foot);
}

fn count(board: &Board) -> String {
    let there = board.machines.values().filter(|shown| shown.is_there()).count();
    let busy = board.machines.values().filter(|shown| shown.machine.state == "busy").count();
    format!("{} machines, {there} connected, {busy} busy", board.machines.len())
}

fn title(board: &Board, text: &str) -> Line<'static> {
    let name = Span::styled("diwan top", Style::new().add_modifier(Modifier::BOLD));
    let mut spans = vec![name, Span::raw(format!("  {}", safe(text)))];
    if let Some(trouble) = &board.trouble {
        spans.push(Span::styled(format!("  {}", safe(trouble)), tone(board, Tone::Bad)));
    }
    Line::from(spans)
}

fn keys(board: &Board) -> Line<'static> {
    let order = match board.order {
        Order::Name => "name",
        Order::Processor => "cpu",
        Order::Memory => "memory",
    };
    let back = if board.is_alone && board.machines.len() > 1 { "Esc back" } else { "Enter alone" };
    let text = format!(" q quit  ↑↓ choose  {back}  s sort (now by {order}) ");
    Line::from(Span::styled(text, Style::new().add_modifier(Modifier::REVERSED)))
}

fn draw_all(frame: &mut Frame<'_>, area: Rect, board: &Board) {
    if board.machines.is_empty() {
        let words = "No machine has joined yet. `diwan machine add NAME` makes the line that joins one.";
        return frame.render_widget(Paragraph::new(words), area);
    }
    let heading = Style::new().add_modifier(Modifier::BOLD);
    let columns = columns(board, area.width);
    let rows = board.in_order().into_iter().map(|shown| {
        let cells = cells(board, shown);
        Row::new(columns.iter().map(|(at, _)| cells[*at].clone()).collect::<Vec<_>>())
    });
    let widths = columns.iter().map(|(at, width)| match *at {
        LABELS => Constraint::Min(*width),
        _ => Constraint::Length(*width),
    });
    let headings = columns.iter().map(|(at, _)| HEADINGS[*at]);
    let table = Table::new(rows, widths)
        .header(Row::new(headings).style(heading))
        .row_highlight_style(Style::new().add_modifier(Modifier::REVERSED));
    let mut state = TableState::default().with_selected(Some(board.place()));
    frame.render_stateful_widget(table, area, &mut state);
}

/// Which columns there is room for, and how wide they are: names and states whole, then figures, then bars.
fn columns(board: &Board, room: u16) -> Vec<(usize, u16)> {
    let longest = |heading: &str, text: fn(&Shown) -> &str| {
        let widths = board.machines.values().map(|shown| text(shown).chars().count());
        widths.chain([heading.len()]).max().unwrap_or_default().min(LONGEST_NAME) as u16
    };
    let mut columns: Vec<(usize, u16)> = WIDTHS.into_iter().enumerate().collect();
    columns[1].1 = longest(HEADINGS[1], |shown| &shown.machine.name);
    columns[2].1 = longest(HEADINGS[2], |shown| &shown.machine.state);
    for less in LESS_NEEDED {
        // With a blank between two.
        if columns.iter().map(|(_, width)| width + 1).sum::<u16>() <= room + 1 {
            break;
        }
        columns.retain(|(at, _)| *at != less);
    }
    columns
}

fn cells(board: &Board, shown: &Shown) -> Vec<Cell<'static>> {
    let mark = mark_of(&shown.machine.state);
    let style = mark.tone.map(|mark| tone(board, mark)).unwrap_or_default();
    let sample = shown.sample.as_ref().filter(|_| shown.is_there());
    let share = |share: Option<f64>| share.map_or_else(|| "–".to_owned(), |share| format!("{:3.0} %", share * 100.0));
    let speed = |bytes: Option<u64>| bytes.map_or_else(|| "–".to_owned(), |bytes| format!("{}/s", size(bytes)));
    let bar_of = |share: Option<f64>| Cell::from(bar(board, share.unwrap_or_default(), 10));
    vec![
        Cell::from(mark.sign.to_string()).style(style),
        Cell::from(safe(&shown.machine.name).into_owned()),
        Cell::from(safe(&shown.machine.state).into_owned()).style(style),
        Cell::from(share(shown.load())),
        bar_of(shown.load()),
        Cell::from(share(shown.memory())),
        bar_of(shown.memory()),
        Cell::from(sample.and_then(|s| s.load.first()).map_or_else(|| "–".to_owned(), |load| format!("{load:.2}"))),
        Cell::from(speed(sample.map(|sample| sample.received_bytes_s))),
        Cell::from(speed(sample.map(|sample| sample.sent_bytes_s))),
        Cell::from(sample.map_or_else(|| "–".to_owned(), |sample| sample.commands.to_string())),
        Cell::from(safe(&shown.machine.labels.join(" ")).into_owned()),
    ]
}

/// A share as a bar: green, amber from 70 %, red from 90 %.
pub(super) fn bar(board: &Board, share: f64, width: usize) -> Line<'static> {
    let filled = ((share * width as f64).round() as usize).min(width);
    let style = match share {
        share if share >= 0.9 => tone(board, Tone::Bad),
        share if share >= 0.7 => tone(board, Tone::Doubtful),
        _ => tone(board, Tone::Good),
    };
    Line::from(vec![Span::styled("█".repeat(filled), style), Span::raw("░".repeat(width - filled))])
}

/// The colour of a tone, where there are colours.
pub(super) fn tone(board: &Board, tone: Tone) -> Style {
    let colour = match tone {
        Tone::Good => Color::Green,
        Tone::Doubtful => Color::Yellow,
        Tone::Bad => Color::Red,
    };
    if board.has_colours { Style::new().fg(colour) } else { Style::new() }
}

#[cfg(test)]
mod tests {
    use super::super::board::tests::machine;
    use super::*;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    fn drawn(board: &Board, width: u16, height: u16) -> Vec<String> {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(frame, board)).unwrap();
        let buffer = terminal.backend().buffer().clone();
        let line = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
        (0..height).map(|y| line(y).trim_end().to_owned()).collect()
    }

    #[test]
    fn all_machines_and_the_keys_are_seen() {
        let mut board = Board::new(None, false);
        board.set(vec![machine("a", 0.5), machine("b", 0.95)]);
        let lines = drawn(&board, 120, 8);
        assert!(lines[0].starts_with("diwan top  2 machines, 2 connected, 0 busy"), "{lines:?}");
        assert!(
            lines[2].contains(" 50 %") && lines[2].contains("█████░░░░░") && lines[2].contains("env=prod"),
            "{lines:?}"
        );
        assert!(lines[7].contains("q quit") && lines[7].contains("Enter alone"), "{lines:?}");
    }

    #[test]
    fn on_a_narrow_screen_names_and_states_stay_whole() {
        let (mut board, long) = (Board::new(None, false), "database-in-frankfurt-1");
        board.set(vec![machine(long, 0.5)]);
        board.set_state(&format!("mch_{long}"), "offline");
        let wide = drawn(&board, 140, 5);
        assert!(wide[1].contains("LABELS") && wide[2].contains('░'), "{wide:?}");
        let lines = drawn(&board, 80, 5);
        assert!(lines[2].contains(long) && lines[2].contains("offline") && !lines[2].contains('░'), "{lines:?}");
        let lines = drawn(&board, 40, 5);
        assert!(lines[2].contains(long) && lines[2].contains("offline"), "{lines:?}");
    }

    #[test]
    fn it_is_drawn_at_every_size_and_without_machines() {
        let mut board = Board::new(None, true);
        assert!(drawn(&board, 100, 4).join(" ").contains("diwan machine add"));
        board.set(vec![machine("a", 0.5)]);
        for is_alone in [false, true] {
            board.is_alone = is_alone;
            for (width, height) in [(1, 1), (3, 2), (20, 5), (80, 24), (300, 100)] {
                assert_eq!(drawn(&board, width, height).len(), usize::from(height));
            }
        }
    }
}
