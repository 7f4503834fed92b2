//! Names of variables, and which of them no command is given from afar. Both ends ask here: the control plane, to say
//! so early, and the machine, because it does not believe the control plane.

/// No name is longer.
pub const LONGEST_NAME: usize = 128;

/// Whether that is the name of a variable.
pub fn is_name(name: &str) -> bool {
    let begins = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    begins && name.len() <= LONGEST_NAME && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Whether no command is given this variable: it would have a program load code or run another program, believe
/// other authorities, go to other hosts, or it is what whoever runs the command says. The policy of a machine may
/// set some of these; whoever writes the policy owns the machine.
pub fn is_denied(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    DENIED.contains(&name)
        || DENIED_BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
        || lower.ends_with("_proxy")
        || lower.starts_with("npm_config_")
        || is_tool_of_cargo(name)
}

const DENIED_BEGINNINGS: &[&str] = &[
    "LD_",
    "DYLD_",
    "GIT_",
    "BASH_FUNC_",
    "XDG_",
    "SSH_ASKPASS",
    "SSH_AUTH",
    "SSH_AGENT",
    "SSH_SK_",
    "DBUS_",
    "RUSTC",
    "RUSTDOC",
    "MALLOC_",
    "LUA_INIT",
    "LUA_PATH",
    "LUA_CPATH",
    "CORECLR_",
    "OPENSSL_",
    "TERMINFO",
    "LESS",
    "SUDO_",
];

const DENIED: &[&str] = &[
    // What the sandbox and the shell stand on.
    "PATH",
    "HOME",
    "TMPDIR",
    "TMP",
    "TEMP",
    "USER",
    "LOGNAME",
    "SHELL",
    "PWD",
    "OLDPWD",
    "IFS",
    "ENV",
    "BASH_ENV",
    "BASHOPTS",
    "SHELLOPTS",
    "PS4",
    "PROMPT_COMMAND",
    "CDPATH",
    "GLOBIGNORE",
    "ZDOTDIR",
    "FPATH",
    // The C library.
    "GCONV_PATH",
    "GETCONF_DIR",
    "GLIBC_TUNABLES",
    "HOSTALIASES",
    "LOCALDOMAIN",
    "LOCPATH",
    "NLSPATH",
    "RES_OPTIONS",
    "TZDIR",
    "TERMCAP",
    // Programs that other programs start.
    "EDITOR",
    "VISUAL",
    "PAGER",
    "MANPAGER",
    "BROWSER",
    "SYSTEMD_PAGER",
    "SYSTEMD_EDITOR",
    "RSYNC_RSH",
    "CVS_RSH",
    "SVN_SSH",
    "HGRCPATH",
    "TAR_OPTIONS",
    "MAKE",
    "MAKEFLAGS",
    "MAKEFILES",
    "GNUMAKEFLAGS",
    "MFLAGS",
    // Languages and what builds in them.
    "CARGO",
    "CARGO_HOME",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "CLASSPATH",
    "JAVA_TOOL_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "_JAVA_OPTIONS",
    "DOTNET_ADDITIONAL_DEPS",
    "DOTNET_ROOT",
    "DOTNET_SHARED_STORE",
    "DOTNET_STARTUP_HOOKS",
    "GEM_HOME",
    "GEM_PATH",
    "GOENV",
    "GOFLAGS",
    "GOPROXY",
    "GOROOT",
    "GOTOOLCHAIN",
    "NODE_OPTIONS",
    "NODE_PATH",
    "NODE_REPL_EXTERNAL_MODULE",
    "NODE_V8_COVERAGE",
    "PERL5DB",
    "PERL5LIB",
    "PERL5OPT",
    "PERLLIB",
    "PHPRC",
    "PHP_INI_SCAN_DIR",
    "PYTHONBREAKPOINT",
    "PYTHONEXECUTABLE",
    "PYTHONHOME",
    "PYTHONINSPECT",
    "PYTHONPATH",
    "PYTHONPLATLIBDIR",
    "PYTHONPYCACHEPREFIX",
    "PYTHONSTARTUP",
    "PYTHONUSERBASE",
    "PYTHONWARNINGS",
    "RUBYLIB",
    "RUBYOPT",
    "RUBYSHELL",
    // Whom to believe.
    "CURL_CA_BUNDLE",
    "CURL_HOME",
    "NODE_EXTRA_CA_CERTS",
    "NODE_TLS_REJECT_UNAUTHORIZED",
    "REQUESTS_CA_BUNDLE",
    "SSLKEYLOGFILE",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
];

/// Cargo takes every setting as a variable too: those that name a program are denied.
fn is_tool_of_cargo(name: &str) -> bool {
    let runs = ["_RUNNER", "_LINKER", "_RUSTFLAGS"].iter().any(|end| name.ends_with(end));
    name.starts_with("CARGO_ALIAS_")
        || name.starts_with("CARGO_BUILD_RUST")
        || name.starts_with("CARGO_TARGET_") && runs
        || name.starts_with("CARGO_") && name.contains("CREDENTIAL_PROVIDER")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        for name in ["A", "_", "CARGO_REGISTRY_TOKEN", "a1", &"A".repeat(128)] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "1A", "A=B", "A B", "é", "A\0", "BASH_FUNC_ls%%", &"A".repeat(129)] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn f80_what_turns_a_program_into_another_is_denied_and_what_people_need_is_not() {
        for name in [
            "LD_PRELOAD",
            "DYLD_INSERT_LIBRARIES",
            "PATH",
            "HOME",
            "IFS",
            "BASH_ENV",
            "ENV",
            "PYTHONSTARTUP",
            "PYTHONPATH",
            "NODE_OPTIONS",
            "GIT_SSH_COMMAND",
            "RUSTC_WRAPPER",
            "RUSTC",
            "SHELLOPTS",
            "PROMPT_COMMAND",
            "PERL5OPT",
            "RUBYOPT",
            "https_proxy",
            "HTTPS_PROXY",
            "All_Proxy",
            "NPM_CONFIG_SCRIPT_SHELL",
            "npm_config_registry",
            "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER",
            "CARGO_BUILD_RUSTC_WRAPPER",
            "GCONV_PATH",
            "SSLKEYLOGFILE",
            "LESSOPEN",
            "MAKEFLAGS",
            "LUA_INIT_5_4",
            "GLIBC_TUNABLES",
        ] {
            assert!(is_denied(name), "{name}");
        }
        for name in [
            "CI",
            "TOKEN",
            "GITHUB_TOKEN",
            "NPM_TOKEN",
            "NODE_ENV",
            "NODE_AUTH_TOKEN",
            "CARGO_REGISTRY_TOKEN",
            "CARGO_TERM_COLOR",
            "RUST_LOG",
            "RUST_BACKTRACE",
            "PYTHONUNBUFFERED",
            "PIP_INDEX_URL",
            "AWS_SECRET_ACCESS_KEY",
            "DATABASE_URL",
            "SSH_PRIVATE_KEY",
            "DIWAN_JOB_ID",
            "LANG",
            "TZ",
            "GOOS",
            "DEBUG",
            "PGPASSWORD",
            "MESSAGE",
        ] {
            assert!(!is_denied(name), "{name}");
        }
    }
}
