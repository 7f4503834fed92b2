//! How long, as people write it: `500ms`, `30s`, `5m`, `2h`, `1d`.

use std::time::Duration;

const LONGEST: Duration = Duration::from_secs(7 * 86_400);

/// Reads one; a number alone means seconds.
pub(in crate::cli) fn read(text: &str) -> Result<Duration, String> {
    read_if(text.trim())
        .filter(|time| !time.is_zero())
        .ok_or_else(|| "it is not a length of time, like 500ms, 30s, 5m, 2h or 1d".to_owned())
}

/// How long a program may take: the longest that a policy can allow.
pub(in crate::cli) fn read_timeout(text: &str) -> Result<Duration, String> {
    read(text).and_then(|time| if time <= LONGEST { Ok(time) } else { Err("it is at most 7d".to_owned()) })
}

fn read_if(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (count, unit) = text.split_at(digits);
    let unit_ms = match unit {
        "ms" => 1,
        "" | "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    count.parse::<u64>().ok()?.checked_mul(unit_ms).map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read_as_people_write_them() {
        for (text, ms) in [("500ms", 500), ("30", 30_000), ("30s", 30_000), (" 5m", 300_000), ("2h", 7_200_000)] {
            assert_eq!(read(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        for text in ["", "s", "0", "0s", "-5s", "1.5s", "5 m", "5y", "99999999999999999999d"] {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(read_timeout("7d").is_ok() && read_timeout("10d").is_err_and(|why| why.contains("7d")));
    }
}
