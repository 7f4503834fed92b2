//! What a policy says to operations, and what comes of a yes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "that is how a test fails")]

use std::path::Path;

use diwan_policy::{
    Decision, Limits, MadeUp, Network, Policy, Preset, RuleRequest, Verdict, What, Who, explain, hash_of,
};
use diwan_protocol::Operation;
use diwan_protocol::command::{Exec, Files, Git, Limits as OwnLimits, Place, SshKey, Terminal};
use diwan_protocol::ssh_line::SshLine;

const HEAD: &str = r#"
version = 1
[roots.projects]
path = "/srv/projects"
writable = true
[roots.papers]
path = "/srv/papers"
[programs.git]
path = ["/usr/bin/git"]
double_dash = true
[programs.ls]
path = ["/usr/bin/ls"]
[profiles.change]
writable = true
"#;

fn policy(rules: &str) -> Policy {
    Policy::load(&format!("{HEAD}{rules}")).unwrap_or_else(|faults| panic!("{faults}"))
}

fn place(root: &str, path: &str) -> Place {
    Place { root: root.into(), path: path.into() }
}

fn exec(argv: &[&str]) -> Operation {
    let argv = argv.iter().map(|&word| word.to_owned()).collect();
    Operation::Exec(Exec { argv, place: place("projects", ""), has_input: false, timeout_ms: None })
}

fn machine() -> MadeUp {
    let mut machine = MadeUp::usual();
    machine.put("/srv/papers", What::Directory, 0, 0o755);
    machine
}

fn judge(policy: &Policy, operation: &Operation) -> Verdict {
    policy.judge(operation, Who { id: "usr_a", roles: &["member"] }, &machine())
}

fn codes(verdict: &Verdict) -> Vec<&str> {
    verdict.reasons.iter().map(|reason| reason.code).collect()
}

const LOG: &str = r#"
[[rules]]
name = "log"
operations = ["exec"]
program = "git"
subcommand = ["log"]
flags = [
  { name = "--max-count", short = "-n", value = "int", min = 1, max = 9, form = "either" },
  { name = "--color", value = "choice", words = ["always", "never"], form = "equals" },
  { name = "--stat", short = "-s" },
  { name = "--graph", short = "-g", repeat = true },
]
positionals = [{ value = "ref", at_least = 0 }, { value = "path", at_least = 0, at_most = 2 }]
class = "reads"
decision = "allow"
"#;

fn log(words: &[&str]) -> Result<Vec<String>, String> {
    let argv: Vec<&str> = ["git", "log"].iter().chain(words).copied().collect();
    let verdict = judge(&policy(LOG), &exec(&argv));
    let plan = verdict.plan.ok_or_else(|| verdict.reasons[0].code.to_owned())?;
    let from = plan.argv.iter().rposition(|word| word == "log").unwrap();
    Ok(plan.argv[from + 1..].to_vec())
}

#[test]
fn f75_flags_are_taken_one_by_one_and_handed_on_in_their_plain_form() {
    for (given, handed_on) in [
        (&["-n", "5"][..], &["-n", "5"][..]),
        (&["-n5"], &["-n", "5"]),
        (&["-sn5"], &["-s", "-n", "5"]),
        (&["-sn", "5"], &["-s", "-n", "5"]),
        (&["-ggs"], &["-g", "-g", "-s"]),
        (&["--max-count=5", "--stat"], &["--max-count=5", "--stat"]),
        (&["--max-count", "5"], &["--max-count", "5"]),
        (&["--color=always"], &["--color=always"]),
        (&["main", "--stat", "src"], &["--stat", "main", "--", "src"]),
        (&["--stat", "--", "src", "a"], &["--stat", "--", "src", "a"]),
        (&["main", "--", "src"], &["main", "--", "src"]),
    ] {
        assert_eq!(log(given).unwrap(), handed_on, "{given:?}");
    }
}

