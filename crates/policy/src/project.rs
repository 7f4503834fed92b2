//! How a project is built and tested, by the files that lie in it.

use std::path::Path;

use crate::file::Kind;
use crate::machine::{Machine, What};
use crate::text::Flaw;

/// The program and its arguments. The first kind of project that is found there counts.
pub(crate) fn command(machine: &dyn Machine, at: &Path, kind: Kind) -> Result<(&'static str, Vec<String>), Flaw> {
    let has = |name: &str| machine.look(&at.join(name)).is_some_and(|seen| seen.what == What::File);
    let is_test = kind == Kind::Test;
    let by_pytest = ["pytest.ini", "conftest.py", "tests/conftest.py", "pyproject.toml", "setup.cfg", "tox.ini"];
    let by_unittest = ["setup.py", "requirements.txt"];
    let (program, words): (_, &[&str]) = match () {
        () if has("Cargo.toml") => ("cargo", if is_test { &["test"] } else { &["build"] }),
        () if has("package.json") => ("npm", if is_test { &["test"] } else { &["run", "build"] }),
        () if has("go.mod") => ("go", if is_test { &["test", "./..."] } else { &["build", "./..."] }),
        () if is_test && by_pytest.iter().any(|name| has(name)) => ("python3", &["-m", "pytest"]),
        () if is_test && by_unittest.iter().any(|name| has(name)) => ("python3", &["-m", "unittest", "discover"]),
        () => return Flaw::of("no_project", "nothing there says how it is built or tested"),
    };
    Ok((program, words.iter().map(|&word| word.to_owned()).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::MadeUp;

    #[test]
    fn a_project_says_how_it_is_built_and_tested() {
        for (file, build, test) in [
            ("Cargo.toml", Some("cargo build"), Some("cargo test")),
            ("package.json", Some("npm run build"), Some("npm test")),
            ("go.mod", Some("go build ./..."), Some("go test ./...")),
            ("pyproject.toml", None, Some("python3 -m pytest")),
            ("setup.py", None, Some("python3 -m unittest discover")),
            ("Makefile", None, None),
        ] {
            let mut machine = MadeUp::usual();
            machine.put(Path::new("/srv/projects/x").join(file), What::File, 1000, 0o644);
            let said = |kind| {
                let found = command(&machine, Path::new("/srv/projects/x"), kind).ok();
                found.map(|(program, words)| format!("{program} {}", words.join(" ")))
            };
            assert_eq!((said(Kind::Build).as_deref(), said(Kind::Test).as_deref()), (build, test), "{file}");
        }
    }
}
