//! Moments as people write them: a day, a moment, or how long ago.

use std::time::Duration;

use diwan_kernel::{Timestamp, World};

/// Reads one; days and times without a zone are in UTC, like everything that is shown.
pub(in crate::cli) fn read(text: &str) -> Result<Timestamp, String> {
    read_at(text.trim(), World::real().now()).ok_or_else(|| {
        "it is not a day (2026-11-01), a moment (2026-11-01T09:30:00Z) or how long ago (30m, 24h, 7d)".to_owned()
    })
}

fn read_at(text: &str, now: Timestamp) -> Option<Timestamp> {
    if let Some(ago) = duration(text) {
        return Some(now.minus(ago));
    }
    absolute(text)
}

/// Reads a day or a moment.
pub(in crate::cli) fn absolute(text: &str) -> Option<Timestamp> {
    let text = text.replacen(' ', "T", 1);
    let whole = match text.len() {
        10 => format!("{text}T00:00:00Z"),
        16 => format!("{text}:00Z"),
        19 => format!("{text}Z"),
        _ => text,
    };
    Timestamp::parse(&whole)
}

/// Reads `30m`, `24h`, `7d` and `2w`.
fn duration(text: &str) -> Option<Duration> {
    let unit_s: u64 = match text.chars().next_back()? {
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        'w' => 7 * 86_400,
        _ => return None,
    };
    let count: u64 = text[..text.len() - 1].parse().ok()?;
    count.checked_mul(unit_s).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_in_the_ways_that_people_write_them() {
        let now = Timestamp::parse("2026-11-20T10:00:00Z").expect("a moment");
        let read = |text| read_at(text, now).map(|at| at.to_string());
        for (text, moment) in [
            ("2026-11-01", "2026-11-01T00:00:00.000Z"),
            ("2026-11-01 09:30", "2026-11-01T09:30:00.000Z"),
            ("2026-11-01 09:30:07", "2026-11-01T09:30:07.000Z"),
            ("2026-11-01T09:30:00Z", "2026-11-01T09:30:00.000Z"),
            ("2026-11-01T09:30:00.250Z", "2026-11-01T09:30:00.250Z"),
            ("30m", "2026-11-20T09:30:00.000Z"),
            ("24h", "2026-11-19T10:00:00.000Z"),
            ("7d", "2026-11-13T10:00:00.000Z"),
            ("2w", "2026-11-06T10:00:00.000Z"),
        ] {
            assert_eq!(read(text).as_deref(), Some(moment), "{text}");
        }
        for text in ["", "yesterday", "2026-13-01", "2026-11-1", "7", "-7d", "d", "\u{661}d", "99999999999999999d"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
