//! Making strong values.

use diwan_kernel::World;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::kind::{SecretKind, SshKeyPair, base32};

/// How a value is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SecretRecipe)]
pub(crate) struct Recipe {
    /// How many characters a password, a key or a text has; seeds and SSH keys have their own length.
    #[schema(minimum = 16, maximum = 256)]
    #[serde(default = "Recipe::usual_length")]
    pub(crate) length: u16,
    /// Whether a password may contain signs besides letters and digits.
    #[serde(default = "Recipe::usual_symbols")]
    pub(crate) symbols: bool,
    /// What a key begins with.
    #[schema(max_length = 32, pattern = "^[A-Za-z0-9_.-]*$")]
    #[serde(default)]
    pub(crate) prefix: String,
}

impl Default for Recipe {
    fn default() -> Self {
        Self { length: Self::usual_length(), symbols: Self::usual_symbols(), prefix: String::new() }
    }
}

const LETTERS_AND_DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const SAFE_ANYWHERE: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const WITH_SYMBOLS: &[u8] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&()*+,-./:;<=>?@[]^_{|}~";

impl Recipe {
    const fn usual_length() -> u16 {
        32
    }

    const fn usual_symbols() -> bool {
        true
    }

    /// What is wrong with it, if anything: the field and why.
    pub(crate) fn validate(&self) -> Result<(), (&'static str, &'static str)> {
        if !(16..=256).contains(&self.length) {
            return Err(("generate.length", "A generated value has 16 to 256 characters."));
        }
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"_.-".contains(&b);
        if self.prefix.len() > 32 || !self.prefix.bytes().all(plain) {
            return Err(("generate.prefix", "A prefix has up to 32 letters, digits, dots, dashes and underscores."));
        }
        Ok(())
    }

    /// A new value; `None` for kinds that only others can make.
    pub(crate) fn make(&self, world: &World, kind: SecretKind) -> Option<Zeroizing<String>> {
        let length = usize::from(self.length);
        match kind {
            SecretKind::Password if self.symbols => Some(letters(world, WITH_SYMBOLS, length, "")),
            SecretKind::Password => Some(letters(world, LETTERS_AND_DIGITS, length, "")),
            SecretKind::ApiKey => Some(letters(world, LETTERS_AND_DIGITS, length, &self.prefix)),
            SecretKind::Free => Some(letters(world, SAFE_ANYWHERE, length, "")),
            SecretKind::Totp => Some(Zeroizing::new(base32(&*Zeroizing::new(world.random::<20>())))),
            SecretKind::SshKey => SshKeyPair::generate(world, "diwan"),
            SecretKind::Certificate => None,
        }
    }
}

/// Letters chosen evenly: bytes beyond the last whole multiple of the alphabet are thrown away.
fn letters(world: &World, alphabet: &[u8], length: usize, prefix: &str) -> Zeroizing<String> {
    let even = 256 - 256 % alphabet.len();
    let mut text = Zeroizing::new(String::with_capacity(prefix.len() + length));
    text.push_str(prefix);
    while text.len() < prefix.len() + length {
        let dice = Zeroizing::new(world.random::<64>());
        let fair = dice.iter().map(|b| usize::from(*b)).filter(|b| *b < even);
        let missing = prefix.len() + length - text.len();
        fair.take(missing).for_each(|b| text.push(char::from(alphabet[b % alphabet.len()])));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::check;

    #[test]
    fn what_is_made_has_the_form_of_its_kind_and_is_never_the_same_twice() {
        let world = World::real();
        for kind in SecretKind::ALL {
            let recipe = Recipe::default();
            let (one, other) = (recipe.make(&world, kind), recipe.make(&world, kind));
            assert_eq!(one.is_none(), kind == SecretKind::Certificate);
            if let Some((one, other)) = one.zip(other) {
                assert_ne!(one, other);
                assert!(check(kind, &one).is_ok(), "{kind:?}");
            }
        }
    }

    #[test]
    fn letters_are_chosen_evenly() {
        let text = letters(&World::real(), b"abc", 30_000, "");
        for letter in ['a', 'b', 'c'] {
            // Ten standard deviations: never by chance, always with a bias of a few percent.
            let count = text.chars().filter(|c| *c == letter).count();
            assert!((9_180..=10_820).contains(&count), "{letter}: {count}");
        }
    }

    #[test]
    fn a_recipe_keeps_to_its_limits() {
        assert!(Recipe::default().validate().is_ok());
        assert!(Recipe { length: 15, ..Recipe::default() }.validate().is_err());
        assert!(Recipe { length: 257, ..Recipe::default() }.validate().is_err());
        assert!(Recipe { prefix: "a b".into(), ..Recipe::default() }.validate().is_err());
        let key = Recipe { prefix: "dwn_".into(), length: 40, symbols: false }.make(&World::real(), SecretKind::ApiKey);
        assert!(key.is_some_and(|k| k.len() == 44 && k.starts_with("dwn_")));
        for (kind, length) in [(SecretKind::Free, 16), (SecretKind::Free, 256), (SecretKind::Password, 64)] {
            let made = Recipe { length, ..Recipe::default() }.make(&World::real(), kind);
            assert_eq!(made.map(|text| text.len()), Some(length.into()), "{kind:?}");
        }
    }
}
