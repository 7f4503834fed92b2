//! What can be typed.

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};

use super::{Cli, Command};

fn typed(line: &str) -> Result<Cli, ErrorKind> {
    Cli::try_parse_from(std::iter::once("diwan").chain(line.split_whitespace())).map_err(|e| e.kind())
}

#[test]
fn the_command_line_has_no_contradictions() {
    Cli::command().debug_assert();
}

/// A line for each command, with flags that go together.
const SOUND: &[&str] = &[
    "up --listen 127.0.0.1:0",
    "server --data-dir /d --database-url postgres://h/d --public-url https://x --tls-cert c --tls-key k --config f",
    "login --server https://diwan.example --no-browser",
    "login --token",
    "logout",
    "whoami --json",
    "--json status",
    "user list --search a --role admin --status active --limit 10",
    "user list --all",
    "user show amina@example.org",
    "user invite amina@example.org --role viewer",
    "user role usr_1 owner",
    "user disable usr_1",
    "user enable usr_1",
    "user remove usr_1 --yes",
    "token list",
    "token create ci --scope status.read,users.read --never-expires --allow 10.0.0.0/8",
    "token revoke tok_1",
    "audit list --actor amina --action user. --outcome denied --since 2026-11-01T00:00:00Z --search x",
    "audit verify",
    "audit verify --data-dir /d",
    "audit verify --database-url d.db --public-key AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "audit export --format csv --output f",
    "audit suspicious",
    "audit key",
    "config",
    "config --config f",
    "config show --running",
    "config sources",
    "config validate --config f",
    "config reference --section mail",
    "config schema",
    "ssh web-1 --root work --path shop --record",
    "ssh web-1 --list",
    "ssh web-1 --join cmd_1 --read-only",
    "config get mail.port --json",
    "config set mail.port=25 mail.from=a=b --comment why",
    "config set oidc.providers=@-",
    "config unset mail.port mail.host",
    "config diff",
    "config diff 1 2",
    "config history --limit 5",
    "config history --all",
    "config rollback 3 --comment why",
    "config reload",
    "config move-secret oidc.providers[0].client_secret oidc/acme",
    "database status --data-dir /d",
    "database backup f",
    "database migrate-back audit --keep 0 --yes",
    "doctor --data-dir /d --json",
    "completions bash",
    "openapi --server http://127.0.0.1:1",
    "audit list --since 24h --until 2026-11-01",
    "machine add web-1 --label env=prod --label gpu --policy own-machine --wait",
    "machine add web-1 --rejoin",
    "machine list --on env=prod,gpu --state offline --all",
    "machine show web-1 --policy",
    "machine label web-1 env=test gpu-",
    "machine rename web-1 web-2",
    "machine revoke web-1 --yes",
    "machine rm web-1 --yes",
    "machine unlock web-1",
    "machine certificates web-1",
    "machine tokens --withdraw jtk_1",
    "machine rules list web-1 --all",
    "machine fleet-keys",
    "machine fleet-keys --rotate --yes",
    "machine rules ask web-1 --reason why rules.toml",
    "machine rules approve rrq_1 --yes",
    "machine rules refuse rrq_1 --why no",
    "run -- true",
    "run -m web-1 -m web-2 ls -la --json",
    "run --on env=prod --on gpu --timeout 30s --wait-for 5m --retry-safe --detach -- make",
    "run -m web-1 --root work --dir shop --git pull",
    "run --clone https://example.org/shop.git --branch main",
    "run --service-status nginx --check",
    "command list --machine web-1 --state needs_approval",
    "command output cmd_1 --errors",
    "command approve cmd_1 --yes",
    "job run -m web-1 --name n --queue q --priority -3 --retries 2 --backoff 1s --max-backoff 5m -- make test",
    "job run --label env=prod --label gpu --timeout 30s --queue-timeout 1h --delay 10m -d --build --dir shop",
    "job run --any --not-before 2026-11-01T09:30 --after job_1 --after job_2:ended --key deploy:2 --git pull",
    "job run --any --label-job team=web --lost move:10m true",
    "job run --any -q --retry-on failed,timed_out,lost --retry-safe --idempotency-key k -- ls -la --json",
    "job list --state timed_out --queue q --machine web-1 --owner usr_1 --label team=web --search x --all",
    "job list --schedule jsc_1 --watch --limit 20",
    "job show job_1 --json",
    "job logs job_1 -f --attempt 2 --errors",
    "job logs job_1 --errors --download f",
    "job cancel job_1 job_2",
    "job retry job_1",
    "job rerun job_1",
    "job rerun job_1 -d -m web-2 --timeout 1h --dir x -- make",
    "job wait job_1 job_2 --json",
    "job stats --window 7d --queue q",
    "job dead list --reason timeout --queue q --owner usr_1",
    "job dead replay --id job_1 --id job_2",
    "job dead replay --queue q --reason timeout --yes",
    "job dead dismiss --all --yes",
    "queue list",
    "queue pause q",
    "queue resume q",
    "queue limit q 3",
    "queue limit q none",
    "queue machines",
    "queue machines web-1 --limit 0",
    "schedule list --all",
    "schedule show nightly",
    "schedule create nightly --cron @daily --zone Asia/Amman --missed once --jitter 5m --overlap skip --any -- true",
    "schedule create deploy --webhook github --branch main -m web-1 --retries 2 --git pull",
    "schedule create alarm --on job.ended --filter state=failed --label desk -- ring",
    "schedule update nightly --rename nightly-2 --zone UTC",
    "schedule update nightly --retries 3 --timeout 1h -- make backup",
    "schedule delete nightly --yes",
    "schedule pause nightly",
    "schedule resume nightly",
    "schedule run nightly",
    "schedule preview nightly --count 10",
    "schedule preview --cron @hourly --zone Europe/Berlin",
    "schedule runs nightly --limit 5",
    "schedule rotate-secret deploy",
    "worker status --on env=prod",
    "top web-1 web-2",
];

