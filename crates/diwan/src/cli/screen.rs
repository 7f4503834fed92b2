//! What people and programs see on standard output. Nothing that a server says can move the cursor,
//! change colours or turn text around.

use std::borrow::Cow;
use std::io::{IsTerminal, Write};

use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};
use rustix::termios::tcgetwinsize;

use super::failure::Failure;

const LEAST_WIDTH: u16 = 20;
/// Between two columns.
const GAP: u16 = 2;

/// Where a command prints.
#[derive(Debug, Clone)]
pub(super) struct Screen {
    json: bool,
    /// How many columns fit; what programs read is not cut into columns.
    width: Option<u16>,
    has_colours: bool,
    has_error_colours: bool,
}

/// What a mark means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Good,
    Doubtful,
    Bad,
}

impl Screen {
    /// The screen of this process.
    pub(super) fn of_process(json: bool) -> Self {
        let set = |name| std::env::var(name).ok().filter(|v| !v.is_empty());
        let stdout = std::io::stdout();
        let own = tcgetwinsize(&stdout).ok().map(|size| size.ws_col).filter(|columns| *columns > 0);
        let width = set("COLUMNS").and_then(|v| v.parse().ok()).or(own).map(|width: u16| width.max(LEAST_WIDTH));
        let wants_colours = set("NO_COLOR").is_none() && set("TERM").is_none_or(|term| term != "dumb");
        Self {
            json,
            width: width.filter(|_| stdout.is_terminal() || set("COLUMNS").is_some()),
            has_colours: wants_colours && stdout.is_terminal(),
            has_error_colours: wants_colours && std::io::stderr().is_terminal(),
        }
    }

    /// Whether programs read what is printed.
    pub(super) const fn is_json(&self) -> bool {
        self.json
    }

    /// Prints a line.
    pub(super) fn line(&self, text: &str) -> Result<(), Failure> {
        write(text)
    }

    /// Prints a value exactly as it is: for programs that read it. On a terminal it must not act.
    pub(super) fn verbatim(&self, text: &str) -> Result<(), Failure> {
        if std::io::stdout().is_terminal() {
            write(&safe(text))
        } else {
            write(text.strip_suffix('\n').unwrap_or(text))
        }
    }

    /// Prints JSON as it came, or as it was made.
    pub(super) fn json(&self, text: &str) -> Result<(), Failure> {
        write(&safe_json(text))
    }

    /// Prints rows below their headings. On a terminal that is too narrow for them, columns are left
    /// out from the right, which is said; a wrapped table cannot be read.
    pub(super) fn table(&self, headings: &[&str], rows: Vec<Vec<String>>) -> Result<(), Failure> {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_header(headings);
        for row in rows {
            table.add_row(row.iter().map(|cell| safe(cell).into_owned()));
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, GAP));
        }
        let widths = table.column_max_content_widths();
        let fitting = self.width.map_or(widths.len(), |width| fitting(&widths, width));
        if let Some(width) = self.width.filter(|_| fitting < widths.len() || fitting == 1) {
            for column in table.column_iter_mut().skip(fitting) {
                column.set_constraint(ColumnConstraint::Hidden);
            }
            // Only a single column that is wider than the screen is left to wrap.
            table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        }
        write(&table.trim_fmt())?;
        if fitting < widths.len() {
            let left_out = headings.iter().skip(fitting).copied().collect::<Vec<_>>().join(", ");
            eprintln!("Not shown, for want of room: {left_out}. A wider window or --json shows everything.");
        }
        Ok(())
    }

    /// Prints names and values.
    pub(super) fn facts(&self, facts: &[(&str, String)]) -> Result<(), Failure> {
        let width = facts.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
        let lines: Vec<_> = facts.iter().map(|(name, value)| format!("{name:width$}  {}", safe(value))).collect();
        write(&lines.join("\n"))
    }

    /// A text in the colour of its tone, where there are colours.
    pub(super) fn toned(&self, tone: Tone, text: &str) -> String {
        toned(self.has_colours, tone, text)
    }

    /// A line for standard error like `error: …`, with its label in colour.
    pub(super) fn labelled(&self, line: &str) -> String {
        let label = |tone, text| toned(self.has_error_colours, tone, text);
        match line.split_once(": ") {
            Some(("error", rest)) => format!("{}: {rest}", label(Tone::Bad, "error")),
            Some(("next", rest)) => format!("{}: {rest}", label(Tone::Good, "next")),
            _ => line.to_owned(),
        }
    }
}

fn toned(has_colours: bool, tone: Tone, text: &str) -> String {
    let colour = match tone {
        Tone::Good => 32,
        Tone::Doubtful => 33,
        Tone::Bad => 31,
    };
    if has_colours { format!("\u{1b}[{colour}m{text}\u{1b}[0m") } else { text.to_owned() }
}

/// How many columns of these widths fit beside each other; the first always does.
fn fitting(widths: &[u16], room: u16) -> usize {
    let mut used = 0_u16;
    let fit = widths.iter().take_while(|width| {
        let end = used.saturating_add(**width);
        used = end.saturating_add(GAP);
        end <= room
    });
    fit.count().max(1)
}

