//! An operation as rules see it: which program with which arguments, where, by whom.

use diwan_protocol::command::{Files, Git, Operation, Place, SshKey};

use crate::file::Kind;
use crate::machine::Machine;
use crate::name::{check_name, check_path, check_ref};
use crate::program::Program;
use crate::project;
use crate::script::{self, Language};
use crate::text::{Flaw, check_arguments, check_text, shown};
use crate::{git, nearest::nearest};

/// Who wants something.
#[derive(Debug, Clone, Copy)]
pub struct Who<'a> {
    /// `usr_…`, or what else acts.
    pub id: &'a str,
    /// The roles that it holds.
    pub roles: &'a [&'a str],
}

/// An operation as rules see it.
#[derive(Debug, Clone)]
pub(crate) struct Subject<'a> {
    /// What it is about.
    pub(crate) kind: Kind,
    /// The program that is run.
    pub(crate) program: Option<&'a Program>,
    /// Its arguments: as given for a command, as they will be for anything else.
    pub(crate) arguments: Vec<String>,
    /// Where.
    pub(crate) place: Option<&'a Place>,
    /// Where a repository comes from.
    pub(crate) url: Option<&'a str>,
    /// Which service.
    pub(crate) service: Option<&'a str>,
    /// What is done with which SSH key.
    pub(crate) key: Option<&'a SshKey>,
    /// A script, and what it is written in.
    pub(crate) script: Option<(Language, &'a str)>,
    /// Whether it is given input.
    pub(crate) has_input: bool,
    /// After how long it is to be ended.
    pub(crate) timeout_ms: Option<u64>,
}

/// What kind an operation is of; none, when nothing is done.
pub(crate) fn kind_of(operation: &Operation) -> Option<Kind> {
    Some(match operation {
        Operation::Exec(_) => Kind::Exec,
        Operation::Git(Git::Clone { .. }) => Kind::GitClone,
        Operation::Git(Git::Pull { .. }) => Kind::GitPull,
        Operation::Git(Git::Push { .. }) => Kind::GitPush,
        Operation::Git(Git::Status { .. }) => Kind::GitStatus,
        Operation::Build(_) => Kind::Build,
        Operation::Test(_) => Kind::Test,
        Operation::Script(_) => Kind::Script,
        Operation::CreateProject(_) => Kind::ProjectCreate,
        Operation::ServiceStatus(_) => Kind::ServiceStatus,
        Operation::ServiceRestart(_) => Kind::ServiceRestart,
        Operation::Terminal(_) => Kind::Terminal,
        Operation::Files(Files::Get(_)) => Kind::FilesGet,
        Operation::Files(Files::Put(_)) => Kind::FilesPut,
        Operation::Files(Files::List(_)) => Kind::FilesList,
        Operation::Files(Files::Sync(_)) => Kind::FilesSync,
        Operation::SshKey(SshKey::Install(_)) => Kind::SshKeyInstall,
        Operation::SshKey(SshKey::Prove { .. }) => Kind::SshKeyProve,
        Operation::SshKey(SshKey::Remove(_)) => Kind::SshKeyRemove,
        Operation::Noop => return None,
    })
}

/// Where an operation takes place.
pub(crate) fn place_of(operation: &Operation) -> Option<&Place> {
    match operation {
        Operation::Exec(exec) => Some(&exec.place),
        Operation::Git(
            Git::Clone { into: place, .. } | Git::Pull { place } | Git::Push { place } | Git::Status { place },
        ) => Some(place),
        Operation::Build(place) | Operation::Test(place) => Some(place),
        Operation::Script(script) => Some(&script.place),
        Operation::CreateProject(project) => Some(&project.place),
        Operation::ServiceStatus(_) | Operation::ServiceRestart(_) | Operation::SshKey(_) | Operation::Noop => None,
        Operation::Terminal(terminal) => Some(&terminal.place),
        Operation::Files(Files::List(place) | Files::Get(place) | Files::Put(place) | Files::Sync(place)) => {
            Some(place)
        }
    }
}

