//! The agent that serves files: this same program again, inside the sandbox, with one root of the policy.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use diwan_files::{Access, Agent, Tree};
use diwan_kernel::World;
use diwan_policy::{FilesPlan, Plan};
use diwan_protocol::Operation;
use diwan_protocol::command::Files;

use super::starter;

/// What it is called: nobody types this as a command.
const ROLE: &str = "--files-agent";
const LIST: &str = "list";
const GET: &str = "get";
const PUT: &str = "put";
const SYNC: &str = "sync";

/// What has to be run for something with files. `None` when this program is not there any more, as after an
/// update that did not start it anew.
pub(crate) fn plan(files: &FilesPlan, operation: &Operation) -> Option<Plan> {
    let Operation::Files(wanted) = operation else { return None };
    let access = match wanted {
        Files::List(_) => LIST,
        Files::Get(_) => GET,
        Files::Put(_) => PUT,
        Files::Sync(_) => SYNC,
    };
    let root = files.root.path.to_str()?;
    own_plan(files, &[ROLE, root, files.path.trim_end_matches('/'), access, &files.longest_bytes.to_string()])
}

/// A plan for this same program, told these words.
pub(super) fn own_plan(files: &FilesPlan, words: &[&str]) -> Option<Plan> {
    let program = std::env::current_exe().ok()?.canonicalize().ok()?;
    let mut profile = files.profile.clone();
    profile.readable.push(program.clone());
    let argv = std::iter::once(program.to_str()?).chain(words.iter().copied());
    Some(Plan {
        argv: argv.map(str::to_owned).collect(),
        program,
        env: vec![],
        root: Some(files.root.clone()),
        dir: String::new(),
        profile,
        wall_time_ms: files.wall_time_ms,
        output_limit_bytes: files.output_limit_bytes,
        run_as: files.run_as.clone(),
        class: files.class,
        script: None,
    })
}

/// Whether that is this program again, in one of these roles.
pub(super) fn is_own(plan: &Plan) -> bool {
    let is_ours = || std::env::current_exe().and_then(|own| own.canonicalize()).is_ok_and(|own| own == plan.program);
    plan.argv.get(1).is_some_and(|role| role == ROLE || role == starter::ROLE) && is_ours()
}

/// Becomes the agent if this program was started as it, and never returns then.
#[expect(clippy::disallowed_methods, reason = "another program ends here, with nothing of the daemon to shut down")]
pub(crate) fn serve_if_asked() {
    let arguments: Vec<String> = std::env::args_os().filter_map(|argument| argument.into_string().ok()).collect();
    let [_, role, root, scope, access, longest] = arguments.as_slice() else { return };
    if role != ROLE {
        return;
    }
    let ended = serve(&PathBuf::from(root), scope, access, longest);
    if let Err(why) = &ended {
        let _ = writeln!(std::io::stderr(), "{why}");
    }
    std::process::exit(i32::from(ended.is_err()));
}

fn serve(root: &Path, scope: &str, access: &str, longest: &str) -> Result<(), String> {
    let access = match access {
        LIST => Access::List,
        GET => Access::Get,
        PUT => Access::Put,
        SYNC => Access::Sync,
        _ => return Err("this is no way to serve files".to_owned()),
    };
    let longest = longest.parse().map_err(|_| "the longest file is no number".to_owned())?;
    let tree = Tree::open(root).map_err(|error| error.to_string())?;
    let input = rustix::io::dup(std::io::stdin()).map_err(|error| error.to_string())?;
    let output = rustix::io::dup(std::io::stdout()).map_err(|error| error.to_string())?;
    let now = World::real().now().as_millis() / 1000;
    let agent = Agent::new(tree, scope, access, (longest, now), (File::from(input), File::from(output)));
    match agent.and_then(Agent::serve) {
        // Whoever looks at the command later sees that not everything was done.
        Ok(Some(failed)) => Err(failed),
        Ok(None) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}