#[test]
fn every_command_is_understood() {
    for line in SOUND {
        assert!(typed(line).is_ok(), "{line}: {:?}", typed(line).map(|_| ()));
    }
}

#[test]
fn slips_are_refused_before_anything_happens() {
    for (line, kind) in [
        ("", ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand),
        ("fly", ErrorKind::InvalidSubcommand),
        ("status --server example.org", ErrorKind::ValueValidation),
        ("status --server https://a:b@example.org", ErrorKind::ValueValidation),
        ("status --fingerprint 00ff", ErrorKind::ValueValidation),
        ("user role usr_1 king", ErrorKind::InvalidValue),
        ("user list --limit 0", ErrorKind::ValueValidation),
        ("user list --all --limit 5", ErrorKind::ArgumentConflict),
        ("token create ci", ErrorKind::MissingRequiredArgument),
        ("secret get db/password --break-glass", ErrorKind::MissingRequiredArgument),
        ("token create ci --scope everything", ErrorKind::InvalidValue),
        ("audit verify --public-key x", ErrorKind::ValueValidation),
        ("audit list --since yesterday", ErrorKind::ValueValidation),
        ("config set", ErrorKind::MissingRequiredArgument),
        ("config set mail.port", ErrorKind::ValueValidation),
        ("config set =25", ErrorKind::ValueValidation),
        ("config unset", ErrorKind::MissingRequiredArgument),
        ("config rollback latest", ErrorKind::ValueValidation),
        ("config move-secret mail.password", ErrorKind::MissingRequiredArgument),
        ("help", ErrorKind::DisplayHelp),
        ("help user invite", ErrorKind::DisplayHelp),
        ("database migrate-back audit", ErrorKind::MissingRequiredArgument),
        ("run -m web-1", ErrorKind::MissingRequiredArgument),
        ("run --build -- true", ErrorKind::ArgumentConflict),
        ("run -m a --on b -- true", ErrorKind::ArgumentConflict),
        ("run --check --detach -- true", ErrorKind::ArgumentConflict),
        ("run --wait-for soon -- true", ErrorKind::ValueValidation),
        ("job run -m web-1", ErrorKind::MissingRequiredArgument),
        ("job run -m web-1 --any -- true", ErrorKind::ArgumentConflict),
        ("job run --any --label gpu -- true", ErrorKind::ArgumentConflict),
        ("job run --any --priority 11 -- true", ErrorKind::ValueValidation),
        ("job run --any --delay 1m --not-before 2026-11-01 -- true", ErrorKind::ArgumentConflict),
        ("job run --any --after build -- true", ErrorKind::ValueValidation),
        ("job run --any --lost stay -- true", ErrorKind::ValueValidation),
        ("job run --any --build -- true", ErrorKind::ArgumentConflict),
        ("job cancel", ErrorKind::MissingRequiredArgument),
        ("job logs job_1 --download x --follow", ErrorKind::ArgumentConflict),
        ("job stats --window 1y", ErrorKind::InvalidValue),
        ("job dead replay", ErrorKind::MissingRequiredArgument),
        ("job dead dismiss --id job_1 --all", ErrorKind::ArgumentConflict),
        ("queue limit q", ErrorKind::MissingRequiredArgument),
        ("queue limit q 0", ErrorKind::ValueValidation),
        ("queue machines --limit 3", ErrorKind::MissingRequiredArgument),
        ("schedule create nightly -- true", ErrorKind::MissingRequiredArgument),
        ("schedule create nightly --cron @daily", ErrorKind::MissingRequiredArgument),
        ("schedule create nightly --cron @daily --webhook github -- true", ErrorKind::ArgumentConflict),
        ("schedule create nightly --webhook github --zone UTC -- true", ErrorKind::ArgumentConflict),
        ("schedule preview", ErrorKind::MissingRequiredArgument),
        ("schedule preview nightly --cron @daily", ErrorKind::ArgumentConflict),
        ("machine label web-1", ErrorKind::MissingRequiredArgument),
        ("machine add web-1 --policy none", ErrorKind::InvalidValue),
        ("machine tokens --withdraw jtk_1 --all", ErrorKind::ArgumentConflict),
    ] {
        assert_eq!(typed(line).err(), Some(kind), "{line}");
    }
}

#[test]
fn the_word_server_is_a_command_and_a_flag() {
    let cli = typed("openapi --server http://127.0.0.1:1").expect("understood");
    assert!(matches!(cli.command, Command::Openapi));
    assert!(matches!(typed("server").expect("understood").command, Command::Server(_)));
}

#[test]
fn every_command_explains_itself_in_a_line_and_the_important_ones_by_example() {
    fn walk(command: &clap::Command, path: &str) {
        let path = format!("{path} {}", command.get_name());
        assert!(command.get_about().is_some(), "{path} does not say what it does");
        let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        for line in after.lines() {
            assert!(line.chars().count() <= 82, "{path}: too long for a usual terminal: {line}");
        }
        for argument in command.get_arguments().filter(|a| !["help", "version"].contains(&a.get_id().as_str())) {
            assert!(argument.get_help().is_some(), "{path}: {} does not say what it is", argument.get_id());
        }
        command.get_subcommands().for_each(|sub| walk(sub, &path));
    }
    let mut command = Cli::command();
    command.build();
    walk(&command, "");
    for sub in command.get_subcommands() {
        let is_plain = ["help", "logout", "whoami", "status", "openapi"].contains(&sub.get_name());
        assert!(is_plain || sub.get_after_help().is_some(), "{} has no examples", sub.get_name());
    }
}
