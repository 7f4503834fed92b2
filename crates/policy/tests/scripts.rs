//! Scripts and new projects, judged.
#![allow(clippy::unwrap_used, clippy::panic, reason = "that is how a test fails")]

use std::path::Path;
use std::sync::LazyLock;

use diwan_policy::{Class, Decision, MadeUp, Network, Policy, Preset, RuleRequest, Verdict, What, Who, explain};
use diwan_protocol::Operation;
use diwan_protocol::command::{CreateProject, LONGEST_SOURCE, Place, Script};
use proptest::prelude::*;

static STANDARD: LazyLock<Policy> = LazyLock::new(|| preset(Preset::Standard));

const HEAD: &str = r#"
version = 1
[roots.projects]
path = "/srv/projects"
writable = true
[roots.papers]
path = "/srv/papers"
[programs.python3]
path = ["/usr/bin/python3"]
[programs.sh]
path = ["/usr/bin/sh"]
[profiles.change]
writable = true
"#;

fn preset(preset: Preset) -> Policy {
    Policy::load(&preset.text(Path::new("/srv/projects"))).unwrap()
}

fn policy(rules: &str) -> Policy {
    Policy::load(&format!("{HEAD}{rules}")).unwrap_or_else(|faults| panic!("{faults}"))
}

fn faults(rules: &str) -> String {
    Policy::load(&format!("{HEAD}{rules}")).unwrap_err().to_string()
}

fn machine() -> MadeUp {
    let mut machine = MadeUp::usual();
    machine.put("/srv/papers", What::Directory, 0, 0o755);
    machine.put("/srv/projects/shop", What::Directory, 1000, 0o755);
    machine.put("/srv/projects/a file", What::File, 1000, 0o644);
    machine
}

fn place(root: &str, path: &str) -> Place {
    Place { root: root.into(), path: path.into() }
}

fn script(language: &str, source: &str, arguments: &[&str]) -> Script {
    let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
    Script {
        language: language.into(),
        source: source.into(),
        arguments,
        place: place("projects", ""),
        timeout_ms: None,
    }
}

fn judge(policy: &Policy, script: Script) -> Verdict {
    policy.judge(&Operation::Script(script), Who { id: "usr_a", roles: &[] }, &machine())
}

fn code(verdict: &Verdict) -> &str {
    verdict.reasons.first().map_or("", |reason| reason.code)
}

#[test]
fn the_standard_policy_runs_scripts_in_the_sandbox_as_it_runs_tests() {
    for (language, program, called, file, variable) in [
        ("python", "/usr/bin/python3", "/usr/bin/python3", "script.py", Some(("PYTHONPATH", "/srv/projects/shop"))),
        (
            "javascript",
            "/usr/bin/node",
            "/usr/bin/node",
            "script.js",
            Some(("NODE_PATH", "/srv/projects/shop/node_modules")),
        ),
        ("shell", "/usr/bin/bash", "/bin/bash", "script.sh", None),
    ] {
        let asked = Script { place: place("projects", "shop"), ..script(language, "x = 1\n", &["--all", "$(id)", ""]) };
        let verdict = judge(&STANDARD, asked);
        assert_eq!((verdict.decision, verdict.rule.as_deref()), (Decision::Allow, Some("scripts")), "{verdict:?}");
        assert!(
            explain(&verdict).contains("in the sandbox, with no network and its root writable"),
            "{}",
            explain(&verdict)
        );
        let plan = verdict.plan.unwrap();
        assert_eq!((plan.program.as_path(), plan.script.as_deref()), (Path::new(program), Some("x = 1\n")));
        assert_eq!(plan.argv, [called, file, "--all", "$(id)", ""]);
        assert_eq!((plan.dir.as_str(), plan.class), ("shop", Some(Class::RunsRepoCode)));
        assert_eq!((plan.profile.network, plan.profile.confined), (Network::None, true));
        assert!(plan.profile.protect_git && plan.profile.writable && plan.profile.required);
        let has = |name: &str, value: &str| plan.env.contains(&(name.to_owned(), value.to_owned()));
        assert!(variable.is_none_or(|(name, value)| has(name, value)), "{:?}", plan.env);
        assert!(!plan.env.iter().any(|(name, _)| name.starts_with("BASH_") || name == "ENV"), "{:?}", plan.env);
    }
    let asks = judge(&preset(Preset::Strict), script("shell", "id", &[]));
    assert_eq!((asks.decision, asks.rule.as_deref()), (Decision::Ask, Some("scripts")));
    assert!(judge(&preset(Preset::OwnMachine), script("shell", "id", &[])).is_allowed());
}

