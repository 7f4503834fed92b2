//! From calls to what they did: to the disk, and to those who were told something.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::calls::Call;
use super::disk::{Change, DirNode, Disk, Done, FileNode, Naming, Node};

/// Files whose bytes have a check of their own, or are of no use after a power cut.
const CHECKED: [&str; 6] = ["diwan.db", "diwan.db-wal", "effects.db", "effects.db-journal", "journal", "journal.new"];
/// What is in memory only, held by a lock, or there to be given up.
const PASSING: [&str; 4] = ["-shm", "-ballast", ".lock", ".sock"];

/// What happened.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) disk: Disk,
    /// The directories that were looked at, with their numbers.
    pub(super) roots: Vec<(PathBuf, usize)>,
    /// What somebody was told of a job, and with which line.
    pub(super) told: Vec<(usize, Value)>,
    /// Which step began, by its key, and with which line.
    pub(super) began: Vec<(usize, String)>,
    /// The lines at which something changed.
    pub(super) lines: Vec<usize>,
    /// What there is now, while it is read.
    live: BTreeMap<PathBuf, Node>,
    /// Where the next write without a place goes, and whether it always goes to the end.
    places: BTreeMap<usize, (usize, bool)>,
    lengths: BTreeMap<usize, usize>,
}

/// Whether a file is nothing that outlives a power cut.
pub(super) fn is_passing(path: &Path) -> bool {
    PASSING.iter().any(|ending| path.to_string_lossy().ends_with(ending))
}

impl Record {
    /// Everything as it is in these directories, where nobody writes now.
    pub(super) fn begin(roots: &[PathBuf]) -> Self {
        let mut this = Self::default();
        for root in roots {
            match this.take_in(root) {
                Node::Dir(number) => this.roots.push((root.clone(), number)),
                Node::File(_) => panic!("{} is no directory", root.display()),
            }
        }
        this
    }

    /// How often files of this name were written to.
    pub(super) fn writes(&self, name: &str) -> usize {
        let files = self.live.iter().filter(|(path, _)| path.ends_with(name));
        let files = files.filter_map(|(_, node)| if let Node::File(file) = node { Some(*file) } else { None });
        files.map(|file| self.disk.files[file].changes.len()).sum()
    }

    fn take_in(&mut self, path: &Path) -> Node {
        if path.is_dir() {
            let node = self.fresh_dir(path);
            for entry in std::fs::read_dir(path).expect("a directory").flatten() {
                let is_kept = entry.file_type().is_ok_and(|kind| kind.is_file() || kind.is_dir());
                if is_kept && !is_passing(&entry.path()) {
                    let child = self.take_in(&entry.path());
                    self.dir(node).base.insert(entry.file_name(), child);
                }
            }
            return node;
        }
        let node = self.fresh_file(path);
        let base = std::fs::read(path).expect("a file");
        if let Node::File(number) = node {
            self.lengths.insert(number, base.len());
            self.disk.files[number].base = base;
        }
        node
    }

    fn fresh_dir(&mut self, path: &Path) -> Node {
        let node = Node::Dir(self.disk.dirs.len());
        self.disk.dirs.push(DirNode::default());
        self.live.insert(path.to_owned(), node);
        node
    }

    fn fresh_file(&mut self, path: &Path) -> Node {
        let node = Node::File(self.disk.files.len());
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        self.disk.files.push(FileNode { is_plain: !CHECKED.contains(&name.as_ref()), ..FileNode::default() });
        self.live.insert(path.to_owned(), node);
        node
    }

    fn dir(&mut self, node: Node) -> &mut DirNode {
        match node {
            Node::Dir(number) => &mut self.disk.dirs[number],
            Node::File(_) => panic!("a file where a directory should be"),
        }
    }

    /// Whether it is about a file that is looked at. The directories themselves were there before; sandboxes make
    /// places for them that are their own.
    fn concerns(&self, path: &Path) -> bool {
        self.roots.iter().any(|(root, _)| path.starts_with(root) && path != root) && !is_passing(path)
    }

    /// Takes in one call.
    pub(super) fn take(&mut self, call: &Call) {
        if call.has_failed() {
            return;
        }
        match call.name.as_str() {
            "execve" => self.step_began(call),
            "sendto" | "sendmsg" => self.said(call),
            "open" | "creat" | "openat" | "openat2" => self.opened(call),
            "mkdir" => self.made_dir(call, call.path(0)),
            "mkdirat" => self.made_dir(call, call.path(1)),
            "unlink" | "rmdir" => self.taken(call, call.path(0)),
            "unlinkat" => self.taken(call, call.path(1)),
            "rename" => self.moved(call, call.path(0), call.path(1)),
            "renameat" | "renameat2" => self.moved(call, call.path(1), call.path(3)),
            "lseek" => {
                if let Some(file) = self.file_of(call, 0) {
                    self.places.entry(file).or_default().0 = call.result().unwrap_or_default() as usize;
                }
            }
            "fsync" | "fdatasync" => self.synced(call),
            "write" | "writev" | "pwrite64" | "pwritev" | "pwritev2" => self.wrote(call),
            "ftruncate" => self.resized(call, call.number(1) as usize, true),
            "fallocate" => self.resized(call, (call.number(2) + call.number(3)) as usize, false),
            "mmap" => {
                let is_shared = call.has(3, "MAP_SHARED") && call.has(2, "PROT_WRITE");
                assert!(!is_shared || self.file_of(call, 4).is_none(), "not understood: {call:?}");
            }
            _ => {
                let paths = (0..6).flat_map(|at| [call.file(at), call.path(at)]).flatten();
                let concerned = paths.filter(|path| self.concerns(path)).count();
                assert_eq!(concerned, 0, "not understood: {call:?}");
            }
        }
    }