/// Writes to standard output. A reader that went away (`| head`) is no error worth a word.
fn write(text: &str) -> Result<(), Failure> {
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::refused(format!("cannot write: {e}"), "Check where the output goes."))
        }
        _ => Ok(()),
    }
}

/// A text without escape sequences, control characters and characters that turn text around.
pub(super) fn safe(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '\u{1b}' => skip_sequence(&mut rest),
            '\u{9b}' => skip_parameters(&mut rest),
            '\n' | '\r' | '\t' => clean.push(' '),
            c if is_unsafe(c) => {}
            c => clean.push(c),
        }
    }
    Cow::Owned(clean)
}

fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Passes over what follows an escape character.
fn skip_sequence(rest: &mut std::str::Chars<'_>) {
    match rest.clone().next() {
        Some('[') => {
            rest.next();
            skip_parameters(rest);
        }
        // A title, a link or a device string: up to its terminator.
        Some(']' | 'P' | '_' | '^' | 'X') => {
            let mut before = ' ';
            for c in rest.by_ref() {
                if c == '\u{7}' || c == '\u{9c}' || (before == '\u{1b}' && c == '\\') {
                    return;
                }
                before = c;
            }
        }
        Some(_) => drop(rest.next()),
        None => {}
    }
}

/// Passes over parameters up to the letter that ends them.
fn skip_parameters(rest: &mut std::str::Chars<'_>) {
    rest.by_ref().find(|c| ('\u{40}'..='\u{7e}').contains(c));
}

/// JSON in which a terminal finds nothing to obey: such characters can only stand in strings, and are
/// written there by their numbers.
fn safe_json(text: &str) -> Cow<'_, str> {
    let is_risky = |c: char| is_unsafe(c) && !matches!(c, '\n' | '\r' | '\t');
    if !text.chars().any(is_risky) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        if is_risky(c) { clean.push_str(&format!("\\u{:04x}", c as u32)) } else { clean.push(c) }
    }
    Cow::Owned(clean)
}

/// A moment as people read it, to the minute, in UTC.
pub(super) fn moment(rfc3339: &str) -> String {
    match rfc3339.split_once('T') {
        Some((day, time)) if time.len() >= 5 && time.is_char_boundary(5) => format!("{day} {}", &time[..5]),
        _ => rfc3339.to_owned(),
    }
}

/// A moment to the second, in UTC.
pub(super) fn exact_moment(rfc3339: &str) -> String {
    match rfc3339.split_once('T') {
        Some((day, time)) if time.len() >= 8 && time.is_char_boundary(8) => format!("{day} {}", &time[..8]),
        _ => rfc3339.to_owned(),
    }
}

/// A moment that may not have come, or a dash.
pub(super) fn moment_or_dash(rfc3339: Option<&str>) -> String {
    rfc3339.map_or_else(|| "–".to_owned(), moment)
}

/// A number of bytes as people read it.
pub(super) fn size(bytes: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut amount = bytes as f64;
    let mut unit = 0;
    while amount >= 1024.0 && unit + 1 < units.len() {
        amount /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} B") } else { format!("{amount:.1} {}", units[unit]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_a_server_says_reaches_the_terminal_as_a_command() {
        for (given, shown) in [
            ("a\u{1b}[31mred\u{1b}[0m", "ared"),
            ("\u{1b}]0;title\u{7}x", "x"),
            ("\u{1b}]8;;http://evil\u{1b}\\link", "link"),
            ("\u{9b}2Jx\u{1b}cy\u{1b}", "xy"),
            ("one\r\ntwo\u{0}\u{202e}", "one  two"),
            ("أمينة", "أمينة"),
        ] {
            assert_eq!(safe(given), shown, "{given:?}");
        }
    }

    #[test]
    fn json_stays_the_same_json() {
        let given = "{\"a\":\"x\u{9b}2J\u{202e}\"}\n";
        let shown = safe_json(given);
        assert_eq!(shown, "{\"a\":\"x\\u009b2J\\u202e\"}\n");
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
        assert_eq!(read(given), read(&shown));
    }

    #[test]
    fn columns_that_do_not_fit_are_left_out_from_the_right() {
        let widths = [10, 20, 30];
        for (room, count) in [(64, 3), (63, 2), (32, 2), (31, 1), (5, 1)] {
            assert_eq!(fitting(&widths, room), count, "{room}");
        }
    }

    #[test]
    fn moments_and_sizes_are_for_people() {
        assert_eq!(moment("2026-11-20T10:00:00.000Z"), "2026-11-20 10:00");
        assert_eq!(exact_moment("2026-11-20T10:00:07.000Z"), "2026-11-20 10:00:07");
        assert_eq!((moment("never").as_str(), exact_moment("T").as_str()), ("never", "T"));
        assert_eq!((size(512).as_str(), size(1536).as_str(), size(5 << 30).as_str()), ("512 B", "1.5 KiB", "5.0 GiB"));
    }
}