#[test]
fn an_owner_names_languages_and_lengths_or_denies_scripts() {
    let rule = |languages: &str, more: &str| {
        format!("[[rules]]\nname = \"r{}\"\noperations = [\"script\"]\nlanguages = {languages}\n{more}\n", more.len())
    };
    let allow = "class = \"runs_repo_code\"\nprofile = \"change\"\ndecision = \"allow\"";
    let some = policy(&rule("[\"python\"]", &format!("source_kib = 1\n{allow}")));
    assert!(judge(&some, script("python", &"#".repeat(1024), &[])).is_allowed());
    assert_eq!(code(&judge(&some, script("python", &"#".repeat(1025), &[]))), "script_source");
    assert_eq!(code(&judge(&some, script("shell", "id", &[]))), "language");
    let both = rule("[\"python\", \"shell\"]", allow);
    let without_shell = policy(&format!("{both}{}", rule("[\"shell\"]", "decision = \"deny\"")));
    let denied = judge(&without_shell, script("shell", "id", &[]));
    assert_eq!((code(&denied), denied.rule.as_deref()), ("denied", Some("r17")));
    assert!(judge(&without_shell, script("python", "", &[])).is_allowed());
    for none in [rule("[]", "decision = \"deny\""), "[[rules]]\nname = \"no\"\ndecision = \"deny\"\n".to_owned()] {
        assert_eq!(code(&judge(&policy(&format!("{both}{none}")), script("python", "", &[]))), "denied");
    }
    // A rule for what one program runs.
    let of_program = policy(&rule("[\"python\", \"shell\"]", &format!("program = \"sh\"\n{allow}")));
    assert!(judge(&of_program, script("shell", "id", &[])).is_allowed());
    assert_eq!(code(&judge(&of_program, script("python", "", &[]))), "no_rule");
}

#[test]
fn what_is_missing_for_a_script_is_said() {
    let verdict = judge(&STANDARD, script("Python", "", &[]));
    assert_eq!(code(&verdict), "language");
    assert!(verdict.reasons[0].text.contains("known are python, javascript, shell"), "{:?}", verdict.reasons);
    let verdict = judge(&policy(""), script("javascript", "", &[]));
    assert_eq!(code(&verdict), "program_not_listed");
    assert!(
        verdict.reasons[0].text.contains("is run by node, which the policy does not name"),
        "{:?}",
        verdict.reasons
    );
    let nothing = MadeUp::default();
    let mut bare = nothing.clone();
    bare.put("/srv/projects", What::Directory, 1000, 0o755);
    let asked = Operation::Script(script("javascript", "", &[]));
    let verdict = STANDARD.judge(&asked, Who { id: "usr_a", roles: &[] }, &bare);
    assert_eq!(code(&verdict), "program_absent");
    assert!(
        verdict.reasons[0]
            .text
            .contains("`node` is at none of its places on this machine: /usr/bin/node, /usr/local/bin/node")
    );
    let elsewhere = Script { place: place("projects", "none"), ..script("shell", "id", &[]) };
    assert_eq!(code(&judge(&STANDARD, elsewhere)), "absent");
    let no_directory = Script { place: place("projects", ".git"), ..script("shell", "id", &[]) };
    assert_eq!(code(&judge(&STANDARD, no_directory)), "path_into_git");
}

#[test]
fn a_script_takes_no_longer_than_its_rule_and_writes_where_its_root_lets_it() {
    let allow = "[[rules]]\nname = \"s\"\noperations = [\"script\"]\nlanguages = [\"shell\"]\nclass = \"runs_repo_code\"\nprofile = \"change\"\ndecision = \"allow\"\n";
    let policy = policy(allow);
    for (asked, given) in [(None, 60_000), (Some(5), 5), (Some(600_000), 60_000)] {
        let plan = judge(&policy, Script { timeout_ms: asked, ..script("shell", "id", &[]) }).plan.unwrap();
        assert_eq!(plan.wall_time_ms, given);
    }
    let plan = judge(&policy, Script { place: place("papers", ""), ..script("shell", "id", &[]) }).plan.unwrap();
    assert!(!plan.profile.writable);
}

