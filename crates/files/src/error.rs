//! What goes wrong with files, in codes for programs and words for people.

use std::io;

use rustix::io::Errno;

/// Why something was not done: the same at both ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// It is not there.
    Absent,
    /// Something is there already.
    Exists,
    /// It is not what it was when it was looked at.
    Changed,
    /// It is a link, and links are not followed.
    Link,
    /// It is no directory, or one where none is expected.
    OtherKind,
    /// Its name is not one that is taken here.
    Name,
    /// The operating system denies it, or this agent may not.
    Denied,
    /// The disk is full.
    NoRoom,
    /// Another transfer writes it at this moment.
    Busy,
    /// It is larger than may be.
    TooLarge,
    /// What arrived is not what was sent.
    Corrupt,
    /// The other end asks for what is not known here.
    Unknown,
    /// Something else.
    Other,
}

impl Code {
    const ALL: [(Self, &'static str); 13] = [
        (Self::Absent, "absent"),
        (Self::Exists, "exists"),
        (Self::Changed, "changed"),
        (Self::Link, "link"),
        (Self::OtherKind, "other_kind"),
        (Self::Name, "name"),
        (Self::Denied, "denied"),
        (Self::NoRoom, "no_room"),
        (Self::Busy, "busy"),
        (Self::TooLarge, "too_large"),
        (Self::Corrupt, "corrupt"),
        (Self::Unknown, "unknown"),
        (Self::Other, "other"),
    ];

    /// As it is told.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(code, _)| *code == self).map_or("other", |(_, text)| text)
    }

    /// Reads it; one that a later version brought is [`Code::Other`].
    #[must_use]
    pub fn read(text: &str) -> Self {
        Self::ALL.iter().find(|(_, known)| *known == text).map_or(Self::Other, |(code, _)| *code)
    }
}

/// Why something with files was not done.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// It was not done, and the conversation goes on.
    #[error("{words}")]
    Refused {
        /// Why, for programs.
        code: Code,
        /// Why, for people. What the other end says is made plain before it stands here.
        words: String,
    },
    /// The other end says what makes no sense: nothing after it can be trusted.
    #[error("the other side says what makes no sense: {0}")]
    Protocol(String),
    /// The bytes ended in the middle.
    #[error("the connection ended in the middle")]
    Cut,
    /// The pipe to the other end is broken.
    #[error("the connection broke: {0}")]
    Pipe(#[source] io::Error),
}

impl FilesError {
    /// A refusal.
    pub fn refused(code: Code, words: impl Into<String>) -> Self {
        Self::Refused { code, words: words.into() }
    }

    /// What the operating system said about a path.
    pub(crate) fn of_system(path: &str, error: &io::Error) -> Self {
        let code = code_of(error);
        let shown = if path.is_empty() { "the directory" } else { path };
        Self::refused(code, format!("{}: {}", crate::name::shown(shown), in_words(code, error)))
    }

    /// Why, for programs, if the conversation goes on.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            _ => None,
        }
    }
}

fn code_of(error: &io::Error) -> Code {
    match Errno::from_io_error(error) {
        Some(Errno::NOENT) => Code::Absent,
        Some(Errno::EXIST | Errno::NOTEMPTY) => Code::Exists,
        Some(Errno::LOOP | Errno::XDEV) => Code::Link,
        Some(Errno::NOTDIR | Errno::ISDIR) => Code::OtherKind,
        Some(Errno::NAMETOOLONG | Errno::INVAL | Errno::ILSEQ) => Code::Name,
        Some(Errno::ACCESS | Errno::PERM | Errno::ROFS) => Code::Denied,
        Some(Errno::NOSPC | Errno::DQUOT) => Code::NoRoom,
        Some(Errno::FBIG) => Code::TooLarge,
        _ => Code::Other,
    }
}

fn in_words(code: Code, error: &io::Error) -> String {
    match code {
        Code::Absent => "it is not there".to_owned(),
        Code::Link => "there is a link in it, and links are not followed".to_owned(),
        Code::OtherKind => "it is a directory where none is expected, or none where one is".to_owned(),
        Code::NoRoom => "the disk is full".to_owned(),
        Code::Denied if Errno::from_io_error(error) == Some(Errno::ROFS) => "it is read-only here".to_owned(),
        Code::Denied => "the system does not permit it".to_owned(),
        _ => error.to_string(),
    }
}
