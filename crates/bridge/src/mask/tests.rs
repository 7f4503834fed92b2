//! What is shown, however it was said.

use proptest::prelude::*;

use super::*;

/// A mask for these words alone, without their other forms.
fn mask(words: &[&str]) -> Mask {
    Masks(Arc::new(Automaton::new(words))).begin()
}

fn shown(mut mask: Mask, pieces: &[&[u8]]) -> Vec<u8> {
    let mut all = vec![];
    pieces.iter().for_each(|piece| all.extend_from_slice(mask.pass(piece)));
    all.extend_from_slice(mask.end());
    all
}

/// The same in the plainest way: every byte that is in any occurrence of any word is masked.
fn plainly(words: &[Vec<u8>], text: &[u8]) -> Vec<u8> {
    let mut masked = vec![false; text.len()];
    for word in words {
        for at in 0..text.len() {
            if text[at..].starts_with(word) {
                masked[at..at + word.len()].fill(true);
            }
        }
    }
    let mut shown = vec![];
    for (at, byte) in text.iter().enumerate() {
        match (masked[at], at > 0 && masked[at - 1]) {
            (true, false) => shown.extend_from_slice(MASK),
            (true, true) => {}
            (false, _) => shown.push(*byte),
        }
    }
    shown
}

#[test]
fn a_secret_is_masked_wherever_it_was_cut() {
    let text = b"token=hunter2-hunter2\n";
    for cut in 0..=text.len() {
        let (one, other) = text.split_at(cut);
        assert_eq!(shown(mask(&["hunter2-hunter2"]), &[one, other]), b"token=***\n", "{cut}");
    }
    let bytes: Vec<&[u8]> = text.chunks(1).collect();
    assert_eq!(shown(mask(&["hunter2-hunter2"]), &bytes), b"token=***\n");
}

#[test]
fn only_what_may_become_a_secret_is_held_back() {
    let mut mask = mask(&["secret", "ret123"]);
    assert_eq!(mask.pass(b"user: sec"), b"user: ");
    assert_eq!(mask.pass(b""), b"", "however long nothing comes");
    assert_eq!(mask.pass(b"ond"), b"second");
    assert_eq!(mask.pass(b"a prompt> "), b"a prompt> ");
    assert_eq!(mask.pass(b"secre"), b"");
    assert_eq!(mask.pass(b"t"), b"***", "of a secret that is whole only what may begin the next is held back");
    assert_eq!(mask.pass(b"12"), b"");
    assert_eq!(mask.pass(b"x"), b"12x");
    assert_eq!(mask.pass(b"sec"), b"");
    assert_eq!(mask.end(), b"sec", "it never became one");
}

#[test]
fn secrets_that_overlap_or_touch_are_one() {
    assert_eq!(shown(mask(&["abcd", "cdef"]), &[b"-abcdef-"]), b"-***-");
    assert_eq!(shown(mask(&["abcd"]), &[b"abcdabcd", b"abcd!"]), b"***!");
    assert_eq!(shown(mask(&["abcd", "bc"]), &[b"abc", b"e abcd"]), b"a***e ***");
    assert_eq!(shown(mask(&["abab"]), &[b"ababab"]), b"***");
}

#[test]
fn what_is_cut_off_in_the_middle_of_a_secret_does_not_show_its_beginning() {
    let mut one = mask(&["hunter2-hunter2"]);
    assert_eq!(one.pass(b"it is hunter2-hunte"), b"it is ");
    assert_eq!(one.cut(), b"***");
    let mut other = mask(&["hunter2-hunter2"]);
    assert_eq!((other.pass(b"nothing").to_vec(), other.cut()), (b"nothing".to_vec(), &b""[..]));
}

