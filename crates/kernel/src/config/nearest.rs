//! Which known name somebody probably meant.

/// The known name that was probably meant.
pub fn nearest(name: &str, known: impl IntoIterator<Item = String>) -> Option<String> {
    let far = name.chars().count().div_ceil(2).clamp(1, 4);
    known.into_iter().map(|k| (distance(&k, name), k)).min().filter(|(d, _)| *d <= far).map(|(_, k)| k)
}

/// How many letters must change, or change places with the next one, to make one word the other.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = vec![];
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let changed = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = changed.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(before[j - 2] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_the_one_that_was_meant() {
        let known = || ["port", "from", "host", "password", "on"].map(str::to_owned);
        for (slip, meant) in
            [("prot", Some("port")), ("hots", Some("host")), ("pasword", Some("password")), ("x", None)]
        {
            assert_eq!(nearest(slip, known()).as_deref(), meant, "{slip}");
        }
        assert_eq!(nearest("quite-something-else", known()), None);
        assert_eq!(
            [distance("", "ab"), distance("ab", ""), distance("ab", "ba"), distance("port", "prot")],
            [2, 2, 1, 1]
        );
    }
}
