//! Policies that are refused: each fault with its place, its code and what was probably meant.

use diwan_policy::{Fault, Policy};

fn faults(text: &str) -> Vec<Fault> {
    Policy::load(text).map(|_| vec![]).unwrap_or_else(|faults| faults.0)
}

/// The head that all have, six lines, and then this.
fn found(rest: &str) -> Vec<(usize, String, &'static str)> {
    let head = "version = 1\n[roots.r]\npath = \"/srv\"\n[programs.git]\npath = [\"/usr/bin/git\"]\n[profiles.w]\nwritable = true\n";
    faults(&format!("{head}{rest}")).into_iter().map(|fault| (fault.line, fault.key, fault.code)).collect()
}

fn rule(rest: &str) -> String {
    format!(
        "[[rules]]\nname = \"a\"\noperations = [\"exec\"]\nprogram = \"git\"\nclass = \"reads\"\ndecision = \"allow\"\n{rest}\n"
    )
}

#[test]
fn every_fault_is_said_with_its_place() {
    let said = faults("version = 1\nrequire_sandbx = true\n\n[roots.a]\npath = 5\nwritable = \"yes\"\n");
    let said: Vec<String> = said.iter().map(Fault::to_string).collect();
    assert_eq!(
        said,
        [
            "line 2, column 1: require_sandbx: there is no such key; did you mean require_sandbox?",
            "line 5, column 1: roots.a.path: must be a text in quotes",
            "line 6, column 1: roots.a.writable: must be true or false",
        ]
    );
}

#[test]
fn what_cannot_be_a_policy_is_refused() {
    for (text, code) in [
        ("", "missing"),
        ("version = 2", "out_of_range"),
        ("version = \"1\"", "wrong_type"),
        ("version = 1\nversion = 1", "syntax"),
        ("version = 1\n[roots", "syntax"),
        ("version = 1979-05-27", "wrong_type"),
        ("version = 99999999999999999999", "wrong_type"),
        ("version = 1\nroots = 1", "wrong_type"),
        ("version = 1\n[roots.a]", "missing"),
        ("version = 1\n[roots.a]\npath = \"srv\"", "not_absolute"),
        ("version = 1\n[roots.a]\npath = \"/\"", "whole_machine"),
        ("version = 1\n[roots.a]\npath = \"/srv/../etc\"", "not_plain"),
        ("version = 1\n[roots.\"a b\"]\npath = \"/srv\"", "bad_name"),
        ("version = 1\n[programs.a]\npath = []", "too_short"),
        ("version = 1\n[programs.a]\npath = [\"a\"]", "not_absolute"),
        ("version = 1\n[programs.a]\npath = [\"/a\"]\nsha256 = [\"00\"]", "bad_digest"),
        ("version = 1\n[programs.a]\npath = [\"/a\"]\n[programs.b]\npath = [\"/b\"]\nalso = [\"a\"]", "duplicate_name"),
        ("version = 1\n[profiles.a]\nnetwork = \"hots\"", "not_a_choice"),
        ("version = 1\n[profiles.a]\nlimits = { processes = 0 }", "out_of_range"),
        ("version = 1\nrun_as = \"a\\u0007\"", "unseen"),
    ] {
        let found = faults(text);
        assert!(found.iter().any(|fault| fault.code == code), "{text:?}: {found:?}");
    }
    assert!(faults(&format!("version = 1\n#{}", "x".repeat(1 << 20))).iter().any(|fault| fault.code == "too_long"));
    assert!(!faults(&"[".repeat(100_000)).is_empty() && !faults(&format!("a={}", "[".repeat(100_000))).is_empty());
}

