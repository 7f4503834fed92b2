//! The values themselves: distinct, random, and each known by a stretch that stands in nothing else.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::scanner::{Scanner, forms};
use crate::{Place, aes};

const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const SIGNS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!\"#$%&'()*+,-./:;<=>?@[]\\^_{|}~";
const BASE_32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// All of them.
#[derive(Debug)]
pub struct Canaries {
    dice: u64,
    planted: Vec<Planted>,
}

#[derive(Debug)]
struct Planted {
    /// What is looked for, in every form that it may have.
    forms: Vec<Vec<u8>>,
    what: String,
    home: Home,
}

/// Where it may lie.
#[derive(Debug)]
enum Home {
    Nowhere,
    /// There it must be found, and nowhere else.
    Only(String),
    /// It is no secret. In each of these it must be found: a search that finds nothing means something then.
    Among(Vec<String>),
}

impl Canaries {
    /// The same in every run, so that a failure can be repeated; others for another seed.
    pub const fn seeded(seed: u64) -> Self {
        Self { dice: seed, planted: vec![] }
    }

    /// How many there are.
    pub const fn count(&self) -> usize {
        self.planted.len()
    }

    /// Letters and digits.
    pub fn word(&mut self, how: &str) -> String {
        self.made_of(LETTERS, how)
    }

    /// With all signs that anybody escapes somewhere.
    pub fn password(&mut self, how: &str) -> String {
        self.made_of(SIGNS, how)
    }

    /// What the vault takes for a secret of this kind.
    pub fn of_kind(&mut self, kind: &str, how: &str) -> String {
        match kind {
            "totp" => self.made_of(BASE_32, how),
            "free" => format!("a note:\n\t{}\n", self.password(how)),
            _ => self.password(how),
        }
    }

    /// With its private key, which is what must not be found.
    ///
    /// # Panics
    /// When none can be made.
    pub fn certificate(&mut self) -> String {
        let made = rcgen::generate_simple_self_signed(["example.org".to_owned()]).expect("a certificate");
        let key = made.signing_key.serialize_pem();
        // The number itself begins in the second line.
        let line = key.lines().nth(2).expect("three lines");
        self.plant(forms(&line.as_bytes()[..24]), "set as a certificate".to_owned(), Home::Nowhere);
        format!("{}{key}", made.cert.pem())
    }

    /// One that the server made.
    ///
    /// # Panics
    /// When it is not of this kind.
    pub fn learn(&mut self, kind: &str, value: &str) {
        let text = match kind {
            // Before and behind it stands what is public.
            "ssh_key" => &value.lines().nth(4).expect("five lines")[8..48],
            _ => value,
        };
        self.plant(forms(text.as_bytes()), format!("generated, {text}"), Home::Nowhere);
    }

    /// A key, as it is and as the cipher spreads it out. It lies in no file.
    pub fn key(&mut self, key: &[u8; 32], what: &str) {
        self.plant(key_forms(key), what.to_owned(), Home::Nowhere);
    }

    /// The keys of a file, which must lie in that file and nowhere else.
    ///
    /// # Panics
    /// When it is no file of keys.
    pub fn keys_in(&mut self, file: &Path) {
        let text = std::fs::read_to_string(file).expect("a key file");
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let key = STANDARD_NO_PAD.decode(line.rsplit(' ').next().unwrap_or_default()).expect("base 64");
            let key = key.as_slice().try_into().expect("32 bytes");
            let place = file.display().to_string();
            self.plant(key_forms(key), format!("a key of {place}"), Home::Only(place));
        }
    }

    /// Something that is no secret, with parts of the names of places where it must be found.
    pub fn known(&mut self, text: &str, places: &[&str]) {
        let places = places.iter().map(|&place| place.to_owned()).collect();
        self.plant(forms(text.as_bytes()), format!("a mark, {text}"), Home::Among(places));
    }

    /// What looks for all of them.
    pub fn scanner(&self) -> Scanner {
        Scanner::of(self.planted.iter().map(|planted| planted.forms.clone()))
    }

    /// What is wrong with finding these in the memory of a program that has to have forgotten them.
    pub fn wrong_in_memory(&self, found: impl IntoIterator<Item = (usize, String)>) -> Vec<String> {
        let wrong = found.into_iter().filter(|(number, _)| !matches!(self.planted[*number].home, Home::Among(_)));
        wrong.map(|(number, place)| format!("{}: in memory ({place})", self.planted[number].what)).collect()
    }

    /// What is wrong with these places: what lies where it must not, and what is not found where it lies.
    pub fn wrong_in(&self, scanner: &Scanner, places: &[Place]) -> Vec<String> {
        let mut found: Vec<Vec<&str>> = self.planted.iter().map(|_| vec![]).collect();
        for (place, contents) in places {
            scanner.find(contents).into_iter().for_each(|number| found[number].push(place));
        }
        let judged = self.planted.iter().zip(found);
        judged.flat_map(|(planted, found)| planted.home.wrong(&planted.what, &found)).collect()
    }

    fn made_of(&mut self, alphabet: &[u8], how: &str) -> String {
        let text: String = (0..32).map(|_| char::from(alphabet[self.roll() % alphabet.len()])).collect();
        self.plant(forms(text.as_bytes()), format!("{how}, {text}"), Home::Nowhere);
        text
    }

    fn plant(&mut self, forms: Vec<Vec<u8>>, what: String, home: Home) {
        self.planted.push(Planted { forms, what, home });
    }

    fn roll(&mut self) -> usize {
        self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.dice >> 33) as usize
    }
}

