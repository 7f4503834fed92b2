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

#[test]
fn every_command_is_understood() {
    for line in [
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
        "worker status --on env=prod",
        "top web-1 web-2",
    ] {
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
