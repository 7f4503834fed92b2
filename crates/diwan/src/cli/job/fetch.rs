//! `diwan job fetch`: brings a file that a job has left.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::Args;
use diwan_client::{Client, JobArtifact};
use ring::digest::{Context, SHA256};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::files::failed_here;
use super::super::files::progress::{self, Moved};
use super::super::screen::{safe, size};
use super::artifacts::left_by;
use super::patience::Patience;

const AFTER_HELP: &str = "\
Examples:
  diwan job fetch job_01k9… dist/shop.deb
  diwan job fetch job_01k9… report/index.html -o report.html
  diwan job fetch job_01k9… report/index.html -o ~/reports/
  diwan job fetch job_01k9… dump.sql -o - | psql shop

Without -o it is written here, under its own name. It comes from the machine that
keeps it, which has to be connected, or from the object storage, if that has a
copy; after a connection that broke it goes on where it stopped. It takes its
place when all of it is there and its SHA-256 is right. `diwan job artifacts`
lists what there is.";

/// Bring a file that a job has left
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Fetch {
    /// Its id (job_…)
    id: String,
    /// Which file, as `diwan job artifacts` lists it
    #[arg(value_name = "PATH")]
    path: String,
    /// Write it there, into a directory under its own name, or to standard output with -
    #[arg(short, long, value_name = "FILE|DIRECTORY")]
    output: Option<PathBuf>,
    /// What this attempt left, from 1; without it, the last one
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    attempt: Option<u32>,
    /// Replace what is there
    #[arg(long)]
    force: bool,
    /// Show no progress
    #[arg(short, long)]
    quiet: bool,
}

/// What arrives, and its hash.
struct Arriving<'a> {
    to: &'a mut (dyn Write + Send),
    hash: Context,
    length: u64,
    moved: Moved,
}

impl Fetch {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let found = left_by(&client, &self.id, self.attempt).await?.read()?;
        let Some(file) = found.files.into_iter().find(|file| file.path == self.path) else {
            let next = format!("`diwan job artifacts {}` lists those that there are.", self.id);
            return Err(Failure::refused(format!("the job has left no file {}", self.path), &next));
        };
        // What came of another attempt meanwhile is not taken for this one.
        let attempt = found.attempt;
        if self.output.as_deref() == Some(Path::new("-")) {
            self.bring(&client, attempt, &file, &mut std::io::stdout()).await?;
            return Ok(Done::Well);
        }
        let target = match &self.output {
            Some(directory) if directory.is_dir() => directory.join(name_of(&file.path)?),
            Some(path) if path.as_os_str().as_encoded_bytes().ends_with(b"/") => {
                return Err(failed_here(path, &"there is no such directory"));
            }
            Some(path) => path.clone(),
            None => PathBuf::from(name_of(&file.path)?),
        };
        if !self.force && target.symlink_metadata().is_ok() {
            return Err(is_there(&target));
        }
        let (part, mut to) = beside(&target)?;
        let brought = self.bring(&client, attempt, &file, &mut to).await;
        let placed = match brought {
            Ok(()) => to.sync_all().map_err(|e| failed_here(&target, &e)).and_then(|()| self.place(&part, &target)),
            Err(failure) => Err(failure),
        };
        if let Err(failure) = placed {
            // Half a file would be taken for a whole one.
            let _ = std::fs::remove_file(&part);
            return Err(failure);
        }
        if !self.quiet {
            eprintln!("{} were written to {}.", size(file.size_bytes), safe(&target.display().to_string()));
        }
        Ok(Done::Well)
    }

    /// Brings all of it, and makes sure that it is what the machine told of it.
    async fn bring(
        &self,
        client: &Client,
        attempt: Option<u32>,
        file: &JobArtifact,
        to: &mut (dyn Write + Send),
    ) -> Result<(), Failure> {
        let moved = Moved::default();
        let mut arriving = Arriving { to, hash: Context::new(&SHA256), length: 0, moved: moved.clone() };
        let work = self.take_all(client, attempt, file, &mut arriving);
        progress::show(&moved, Some(file.size_bytes), self.quiet, work).await?;
        arriving.to.flush().map_err(|e| Failure::unwritable(&e))?;
        let hash: String = arriving.hash.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        match arriving.length == file.size_bytes && hash == file.sha256 {
            true => Ok(()),
            false => Err(Failure::refused(
                "what arrived is not the file that the job has left: its SHA-256 is another one",
                "The copy on the machine is damaged. Run the job again.",
            )),
        }
    }

    async fn take_all(
        &self,
        client: &Client,
        attempt: Option<u32>,
        file: &JobArtifact,
        arriving: &mut Arriving<'_>,
    ) -> Result<(), Failure> {
        let mut patience = Patience::default();
        while arriving.length < file.size_bytes {
            let before = arriving.length;
            match client.read_job_artifact(&self.id, attempt, &file.path, before).await {
                Ok(mut response) => {
                    // What breaks off is asked for from there on.
                    while let Ok(Some(chunk)) = response.chunk().await {
                        arriving.take(&chunk, file.size_bytes)?;
                    }
                }
                Err(error) => {
                    patience.bear_quietly(error).await.map_err(cannot_be_had)?;
                    continue;
                }
            }
            if arriving.length > before {
                patience = Patience::default();
            } else {
                patience.check()?;
                patience.pause().await;
            }
        }
        Ok(())
    }

    fn place(&self, part: &Path, target: &Path) -> Result<(), Failure> {
        if self.force {
            return std::fs::rename(part, target).map_err(|e| failed_here(target, &e));
        }
        match renameat_with(CWD, part, CWD, target, RenameFlags::NOREPLACE) {
            Ok(()) => Ok(()),
            Err(Errno::EXIST) => Err(is_there(target)),
            // Some file systems cannot do that; it was not there a moment ago.
            Err(Errno::INVAL | Errno::NOSYS) => std::fs::rename(part, target).map_err(|e| failed_here(target, &e)),
            Err(error) => Err(failed_here(target, &error)),
        }
    }
}

