//! What holds for whatever text, whatever arguments and whatever rules.
#![allow(clippy::unwrap_used, clippy::panic, reason = "that is how a test fails")]

use std::path::Path;
use std::sync::LazyLock;

use diwan_policy::{Decision, MadeUp, Policy, Preset, RuleRequest, Who, explain, hash_of};
use diwan_protocol::Operation;
use diwan_protocol::command::{Exec, Files, Git, Place};
use proptest::prelude::*;

static STANDARD: LazyLock<Policy> =
    LazyLock::new(|| Policy::load(&Preset::Standard.text(Path::new("/srv/projects"))).unwrap());
static TEXT: LazyLock<String> = LazyLock::new(|| Preset::Standard.text(Path::new("/srv/projects")));

fn exec(argv: Vec<String>, path: String) -> Operation {
    let place = Place { root: "projects".into(), path };
    Operation::Exec(Exec { argv, place, has_input: false, timeout_ms: None })
}

fn nobody() -> Who<'static> {
    Who { id: "usr_a", roles: &[] }
}

/// What commands are made of, hostile and not.
fn word() -> impl Strategy<Value = String> {
    let known = [
        "git",
        "npm",
        "cargo",
        "python3",
        "-m",
        "pytest",
        "status",
        "log",
        "pull",
        "push",
        "clone",
        "build",
        "test",
        "run",
        "--short",
        "-sb",
        "-n",
        "5",
        "--max-count=5",
        "--",
        "-",
        "",
        "src",
        "..",
        "/etc/passwd",
        "main",
        "HEAD",
        "--output=x",
        "-c",
        "--upload-pack=x",
        "https://github.com/a/b",
        "ext::sh -c id",
        "--force",
        "ls",
        "cat",
        "-la",
        "echo",
        "x;y",
        "-j4",
    ];
    prop_oneof![
        6 => proptest::sample::select(known.to_vec()).prop_map(str::to_owned),
        1 => "\\PC{0,12}",
        1 => "-{1,2}[a-zA-Z=;/.-]{0,10}",
        1 => any::<String>(),
    ]
}