#[test]
fn f75_whatever_is_not_listed_is_refused() {
    for (given, code) in [
        (&["--max-coun=5"][..], "flag_not_listed"),
        (&["--output=x"], "flag_not_listed"),
        (&["--max-count"], "value_missing"),
        (&["--max-count=0"], "not_a_number"),
        (&["--max-count", "--stat"], "value_like_flag"),
        (&["-n-5"], "value_like_flag"),
        (&["-n=5"], "not_a_number"),
        (&["--stat=x"], "value_not_taken"),
        (&["--stat="], "value_not_taken"),
        (&["--color", "always"], "value_form"),
        (&["--color=x"], "not_a_choice"),
        (&["-sx"], "flag_not_listed"),
        (&["--stat", "-s"], "flag_twice"),
        (&["-"], "dash"),
        (&["--", "--stat"], "value_like_flag"),
        (&["--", "--"], "value_like_flag"),
        (&["main", "a", "b", "c"], "positional_not_listed"),
        (&["-s\u{0}"], "hidden_character"),
        (&["-sö"], "flag_not_listed"),
    ] {
        assert_eq!(log(given).unwrap_err(), code, "{given:?}");
    }
}

#[test]
fn the_strictest_rule_decides_and_the_first_of_equals_gives_its_profile() {
    let rule = |name: &str, decision: &str, profile: &str| {
        let class = if decision == "deny" { "" } else { "class = \"writes\"\n" };
        format!(
            "[[rules]]\nname = \"{name}\"\noperations = [\"exec\"]\nprogram = \"ls\"\n{class}decision = \"{decision}\"\n{profile}"
        )
    };
    let (a, b) = (rule("a", "allow", "profile = \"change\"\n"), rule("b", "allow", ""));
    let (c, d) = (rule("c", "ask", ""), rule("d", "deny", ""));
    for (rules, decision, name) in [
        (vec![&a, &b], Decision::Allow, "a"),
        (vec![&b, &a], Decision::Allow, "b"),
        (vec![&a, &c, &b], Decision::Ask, "c"),
        (vec![&a, &d, &c], Decision::Deny, "d"),
        (vec![&d, &a], Decision::Deny, "d"),
    ] {
        let text: String = rules.into_iter().cloned().collect();
        let verdict = judge(&policy(&text), &exec(&["ls"]));
        assert_eq!((verdict.decision, verdict.rule.as_deref()), (decision, Some(name)));
        assert_eq!(verdict.plan.is_some(), decision != Decision::Deny);
        assert_eq!(verdict.plan.is_some_and(|plan| plan.profile.writable), name == "a");
    }
}

#[test]
fn a_rule_that_denies_cannot_be_got_round() {
    let text = format!(
        "{}\n[[rules]]\nname = \"no force\"\nprogram = \"git\"\nsubcommand = [\"push\"]\n\
        flags = [{{ name = \"--force\", short = \"-f\" }}]\ndecision = \"deny\"\n\
        [[rules]]\nname = \"no pull\"\nprogram = \"git\"\nsubcommand = [\"pull\"]\ndecision = \"deny\"\n",
        "[[rules]]\nname = \"all\"\noperations = [\"exec\", \"git.pull\", \"git.push\"]\nprogram = \"git\"\nclass = \"writes\"\n\
        flags = [{ name = \"--force\", short = \"-f\" }, { name = \"--forc\" }, { name = \"-q\" }]\n\
        positionals = [{ value = \"name\", at_most = 3 }]\ndecision = \"allow\""
    );
    let policy = policy(&text);
    let rule = |operation: &Operation| judge(&policy, operation).rule.unwrap_or_default();
    for argv in [
        &["git", "push", "--force"][..],
        &["git", "-q", "push", "-f"],
        &["git", "push", "-qf"],
        &["git", "push", "--forc"],
        &["git", "-f", "push"],
    ] {
        assert_eq!(rule(&exec(argv)), "no force", "{argv:?}");
    }
    assert_eq!(rule(&exec(&["git", "push"])), "all");
    assert_eq!(rule(&exec(&["git", "-q", "pull"])), "no pull");
    assert_eq!(rule(&Operation::Git(Git::Pull { place: place("projects", "") })), "no pull", "known by name as well");
    assert_eq!(rule(&Operation::Git(Git::Push { place: place("projects", "") })), "all");
}

