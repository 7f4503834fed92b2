//! Held against somebody who has all of it before them.

use proptest::prelude::*;

use super::*;

/// Every line with the text in it: the place of the first find, and the number of the line.
fn by_hand(said: &[u8], text: &str, ignores_case: bool) -> Vec<(u64, u64)> {
    let (mut shown, mut places) = (vec![], vec![]);
    Escapes::default().pass(said, |at, run| {
        shown.extend_from_slice(run);
        places.extend((at..at + run.len()).map(|place| place as u64));
    });
    let lower = |bytes: &[u8]| if ignores_case { bytes.to_ascii_lowercase() } else { bytes.to_vec() };
    let (shown, text) = (lower(&shown), lower(text.as_bytes()));
    let (mut found, mut begin) = (vec![], 0);
    for (number, line) in (1..).zip(shown.split(|byte| *byte == b'\n')) {
        if let Some(at) = line.windows(text.len()).position(|window| window == text) {
            found.push((places[begin + at], number));
        }
        begin += line.len() + 1;
    }
    found
}

/// The same, in pieces; each answer of at most so many lines and after so many pieces, until there is no more.
fn search(said: &[u8], text: &str, ignores_case: bool, (piece, most, pieces): (usize, usize, usize)) -> Vec<Found> {
    let (mut all, mut from) = (vec![], (0, 1));
    loop {
        let mut searcher = Searcher::new(text, ignores_case, from, most);
        let mut is_end = true;
        let begin = usize::try_from(from.0).expect("small");
        for (number, piece) in said[begin..].chunks(piece).enumerate() {
            if searcher.is_done() || number == pieces {
                is_end = false;
                break;
            }
            searcher.look(piece);
        }
        let (found, rest) = searcher.finish(is_end);
        assert!(found.len() <= most, "{} of {most}", found.len());
        all.extend(found);
        match rest {
            None => return all,
            Some(rest) => {
                assert!(rest.0 > from.0 || rest.0 == said.len() as u64, "it comes further: {from:?} {rest:?}");
                from = rest;
            }
        }
        if from.0 == said.len() as u64 {
            return all;
        }
    }
}

fn places(found: &[Found]) -> Vec<(u64, u64)> {
    found.iter().map(|found| (found.offset, found.line)).collect()
}

/// Texts in which there is much to find, with codes in the middle of words.
fn said() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        6 => "[abAB ]{1,5}".prop_map(String::into_bytes),
        2 => Just(b"\n".to_vec()),
        1 => prop_oneof![Just("\x1b[31m"), Just("\x1b[0m"), Just("\x1b]0;ab\x07"), Just("\x1b"), Just("é\t\r\n")].prop_map(|s| s.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 1..6),
    ];
    proptest::collection::vec(word, 0..120).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn it_finds_what_is_found_by_hand(said in said(), text in "[abAB]{1,3}", ignores_case: bool, piece in 1usize..60) {
        let found = search(&said, &text, ignores_case, (piece, usize::MAX, usize::MAX));
        prop_assert_eq!(places(&found), by_hand(&said, &text, ignores_case));
        for one in found {
            prop_assert!(one.text.len() <= SHOWN && !one.text.chars().any(char::is_control), "{:?}", one.text);
        }
    }

    #[test]
    fn it_goes_on_where_it_stopped(said in said(), text in "[abAB]{1,3}", most in 1usize..4, piece in 1usize..60) {
        // Pieces reach beyond each line, so that it comes further with each answer.
        let longest = said.split(|byte| *byte == b'\n').map(<[u8]>::len).max().unwrap_or_default();
        let pieces = longest / piece + 2;
        let found = search(&said, &text, false, (piece, most, pieces));
        prop_assert_eq!(places(&found), by_hand(&said, &text, false));
    }

    #[test]
    fn in_a_line_without_end_the_first_is_found_wherever_it_lies(
        before in 0usize..3 * LONG, filler in "[xy\u{e9}]{1,7}", piece in 1000usize..300_000, is_more: bool,
    ) {
        let filler = filler.into_bytes().repeat(before);
        let mut said = filler[..before].to_vec();
        said.extend(b"needle needle");
        said.extend(vec![b'z'; if is_more { 3 * LONG } else { 7 }]);
        said.extend(b"\nneedle\n");
        let found = search(&said, "needle", false, (piece, usize::MAX, usize::MAX));
        prop_assert_eq!(places(&found), by_hand(&said, "needle", false));
        prop_assert!(found.iter().all(|found| found.text.contains("needle") && found.text.len() <= SHOWN));
    }
}

#[test]
fn a_line_is_shown_plain_and_short() {
    let show = |said: &str, text: &str| search(said.as_bytes(), text, false, (99, 9, usize::MAX)).remove(0).text;
    assert_eq!(show("one\n\x1b[31mer\x1b[0mror:\tall\x07 is lost\r\nthree", "error"), "error: all\u{fffd} is lost");
    let long = format!("{} needle {}", "é".repeat(900), "b".repeat(900));
    let shown = show(&long, "needle");
    assert!(shown.starts_with("…é") && shown.contains("é needle b") && shown.ends_with('b'), "{shown}");
    assert!(shown.len() <= SHOWN && shown.len() > SHOWN - 4, "{}", shown.len());
    assert_eq!(show(&"needle".repeat(200), "needle").len(), SHOWN);
    assert_eq!(
        show(&format!("{}\u{202e}needle", "\0".repeat(99)), "needle"),
        format!("{}needle", "\u{fffd}".repeat(100))
    );
}

#[test]
fn letters_may_be_small_or_large() {
    let said = b"Error\nERROR\nerror\n";
    assert_eq!(search(said, "ERRor", true, (3, 9, usize::MAX)).len(), 3);
    assert_eq!(places(&search(said, "error", false, (3, 9, usize::MAX))), [(12, 3)]);
}