#[test]
fn secrets_and_their_forms_are_looked_for() {
    let masks = Masks::new(["hunter2-hunter2", "a\nlong key\n", "abc"]).unwrap();
    let said = b"hunter2-hunter2 aHVudGVyMi1odW50ZXIy long key\nabc";
    assert_eq!(shown(masks.begin(), &[said]), b"*** *** ***\nabc");
    assert!(Masks::new(["abc", ""]).is_none(), "there is nothing to look for");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// However it is cut, what is shown is everything but the words, byte for byte, and no word is in it.
    #[test]
    fn what_is_shown_is_all_but_the_secrets(
        words in prop::collection::vec("[ab]{2,7}|[abc]{2,4}", 1..5),
        parts in prop::collection::vec(("[abc]{0,6}", any::<prop::sample::Index>(), any::<bool>()), 0..12),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let mut text = String::new();
        for (plain, word, with_word) in &parts {
            text.push_str(plain);
            if *with_word {
                text += word.get::<String>(&words);
            }
        }
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
        cuts.push(text.len());
        cuts.sort_unstable();
        let mut at = 0;
        let pieces: Vec<&[u8]> = cuts.iter().map(|cut| &text.as_bytes()[std::mem::replace(&mut at, *cut)..*cut]).collect();
        let all: Vec<&str> = words.iter().map(String::as_str).collect();
        let seen = shown(mask(&all), &pieces);
        let bytes: Vec<Vec<u8>> = words.iter().map(|word| word.as_bytes().to_vec()).collect();
        prop_assert_eq!(&seen, &plainly(&bytes, text.as_bytes()));
        for word in &bytes {
            prop_assert!(!seen.windows(word.len()).any(|part| part == word.as_slice()));
        }
    }

    /// The same with whole secrets and all their forms, and with bytes that are no text.
    #[test]
    fn no_form_of_a_secret_is_shown(
        secrets in prop::collection::vec("[a-zA-Z0-9/+ \"\\\\\\n<é-]{4,40}", 1..4),
        parts in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..30), any::<prop::sample::Index>()), 1..12),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
    ) {
        let forms: Vec<Vec<u8>> = secrets.iter().flat_map(|secret| forms::of(secret)).map(|form| form.to_vec()).collect();
        let text: Vec<u8> = parts.iter().flat_map(|(plain, form)| [plain.clone(), form.get(&forms).clone()].concat()).collect();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
        cuts.push(text.len());
        cuts.sort_unstable();
        let mut at = 0;
        let pieces: Vec<&[u8]> = cuts.iter().map(|cut| &text[std::mem::replace(&mut at, *cut)..*cut]).collect();
        let seen = shown(Masks::new(secrets.iter().map(String::as_str)).unwrap().begin(), &pieces);
        prop_assert_eq!(&seen, &plainly(&forms, &text));
        for form in &forms {
            prop_assert!(!seen.windows(form.len()).any(|part| part == form.as_slice()));
        }
    }

    /// What is not shown yet is never longer than what may begin a word.
    #[test]
    fn nothing_is_held_back_without_need(words in prop::collection::vec("[ab]{2,6}", 1..4), text in "[abc]{0,40}") {
        let all: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut mask = mask(&all);
        for at in 0..text.len() {
            mask.pass(&text.as_bytes()[at..=at]);
            let said = &text[..=at];
            let begins = |length: &usize| words.iter().any(|word| word.len() > *length && said.ends_with(&word[..*length]));
            let most = (0..=6.min(said.len())).rev().find(begins).unwrap_or(0);
            prop_assert_eq!(mask.held.len(), most, "after {}", said);
        }
    }
}

/// Figures for people: `cargo test --release -p diwan-bridge --lib mask -- --ignored --nocapture`.
#[test]
#[ignore = "figures for people"]
fn how_fast_it_is() {
    let secrets =
        ["ghp_16C7e42F292c6912E7710c838347Ae178B4a", "correct horse battery staple", "postgres://u:p%40ss@db/shop"];
    let source = include_str!("../commands/serve.rs").repeat(100);
    let log: String = (0..40_000).map(|n| format!("[{n}] Compiling crate-{n} v0.{n}.1 (/work/src/{n})\n")).collect();
    let mut noise = vec![0; 4 << 20];
    diwan_kernel::World::real().fill(&mut noise);
    let world = diwan_kernel::World::real();
    for (name, text) in
        [("source", source.as_bytes()), ("log", log.as_bytes()), ("noise", &noise), ("zeros", &vec![0; 4 << 20])]
    {
        let mut mask = Masks::new(secrets).unwrap().begin();
        let (began, mut shown, mut passed) = (world.monotonic(), 0, 0);
        while passed < 1 << 30 {
            for piece in text.chunks(256 * 1024) {
                shown += mask.pass(piece).len();
                passed += piece.len();
            }
        }
        let took = world.monotonic() - began;
        println!("{name}: {:.0} MB/s ({shown} of {passed} shown)", passed as f64 / 1e6 / took.as_secs_f64());
    }
}