#[test]
fn a_rule_holds_for_whom_and_where_it_says() {
    let policy = policy(
        "[[rules]]\nname = \"a\"\noperations = [\"exec\"]\nprogram = \"ls\"\nclass = \"reads\"\ndecision = \"allow\"\n\
        roots = [\"projects\"]\nactors = [\"role:admin\", \"usr_b\"]\n",
    );
    let mut elsewhere = exec(&["ls"]);
    if let Operation::Exec(exec) = &mut elsewhere {
        exec.place = place("papers", "");
    }
    for (id, roles, operation, code) in [
        ("usr_b", &[][..], exec(&["ls"]), None),
        ("usr_a", &["admin"], exec(&["ls"]), None),
        ("usr_a", &["member"], exec(&["ls"]), Some("actor")),
        ("role:admin", &[], exec(&["ls"]), Some("actor")),
        ("usr_b", &[], elsewhere, Some("root")),
    ] {
        let verdict = policy.judge(&operation, Who { id, roles }, &machine());
        assert_eq!(codes(&verdict).first().copied(), code, "{id} {roles:?}");
    }
}

#[test]
fn f80_the_environment_is_made_from_nothing() {
    let rule = "[[rules]]\nname = \"a\"\noperations = [\"exec\"]\nprogram = \"ls\"\nclass = \"reads\"\ndecision = \"allow\"\n\
        environment = { set = { A = \"~/x\" }, pass = [\"TZ\", \"LANG\"] }\n";
    let mut machine = machine();
    for (name, value) in [("TZ", "UTC"), ("LD_PRELOAD", "/tmp/x"), ("HOME", "/root"), ("PATH", "/tmp")] {
        machine.set(name, value);
    }
    let verdict = policy(rule).judge(&exec(&["ls"]), Who { id: "a", roles: &[] }, &machine);
    let plan = verdict.plan.unwrap();
    let env: Vec<(&str, &str)> = plan.env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(
        env,
        [
            ("A", "/home/worker/x"),
            ("LANG", "C.UTF-8"),
            ("PATH", "/usr/bin:/usr/local/bin:/bin"),
            ("TERM", "dumb"),
            ("TZ", "UTC")
        ]
    );
}

#[test]
fn f76_git_is_told_to_forget_what_runs_programs() {
    let policy = Policy::load(&Preset::Standard.text(Path::new("/srv/projects"))).unwrap();
    let place = || place("projects", "");
    let url = "https://github.com/a/b.git".to_owned();
    let into = Place { path: "src/b".into(), ..place() };
    let mut machine = machine();
    machine.put("/srv/projects/src", What::Directory, 1000, 0o755);
    for (git, tail, dir) in [
        (Git::Status { place: place() }, &["status", "--short", "--branch", "--ignore-submodules=all"][..], ""),
        (Git::Pull { place: place() }, &["pull", "--no-rebase", "--ff-only", "--no-recurse-submodules"], ""),
        (
            Git::Push { place: place() },
            &["push", "--no-verify", "--no-signed", "--recurse-submodules=no", "--", "origin", "HEAD"],
            "",
        ),
        (
            Git::Clone { url, into, branch: Some("x/y".into()) },
            &[
                "clone",
                "--no-recurse-submodules",
                "--template=",
                "--branch=x/y",
                "--",
                "https://github.com/a/b.git",
                "b",
            ],
            "src",
        ),
    ] {
        let verdict = policy.judge(&Operation::Git(git), Who { id: "a", roles: &[] }, &machine);
        let plan = verdict.plan.unwrap_or_else(|| panic!("{:?}", verdict.reasons));
        assert_eq!((plan.program.as_path(), plan.argv[0].as_str()), (Path::new("/usr/bin/git"), "/usr/bin/git"));
        assert!(plan.argv.ends_with(&tail.iter().map(|&word| word.to_owned()).collect::<Vec<_>>()), "{:?}", plan.argv);
        assert_eq!(plan.dir, dir);
        for setting in [
            "core.hooksPath=/dev/null",
            "core.alternateRefsCommand=true",
            "core.fsmonitor=false",
            "credential.helper=",
            "protocol.ext.allow=never",
        ] {
            assert!(plan.argv.windows(2).any(|two| two[0] == "-c" && two[1] == setting), "{setting}");
        }
        let variable = |name: &str| plan.env.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        assert_eq!(variable("GIT_CONFIG_GLOBAL"), Some("/dev/null"));
        assert_eq!(variable("GIT_CEILING_DIRECTORIES"), Some("/srv"));
        let protocols = if plan.profile.network == Network::Host { "https:ssh" } else { "" };
        assert_eq!(variable("GIT_ALLOW_PROTOCOL"), Some(protocols));
    }
}