#[test]
fn a_rule_for_scripts_says_what_it_must() {
    let rule =
        |more: &str| format!("[[rules]]\nname = \"s\"\noperations = [\"script\"]\ndecision = \"allow\"\n{more}\n");
    for (more, code) in [
        ("class = \"runs_repo_code\"", "needs_languages"),
        ("class = \"writes\"\nlanguages = [\"shell\"]", "class"),
        ("class = \"runs_repo_code\"\nlanguages = [\"shel\"]", "not_a_choice"),
        ("class = \"runs_repo_code\"\nlanguages = [\"shell\"]\nsource_kib = 65", "out_of_range"),
        ("class = \"runs_repo_code\"\nlanguages = [\"shell\"]\nmatch = [[\"sh\"]]", "only_for_exec"),
    ] {
        let said = Policy::load(&format!("{HEAD}{}", rule(more))).unwrap_err();
        assert!(said.0.iter().any(|fault| fault.code == code), "{more}: {said}");
    }
    let other = "[[rules]]\nname = \"b\"\noperations = [\"build\"]\nlanguages = [\"shell\"]\nclass = \"runs_repo_code\"\ndecision = \"allow\"\n";
    assert!(faults(other).contains("are for script"), "{}", faults(other));
    let asked =
        RuleRequest { text: rule("class = \"runs_repo_code\"\nlanguages = [\"shell\", \"python\"]\nsource_kib = 2") };
    let words = asked.judge(HEAD).unwrap().in_words;
    assert_eq!(
        words,
        [
            "“s” allows script in shell, python of up to 2 KiB in every root for everybody; in the sandbox, without network, only reading"
        ]
    );
}

#[test]
fn a_project_is_made_where_files_may_be_written_and_nothing_is() {
    let project = |root: &str, path: &str, name: &str| {
        let project = CreateProject { template: "node".into(), name: name.into(), place: place(root, path) };
        STANDARD.judge(&Operation::CreateProject(project), Who { id: "usr_a", roles: &[] }, &machine())
    };
    let verdict = project("projects", "new/shop/", "shop");
    assert_eq!((verdict.decision, verdict.rule.as_deref()), (Decision::Allow, Some("new projects")), "{verdict:?}");
    let files = verdict.files.unwrap();
    assert!(verdict.plan.is_none() && files.profile.writable && files.profile.confined && files.path == "new/shop");
    assert_eq!((files.profile.network, files.class), (Network::None, Some(Class::Writes)));
    for (path, name, wanted) in [
        ("", "shop", "path_not_plain"),
        ("../shop", "shop", "path_not_plain"),
        (".git/x", "shop", "path_into_git"),
        ("shop", "a b", "not_a_name"),
        ("shop", "../x", "not_a_name"),
    ] {
        assert_eq!(code(&project("projects", path, name)), wanted, "{path} {name}");
    }
    let read_only =
        "[[rules]]\nname = \"p\"\noperations = [\"project.create\"]\nclass = \"writes\"\ndecision = \"allow\"\n";
    assert!(faults(read_only).contains("it writes files, but its profile is not writable"), "{}", faults(read_only));
    let policy = policy(&read_only.replace("class", "profile = \"change\"\nclass"));
    let project = CreateProject { template: "go".into(), name: "x".into(), place: place("papers", "x") };
    let verdict = policy.judge(&Operation::CreateProject(project), Who { id: "usr_a", roles: &[] }, &machine());
    assert_eq!(code(&verdict), "not_writable");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    /// Whatever a script says, it is run as it is or refused: nothing of it is ever read as something else.
    #[test]
    fn f81_a_script_arrives_byte_for_byte_or_not_at_all(
        language in 0..3usize,
        source in prop_oneof![4 => any::<String>(), 1 => "[\0-\u{2ff}]{0,60}", 1 => (0..70_000usize).prop_map(|length| "é".repeat(length / 2))],
        arguments in prop::collection::vec(prop_oneof![any::<String>(), "[\0-\u{1f} $`;'\"-]{0,8}"], 0..70),
    ) {
        let given: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let verdict = judge(&STANDARD, script(["python", "javascript", "shell"][language], &source, &given));
        prop_assert!(!explain(&verdict).is_empty());
        let has_nul = source.contains('\0') || arguments.iter().any(|argument| argument.contains('\0'));
        let length: usize = arguments.iter().map(|argument| argument.len() + 1).sum();
        let is_fit = !has_nul && source.len() <= LONGEST_SOURCE && arguments.len() <= 64 && length <= 32 * 1024;
        prop_assert_eq!(verdict.is_allowed(), is_fit);
        if let Some(plan) = verdict.plan {
            prop_assert_eq!(plan.script.as_ref(), Some(&source));
            prop_assert_eq!(&plan.argv[2..], &arguments[..]);
            prop_assert!(plan.argv[1].starts_with("script."));
        }
    }
}
