//! Which valid name somebody probably meant.

/// The known name that differs from this one in few of its letters.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let name = name.to_lowercase();
    let far = (name.chars().count() / 3).clamp(1, 3);
    let near = known.into_iter().map(|known| (distance(&known.to_lowercase(), &name), known));
    near.min().filter(|(letters, _)| *letters <= far).map(|(_, known)| known.to_owned())
}

/// How many letters must be put in, taken out or changed, or change places with the next one.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let changed = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = changed.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_the_one_that_was_meant() {
        let known = ["writable", "path", "decision"];
        let meant = |slip| nearest(slip, known);
        assert_eq!(meant("writeable").as_deref(), Some("writable"));
        assert_eq!(meant("Decison").as_deref(), Some("decision"));
        assert_eq!(meant("apth").as_deref(), Some("path"));
        assert_eq!(meant("colour"), None);
        assert_eq!(meant(""), None);
    }
}