#[test]
fn f77_code_of_the_repository_runs_only_in_the_sandbox_and_without_network() {
    for name in Preset::names() {
        let policy = Policy::load(&Preset::named(name).unwrap().text(Path::new("/srv/projects"))).unwrap();
        let mut machine = machine();
        machine.put("/srv/projects/package.json", What::File, 1000, 0o644);
        for operation in [
            Operation::Build(place("projects", "")),
            Operation::Test(place("projects", "")),
            exec(&["npm", "test"]),
            exec(&["npm", "run", "build"]),
            exec(&["python3", "-m", "pytest"]),
            exec(&["cargo", "test"]),
        ] {
            let verdict = policy.judge(&operation, Who { id: "a", roles: &[] }, &machine);
            let profile = verdict.plan.unwrap_or_else(|| panic!("{:?}", verdict.reasons)).profile;
            assert!(profile.confined && profile.required && profile.network == Network::None && profile.protect_git);
        }
    }
}

#[test]
fn f83_a_path_that_leads_out_through_a_link_is_refused_before_anything_runs() {
    let policy = Policy::load(&Preset::Standard.text(Path::new("/srv/projects"))).unwrap();
    let mut machine = machine();
    machine.put("/etc/passwd", What::File, 0, 0o644);
    machine.put("/srv/projects/in", What::Directory, 1000, 0o755);
    machine.put("/srv/projects/good", What::Link("in".into()), 1000, 0o777);
    machine.put("/srv/projects/out", What::Link("/etc".into()), 1000, 0o777);
    machine.put("/srv/projects/nowhere", What::Link("/etc/new".into()), 1000, 0o777);
    machine.put("/srv/projects/in/up", What::Link("../../../etc/passwd".into()), 1000, 0o777);
    let judge = |operation: &Operation| policy.judge(operation, Who { id: "a", roles: &[] }, &machine);
    let cat = |path: &str| exec(&["cat", path]);
    let put = |path: &str| Operation::Files(Files::Put(place("projects", path)));
    for operation in
        [cat("out/passwd"), cat("in/up"), cat("nowhere"), put("out/x"), put("nowhere"), put("in/up"), put("good")]
    {
        assert_eq!(codes(&judge(&operation)), ["leaves_root"], "{operation:?}");
    }
    for operation in [cat("good/x"), cat("in/x"), put("good/x"), put("new/x")] {
        assert!(judge(&operation).is_allowed(), "{operation:?} {:?}", judge(&operation).reasons);
    }
}

