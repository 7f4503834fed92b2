//! Answers that are saved as files.

use axum::http::HeaderValue;

use crate::commands::words::is_shown;

/// To be saved under its name, whatever characters that has; never shown as a page of ours.
pub(super) fn saved_as(name: &str) -> HeaderValue {
    let tame: String = name.chars().map(|c| if is_shown(c) { c } else { '_' }).collect();
    let plain: String =
        tame.chars().map(|c| if c.is_ascii_alphanumeric() || "._- ".contains(c) { c } else { '_' }).collect();
    let plain = if plain.trim_matches(['.', ' ']).is_empty() { "file".to_owned() } else { plain };
    let encoded: String = tame
        .bytes()
        .map(|b| match b {
            b if b.is_ascii_alphanumeric() || b"._-".contains(&b) => char::from(b).to_string(),
            b => format!("%{b:02X}"),
        })
        .collect();
    let named = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}");
    named.parse().unwrap_or(HeaderValue::from_static("attachment"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved(name: &str) -> String {
        saved_as(name).to_str().expect("it is text").to_owned()
    }

    #[test]
    fn f90_f98_a_name_cannot_leave_its_header_and_does_not_lie() {
        let named = saved("a\"; x=\r\nSet-Cookie: ü.txt");
        assert!(named.bytes().all(|b| (0x20..0x7f).contains(&b)), "{named}");
        assert_eq!(named.matches('"').count(), 2, "{named}");
        assert!(named.ends_with("%C3%BC.txt"), "{named}");
        assert!(saved("..").contains("filename=\"file\""));
        assert_eq!(saved("a\u{202e}txt.exe"), "attachment; filename=\"a_txt.exe\"; filename*=UTF-8''a_txt.exe");
    }
}
