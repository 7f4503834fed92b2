//! The secrets themselves: distinct, random, and each known by a stretch that stands in nothing else.

/// How many are planted.
pub(crate) const CANARIES: usize = 1_000;
const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const SIGNS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!\"#$%&'()*+,-./:;<=>?@[]\\^_{|}~";
const BASE_32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// All of them.
pub(crate) struct Canaries {
    dice: u64,
    /// What is looked for, and how it came in.
    planted: Vec<(String, &'static str)>,
}

impl Default for Canaries {
    /// The same in every run: a failure can be repeated.
    fn default() -> Self {
        Self { dice: 0x5eed_0f5e_c2e7, planted: vec![] }
    }
}

impl Canaries {
    pub(crate) fn len(&self) -> usize {
        self.planted.len()
    }

    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.planted.iter().map(|(text, _)| text.as_str())
    }

    /// Which one it is, for whoever has to find out how it got there.
    pub(crate) fn tell(&self, number: usize) -> String {
        let (text, how) = &self.planted[number];
        format!("{how}, {text}")
    }

    /// Letters and digits.
    pub(crate) fn word(&mut self, how: &'static str) -> String {
        self.made_of(LETTERS, how)
    }

    /// With all signs that anybody escapes somewhere.
    pub(crate) fn password(&mut self, how: &'static str) -> String {
        self.made_of(SIGNS, how)
    }

    pub(crate) fn of_kind(&mut self, kind: &str, how: &'static str) -> String {
        match kind {
            "totp" => self.made_of(BASE_32, how),
            "free" => format!("a note:\n\t{}\n", self.password(how)),
            _ => self.password(how),
        }
    }

    /// With its private key, which is what must not be found.
    pub(crate) fn certificate(&mut self) -> String {
        let made = rcgen::generate_simple_self_signed(["example.org".to_owned()]).expect("a certificate");
        let key = made.signing_key.serialize_pem();
        // The number itself begins in the second line.
        let line = key.lines().nth(2).expect("three lines");
        self.planted.push((line[..24].to_owned(), "set as a certificate"));
        format!("{}{key}", made.cert.pem())
    }

    /// One that the server made.
    pub(crate) fn learn(&mut self, kind: &str, value: &str) {
        let text = match kind {
            // Before and behind it stands what is public.
            "ssh_key" => &value.lines().nth(4).expect("five lines")[8..48],
            _ => value,
        };
        self.planted.push((text.to_owned(), "generated"));
    }

    fn made_of(&mut self, alphabet: &[u8], how: &'static str) -> String {
        let text: String = (0..32).map(|_| char::from(alphabet[self.roll() % alphabet.len()])).collect();
        self.planted.push((text.clone(), how));
        text
    }

    fn roll(&mut self) -> usize {
        self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.dice >> 33) as usize
    }
}