impl<'a> Subject<'a> {
    /// The subject of an operation of this kind, when everything in it is well-formed.
    pub(crate) fn of(
        kind: Kind,
        operation: &'a Operation,
        programs: &'a [Program],
        machine: &dyn Machine,
        root: Option<&std::path::Path>,
    ) -> Result<Self, Flaw> {
        let place = place_of(operation);
        if let Some(path) = place.map(|place| place.path.as_str()).filter(|path| !path.is_empty()) {
            check_path(path)?;
        }
        let mut subject = Self { place, ..Self::empty(kind) };
        subject.fill(operation, programs)?;
        if let (Operation::Build(place) | Operation::Test(place), Some(root)) = (operation, root) {
            let (name, arguments) = project::command(machine, &root.join(&place.path), subject.kind)?;
            subject.program = Some(usual(programs, name)?);
            subject.arguments = arguments;
        }
        Ok(subject)
    }

    /// Nothing yet.
    pub(crate) fn empty(kind: Kind) -> Self {
        Self {
            kind,
            program: None,
            arguments: vec![],
            place: None,
            url: None,
            service: None,
            key: None,
            script: None,
            has_input: false,
            timeout_ms: None,
        }
    }

    fn fill(&mut self, operation: &'a Operation, programs: &'a [Program]) -> Result<(), Flaw> {
        match operation {
            Operation::Exec(exec) => {
                check_arguments(&exec.argv)?;
                let (first, rest) =
                    exec.argv.split_first().ok_or_else(|| Flaw::new("no_program", "no program is named"))?;
                self.program = Some(called(programs, first)?);
                self.arguments = rest.to_vec();
                self.has_input = exec.has_input;
                self.timeout_ms = exec.timeout_ms;
            }
            Operation::Git(git) => {
                self.program = Some(usual(programs, "git")?);
                if let Git::Clone { url, branch, .. } = git {
                    check_text(url)?;
                    branch.iter().try_for_each(|branch| check_ref(branch))?;
                    self.url = Some(url);
                }
                self.arguments = git::arguments(git);
            }
            Operation::ServiceStatus(name) | Operation::ServiceRestart(name) => {
                check_name(name)?;
                self.program = Some(usual(programs, "systemctl")?);
                self.service = Some(name);
                self.arguments = service(self.kind, name);
            }
            Operation::SshKey(key) => {
                check_key(key)?;
                if matches!(key, SshKey::Prove { .. }) {
                    self.program = Some(usual(programs, "ssh")?);
                }
                self.key = Some(key);
            }
            Operation::Script(script) => {
                let (language, program) = script::check(script, programs)?;
                (self.program, self.script) = (Some(program), Some((language, script.source.as_str())));
                let file = std::iter::once(language.file().to_owned());
                self.arguments = file.chain(script.arguments.iter().cloned()).collect();
                self.timeout_ms = script.timeout_ms;
            }
            Operation::CreateProject(project) => {
                check_name(&project.template)?;
                check_name(&project.name)?;
            }
            Operation::Terminal(terminal) => check_name(&terminal.session)?,
            Operation::Build(_) | Operation::Test(_) | Operation::Files(_) | Operation::Noop => {}
        }
        Ok(())
    }
}

fn service(kind: Kind, name: &str) -> Vec<String> {
    let words: &[&str] = match kind {
        Kind::ServiceRestart => &["restart", "--no-ask-password", "--", name],
        _ => &["status", "--no-pager", "--full", "--lines=50", "--", name],
    };
    words.iter().map(|&word| word.to_owned()).collect()
}

fn check_key(key: &SshKey) -> Result<(), Flaw> {
    if let Some(flaw) = key.line().flaw() {
        return Flaw::of("ssh_key", flaw);
    }
    if matches!(key, SshKey::Prove { port: 0, .. }) {
        return Flaw::of("ssh_key", "no server listens on port 0");
    }
    Ok(())
}

/// The program that a command begins with.
fn called<'a>(programs: &'a [Program], word: &str) -> Result<&'a Program, Flaw> {
    if let Some(program) = programs.iter().find(|program| program.is_called(word)) {
        return Ok(program);
    }
    let text = format!("no program of the policy is called {}", shown(word));
    let meant = nearest(word, programs.iter().map(|program| program.name.as_str()));
    Flaw::of("program_not_listed", meant.map_or(text.clone(), |name| format!("{text}; did you mean {name}?")))
}

/// The program that a typed operation runs.
fn usual<'a>(programs: &'a [Program], name: &str) -> Result<&'a Program, Flaw> {
    let found = programs.iter().find(|program| program.is(name));
    found.ok_or_else(|| Flaw::new("program_not_listed", format!("the policy names no program {name}")))
}
