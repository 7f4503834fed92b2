//! What is typed, and the way out in it: `~.` at the beginning of a line.

/// Reads what is typed.
#[derive(Debug)]
pub(super) struct Keys {
    begins_line: bool,
    has_tilde: bool,
}

/// What came of some keys.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Typed {
    /// What is meant for the terminal.
    pub(super) bytes: Vec<u8>,
    /// Whether to leave, once that is sent.
    pub(super) leaves: bool,
}

impl Default for Keys {
    fn default() -> Self {
        Self { begins_line: true, has_tilde: false }
    }
}

impl Keys {
    /// Takes in what was typed.
    pub(super) fn take(&mut self, keys: &[u8]) -> Typed {
        let mut bytes = Vec::with_capacity(keys.len() + 1);
        for key in keys {
            match (std::mem::take(&mut self.has_tilde), *key) {
                (true, b'.') => return Typed { bytes, leaves: true },
                (true, b'~') => bytes.push(b'~'),
                (true, other) => bytes.extend([b'~', other]),
                (false, b'~') if self.begins_line => self.has_tilde = true,
                (false, other) => bytes.push(other),
            }
            self.begins_line = !self.has_tilde && matches!(key, b'\r' | b'\n');
        }
        Typed { bytes, leaves: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(parts: &[&str]) -> (String, bool) {
        let (mut keys, mut all) = (Keys::default(), vec![]);
        for part in parts {
            let typed = keys.take(part.as_bytes());
            all.extend(typed.bytes);
            if typed.leaves {
                return (String::from_utf8(all).unwrap(), true);
            }
        }
        (String::from_utf8(all).unwrap(), false)
    }

    #[test]
    fn the_way_out_is_at_the_beginning_of_a_line_only() {
        for (parts, text, leaves) in [
            (&["~."][..], "", true),
            (&["ls\r", "~", "."], "ls\r", true),
            (&["a~.", "\r"], "a~.\r", false),
            (&["~~."], "~.", false),
            (&["~/x\r~ls"], "~/x\r~ls", false),
            (&["~", "\r~."], "~\r", true),
        ] {
            assert_eq!(typed(parts), (text.to_owned(), leaves), "{parts:?}");
        }
    }
}