#[test]
fn files_are_written_only_where_root_and_profile_are_writable() {
    let rules = "[[rules]]\nname = \"w\"\noperations = [\"files.put\", \"files.get\"]\nclass = \"writes\"\nprofile = \"change\"\ndecision = \"allow\"\n";
    let policy = policy(rules);
    let put = judge(&policy, &Operation::Files(Files::Put(place("papers", "x"))));
    assert_eq!(codes(&put), ["not_writable"]);
    for path in ["", "."] {
        assert_eq!(codes(&judge(&policy, &Operation::Files(Files::Put(place("projects", path))))), ["path_not_plain"]);
    }
    let get = judge(&policy, &Operation::Files(Files::Put(place("projects", "x"))));
    let plan = get.files.unwrap();
    assert_eq!((plan.root.path.as_path(), plan.path.as_str()), (Path::new("/srv/projects"), "x"));
    assert_eq!(policy.exposes(Path::new("/srv/projects/policy.toml"), &machine()).as_deref(), Some("projects"));
    assert_eq!(policy.exposes(Path::new("/srv/papers/policy.toml"), &machine()), None);
}

#[test]
fn f88_terminals_are_denied_asked_for_or_allowed_by_the_preset() {
    let terminal = |session: &str| {
        let session = session.to_owned();
        Operation::Terminal(Terminal {
            session,
            place: place("projects", ""),
            columns: 80,
            rows: 24,
            read_only: false,
            recorded: None,
        })
    };
    for (preset, decision, confined) in [
        (Preset::Strict, Decision::Deny, None),
        (Preset::Standard, Decision::Ask, Some(true)),
        (Preset::OwnMachine, Decision::Allow, Some(false)),
    ] {
        let policy = Policy::load(&preset.text(Path::new("/srv/projects"))).unwrap();
        let verdict = judge(&policy, &terminal("main"));
        assert_eq!(verdict.decision, decision, "{:?}", verdict.reasons);
        assert_eq!(verdict.plan.as_ref().map(|plan| plan.profile.confined), confined);
        assert!(
            verdict
                .plan
                .is_none_or(|plan| plan.argv == ["/bin/bash"] && plan.env.iter().any(|(n, _)| n == "COLORTERM"))
        );
        assert_eq!(judge(&policy, &terminal("a/b")).decision, Decision::Deny);
    }
}

#[test]
fn services_are_named_whole() {
    let text = "[programs.systemctl]\npath = [\"/usr/bin/systemctl\"]\n[profiles.open]\nconfined = false\n\
        [[rules]]\nname = \"s\"\noperations = [\"service.restart\", \"service.status\"]\nservices = [\"web.service\"]\nclass = \"writes\"\nprofile = \"open\"\ndecision = \"allow\"\n";
    let policy = policy(text);
    let verdict = judge(&policy, &Operation::ServiceRestart("web.service".into()));
    assert_eq!(verdict.plan.unwrap().argv, ["/usr/bin/systemctl", "restart", "--no-ask-password", "--", "web.service"]);
    assert_eq!(codes(&judge(&policy, &Operation::ServiceRestart("web".into()))), ["service"]);
    assert_eq!(codes(&judge(&policy, &Operation::ServiceStatus("--user".into()))), ["not_a_name"]);
}

#[test]
fn a_key_is_for_the_users_that_a_rule_names_and_a_rule_that_denies_wins() {
    let rules = "[programs.ssh]\npath = [\"/usr/bin/ssh\"]\n[[rules]]\nname = \"k\"\noperations = [\"ssh_key.install\", \
        \"ssh_key.prove\"]\nusers = [\"deploy\", \"ops\"]\nclass = \"writes\"\ndecision = \"allow\"\n\
        [[rules]]\nname = \"n\"\noperations = [\"ssh_key.install\"]\nusers = [\"ops\"]\ndecision = \"deny\"\n";
    let policy = policy(rules);
    let line = |user: &str| SshLine { user: user.into(), secret: "sec_1".into(), version: 1, key: KEY.into() };
    let judge = |key| judge(&policy, &Operation::SshKey(key));
    assert!(judge(SshKey::Install(line("deploy"))).is_allowed());
    let keys = judge(SshKey::Prove { line: line("deploy"), port: 22 }).keys.unwrap();
    assert_eq!((keys.ssh.unwrap().to_str(), keys.profile.confined), (Some("/usr/bin/ssh"), false));
    assert_eq!(codes(&judge(SshKey::Install(line("ops")))), ["denied"]);
    assert_eq!(codes(&judge(SshKey::Install(line("root")))), ["user", "user"]);
    assert_eq!(codes(&judge(SshKey::Remove(line("deploy")))), ["no_rule"]);
    let two = SshLine { key: format!("{KEY}\n{KEY}"), ..line("deploy") };
    assert_eq!(codes(&judge(SshKey::Install(two))), ["ssh_key"]);
}

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

