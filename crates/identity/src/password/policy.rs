//! Which passwords are good enough (NIST 800-63B-4): long, and not what everybody tries first.
//! There are no rules about capitals, digits or signs.

use diwan_kernel::problem::FieldError;
use unicode_normalization::UnicodeNormalization;

use super::common::{Dressed, plain_words};

/// The least length when the password is all there is.
const ALONE: usize = 15;
/// The least length when a second factor is asked for too.
const WITH_SECOND_FACTOR: usize = 8;
/// The greatest length; everything up to it counts.
pub(crate) const LONGEST: usize = 256;

/// Whose password it is to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owner<'a> {
    pub(crate) email: &'a str,
    pub(crate) name: &'a str,
    pub(crate) second_factor: bool,
}

/// Whether a password is too short to be all that is asked for.
pub(crate) fn needs_second_factor(password: &str) -> bool {
    password.nfkc().count() < ALONE
}

/// What is wrong with a password, if anything.
pub(crate) fn judge(field: &str, password: &str, owner: Owner<'_>) -> Result<(), FieldError> {
    let wrong = |code, message: String| Err(FieldError { field: field.to_owned(), code, message });
    let password: String = password.nfkc().collect();
    let length = password.chars().count();
    let least = if owner.second_factor { WITH_SECOND_FACTOR } else { ALONE };
    if length < least {
        return wrong("too_short", format!("It needs at least {least} characters; a few words do well."));
    }
    if length > LONGEST {
        return wrong("too_long", format!("It must not be longer than {LONGEST} characters."));
    }
    let dressed = Dressed::new(&password);
    if is_mostly(&dressed, &own_words(owner)) {
        return wrong("same_as_identity", "It is made of your name, your address or the name of this product.".into());
    }
    if dressed.is_guessed_early() {
        return wrong("common", "It is one of the passwords that are tried first.".into());
    }
    Ok(())
}

/// Whether hardly anything in a password or passphrase has to be guessed: what everybody tries first,
/// something repeated, a run along the keyboard.
pub fn is_guessed_early(password: &str) -> bool {
    Dressed::new(&password.nfkc().collect::<String>()).is_guessed_early()
}

/// The words that somebody who knows the owner would try.
fn own_words(owner: Owner<'_>) -> Vec<String> {
    plain_words(&format!("{} {} diwan", owner.email, owner.name))
}

/// Whether hardly anything is left of a password without these words.
fn is_mostly(password: &Dressed, words: &[String]) -> bool {
    let rest = words.iter().fold(password.clone(), |rest, word| rest.without(word));
    rest.len() < password.len() && rest.is_weightless()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(password: &str, second_factor: bool) -> Option<&'static str> {
        let owner = Owner { email: "amina.haddad@example.org", name: "Amina Haddad", second_factor };
        judge("password", password, owner).err().map(|e| e.code)
    }

    #[test]
    fn length_is_what_counts() {
        assert_eq!(code("fourteen chars", false), Some("too_short"));
        assert_eq!(code("plinth orbit jam", false), None);
        assert_eq!(code("zq7 kvm!", true), None);
        assert_eq!(code("zq7 kvm", true), Some("too_short"));
        assert_eq!(code("قهوة الصباح والمطر", false), None);
        assert_eq!(code(&"ab cd ef gh ".repeat(21), false), None);
        assert_eq!(code(&"x".repeat(257), false), Some("too_long"));
    }

    #[test]
    fn what_is_tried_first_is_refused_however_it_is_dressed_up() {
        for password in [
            "passwordpassword",
            "Password12345678",
            "P@ssw0rdP@ssw0rd!",
            "123456789012345",
            "qwertyuiopasdfgh",
            "1qaz2wsx3edc4rfv",
            "aaaaaaaaaaaaaaaaaa",
            "abcabcabcabcabcabc",
            "abcdefghijklmnop",
            "iloveyouiloveyou",
            "letmein!!!!!!!!!!!",
            "................",
            "11112222333344445555",
            "Sunshine20262026",
            "zyxwvutsrqponmlk",
            "correcthorsebatterystaple",
            "Correct horse battery staple 9",
        ] {
            assert_eq!(code(password, false), Some("common"), "{password}");
        }
        for password in ["password", "12345678", "football1", "Trustno1!", "qwerty123", "dragon2024"] {
            assert_eq!(code(password, true), Some("common"), "{password}");
        }
    }

    #[test]
    fn ones_own_name_is_no_secret() {
        for password in
            ["AminaHaddad2026!", "amina.haddad@example.org", "diwandiwandiwan1", "haddad-amina-123", "4m1n4h4dd4d4m1n4"]
        {
            assert_eq!(code(password, false), Some("same_as_identity"), "{password}");
        }
        assert_eq!(code("amina likes green tea at dusk", false), None);
    }

    #[test]
    fn passphrases_of_ordinary_words_pass() {
        for password in [
            "seven grey herons at noon",
            "monkey dragon sunshine harbour",
            "the quick brown fox!",
            "Tr0ub4dor&3-lantern",
        ] {
            assert_eq!(code(password, false), None, "{password}");
        }
    }
}
