//! What is known about a person: the words that their profile is made of.

use diwan_kernel::problem::FieldError;
/// The longest name.
pub(crate) const LONGEST_NAME: usize = 80;

macro_rules! words {
    ($(#[$meta:meta])* $vis:vis $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        $(#[$meta])*
        $vis enum $name {$($(#[$doc])* $variant),+}

        impl $name {
            /// The word used in the API and in the database.
            pub(crate) const fn as_str(self) -> &'static str {
                match self {$(Self::$variant => $text),+}
            }

            /// Reads the word.
            pub(crate) fn parse(text: &str) -> Option<Self> {
                [$(Self::$variant),+].into_iter().find(|v| v.as_str() == text)
            }
        }
    };
}
pub(crate) use words;

words! {
    /// A language of the dashboard and of mails.
    #[derive(Default)]
    pub Language {
        /// English.
        #[default]
        En = "en",
        /// Arabic.
        Ar = "ar",
    }
}

words! {
    /// How the dashboard looks.
    pub(crate) Theme {
        /// As the device says.
        System = "system",
        /// Light.
        Light = "light",
        /// Dark.
        Dark = "dark",
        /// In the colours of the brand.
        Brand = "brand",
    }
}

words! {
    /// Whether somebody may come in.
    #[schema(as = UserStatus)]
    pub(crate) Status {
        /// They may.
        Active = "active",
        /// They may not.
        Disabled = "disabled",
    }
}

words! {
    /// What carries a session.
    pub(crate) SessionKind {
        /// A browser, with a cookie.
        Browser = "browser",
        /// A program, with tokens.
        Api = "api",
    }
}

/// Reads a name that people will read.
///
/// # Errors
/// When it is empty, too long or plays tricks.
pub(crate) fn read_name(field: &str, text: &str) -> Result<String, FieldError> {
    read_line(field, text, LONGEST_NAME)
}

/// Reads a line of at most this many characters, counted as it was sent.
///
/// # Errors
/// When it is empty, too long or plays tricks.
pub(crate) fn read_line(field: &str, text: &str, longest: usize) -> Result<String, FieldError> {
    if text.chars().count() > longest {
        let message = format!("It must not be longer than {longest} characters.");
        return Err(FieldError { field: field.to_owned(), code: "too_long", message });
    }
    // Composing can lengthen a text, so the limit is checked on both forms.
    diwan_kernel::text::line(field, text, longest)
}

/// Reads a time zone's name, `Africa/Cairo`. The browser knows which ones there are.
///
/// # Errors
/// When it does not look like one.
pub(crate) fn read_time_zone(field: &str, text: &str) -> Result<String, FieldError> {
    let part_ok = |part: &str| {
        let mut letters = part.chars();
        letters.next().is_some_and(|c| c.is_ascii_alphabetic())
            && letters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+'))
    };
    if text.len() <= 64 && text.split('/').count() <= 3 && text.split('/').all(part_ok) {
        return Ok(text.to_owned());
    }
    let message = "It is not the name of a time zone like Africa/Cairo.".into();
    Err(FieldError { field: field.to_owned(), code: "time_zone_invalid", message })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_zones_look_like_names() {
        for good in ["UTC", "Africa/Cairo", "America/Argentina/Buenos_Aires", "Etc/GMT+3"] {
            assert!(read_time_zone("time_zone", good).is_ok(), "{good}");
        }
        for bad in ["", "/", "a/", "../etc/passwd", "a/b/c/d", "Africa/Cairo\n", "<b>", "1a"] {
            assert!(read_time_zone("time_zone", bad).is_err(), "{bad}");
        }
    }
}
