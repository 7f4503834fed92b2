//! What a rule that fits comes to on this machine: a plan to the last argument, or a reason why not.

use std::path::{Path, PathBuf};

use diwan_protocol::Operation;
use diwan_protocol::command::{Git, Place};

use crate::argv::Fitted;
use crate::environment;
use crate::file::{Kind, Network};
use crate::git;
use crate::machine::{Machine, What};
use crate::plan::{FilesPlan, KeysPlan, Limits, Plan, RootRef, SandboxProfile};
use crate::policy::Policy;
use crate::program::Program;
use crate::rule::Rule;
use crate::rule_file::Scheme;
use crate::subject::Subject;
use crate::text::{Flaw, shown};
use crate::verdict::{Reason, Verdict};
use crate::walk::{at_home, resolve};

const MIB: u64 = 1024 * 1024;

/// What is to be done: one of these.
#[derive(Debug, Default)]
struct Plans {
    plan: Option<Plan>,
    files: Option<FilesPlan>,
    keys: Option<KeysPlan>,
}

impl Policy {
    /// What a rule that fits comes to on this machine.
    pub(crate) fn settle(
        &self,
        rule: &Rule,
        operation: &Operation,
        subject: &Subject<'_>,
        fitted: Fitted,
        root: Option<RootRef>,
        machine: &dyn Machine,
    ) -> Verdict {
        let name = Some(rule.entry.name.clone());
        if rule.denies() {
            let denied = Flaw::new("denied", "the rule denies it");
            return Verdict::denied(name.clone(), vec![Reason::of(denied, name.as_deref())]);
        }
        let settled = self.plans(rule, operation, subject, fitted, root, machine);
        match settled {
            Ok(plans) => {
                let Plans { plan, files, keys } = plans;
                Verdict { decision: rule.entry.decision, rule: name, reasons: vec![], plan, files, keys }
            }
            Err(flaw) => Verdict::denied(name.clone(), vec![Reason::of(flaw, name.as_deref())]),
        }
    }

    fn plans(
        &self,
        rule: &Rule,
        operation: &Operation,
        subject: &Subject<'_>,
        fitted: Fitted,
        root: Option<RootRef>,
        machine: &dyn Machine,
    ) -> Result<Plans, Flaw> {
        if subject.key.is_some() {
            let keys = Some(self.keys(rule, subject, machine)?);
            return Ok(Plans { keys, ..Plans::default() });
        }
        let dir = subject.place.map(|place| directory(operation, place)).unwrap_or_default();
        if let Some(root) = &root {
            check_inside(machine, root, &dir, &fitted.paths, must_be_there(subject.kind))?;
        }
        let is_of_files = matches!(subject.kind, Kind::FilesGet | Kind::FilesList) || subject.kind.writes_files();
        if let Some(root) = root.as_ref().filter(|_| is_of_files) {
            let files = Some(self.files(rule, subject, root.clone(), dir, machine)?);
            return Ok(Plans { files, ..Plans::default() });
        }
        let plan = Some(self.plan(rule, subject, fitted, root, dir, machine)?);
        Ok(Plans { plan, ..Plans::default() })
    }

    fn plan(
        &self,
        rule: &Rule,
        subject: &Subject<'_>,
        fitted: Fitted,
        root: Option<RootRef>,
        dir: String,
        machine: &dyn Machine,
    ) -> Result<Plan, Flaw> {
        let program = subject.program.ok_or_else(|| Flaw::new("no_program", "the rule names no program"))?;
        let found = program.find(machine)?;
        let is_writable = root.as_ref().is_some_and(|root| root.writable);
        let hardening = if program.is("git") { git::hardening() } else { vec![] };
        let own = if subject.kind == Kind::Terminal { rule.entry.always.clone() } else { fitted.arguments };
        let called = found.called.to_string_lossy().into_owned();
        let most_ms = rule.profile.limits.wall_time_s * 1000;
        Ok(Plan {
            argv: std::iter::once(called).chain(hardening).chain(own).collect(),
            env: variables(rule, subject, program, &found.called, (root.as_ref(), &dir), machine),
            program: found.real,
            root,
            dir,
            profile: self.profile(rule, is_writable, machine),
            wall_time_ms: subject.timeout_ms.map_or(most_ms, |asked| asked.min(most_ms)),
            output_limit_bytes: rule.profile.limits.output_mib * MIB,
            // A service is restarted by the bridge's own user.
            run_as: if rule.profile.confined || subject.kind == Kind::Terminal { self.run_as.clone() } else { None },
            class: rule.entry.class,
            script: subject.script.map(|(_, source)| source.to_owned()),
        })
    }

    fn profile(&self, rule: &Rule, root_is_writable: bool, machine: &dyn Machine) -> SandboxProfile {
        let profile = &rule.profile;
        let readable = profile.readable.iter().filter_map(|path| at_home(machine, path));
        SandboxProfile {
            required: self.require_sandbox,
            confined: profile.confined,
            network: profile.network,
            writable: profile.writable && root_is_writable,
            protect_git: profile.protect_git,
            readable: readable.filter_map(|path| Some(resolve(machine, &path).ok()?.0)).collect(),
            limits: Limits {
                cpu_percent: profile.limits.cpu_percent,
                memory_bytes: profile.limits.memory_mib * MIB,
                processes: profile.limits.processes,
                open_files: profile.limits.open_files,
                file_bytes: profile.limits.file_mib * MIB,
            },
        }
    }

