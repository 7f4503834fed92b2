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
/// What is in words says something without its end; an id or a moment does not.
const IN_WORDS: [&str; 4] = ["WHAT", "WHAT FOR", "WHY", "LABELS"];
const LEAST_WORDS: u16 = 12;
/// A mark and a blank.
const MARK_WIDTH: u16 = 2;

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

/// A sign before a row, in its colour: by itself it says the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) sign: char,
    pub(super) tone: Option<Tone>,
}

/// A row of a table.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) cells: Vec<String>,
    pub(super) mark: Option<Mark>,
}

impl From<Vec<String>> for Row {
    fn from(cells: Vec<String>) -> Self {
        Self { cells, mark: None }
    }
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

    /// Empties a terminal, for what is shown anew.
    pub(super) fn clear(&self) -> Result<(), Failure> {
        let mut out = std::io::stdout().lock();
        out.write_all(b"\x1b[H\x1b[2J").and_then(|()| out.flush()).map_err(|e| Failure::unwritable(&e))
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

    /// Prints a text of several lines; on a terminal none of them can act.
    pub(super) fn verbatim_lines(&self, text: &str) -> Result<(), Failure> {
        text.lines().try_for_each(|line| self.verbatim(line))
    }

    /// Prints JSON as it came, or as it was made.
    pub(super) fn json(&self, text: &str) -> Result<(), Failure> {
        write(&safe_json(text))
    }

    /// Prints rows below their headings.
    pub(super) fn table(&self, headings: &[&str], rows: Vec<Vec<String>>) -> Result<(), Failure> {
        self.rows(headings, rows.into_iter().map(Row::from).collect())
    }

    /// Prints rows below their headings, with their marks before them.
    pub(super) fn rows(&self, headings: &[&str], rows: Vec<Row>) -> Result<(), Failure> {
        let (text, left_out) = self.render(headings, &rows, self.has_colours);
        write(&text)?;
        if let Some(left_out) = left_out {
            eprintln!("{left_out}");
        }
        Ok(())
    }

    /// The same on standard error, beside what programs read.
    pub(super) fn rows_aside(&self, headings: &[&str], rows: &[Row]) {
        let (text, left_out) = self.render(headings, rows, self.has_error_colours);
        eprintln!("{text}");
        left_out.iter().for_each(|words| eprintln!("{words}"));
    }

    /// Rows below their headings. On a terminal that is too narrow for them, words lose their end, and columns are
    /// left out from the right, which is said; a wrapped table cannot be read.
    fn render(&self, headings: &[&str], rows: &[Row], has_colours: bool) -> (String, Option<String>) {
        let has_marks = rows.iter().any(|row| row.mark.is_some());
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_header(headings);
        for row in rows {
            table.add_row(row.cells.iter().map(|cell| safe(cell).into_owned()));
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, GAP));
        }
        let widths = table.column_max_content_widths();
        let room = self.width.map(|width| if has_marks { width - MARK_WIDTH } else { width });
        let fitting = room.map_or(widths.len(), |room| fitting(&widths, room));
        if let Some(cut) = room.and_then(|room| cut(headings, rows, fitting, left_of(&widths[..fitting], room))) {
            return self.render(headings, &cut, has_colours);
        }
        if let Some(room) = room.filter(|_| fitting < widths.len() || fitting == 1) {
            for column in table.column_iter_mut().skip(fitting) {
                column.set_constraint(ColumnConstraint::Hidden);
            }
            // Only a single column that is wider than the screen is left to wrap.
            // The gap after the last column is cut off again.
            table.set_content_arrangement(ContentArrangement::Dynamic).set_width(room.saturating_add(GAP));
        }
        let text = if has_marks { marked(&table.trim_fmt(), rows, has_colours) } else { table.trim_fmt() };
        let left_out = (fitting < widths.len()).then(|| {
            let names = headings.iter().skip(fitting).copied().collect::<Vec<_>>().join(", ");
            format!("Not shown, for want of room: {names}. A wider window or --json shows everything.")
        });
        (text, left_out)
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