    fn step_began(&mut self, call: &Call) {
        let words = call.texts(1);
        if let [_, step, key, ..] = &words[..]
            && step == b"step.py"
        {
            self.began.push((call.began, String::from_utf8_lossy(key).into_owned()));
        }
    }

    /// What leaves the control plane in the clear is an answer.
    fn said(&mut self, call: &Call) {
        let bytes = call.all_bytes();
        let text = String::from_utf8_lossy(&bytes);
        let Some(body) = text.strip_prefix("HTTP/1.1 20").and_then(|text| text.split_once("\r\n\r\n")) else { return };
        // One that is said in several pieces is not understood, and does not count.
        let Ok(body) = serde_json::from_str::<Value>(body.1) else { return };
        let items = body["items"].as_array().cloned().unwrap_or_else(|| vec![body]);
        let jobs = items.into_iter().filter(|item| item["id"].as_str().is_some_and(|id| id.starts_with("job_")));
        self.told.extend(jobs.map(|job| (call.began, job)));
    }

    fn opened(&mut self, call: &Call) {
        let flags = (0..4).find(|at| ["O_RDONLY", "O_WRONLY", "O_RDWR"].iter().any(|flag| call.has(*at, flag)));
        let (Some(path), Some(flags)) = (call.opened().filter(|path| self.concerns(path)), flags) else { return };
        if call.has(flags, "O_RDONLY") || path.is_dir() && !call.has(flags, "O_CREAT") {
            return;
        }
        let node = match self.live.get(&path).copied() {
            Some(node) => node,
            None => {
                assert!(call.has(flags, "O_CREAT"), "a file from nowhere: {}", path.display());
                let node = self.fresh_file(&path);
                self.name(call, &path, |name| Naming::Put(name, node));
                node
            }
        };
        let Node::File(file) = node else { return };
        self.places.insert(file, (0, call.has(flags, "O_APPEND")));
        if call.has(flags, "O_TRUNC") && self.lengths.get(&file).is_some_and(|length| *length > 0) {
            self.change(call, file, Change::Resize(0), 0);
        }
    }

    fn made_dir(&mut self, call: &Call, path: Option<PathBuf>) {
        let Some(path) = path.filter(|path| self.concerns(path)) else { return };
        let node = self.fresh_dir(&path);
        self.name(call, &path, |name| Naming::Put(name, node));
    }

    fn taken(&mut self, call: &Call, path: Option<PathBuf>) {
        let Some(path) = path.filter(|path| self.concerns(path)) else { return };
        self.live.remove(&path);
        self.name(call, &path, Naming::Take);
    }

    fn moved(&mut self, call: &Call, from: Option<PathBuf>, to: Option<PathBuf>) {
        let (Some(from), Some(to)) = (from, to) else { return };
        if !self.concerns(&from) && !self.concerns(&to) {
            return;
        }
        assert_eq!(from.parent(), to.parent(), "not understood: {call:?}");
        let node = self.live.remove(&from).expect("what is moved is there");
        assert!(matches!(node, Node::File(_)), "not understood: {call:?}");
        self.live.insert(to.clone(), node);
        let name = from.file_name().expect("a name").to_owned();
        self.name(call, &to, |to| Naming::Move(name, to));
    }

    fn name(&mut self, call: &Call, path: &Path, naming: impl FnOnce(std::ffi::OsString) -> Naming) {
        let (above, name) = (path.parent().expect("above"), path.file_name().expect("a name"));
        let above = *self.live.get(above).unwrap_or_else(|| panic!("nobody made {}", above.display()));
        let what = naming(name.to_owned());
        self.dir(above).changes.push(Done { began: call.began, over: call.over, what });
        self.lines.push(call.began);
    }

    fn node_of(&self, call: &Call, at: usize) -> Option<Node> {
        call.file(at).and_then(|path| self.live.get(&path)).copied()
    }

    fn file_of(&self, call: &Call, at: usize) -> Option<usize> {
        self.node_of(call, at).and_then(|node| if let Node::File(file) = node { Some(file) } else { None })
    }

    fn synced(&mut self, call: &Call) {
        let done = Done { began: call.began, over: call.over, what: () };
        match self.node_of(call, 0) {
            Some(Node::File(file)) => self.disk.files[file].syncs.push(done),
            Some(Node::Dir(dir)) => self.disk.dirs[dir].syncs.push(done),
            None => return,
        }
        self.lines.extend([call.began, call.over]);
    }

    fn wrote(&mut self, call: &Call) {
        let Some(file) = self.file_of(call, 0) else { return self.said(call) };
        let mut bytes = call.bytes(1);
        bytes.truncate(call.result().map_or(bytes.len(), |result| result as usize));
        let length = self.lengths.get(&file).copied().unwrap_or_default();
        let place = self.places.entry(file).or_default();
        let at = match call.name.as_str() {
            "pwrite64" | "pwritev" | "pwritev2" => call.number(3) as usize,
            _ if place.1 => length,
            _ => {
                place.0 += bytes.len();
                place.0 - bytes.len()
            }
        };
        let length = length.max(at + bytes.len());
        self.change(call, file, Change::Write { at, bytes }, length);
    }

    fn resized(&mut self, call: &Call, length: usize, is_exact: bool) {
        let Some(file) = self.file_of(call, 0) else { return };
        let before = self.lengths.get(&file).copied().unwrap_or_default();
        if is_exact || length > before {
            self.change(call, file, Change::Resize(length), length);
        }
    }

    fn change(&mut self, call: &Call, file: usize, what: Change, length: usize) {
        self.lengths.insert(file, length);
        self.disk.files[file].changes.push(Done { began: call.began, over: call.over, what });
        self.lines.push(call.began);
    }
}
