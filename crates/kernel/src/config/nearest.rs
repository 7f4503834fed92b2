//! Which known name somebody probably meant.

use super::definition::Definition;

/// The known name that was probably meant: one that differs in few of its letters, or in their case.
pub fn nearest(name: &str, known: impl IntoIterator<Item = String>) -> Option<String> {
    let name = name.to_lowercase();
    let far = (name.chars().count() / 3).min(4);
    let near = known.into_iter().map(|known| (distance(&known.to_lowercase(), &name), known));
    near.min().filter(|(letters, _)| *letters <= far).map(|(_, known)| known)
}

/// The setting, or the section, that was probably meant by a setting that there is not.
pub fn nearest_setting(section: &str, key: &str, sections: &[Definition]) -> Option<String> {
    let names = |of: &Definition| of.keys.iter().map(|k| format!("{}.{}", of.name, k.name)).collect::<Vec<_>>();
    let elsewhere = || sections.iter().find(|s| s.key(key).is_some()).map(|s| format!("{}.{key}", s.name));
    if let Some(known) = sections.iter().find(|known| known.name == section) {
        let here = nearest(key, known.keys.iter().map(|key| key.name.clone()));
        return here.map(|key| format!("{section}.{key}")).or_else(elsewhere);
    }
    nearest(&format!("{section}.{key}"), sections.iter().flat_map(names)).or_else(elsewhere).or_else(|| {
        let section = nearest(section, sections.iter().map(|known| known.name.to_owned()))?;
        Some(format!("the section {section}"))
    })
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
        for (slip, meant) in [
            ("prot", Some("port")),
            ("hots", Some("host")),
            ("pasword", Some("password")),
            ("PASSWORD", Some("password")),
            ("x", None),
            ("in", None),
        ] {
            assert_eq!(nearest(slip, known()).as_deref(), meant, "{slip}");
        }
        assert_eq!(nearest("quite-something-else", known()), None);
        assert_eq!(
            [distance("", "ab"), distance("ab", ""), distance("ab", "ba"), distance("port", "prot")],
            [2, 2, 1, 1]
        );
    }
}
