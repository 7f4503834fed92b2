//! A mail in the form that travels: headers that nobody can add to, a plain and a formatted part.

use std::time::{Duration, SystemTime};

use diwan_kernel::world::Timestamp;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, Message};

use super::Body;

/// Why a mail cannot be written.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unwritable {
    #[error("the recipient's address cannot be written to: {0}")]
    Address(#[from] lettre::address::AddressError),
    #[error("the mail cannot be put together: {0}")]
    Message(#[from] lettre::error::Error),
}

/// Puts a mail together.
pub(super) fn build(from: &Mailbox, to: &str, id: &str, at: Timestamp, body: &Body) -> Result<Message, Unwritable> {
    let since_1970 = Duration::from_millis(at.as_millis().max(0).unsigned_abs());
    let builder = Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to.parse::<Address>()?))
        .subject(one_line(&body.subject))
        .date(SystemTime::UNIX_EPOCH + since_1970)
        .message_id(Some(format!("<{id}@{}>", from.email.domain())))
        // So that absence notices are not sent back.
        .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()));
    Ok(match &body.html {
        Some(html) => builder.multipart(MultiPart::alternative_plain_html(body.text.clone(), html.clone()))?,
        None => builder.singlepart(lettre::message::SinglePart::plain(body.text.clone()))?,
    })
}

/// A header is one line: whatever would begin another becomes a blank.
fn one_line(text: &str) -> String {
    let line: String =
        text.chars().map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c }).collect();
    line.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(to: &str, subject: &str, text: &str) -> Option<String> {
        let from: Mailbox = "Diwan <diwan@example.org>".parse().unwrap();
        let body = Body { subject: subject.into(), text: text.into(), html: Some(format!("<p>{text}</p>")) };
        let message = build(&from, to, "mai_1", Timestamp::from_millis(1_800_000_000_000), &body).ok()?;
        Some(String::from_utf8(message.formatted()).unwrap())
    }

    /// The names of the headers before the first empty line.
    fn header_names(mail: &str) -> Vec<&str> {
        let head = mail.split("\r\n\r\n").next().unwrap_or_default();
        let lines = head.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
        lines.map(|line| line.split(':').next().unwrap_or_default()).collect()
    }

    const HEADERS: &[&str] =
        &["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"];

    #[test]
    fn a_mail_carries_its_time_its_id_and_both_parts() {
        let mail = written("amina@example.org", "رابط", "مرحبًا").unwrap();
        assert_eq!(header_names(&mail), HEADERS);
        for part in
            ["Date: Fri, 15 Jan 2027 08:00:00 +0000", "Message-ID: <mai_1@example.org>", "text/plain", "text/html"]
        {
            assert!(mail.contains(part), "{part} in {mail}");
        }
    }

    #[test]
    fn nobody_adds_headers_through_the_subject_or_the_address() {
        for subject in
            ["a\r\nBcc: evil@example.org", "a\nBcc: evil@example.org", "a\r\n\r\nhello", "a\u{2028}Bcc: x", "\0\r"]
        {
            assert_eq!(header_names(&written("amina@example.org", subject, "x").unwrap()), HEADERS, "{subject:?}");
        }
        for to in [
            "a@example.org\r\nBcc: evil@example.org",
            "a@example.org, evil@example.org",
            "a@example.org\n",
            "<a@example.org>",
            "",
        ] {
            assert_eq!(written(to, "s", "x"), None, "{to:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_changes_the_headers(subject in "(\\PC|[\r\n\t\u{0}\u{85}\u{2028}:<>@]){0,120}", text in "(\\PC|[\r\n.]){0,200}") {
            let mail = written("amina@example.org", &subject, &text).unwrap();
            prop_assert_eq!(header_names(&mail), HEADERS);
        }
    }
}
