//! `diwan cp`: copies files to a machine or from it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::Args;
use diwan_client::Client;
use diwan_files::client::Arrival;
use diwan_files::copy::{self, Watch};
use diwan_files::{Code, FilesError, Ignore, Kind as Sort, Meta, Over, Tree};
use serde_json::json;

use super::door::Door;
use super::failure::{Done, Failure};
use super::files::place::{self, Place, Spot};
use super::files::progress::{self, Moved};
use super::files::way::{Agent, Kind, talk};
use super::files::{Trouble, failed_here};
use super::screen::{safe, size};

const AFTER_HELP: &str = "\
Examples:
  diwan cp report.pdf web-1:projects/
  diwan cp web-1:projects/shop/data.db .
  diwan cp -r site web-1:projects/site
  diwan cp -r web-1:logs ./logs --exclude '*.gz'
  pg_dump shop | diwan cp - web-1:projects/shop.sql
  diwan cp web-1:projects/shop.sql - | less

A path on a machine begins with the name of one of its roots; without one, the
first root in which anything may be changed is meant. A / at the end means the
directory. What is there already and looks the same is left as it is; of what
changed, only the changes travel, and what was cut off goes on where it stopped.
A file takes its place in one step, when all of it is there; its mode and time
come along. A directory that is missing on the way to a target on the machine is
made; here it must be there. Links are never followed, and .git is left out: that
is git's own.";

/// Copy files to a machine or from it
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Cp {
    /// What: a path here, MACHINE:PATH, or - for standard input
    #[arg(value_name = "FROM")]
    from: String,
    /// To where: a path here, MACHINE:PATH, or - for standard output
    #[arg(value_name = "TO")]
    to: String,
    /// A directory with everything in it
    #[arg(short, long)]
    recursive: bool,
    /// Leave out what fits, as in a .gitignore; may be given several times
    #[arg(long, value_name = "PATTERN")]
    exclude: Vec<String>,
    /// Refuse to replace what is there
    #[arg(long, conflicts_with = "recursive")]
    no_overwrite: bool,
    /// Show no progress
    #[arg(short, long)]
    quiet: bool,
}

/// What was copied.
#[derive(Debug, Default)]
struct Copied {
    files: u64,
    same: u64,
    bytes: u64,
    travelled: u64,
    left: Vec<(String, String)>,
}

struct Counting {
    copied: Copied,
    moved: Moved,
}

impl Watch for Counting {
    fn moved(&mut self, bytes: u64) {
        self.moved.add(bytes);
    }

    fn copied(&mut self, _: &str, meta: &Meta, is_new: bool) {
        if meta.kind == Sort::Directory {
            return;
        }
        *if is_new { &mut self.copied.files } else { &mut self.copied.same } += 1;
        self.copied.bytes += meta.size;
    }

    fn left(&mut self, path: &str, why: &str) {
        self.copied.left.push((path.to_owned(), why.to_owned()));
    }
}