    /// Keys are put where no sandbox reaches: into the home of a user, with the rights of that user.
    fn keys(&self, rule: &Rule, subject: &Subject<'_>, machine: &dyn Machine) -> Result<KeysPlan, Flaw> {
        let ssh = subject.program.map(|program| program.find(machine)).transpose()?;
        Ok(KeysPlan {
            ssh: ssh.map(|found| found.real),
            profile: SandboxProfile { confined: false, ..self.profile(rule, false, machine) },
            wall_time_ms: rule.profile.limits.wall_time_s * 1000,
            output_limit_bytes: rule.profile.limits.output_mib * MIB,
            class: rule.entry.class,
        })
    }

    fn files(
        &self,
        rule: &Rule,
        subject: &Subject<'_>,
        root: RootRef,
        path: String,
        machine: &dyn Machine,
    ) -> Result<FilesPlan, Flaw> {
        let writes = subject.kind.writes_files();
        if writes && !(root.writable && rule.profile.writable) {
            return Flaw::of("not_writable", "the root or the profile of the rule is read-only");
        }
        if matches!(subject.kind, Kind::FilesPut | Kind::ProjectCreate) && path.is_empty() {
            return Flaw::of("path_not_plain", "what is made needs a name");
        }
        let target = machine.look(&root.path.join(&path));
        if writes && target.is_some_and(|seen| matches!(seen.what, What::Link(_))) {
            return Flaw::of("leaves_root", format!("{} is a link: what is written never follows one", shown(&path)));
        }
        Ok(FilesPlan {
            path,
            longest_bytes: rule.profile.limits.file_mib * MIB,
            profile: self.profile(rule, writes, machine),
            wall_time_ms: rule.profile.limits.wall_time_s * 1000,
            output_limit_bytes: rule.profile.limits.output_mib * MIB,
            run_as: self.run_as.clone(),
            class: rule.entry.class,
            root,
        })
    }
}

fn variables(
    rule: &Rule,
    subject: &Subject<'_>,
    program: &Program,
    called: &Path,
    (root, dir): (Option<&RootRef>, &str),
    machine: &dyn Machine,
) -> Vec<(String, String)> {
    let own =
        ["npm", "python3", "cargo", "go"].into_iter().filter(|name| program.is(name)).flat_map(environment::of_program);
    let git = if program.is("git") {
        let schemes: &[Scheme] = if rule.profile.network == Network::Host { &rule.hosts.schemes } else { &[] };
        git::environment(schemes, root.map(|root| root.path.as_path()))
    } else {
        vec![]
    };
    let directory = root.map(|root| if dir.is_empty() { root.path.clone() } else { root.path.join(dir) });
    let directory = directory.map(|directory| directory.to_string_lossy().into_owned());
    let of_script = subject.script.zip(directory).and_then(|((language, _), dir)| language.environment(&dir));
    let fixed = environment::fixed(called, subject.kind == Kind::Terminal);
    let of_rule = environment::of_rule(&rule.entry.environment, machine);
    environment::merged(fixed.into_iter().chain(own).chain(of_script).chain(of_rule).chain(git))
}

/// The directory that something happens in: of a new working copy, the one above it.
fn directory(operation: &Operation, place: &Place) -> String {
    let path = place.path.trim_end_matches('/');
    let path = if path == "." { "" } else { path };
    match operation {
        Operation::Git(Git::Clone { .. }) => {
            path.rsplit_once('/').map(|(above, _)| above).unwrap_or_default().to_owned()
        }
        _ => path.to_owned(),
    }
}

/// Whether the directory must exist: a file that is written need not.
fn must_be_there(kind: Kind) -> bool {
    !kind.writes_files()
}

/// Whether a directory, and what a command is pointed at in it, lies inside its root as things are now.
/// Things can change until it runs: then it is up to the sandbox.
fn check_inside(
    machine: &dyn Machine,
    root: &RootRef,
    dir: &str,
    paths: &[String],
    must_exist: bool,
) -> Result<(), Flaw> {
    let base = root.path.join(dir);
    let is_inside = |path: &PathBuf| match resolve(machine, path) {
        Ok((real, _)) if real.starts_with(&root.path) => Ok(true),
        Ok(_) => Flaw::of("leaves_root", format!("{} leads out of its root", shown(&path.to_string_lossy()))),
        // A link to what is not there is a door that somebody can open later.
        Err(flaw) if flaw.code == "absent" && machine.look(path).is_none() => Ok(false),
        Err(flaw) if flaw.code == "absent" => {
            Flaw::of("leaves_root", format!("{} leads nowhere", shown(&path.to_string_lossy())))
        }
        Err(flaw) => Err(flaw),
    };
    if !is_inside(&base)? && must_exist {
        return Flaw::of("absent", format!("{} is not there", shown(dir)));
    }
    // What is not there yet is judged by what is above it.
    for path in std::iter::once(base.clone()).chain(paths.iter().map(|path| base.join(path))) {
        let above = path.ancestors().take_while(|above| above.starts_with(&root.path));
        for above in above {
            if is_inside(&above.to_path_buf())? {
                break;
            }
        }
    }
    Ok(())
}