#[test]
fn time_and_output_are_bounded_by_the_rule() {
    let text = "[profiles.p]\nlimits = { wall_time_s = 10, output_mib = 2, memory_mib = 3 }\n[[rules]]\nname = \"a\"\noperations = [\"exec\"]\nprogram = \"ls\"\nclass = \"reads\"\nprofile = \"p\"\ndecision = \"allow\"\n";
    let policy = policy(text);
    for (asked, given) in [(None, 10_000), (Some(500), 500), (Some(u64::MAX), 10_000)] {
        let mut operation = exec(&["ls"]);
        if let Operation::Exec(exec) = &mut operation {
            exec.timeout_ms = asked;
        }
        let plan = judge(&policy, &operation).plan.unwrap();
        assert_eq!((plan.wall_time_ms, plan.output_limit_bytes), (given, 2 << 20));
        assert_eq!(plan.profile.limits.memory_bytes, 3 << 20);
    }
    let mut operation = exec(&["ls"]);
    if let Operation::Exec(exec) = &mut operation {
        exec.has_input = true;
    }
    assert_eq!(codes(&judge(&policy, &operation)), ["input"]);
}

#[test]
fn limits_of_its_own_only_take_away_from_what_the_rule_grants() {
    let text = "[profiles.p]\nlimits = { cpu_percent = 50, memory_mib = 64, processes = 8, open_files = 32, file_mib = 4, output_mib = 2 }\n[[rules]]\nname = \"a\"\noperations = [\"exec\"]\nprogram = \"ls\"\nclass = \"reads\"\nprofile = \"p\"\ndecision = \"allow\"\n";
    let granted = judge(&policy(text), &exec(&["ls"])).plan.unwrap();
    assert_eq!(granted.clone().within(&OwnLimits::default()), granted);
    let (more, much) = (Some(u32::MAX), Some(u64::MAX));
    let (cpu_percent, processes, open_files) = (more, more, more);
    let (memory_bytes, file_bytes, output_bytes) = (much, much, much);
    let greedy = OwnLimits { cpu_percent, memory_bytes, processes, open_files, file_bytes, output_bytes };
    assert_eq!(granted.clone().within(&greedy), granted);
    let (cpu_percent, processes, open_files) = (Some(10), Some(2), Some(16));
    let (memory_bytes, file_bytes, output_bytes) = (Some(1 << 20), Some(2 << 20), Some(7));
    let modest = OwnLimits { cpu_percent, memory_bytes, processes, open_files, file_bytes, output_bytes };
    let held = granted.within(&modest);
    let limits = Limits { cpu_percent: 10, memory_bytes: 1 << 20, processes: 2, open_files: 16, file_bytes: 2 << 20 };
    assert_eq!((held.profile.limits, held.output_limit_bytes), (limits, 7));
}

#[test]
fn a_verdict_explains_itself() {
    let policy = Policy::load(&Preset::Standard.text(Path::new("/srv/projects"))).unwrap();
    let yes = explain(&judge(&policy, &exec(&["git", "push"])));
    assert!(
        yes.starts_with("allowed by the rule “git push”") && yes.contains("with the network of the machine"),
        "{yes}"
    );
    let no = explain(&judge(&policy, &exec(&["git", "push", "--force"])));
    assert!(
        no.contains("rule “git push”: the flag `--force` is not among those of the rule (flag_not_listed)"),
        "{no}"
    );
    let slip = explain(&judge(&policy, &exec(&["gti", "status"])));
    assert!(slip.contains("did you mean git?"), "{slip}");
    assert!(!explain(&judge(&policy, &exec(&["\u{1b}[2J"]))).contains('\u{1b}'));
}