    /// Whether there are colours on standard output, and on standard error.
    pub(super) const fn colours(&self) -> [bool; 2] {
        [self.has_colours, self.has_error_colours]
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

/// The lines of a table with the marks of its rows. A row that takes several lines has its mark before the first.
fn marked(table: &str, rows: &[Row], has_colours: bool) -> String {
    let one_line_each = table.lines().count() == rows.len() + 1;
    let mut marks = rows.iter().map(|row| row.mark).filter(|_| one_line_each);
    let mut lines = table.lines();
    let heading = lines.next().map(|line| format!("  {line}"));
    let rest = lines.map(|line| match marks.next().flatten() {
        Some(Mark { sign, tone: Some(tone) }) => format!("{} {line}", toned(has_colours, tone, &sign.to_string())),
        Some(Mark { sign, tone: None }) => format!("{sign} {line}"),
        None => format!("  {line}"),
    });
    heading.into_iter().chain(rest).collect::<Vec<_>>().join("\n")
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

/// How much room is left beside columns of these widths.
fn left_of(widths: &[u16], room: u16) -> u16 {
    widths.iter().fold(room, |left, width| left.saturating_sub(width.saturating_add(GAP)))
}

/// Rows whose words in the first column that does not fit are cut so that they do, if that is of use.
fn cut(headings: &[&str], rows: &[Row], at: usize, room: u16) -> Option<Vec<Row>> {
    let is_long = |row: &Row| row.cells.get(at).is_some_and(|cell| cell.chars().count() > usize::from(room));
    let is_in_words = headings.get(at).is_some_and(|heading| IN_WORDS.contains(heading));
    if !is_in_words || room < LEAST_WORDS || !rows.iter().any(is_long) {
        return None;
    }
    let mut rows = rows.to_vec();
    for row in rows.iter_mut().filter(|row| is_long(row)) {
        row.cells[at] = row.cells[at].chars().take(usize::from(room) - 1).chain(['…']).collect();
    }
    Some(rows)
}

/// Writes to standard output. A reader that went away (`| head`) is no error worth a word.
fn write(text: &str) -> Result<(), Failure> {
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::unwritable(&e)),
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

/// One line of a text that somebody decides about: what hides is shown as what it is, rather than left out.
pub(super) fn plain(line: &str) -> String {
    let shown = |c: char| match c {
        '\t' => vec![' '; 4],
        c if is_unsafe(c) => c.escape_unicode().collect(),
        c => vec![c],
    };
    line.chars().flat_map(shown).collect()
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
    fn words_lose_their_end_before_columns_go() {
        let screen = Screen { json: false, width: Some(40), has_colours: false, has_error_colours: false };
        let row = ["cmd_1", "git commit -m 'a very long message that does not fit'", "2026-11-20"];
        let rows = [Row::from(row.map(str::to_owned).to_vec())];
        let (text, left_out) = screen.render(&["ID", "WHAT", "WHEN"], &rows, false);
        let last = text.lines().last().unwrap_or_default();
        assert!(last.starts_with("cmd_1  git commit -m 'a very long") && last.ends_with('…'), "{text}");
        assert!(last.chars().count() <= 40 && left_out.is_some_and(|words| words.contains("WHEN")), "{text}");
        let (text, _) = screen.render(&["ID", "HASH", "WHEN"], &rows, false);
        assert_eq!(text.lines().last().map(str::trim), Some("cmd_1"));
    }

    #[test]
    fn moments_and_sizes_are_for_people() {
        assert_eq!(moment("2026-11-20T10:00:00.000Z"), "2026-11-20 10:00");
        assert_eq!(exact_moment("2026-11-20T10:00:07.000Z"), "2026-11-20 10:00:07");
        assert_eq!((moment("never").as_str(), exact_moment("T").as_str()), ("never", "T"));
        assert_eq!((size(512).as_str(), size(1536).as_str(), size(5 << 30).as_str()), ("512 B", "1.5 KiB", "5.0 GiB"));
    }
}