impl Cp {
    pub(in crate::cli) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let is_stream = Place::read(&self.to) == Place::Stream;
        let copied = match (Place::read(&self.from), Place::read(&self.to)) {
            (Place::There { machine, path }, Place::Here(to)) => {
                let spot = place::find(&client, &machine, &path).await?;
                self.fetch(&client, spot, PathBuf::from(to)).await?
            }
            (Place::There { machine, path }, Place::Stream) => {
                let spot = place::find(&client, &machine, &path).await?;
                self.print(&client, &spot).await?
            }
            (Place::Here(from), Place::There { machine, path }) => {
                let spot = place::find(&client, &machine, &path).await?;
                self.send(&client, Path::new(&from), spot).await?
            }
            (Place::Stream, Place::There { machine, path }) => {
                let spot = place::find(&client, &machine, &path).await?;
                self.send_input(&client, &spot).await?
            }
            _ => {
                let next = "Name a machine on one side: diwan cp FILE MACHINE:PATH, or MACHINE:PATH FILE.";
                return Err(Failure::usage("exactly one side is on a machine", next));
            }
        };
        if is_stream { Ok(Done::Well) } else { copied.tell(door) }
    }

    fn ignore(&self) -> Result<Ignore, Failure> {
        let read = Ignore::read(self.exclude.iter().map(String::as_str));
        read.map_err(|why| Failure::usage(why, "Give fewer or shorter patterns."))
    }

    fn over(&self) -> Over {
        if self.no_overwrite { Over::Nothing } else { Over::Anything }
    }

    async fn send(&self, client: &Client, from: &Path, spot: Spot) -> Result<Copied, Failure> {
        let (above, name, is_directory) = find_here(from)?;
        must_be_recursive(self.recursive || !is_directory, &from.to_string_lossy())?;
        let total = (!is_directory).then(|| above.join(&name).metadata().map_or(0, |meta| meta.len()));
        // The policy lets nobody write the root itself: what goes into it has its own name.
        let into = spot.path.is_empty();
        let spot = if into { Spot { path: name.clone(), is_directory: false, ..spot } } else { spot };
        let (ignore, over, moved) = (self.ignore()?, self.over(), Moved::default());
        let (watched, goes_into) = (moved.clone(), spot.is_directory);
        let work = talk(client, &spot, Kind::Put, move |agent| {
            let tree = Tree::open(&above).map_err(|e| Trouble::Here(failed_here(&above, &e)))?;
            let mut counting = Counting { copied: Copied::default(), moved: watched };
            if is_directory {
                // As with cp: into a directory that is there, or as one that is not.
                let to = if goes_into || (!into && is_directory_there(agent)?) { name.as_str() } else { "" };
                copy::send(agent, (&tree, &name), to, &ignore, &mut counting)?;
            } else {
                let to = if goes_into || is_directory_there(agent)? { name.as_str() } else { "" };
                let (open, meta) = tree.file(&name).map_err(|e| unreadable(&above, &e))?;
                let is_new = over != Over::Anything || !agent.stat(to)?.is_some_and(|there| is_same(&there, &meta));
                if is_new {
                    let arrival = Arrival { with_basis: true, ..Arrival::like(&meta, over) };
                    agent.put((&name, open, meta), to, &arrival, &mut |bytes| counting.moved.add(bytes))?;
                }
                counting.copied(to, &meta, is_new);
            }
            counting.copied.travelled = agent.moved();
            Ok(counting.copied)
        });
        progress::show(&moved, total, self.quiet, work).await
    }

    async fn send_input(&self, client: &Client, spot: &Spot) -> Result<Copied, Failure> {
        if spot.is_directory {
            return Err(Failure::usage("standard input has no name", "Name the file on the machine."));
        }
        let (over, moved) = (self.over(), Moved::default());
        let watched = moved.clone();
        let work = talk(client, spot, Kind::Put, move |agent| {
            let arrival = Arrival { over, mode: None, modified: None, with_basis: true };
            let put = agent.put_stream(&mut std::io::stdin().lock(), "", &arrival, &mut |bytes| watched.add(bytes));
            let bytes = put?.map_or(0, |meta| meta.size);
            Ok(Copied { files: 1, bytes, travelled: agent.moved(), ..Copied::default() })
        });
        progress::show(&moved, None, self.quiet, work).await
    }

    async fn fetch(&self, client: &Client, spot: Spot, to: PathBuf) -> Result<Copied, Failure> {
        let name = copy::last_name(if spot.path.is_empty() { &spot.root } else { &spot.path }).to_owned();
        let to = if to.is_dir() { to.join(&name) } else { to };
        let (above, own) = target_here(&to)?;
        let tree = Tree::open(&above).map_err(|e| failed_here(&above, &e))?;
        let (ignore, over, moved) = (self.ignore()?, self.over(), Moved::default());
        let (watched, recursive) = (moved.clone(), self.recursive);
        let shown = format!("{}:{}/{}", spot.machine, spot.root, spot.path);
        let work = talk(client, &spot, Kind::Get, move |agent| {
            let mut counting = Counting { copied: Copied::default(), moved: watched };
            let there = agent.stat("")?;
            if there.is_some_and(|there| there.kind == Sort::Directory) {
                must_be_recursive(recursive, &shown).map_err(Trouble::Here)?;
                tree.make_directory(&own, None, true).map_err(|e| Trouble::Here(failed_here(&to, &e)))?;
                copy::fetch(agent, "", (&tree, &own), &ignore, &mut counting)?;
            } else if let Some(meta) = there.filter(|there| over == Over::Anything && is_here(&tree, &own, there)) {
                counting.copied("", &meta, false);
            } else {
                let got = agent.get("", (&tree, &own), &over, &mut |bytes| counting.moved.add(bytes));
                let meta = got.map_err(|error| whose(agent, &to, error))?;
                counting.copied("", &meta, true);
            }
            counting.copied.travelled = agent.moved();
            Ok(counting.copied)
        });
        progress::show(&moved, None, self.quiet, work).await
    }

    async fn print(&self, client: &Client, spot: &Spot) -> Result<Copied, Failure> {
        talk(client, spot, Kind::Get, |agent| {
            let mut out = std::io::stdout().lock();
            let read = agent.read("", (0, None), &mut |_| {}, &mut out);
            match read.map(drop).and_then(|()| std::io::Write::flush(&mut out).map_err(FilesError::Pipe)) {
                // What the system itself says is about standard output; whoever reads it may have had enough.
                Err(FilesError::Pipe(e)) if e.raw_os_error().is_some() && e.kind() != ErrorKind::BrokenPipe => {
                    Err(Trouble::Here(Failure::unwritable(&e)))
                }
                Err(FilesError::Pipe(e)) if e.raw_os_error().is_some() => Ok(Copied::default()),
                done => Ok(done.map(|()| Copied::default())?),
            }
        })
        .await
    }
}