impl Home {
    fn wrong(&self, what: &str, found: &[&str]) -> Vec<String> {
        let missing = |place: &str| format!("{what}: it is not found in {place}");
        match self {
            Self::Nowhere => found.iter().map(|place| format!("{what}: in {place}")).collect(),
            Self::Only(home) => {
                let elsewhere = found.iter().filter(|place| *place != home).map(|place| format!("{what}: in {place}"));
                elsewhere.chain((!found.contains(&home.as_str())).then(|| missing(home))).collect()
            }
            Self::Among(places) => {
                let misses = |part: &&String| !found.iter().any(|place| place.contains(part.as_str()));
                places.iter().filter(misses).map(|part| missing(part)).collect()
            }
        }
    }
}

fn key_forms(key: &[u8; 32]) -> Vec<Vec<u8>> {
    let spread = aes::round_keys(key).into_iter().map(|round| round.to_vec());
    forms(key).into_iter().chain(spread).collect()
}

#[test]
fn what_lies_where_it_must_not_or_is_not_found_where_it_lies_is_said() {
    let mut canaries = Canaries::seeded(7);
    let (secret, mark) = (canaries.word("planted"), "a-mark-that-stands-in-the-open");
    canaries.known(mark, &["log", "rows"]);
    let scanner = canaries.scanner();
    let place = |name: &str, text: &str| (name.to_owned(), text.as_bytes().to_vec());
    let wrong = |places: &[Place]| canaries.wrong_in(&scanner, places);
    assert_eq!(wrong(&[place("the log", mark), place("the rows", mark)]), Vec::<String>::new());
    let both = format!("{mark} {secret}");
    assert_eq!(wrong(&[place("the log", &both), place("the rows", mark)]), [format!("planted, {secret}: in the log")]);
    assert_eq!(wrong(&[place("the log", mark)]), [format!("a mark, {mark}: it is not found in rows")]);
}

#[test]
fn a_key_is_found_in_every_form_and_may_lie_in_its_file_alone() {
    let key = [b"sixteen bytes of".as_slice(), b" a key and more."].concat();
    let dir = std::env::temp_dir().join(format!("diwan-canaries-{}", std::process::id()));
    std::fs::write(&dir, format!("# Keys.\nkey 00 {}\n", STANDARD_NO_PAD.encode(&key))).expect("a file");
    let mut canaries = Canaries::seeded(7);
    canaries.keys_in(&dir);
    let own = (dir.display().to_string(), std::fs::read(&dir).expect("a file"));
    std::fs::remove_file(&dir).expect("it was there");
    let scanner = canaries.scanner();
    assert_eq!(canaries.wrong_in(&scanner, std::slice::from_ref(&own)), Vec::<String>::new());
    assert_eq!(canaries.wrong_in(&scanner, &[]).len(), 1);
    let spread = aes::round_keys(key.as_slice().try_into().expect("32 bytes"));
    let listed = format!("{key:?}").into_bytes();
    for form in [key, spread[14].to_vec(), listed] {
        assert_eq!(canaries.wrong_in(&scanner, &[own.clone(), ("memory".to_owned(), form)]).len(), 1);
    }
}