/// The flags that the standard policy names, as they stand in its text.
fn listed() -> Vec<String> {
    let quoted = TEXT.split('"').map(str::to_owned);
    quoted.filter(|text| text.starts_with('-') && !text.contains(' ')).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn f81_judging_never_panics_and_never_lets_an_unlisted_flag_through(argv in prop::collection::vec(word(), 0..8), path in "[a-z./-]{0,6}") {
        let machine = MadeUp::usual();
        let verdict = STANDARD.judge(&exec(argv.clone(), path), nobody(), &machine);
        prop_assert!(!explain(&verdict).is_empty());
        prop_assert_eq!(verdict.decision == Decision::Deny, verdict.plan.is_none());
        if let Some(plan) = verdict.plan {
            let flags = plan.argv.iter().skip(1).filter(|word| word.starts_with('-'));
            let listed = listed();
            let from_hardening = ["--no-pager", "--no-optional-locks", "--literal-pathspecs", "-c", "--"];
            for flag in flags {
                let name = flag.split('=').next().unwrap_or(flag);
                prop_assert!(from_hardening.contains(&name) || listed.iter().any(|known| known.split('=').next() == Some(name)), "{:?} gave {:?}", argv, plan.argv);
            }
            prop_assert!(plan.argv.iter().all(|word| !word.contains(char::is_control)));
            prop_assert!(plan.program.starts_with("/usr/bin") || plan.program.starts_with("/home/worker/.cargo/bin"));
        }
    }

    #[test]
    fn f79_only_what_the_policy_names_is_ever_run(first in any::<String>(), rest in prop::collection::vec(word(), 0..4)) {
        let argv: Vec<String> = std::iter::once(first.clone()).chain(rest).collect();
        let verdict = STANDARD.judge(&exec(argv, String::new()), nobody(), &MadeUp::usual());
        if let Some(plan) = verdict.plan {
            prop_assert!(plan.argv[0].ends_with(&first) || first == "python", "{first:?} gave {:?}", plan.argv);
        }
    }

    #[test]
    fn f92_nothing_outside_of_a_root_is_ever_named(path in "[a-z./~\\\\-]{0,12}", name in any::<String>()) {
        for path in [path, name] {
            let place = Place { root: "projects".into(), path };
            for files in [Files::Get(place.clone()), Files::Put(place.clone()), Files::List(place.clone()), Files::Sync(place.clone())] {
                let verdict = STANDARD.judge(&Operation::Files(files), nobody(), &MadeUp::usual());
                if let Some(plan) = verdict.files {
                    let parts: Vec<&str> = plan.path.split('/').collect();
                    prop_assert!(!plan.path.starts_with('/') && !parts.contains(&"..") && !parts.contains(&".git"), "{}", plan.path);
                }
            }
        }
    }

    #[test]
    fn f75_an_address_never_reads_as_a_flag(url in any::<String>(), branch in prop::option::of(any::<String>()), path in "[a-z/-]{1,8}") {
        let into = Place { root: "projects".into(), path };
        let clone = Operation::Git(Git::Clone { url: url.clone(), into, branch });
        let verdict = STANDARD.judge(&clone, nobody(), &MadeUp::usual());
        if let Some(plan) = verdict.plan {
            let dashes = plan.argv.iter().position(|word| word == "--").unwrap();
            prop_assert_eq!(&plan.argv[dashes + 1], &url);
            prop_assert!(plan.argv[dashes + 1..].iter().all(|word| !word.starts_with('-')));
        }
    }

    #[test]
    fn a_text_is_read_or_refused_with_places_and_never_panics(text in "(version = 1\n)?[\\[\\]a-z =\"'\n#.{},0-9-]{0,200}") {
        match Policy::load(&text) {
            Ok(policy) => prop_assert_eq!(policy.hash(), hash_of(&text)),
            Err(faults) => prop_assert!(faults.0.iter().all(|fault| fault.line >= 1 && fault.column >= 1 && !fault.text.is_empty())),
        }
        let _ = RuleRequest { text }.judge("version = 1\n");
    }

    #[test]
    fn the_stricter_of_two_rules_decides(decisions in prop::collection::vec(0..3usize, 1..6)) {
        let names = ["allow", "ask", "deny"];
        let rules: String = decisions.iter().enumerate().map(|(at, &decision)| {
            format!("[[rules]]\nname = \"r{at}\"\noperations = [\"exec\"]\nprogram = \"ls\"\nclass = \"reads\"\ndecision = \"{}\"\n", names[decision])
        }).collect();
        let text = format!("version = 1\n[roots.projects]\npath = \"/srv/projects\"\n[programs.ls]\npath = [\"/usr/bin/ls\"]\n{rules}");
        let verdict = Policy::load(&text).unwrap().judge(&exec(vec!["ls".into()], String::new()), nobody(), &MadeUp::usual());
        let strictest = *decisions.iter().max().unwrap();
        prop_assert_eq!(verdict.decision, [Decision::Allow, Decision::Ask, Decision::Deny][strictest]);
        let first = decisions.iter().position(|decision| *decision == strictest).unwrap();
        prop_assert_eq!(verdict.rule, Some(format!("r{first}")));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    /// A policy that somebody spoilt a little is a policy or is refused; it never panics.
    #[test]
    fn a_spoilt_policy_never_panics(at in 0..30_000usize, length in 0..40usize, put in "\\PC{0,8}") {
        let text = TEXT.as_str();
        let at = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap();
        let end = (at + length..=text.len()).find(|end| text.is_char_boundary(*end)).unwrap_or(text.len());
        let spoilt = format!("{}{put}{}", &text[..at], &text[end..]);
        if let Ok(policy) = Policy::load(&spoilt) {
            policy.judge(&exec(vec!["git".into(), "status".into()], String::new()), nobody(), &MadeUp::usual());
        }
    }
}