#[test]
fn the_hash_is_that_of_the_exact_bytes() {
    let text = Preset::Strict.text(Path::new("/srv/projects"));
    let policy = Policy::load(&text).unwrap();
    assert_eq!(policy.hash(), hash_of(&text));
    assert_ne!(Policy::load(&format!("{text}\n")).unwrap().hash(), policy.hash());
}

const WISH: &str = r#"
# It is needed on Fridays.
[[rules]]
name = "list"
operations = ["exec"]
program = "ls"
flags = [{ name = "-n", value = "int", min = 1, max = 5 }]
positionals = [{ value = "path", at_least = 0 }]
class = "reads"
decision = "allow"
match = [["ls", "src"]]
"#;

#[test]
fn a_rule_that_is_asked_for_is_said_in_words_and_put_at_the_end() {
    let wish = RuleRequest { text: WISH.into() }.judge(HEAD).unwrap();
    assert_eq!(wish.names, ["list"]);
    let words = &wish.in_words[0];
    assert!(words.contains("“list” allows exec of `ls` with -n a number from 1 to 5, 0 to 1 of a path"), "{words}");
    assert!(words.ends_with("in the sandbox, without network, only reading"), "{words}");
    assert!(wish.text.starts_with(HEAD.trim_end()) && wish.text.contains("# It is needed on Fridays."));
    assert!(!wish.can_be_granted_from_afar());
    assert!(judge(&wish.policy, &exec(&["ls", "src"])).is_allowed());
    let open = format!("{HEAD}[approvals]\nremote = true\n");
    assert!(RuleRequest { text: WISH.into() }.judge(&open).unwrap().can_be_granted_from_afar());
}

#[test]
fn a_request_hides_nothing_of_what_it_would_run() {
    let text = WISH
        .replace("class =", "always = [\"-c\", \"x y\"]\nenvironment = { set = { A = \"b\" } }\ninput = true\nclass =");
    let words = RuleRequest { text }.judge(HEAD).unwrap().in_words.remove(0);
    for part in ["always with [\"-c\", \"x y\"]", "with the variables {\"A\": \"b\"}", "with input"] {
        assert!(words.contains(part), "{words}");
    }
    let text = WISH.replace("\"list\"", "\"li\\u202est\"");
    assert!(RuleRequest { text }.judge(HEAD).unwrap_err().0.iter().any(|fault| fault.code == "unseen"));
}

#[test]
fn a_request_holds_rules_and_nothing_else() {
    for (text, code) in [
        ("require_sandbox = false\n[[rules]]\nname = \"a\"\ndecision = \"deny\"\n", "only_rules"),
        ("[roots.all]\npath = \"/etc\"\n[[rules]]\nname = \"a\"\ndecision = \"deny\"\n", "only_rules"),
        ("[approvals]\nremote = true\n", "only_rules"),
        ("", "missing"),
        ("[[rules]]\nname = \"a\"\ndecision = \"allow\"\n", "needs_operations"),
        ("[[rules]]\nname = \"a\"\ndecision = \"deny\" # \u{202e}\n", "unseen"),
        ("[[rules]\n", "syntax"),
    ] {
        let faults = RuleRequest { text: text.into() }.judge(HEAD).unwrap_err();
        assert!(faults.0.iter().any(|fault| fault.code == code), "{text}: {faults}");
    }
    let open = format!(
        "{HEAD}[approvals]\nremote = true\n[profiles.open]\nconfined = false\n[programs.sh]\npath = [\"/bin/sh\"]\n"
    );
    let terminal = "[[rules]]\nname = \"t\"\noperations = [\"terminal\"]\nprogram = \"sh\"\nclass = \"writes\"\nprofile = \"open\"\ndecision = \"allow\"\n";
    let wish = RuleRequest { text: terminal.into() }.judge(&open).unwrap();
    assert!(!wish.can_be_granted_from_afar() && wish.in_words[0].contains("OUTSIDE the sandbox"));
}