fn must_be_recursive(is_so: bool, shown: &str) -> Result<(), Failure> {
    let next = "-r copies it with everything in it.";
    if is_so { Ok(()) } else { Err(Failure::usage(safe(&format!("{shown} is a directory")), next)) }
}

/// Whether two looks at a file saw the same, as far as looks can tell.
fn is_same(one: &Meta, other: &Meta) -> bool {
    let looks = |meta: &Meta| (meta.kind, meta.size, meta.seconds, meta.nanoseconds, meta.mode);
    one.kind == Sort::File && looks(one) == looks(other)
}

fn is_here(tree: &Tree, name: &str, there: &Meta) -> bool {
    tree.stat(name).is_ok_and(|here| here.is_some_and(|here| is_same(&here, there)))
}

fn unreadable(above: &Path, why: &FilesError) -> Trouble {
    Trouble::Here(failed_here(above, why).with_next("That is on this computer: make it readable, or name another."))
}

/// On which side a file could not be fetched: what the machine lets us read now was in nobody's way there.
fn whose(agent: &mut Agent, to: &Path, error: FilesError) -> Trouble {
    let concerns_a_place =
        matches!(error.code(), Some(Code::Absent | Code::Denied | Code::OtherKind | Code::NoRoom | Code::Other));
    if !concerns_a_place || agent.read("", (0, Some(0)), &mut |_| {}, &mut std::io::sink()).is_err() {
        return error.into();
    }
    let words = error.to_string();
    let failure = failed_here(to, &words.split_once(": ").map_or(words.as_str(), |(_, why)| why));
    let is_full = error.code() == Some(Code::NoRoom);
    Trouble::Here(if is_full { failure.with_next("Make room here, and try again.") } else { failure })
}

/// Whether what was named on the machine is a directory there.
fn is_directory_there(agent: &mut Agent) -> Result<bool, FilesError> {
    Ok(agent.stat("")?.is_some_and(|meta| meta.kind == Sort::Directory))
}

/// The directory above something here, its name, and whether it is a directory.
fn find_here(path: &Path) -> Result<(PathBuf, String, bool), Failure> {
    let shown = safe(&path.to_string_lossy()).into_owned();
    let real = path.canonicalize().map_err(|e| Failure::usage(format!("{shown}: {e}"), "Look at the path."))?;
    let is_directory = real.is_dir();
    let named = real.file_name().and_then(|name| name.to_str()).map(str::to_owned);
    match (real.parent(), named) {
        (Some(above), Some(name)) => Ok((above.to_owned(), name, is_directory)),
        _ => Err(Failure::usage(format!("{shown} has no name that could be sent"), "Name something below it.")),
    }
}

/// The directory that something is put into here, and its name there.
fn target_here(to: &Path) -> Result<(PathBuf, String), Failure> {
    let shown = safe(&to.to_string_lossy()).into_owned();
    let name = to.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| Failure::usage(format!("{shown} is no name for a file"), "Name the file."))?;
    let above = to.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    Ok((above.to_owned(), name.to_owned()))
}

impl Copied {
    fn tell(self, door: &Door<'_>) -> Result<Done, Failure> {
        for (path, why) in self.left.iter().filter(|_| !door.screen.is_json()) {
            eprintln!("{}", safe(&format!("left out: {path}: {why}")));
        }
        if door.screen.is_json() {
            let left: Vec<_> = self.left.iter().map(|(path, why)| json!({"path": path, "why": why})).collect();
            let report = json!({"files": self.files, "unchanged": self.same, "bytes": self.bytes,
                "travelled_bytes": self.travelled, "left_out": left});
            door.screen.json(&report.to_string())?;
        } else {
            door.screen.line(&self.in_words())?;
        }
        Ok(if self.left.is_empty() { Done::Well } else { Done::Found })
    }

    fn in_words(&self) -> String {
        let count = |files| if files == 1 { "1 file".to_owned() } else { format!("{files} files") };
        let (bytes, travelled) = (size(self.bytes), size(self.travelled));
        let left = if self.left.is_empty() { String::new() } else { format!(", {} left out", self.left.len()) };
        if self.files == 0 && self.same > 0 {
            return format!("the same already: {}{left}, {bytes}; {travelled} travelled to see that", count(self.same));
        }
        let verb = if self.same == 1 { "was" } else { "were" };
        let same = if self.same > 0 { format!(", {} {verb} the same", self.same) } else { String::new() };
        // Of a little, what is said about it is more.
        let of = if self.travelled <= self.bytes { ", of which" } else { ";" };
        format!("copied {}{same}{left}: {bytes}{of} {travelled} travelled", count(self.files))
    }
}
