//! Answers that are a file, or one part of it.

use std::ops::RangeInclusive;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use super::attachment::saved_as;

/// The first place, and the last one if it is said.
pub(crate) type Range = (u64, Option<u64>);

/// One part of a file: `bytes=3-` or `bytes=3-9`. Anything else is answered with all of it.
pub(crate) fn wanted_range(range: &str) -> Option<Range> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let first = first.parse().ok()?;
    let last = if last.is_empty() { None } else { Some(last.parse().ok().filter(|last| *last >= first)?) };
    Some((first, last))
}

/// What of a file of this length is meant; all of it, if the part lies outside.
pub(crate) fn part_of(size: u64, range: Option<Range>) -> Option<RangeInclusive<u64>> {
    let (first, last) = range.filter(|(first, _)| *first < size)?;
    Some(first..=last.unwrap_or(u64::MAX).min(size - 1))
}

/// The headers of a file of this name and length, of which a part was asked for.
pub(crate) fn dress(response: &mut Response, name: &str, size: u64, range: Option<Range>) {
    let part = part_of(size, range);
    let length = part.as_ref().map_or(size, |part| part.end() - part.start() + 1);
    if let Some(part) = part {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        let said = format!("bytes {}-{}/{size}", part.start(), part.end());
        response.headers_mut().extend(said.parse().ok().map(|said: HeaderValue| (header::CONTENT_RANGE, said)));
    }
    let fixed = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (header::ACCEPT_RANGES, HeaderValue::from_static("bytes")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::CONTENT_LENGTH, length.into()),
    ];
    response.headers_mut().extend(fixed);
    response.headers_mut().insert(header::CONTENT_DISPOSITION, saved_as(name));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_one_part_inside_of_the_file() {
        assert_eq!(wanted_range("bytes=3-9"), Some((3, Some(9))));
        assert_eq!(wanted_range("bytes=3-"), Some((3, None)));
        for odd in ["bytes=9-3", "bytes=-5", "bytes=1-2,4-5", "lines=1-2", "bytes=a-b"] {
            assert_eq!(wanted_range(odd), None, "{odd}");
        }
        assert_eq!(part_of(10, Some((3, Some(99)))), Some(3..=9));
        assert_eq!(part_of(10, Some((10, None))), None);
        assert_eq!(part_of(0, Some((0, None))), None);
    }
}
