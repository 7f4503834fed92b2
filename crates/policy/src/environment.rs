//! The environment of a command, from nothing: what is fixed, what the program needs, what the rule says.

use std::path::{Path, PathBuf};

use crate::machine::Machine;
use crate::rule_file::EnvironmentEntry;
use crate::walk::at_home;

/// Where programs find other programs.
const PATH: &[&str] = &["/usr/local/bin", "/usr/bin", "/bin"];

/// Variables that a rule may take over from the bridge: none of them names a program or a file of code.
pub(crate) const PASSABLE: &[&str] = &[
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "SSH_AUTH_SOCK",
];

/// Variables that a rule may not set: whoever runs the command does, or the hardening stands on them, or
/// they make a program load code.
const FIXED: &[&str] = &[
    "PATH",
    "HOME",
    "TMPDIR",
    "IFS",
    "ENV",
    "BASH_ENV",
    "SHELLOPTS",
    "PS4",
    "PROMPT_COMMAND",
    "PYTHONSTARTUP",
    "PYTHONHOME",
    "PYTHONINSPECT",
    "NODE_OPTIONS",
    "PERL5OPT",
    "RUBYOPT",
    "RUSTC_WRAPPER",
    "EDITOR",
    "VISUAL",
    "PAGER",
];
const FIXED_PREFIXES: &[&str] = &["LD_", "DYLD_", "GIT_", "BASH_FUNC_", "XDG_"];

/// Whether a rule may set this variable.
pub(crate) fn is_settable(name: &str) -> bool {
    let begins = name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    let is_plain = begins && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    is_plain && !FIXED.contains(&name) && !FIXED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// What everything finds, with the directory of the program first in the path.
pub(crate) fn fixed(called: &Path, terminal: bool) -> Vec<(String, String)> {
    let own = called.parent().map(Path::to_path_buf).unwrap_or_default();
    let places = PATH.iter().map(PathBuf::from).filter(|place| *place != own);
    let path: Vec<String> =
        std::iter::once(own.clone()).chain(places).map(|place| place.to_string_lossy().into_owned()).collect();
    let mut variables = vec![("PATH".to_owned(), path.join(":")), ("LANG".to_owned(), "C.UTF-8".to_owned())];
    let term = if terminal { "xterm-256color" } else { "dumb" };
    variables.push(("TERM".to_owned(), term.to_owned()));
    if terminal {
        variables.push(("COLORTERM".to_owned(), "truecolor".to_owned()));
    }
    variables
}

/// What a program needs, by the name that it goes by everywhere.
pub(crate) fn of_program(name: &str) -> Vec<(String, String)> {
    let variables: &[(&str, &str)] = match name {
        "npm" => {
            &[("npm_config_update_notifier", "false"), ("npm_config_fund", "false"), ("npm_config_audit", "false")]
        }
        "python3" => &[("PYTHONNOUSERSITE", "1"), ("PYTHONDONTWRITEBYTECODE", "1")],
        "cargo" => &[("CARGO_TERM_COLOR", "never")],
        // Another toolchain than the one that is here would have to be fetched.
        "go" => &[("GOTOOLCHAIN", "local")],
        _ => &[],
    };
    variables.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// What the rule says. It is weaker than what is fixed.
pub(crate) fn of_rule(entry: &EnvironmentEntry, machine: &dyn Machine) -> Vec<(String, String)> {
    let taken = entry.pass.iter().filter_map(|name| Some((name.clone(), machine.variable(name)?)));
    let set = entry.set.iter().filter_map(|(name, value)| {
        let value = if value.starts_with("~/") {
            at_home(machine, value)?.to_string_lossy().into_owned()
        } else {
            value.clone()
        };
        Some((name.clone(), value))
    });
    taken.filter(|(_, value)| !value.contains('\0')).chain(set).collect()
}

/// One value for each name: the later one.
pub(crate) fn merged(variables: impl IntoIterator<Item = (String, String)>) -> Vec<(String, String)> {
    variables.into_iter().collect::<std::collections::BTreeMap<_, _>>().into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f80_what_makes_programs_load_code_cannot_be_set() {
        for name in [
            "LD_PRELOAD",
            "LD_LIBRARY_PATH",
            "BASH_ENV",
            "GIT_SSH_COMMAND",
            "GIT_CONFIG_COUNT",
            "NODE_OPTIONS",
            "PYTHONSTARTUP",
            "RUSTC_WRAPPER",
            "PATH",
            "HOME",
            "IFS",
            "BASH_FUNC_ls%%",
            "",
            "A=B",
            "1A",
            "a b",
        ] {
            assert!(!is_settable(name), "{name}");
        }
        assert!(is_settable("RUSTUP_HOME") && is_settable("npm_config_registry"));
        assert!(PASSABLE.iter().all(|name| is_settable(name)));
    }
}
