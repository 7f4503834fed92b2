//! Labels of machines, like `env=prod` or `gpu`, and what is asked of them.

use diwan_kernel::Problem;

const MOST: usize = 32;
const LONGEST_KEY: usize = 63;
const LONGEST_VALUE: usize = 63;

/// Labels, in order and each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Labels(Vec<String>);

impl Labels {
    /// Reads labels from a request.
    pub(crate) fn read(field: &str, labels: Vec<String>) -> Result<Self, Problem> {
        if labels.len() > MOST {
            return Err(Problem::invalid_field(field, "too_many", format!("A machine has at most {MOST} labels.")));
        }
        let mut labels = labels;
        labels.sort_unstable();
        labels.dedup();
        for (at, label) in labels.iter().enumerate() {
            if !is_label(label) {
                return Err(invalid(&format!("{field}[{at}]")));
            }
        }
        match labels.windows(2).find(|pair| key_of(&pair[0]) == key_of(&pair[1])) {
            Some(pair) => {
                let message = format!("{} and {} contradict each other.", pair[0], pair[1]);
                Err(Problem::invalid_field(field, "label_twice", message))
            }
            None => Ok(Self(labels)),
        }
    }

    /// Reads what is stored: each between commas, so that one can be looked for.
    pub(crate) fn parse(stored: &str) -> Self {
        Self(stored.split(',').filter(|label| !label.is_empty()).map(str::to_owned).collect())
    }

    /// How they are stored.
    pub(crate) fn stored(&self) -> String {
        if self.0.is_empty() { String::new() } else { format!(",{},", self.0.join(",")) }
    }

    /// One by one.
    pub(crate) fn as_slice(&self) -> &[String] {
        &self.0
    }
}

/// What is asked of labels: `env=prod,gpu` means both. A key without a value means any value of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Selector(Vec<String>);

impl Selector {
    /// Reads one from a request.
    pub(crate) fn read(field: &str, text: &str) -> Result<Self, Problem> {
        let asked: Vec<String> = text.split(',').map(|label| label.trim().to_owned()).collect();
        if asked.len() > MOST || !asked.iter().all(|label| is_label(label)) {
            return Err(invalid(field));
        }
        Ok(Self(asked))
    }

    /// Whether these labels are what is asked.
    pub(crate) fn fits(&self, labels: &[String]) -> bool {
        self.0.iter().all(|asked| labels.iter().any(|label| label == asked || key_of(label) == asked))
    }

    /// What is asked, one by one: the whole label, and what begins with it when any value will do.
    pub(crate) fn patterns(&self) -> impl Iterator<Item = (String, Option<String>)> {
        self.0.iter().map(|label| {
            let any_value = (!label.contains('=')).then(|| format!(",{label}="));
            (format!(",{label},"), any_value)
        })
    }
}

fn key_of(label: &str) -> &str {
    label.split('=').next().unwrap_or(label)
}

fn is_label(label: &str) -> bool {
    let (key, value) = match label.split_once('=') {
        Some((key, value)) => (key, Some(value)),
        None => (label, None),
    };
    let small = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let is_key = key.len() <= LONGEST_KEY
        && key.bytes().next().is_some_and(small)
        && key.bytes().all(|b| small(b) || b"._/-".contains(&b));
    is_key
        && value.is_none_or(|value| {
            (1..=LONGEST_VALUE).contains(&value.len())
                && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        })
}

fn invalid(field: &str) -> Problem {
    let message = "A label is a word like gpu or a pair like env=prod: lower-case letters, digits, dots, dashes, \
underscores and slashes; after the sign also capitals.";
    Problem::invalid_field(field, "label_invalid", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(labels: &[&str]) -> Result<Labels, Problem> {
        Labels::read("labels", labels.iter().map(|label| (*label).to_owned()).collect())
    }

    #[test]
    fn labels_are_kept_in_order_and_come_back_as_they_were() {
        let labels = read(&["gpu", "env=prod", "gpu"]).unwrap();
        assert_eq!(labels.stored(), ",env=prod,gpu,");
        assert_eq!(Labels::parse(&labels.stored()), labels);
        assert_eq!((read(&[]).unwrap().stored(), Labels::parse("")), (String::new(), Labels::default()));
    }

    #[test]
    fn what_is_no_label_is_refused() {
        assert!(read(&["a,b"]).is_err());
        for bad in ["", "=", "env=", "Env", "a b", "env=a=b", "é", "-a", "a%", "a=%", "env=\u{1b}[2J"] {
            assert!(read(&[bad]).is_err() && Selector::read("labels", bad).is_err(), "{bad:?}");
        }
        assert!(read(&["env=prod", "env=test"]).is_err(), "they contradict each other");
        assert!(read(&["env", "env=test"]).is_err());
    }

    #[test]
    fn labels_fit_a_selector_that_names_them_or_their_keys() {
        let labels = ["env=prod".to_owned(), "gpu".to_owned()];
        for (asked, fits) in [("env=prod", true), ("env", true), ("env,gpu", true), ("env=test", false), ("tpu", false)]
        {
            assert_eq!(Selector::read("labels", asked).unwrap().fits(&labels), fits, "{asked}");
        }
    }

    #[test]
    fn a_selector_asks_for_all_of_its_labels() {
        let selector = Selector::read("labels", "env=prod, gpu").unwrap();
        let asked: Vec<_> = selector.patterns().collect();
        assert_eq!(asked, [(",env=prod,".to_owned(), None), (",gpu,".to_owned(), Some(",gpu=".to_owned()))]);
    }
}