#[test]
fn f81_keys_of_users_are_never_granted_from_afar() {
    let head = format!("{HEAD}[approvals]\nremote = true\n");
    for kind in ["ssh_key.install", "ssh_key.prove", "ssh_key.remove"] {
        let text = format!(
            "[[rules]]\nname = \"helper\"\noperations = [\"{kind}\"]\nusers = [\"root\"]\nclass = \"writes\"\ndecision = \"allow\"\n"
        );
        let wish = RuleRequest { text: text.clone() }.judge(&head);
        let wish = wish.unwrap_or_else(|faults| panic!("{text}: {faults:?}"));
        assert!(!wish.can_be_granted_from_afar(), "{kind}");
        let words = &wish.in_words[0];
        assert!(
            words.contains("OUTSIDE the sandbox") && words.contains("root") && !words.contains("only reading"),
            "{words}"
        );
    }
}

/// What was asked is read with its own lines, however long the policy before it is.
#[test]
fn faults_of_a_request_are_told_with_its_own_lines() {
    let text = "\n[[rules]]\nname = \"list\"\noperations = [\"exec\"]\nprogram = \"nothing-of-that-name\"\nclass = \"reads\"\ndecision = \"allow\"\n";
    let faults = RuleRequest { text: text.into() }.judge(HEAD).unwrap_err();
    assert!(faults.0.iter().any(|fault| fault.line == 5 && fault.key == "rules[0].program"), "{faults}");
    let granted = RuleRequest { text: WISH.into() }.judge(HEAD).unwrap().text;
    let again = RuleRequest { text: WISH.into() };
    assert!(again.is_in(&granted) && !again.is_in(HEAD));
    assert!(!again.is_in(&granted.replace("max = 5", "max = 6")), "changed");
    assert!(!again.is_in(&granted.replace("\nname = \"list\"", "\n# name = \"list\"")), "partly taken out");
    for part in ["\n", "[[rules]]", "[[rules]]\nname = \"list\""] {
        assert!(!RuleRequest { text: part.into() }.is_in(&granted), "{part}");
    }
    let twice = again.judge(&granted).unwrap_err();
    assert!(twice.0.iter().any(|fault| fault.code == "duplicate_name" && fault.line == 4), "{twice}");
}

/// Nothing in a request reopens what stands before it.
#[test]
fn f80_a_request_cannot_reach_into_the_policy_before_it() {
    let head = format!("{HEAD}[approvals]\nremote = true\n");
    let head = RuleRequest { text: WISH.into() }.judge(&head).unwrap().text;
    let rule =
        "[[rules]]\nname = \"x\"\noperations = [\"exec\"]\nprogram = \"ls\"\nclass = \"reads\"\ndecision = \"deny\"\n";
    for trick in [
        "[[rules.positionals]]\nvalue = \"path\"\n".to_owned() + rule,
        "[rules]\nname = \"list\"\n".to_owned(),
        "rules = [{ name = \"list\", decision = \"allow\" }]\n".to_owned(),
        "rules.name = \"list\"\n".to_owned(),
        "decision = \"allow\"\n".to_owned() + rule,
        rule.to_owned() + "[profiles.standard]\nconfined = false\n",
        rule.to_owned() + "[approvals]\nremote = true\n",
        rule.to_owned() + "[[policy]]\nname = \"x\"\n",
        "\"\"\"\n".to_owned() + rule,
        "\u{feff}".to_owned() + rule,
        rule.replace("name = \"x\"", "name = \"list\""),
        rule.replace("name = \"x\"", "name = \"x\"\r"),
        rule.replace("name = \"x\"", "name = \"x\"\nprofile = \"none-such\""),
    ] {
        assert!(RuleRequest { text: trick.clone() }.judge(&head).is_err(), "{trick}");
    }
    let wish = RuleRequest { text: rule.into() }.judge(&head).unwrap();
    assert!(wish.text.starts_with(head.trim_end()) && wish.names == ["x"]);
}