impl Arriving<'_> {
    /// Takes what comes next. Never more than was told.
    fn take(&mut self, chunk: &[u8], most: u64) -> Result<(), Failure> {
        let left = usize::try_from(most - self.length).unwrap_or(usize::MAX);
        let chunk = &chunk[..chunk.len().min(left)];
        self.to.write_all(chunk).map_err(|e| Failure::unwritable(&e))?;
        self.hash.update(chunk);
        self.length += chunk.len() as u64;
        self.moved.add(chunk.len() as u64);
        Ok(())
    }
}

fn cannot_be_had(failure: Failure) -> Failure {
    match failure.is_called("machine_offline") {
        true => failure.with_next("The file is kept there: try again when the machine is back."),
        false => failure,
    }
}

fn is_there(target: &Path) -> Failure {
    let shown = safe(&target.display().to_string()).into_owned();
    Failure::usage(format!("{shown} is there already"), "Name another file with -o, or replace it with --force.")
}

/// The last name of a path; nothing that leads elsewhere.
fn name_of(path: &str) -> Result<&str, Failure> {
    let name = path.rsplit('/').next().unwrap_or_default();
    let is_name = !matches!(name, "" | "." | "..") && !name.chars().any(char::is_control);
    is_name
        .then_some(name)
        .ok_or_else(|| Failure::usage("the file has no name to be written under", "Name one with -o."))
}

/// A new file in the same directory, for its owner only.
fn beside(target: &Path) -> Result<(PathBuf, File), Failure> {
    let mut name = std::ffi::OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(".part");
    let part = target.with_file_name(name);
    let create = || OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part);
    let made = match create() {
        // What an earlier attempt has left.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => std::fs::remove_file(&part).and_then(|()| create()),
        made => made,
    };
    made.map(|file| (part.clone(), file)).map_err(|e| failed_here(target, &e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f92_a_file_is_written_under_its_own_name_and_nowhere_else() {
        assert_eq!(name_of("a/b/c.txt").ok(), Some("c.txt"));
        for odd in ["", "a/", "a/..", "a/.", "a/\u{1b}[2J"] {
            assert!(name_of(odd).is_err(), "{odd:?}");
        }
    }
}