#[test]
fn a_rule_that_means_nothing_is_refused() {
    for (rest, code) in [
        ("roots = [\"x\"]", "unknown_name"),
        ("profile = \"x\"", "unknown_name"),
        ("profile = \"w\"", "class"),
        ("actors = [\"a b\"]", "bad_name"),
        ("hosts = [\"http://x\"]", "bad_host"),
        ("subcommand = [\"\"]", "bad_word"),
        ("subcommand = [\"a|\"]", "bad_word"),
        ("always = [\"--\"]\nflags = [{ name = \"-x\" }]", "bad_word"),
        ("flags = [{ name = \"x\" }]", "flag_form"),
        ("flags = [{ name = \"--x=y\" }]", "flag_form"),
        ("flags = [{ name = \"--\" }]", "flag_form"),
        ("flags = [{ name = \"--long\", short = \"-lo\" }]", "flag_form"),
        ("flags = [{ name = \"-x\", value = \"ref\", form = \"equals\" }]", "flag_form"),
        ("flags = [{ name = \"--a\", short = \"-x\" }, { name = \"-x\" }]", "duplicate_name"),
        ("flags = [{ name = \"--a\", value = \"int\" }]", "value_bounds"),
        ("flags = [{ name = \"--a\", value = \"int\", min = 5, max = 1 }]", "value_bounds"),
        ("flags = [{ name = \"--a\", value = \"ref\", max = 1 }]", "value_bounds"),
        ("flags = [{ name = \"--a\", value = \"choice\" }]", "value_bounds"),
        ("flags = [{ name = \"--a\", value = \"choice\", words = [\"-x\"] }]", "bad_word"),
        ("flags = [{ name = \"--a\", value = \"url\" }]", "value_bounds"),
        ("flags = [{ name = \"--a\", value = \"url\", hosts = [\"*\"], schemes = [\"file\"] }]", "value_bounds"),
        ("positionals = [{ value = \"none\" }]", "value_bounds"),
        ("positionals = [{ value = \"path\", at_least = 2 }]", "value_bounds"),
        ("environment = { set = { LD_PRELOAD = \"x\" } }", "bad_variable"),
        ("environment = { pass = [\"LD_PRELOAD\"] }", "unknown_name"),
        ("match = [[\"git\", \"log\"]]", "example_no_match"),
        ("match = [[\"gti\"]]", "example_no_match"),
        ("match = [[]]", "example_no_match"),
        ("not_match = [[\"git\"]]", "example_matches"),
        ("colour = 1", "unknown_key"),
    ] {
        let found = found(&rule(rest));
        assert!(found.iter().any(|(line, _, said)| *said == code && *line >= 8), "{rest}: {found:?}");
    }
    assert_eq!(found(&rule("")), []);
}

#[test]
fn a_rule_says_what_it_needs_to() {
    for (text, code) in [
        ("decision = \"allow\"\nclass = \"reads\"", "needs_operations"),
        ("decision = \"allow\"\noperations = [\"exec\"]\nprogram = \"git\"", "needs_class"),
        ("decision = \"allow\"\noperations = [\"exec\"]\nclass = \"reads\"", "needs_program"),
        ("decision = \"allow\"\noperations = [\"terminal\"]\nclass = \"reads\"", "needs_program"),
        ("decision = \"allow\"\noperations = [\"git.clone\"]\nclass = \"writes\"", "needs_hosts"),
        ("decision = \"allow\"\noperations = [\"service.restart\"]\nclass = \"writes\"", "needs_services"),
        ("decision = \"allow\"\noperations = [\"ssh_key.install\"]\nclass = \"writes\"", "needs_users"),
        ("decision = \"allow\"\noperations = [\"ssh_key.prove\"]\nusers = [\"a\"]\nclass = \"reads\"", "class"),
        ("decision = \"deny\"\nusers = [\"a b\"]", "bad_name"),
        ("decision = \"allow\"\noperations = [\"build\"]\nclass = \"writes\"", "class"),
        ("decision = \"allow\"\noperations = [\"files.put\"]\nclass = \"writes\"", "class"),
        (
            "decision = \"allow\"\noperations = [\"git.pull\"]\nclass = \"writes\"\nsubcommand = [\"x\"]",
            "only_for_exec",
        ),
        ("decision = \"allow\"\noperations = [\"git.pull\"]\nclass = \"writes\"\nmatch = [[\"git\"]]", "only_for_exec"),
        ("decision = \"deny\"\nsubcommand = [\"x\"]", "needs_program"),
        ("decision = \"alow\"", "not_a_choice"),
        ("decision = \"deny\"\noperations = [\"git.psuh\"]", "not_a_choice"),
    ] {
        let found = found(&format!("[[rules]]\nname = \"a\"\n{text}\n"));
        assert!(found.iter().any(|(_, _, said)| *said == code), "{text}: {found:?}");
    }
    let open = "[profiles.open]\nconfined = false\n";
    let outside = format!(
        "{open}[[rules]]\nname = \"a\"\noperations = [\"exec\"]\nprogram = \"git\"\nclass = \"reads\"\nprofile = \"open\"\ndecision = \"allow\"\n"
    );
    assert_eq!(found(&outside).first().map(|fault| fault.2), Some("confined"));
    let twice = format!("{}{}", rule(""), rule(""));
    assert_eq!(found(&twice), [(16, "rules[1].name".to_owned(), "duplicate_name")]);
}
