//! Git with as few ways as there are to make it run what lies in a repository. Hygiene: the boundary is the
//! sandbox, since filters, for one, cannot be switched off from outside.

use std::path::Path;

use diwan_protocol::command::Git;

use crate::rule_file::Scheme;

/// What is said to every git before its subcommand. A repository's own configuration is weaker.
const HARDENED: &[&str] = &[
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.pager=cat",
    "core.editor=:",
    "core.askPass=",
    "core.gitProxy=",
    "core.sshCommand=ssh -F /dev/null -o BatchMode=yes -o StrictHostKeyChecking=yes -o ProxyCommand=none \
-o PermitLocalCommand=no -o ForwardAgent=no -o ForwardX11=no",
    "core.attributesFile=/dev/null",
    "core.alternateRefsCommand=true",
    "credential.helper=",
    "protocol.ext.allow=never",
    "protocol.fd.allow=never",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
    "push.recurseSubmodules=no",
    "push.gpgSign=false",
    "commit.gpgSign=false",
    "tag.gpgSign=false",
    "merge.verifySignatures=false",
    "log.showSignature=false",
    "gpg.program=/bin/false",
    "gpg.ssh.program=/bin/false",
    "gpg.x509.program=/bin/false",
    "diff.external=",
    "interactive.diffFilter=",
    "gc.auto=0",
    "maintenance.auto=false",
    "http.sslVerify=true",
    "safe.bareRepository=explicit",
    // Whose a working copy is was settled by the owner who named the root.
    "safe.directory=*",
];

/// The arguments before the subcommand.
pub(crate) fn hardening() -> Vec<String> {
    let plain = ["--no-pager", "--no-optional-locks", "--literal-pathspecs"].map(str::to_owned);
    plain.into_iter().chain(HARDENED.iter().flat_map(|&setting| ["-c".to_owned(), setting.to_owned()])).collect()
}

/// What git finds in its environment.
pub(crate) fn environment(schemes: &[Scheme], root: Option<&Path>) -> Vec<(String, String)> {
    let fixed = [
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_CONFIG_SYSTEM", "/dev/null"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_ATTR_NOSYSTEM", "1"),
        ("GIT_TERMINAL_PROMPT", "0"),
        ("GIT_ASKPASS", ""),
        ("SSH_ASKPASS", ""),
        ("GIT_PAGER", "cat"),
        ("GIT_EDITOR", ":"),
        ("GIT_SEQUENCE_EDITOR", ":"),
        ("GIT_MERGE_AUTOEDIT", "no"),
        ("GIT_PROTOCOL_FROM_USER", "0"),
    ];
    let names = schemes.iter().map(|scheme| match scheme {
        Scheme::Https => "https",
        Scheme::Ssh => "ssh",
        Scheme::File => "file",
    });
    let mut variables: Vec<_> = fixed.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
    variables.push(("GIT_ALLOW_PROTOCOL".to_owned(), names.collect::<Vec<_>>().join(":")));
    if let Some(above) = root.and_then(Path::parent) {
        variables.push(("GIT_CEILING_DIRECTORIES".to_owned(), above.to_string_lossy().into_owned()));
    }
    variables
}

/// What a typed operation says to git, from the subcommand on.
pub(crate) fn arguments(git: &Git) -> Vec<String> {
    let words: &[&str] = match git {
        Git::Clone { .. } => &["clone", "--no-recurse-submodules", "--template="],
        Git::Pull { .. } => &["pull", "--no-rebase", "--ff-only", "--no-recurse-submodules"],
        Git::Push { .. } => &["push", "--no-verify", "--no-signed", "--recurse-submodules=no", "--", "origin", "HEAD"],
        Git::Status { .. } => &["status", "--short", "--branch", "--ignore-submodules=all"],
    };
    let mut arguments: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
    if let Git::Clone { url, into, branch } = git {
        arguments.extend(branch.iter().map(|branch| format!("--branch={branch}")));
        let name = into.path.trim_end_matches('/').rsplit('/').next().filter(|name| !name.is_empty());
        arguments.extend(["--", url, name.unwrap_or(".")].map(str::to_owned));
    }
    arguments
}
