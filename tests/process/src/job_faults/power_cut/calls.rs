//! What strace saw: calls of programs to the system, each with the lines at which it began and was over.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use rustix::process::Pid;
use tokio::io::AsyncBufReadExt;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::program::PATIENCE;

/// Everything by which a file or its name can change, and what programs say to one another.
const CALLS: &str = "open,openat,openat2,creat,write,writev,pwrite64,pwritev,pwritev2,lseek,fsync,fdatasync,\
    sync_file_range,syncfs,sync,ftruncate,truncate,fallocate,copy_file_range,sendfile,splice,mmap,rename,renameat,\
    renameat2,unlink,unlinkat,link,linkat,symlink,symlinkat,mkdir,mkdirat,rmdir,sendto,sendmsg,execve";
/// More than anybody writes at once.
const LONGEST: &str = "4194304";

/// A call.
#[derive(Debug)]
pub(super) struct Call {
    /// The line with which it begins, and the one with which it is over; `usize::MAX` if it never was.
    pub(super) began: usize,
    pub(super) over: usize,
    pub(super) name: String,
    args: Vec<Vec<u8>>,
    result: Vec<u8>,
}

/// Has strace look at these programs, which stand still.
pub(super) async fn watch(programs: &[Pid], to: &Path) -> Child {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-y", "-xx", "-s", LONGEST, "-e", &format!("trace={CALLS}"), "-o"]).arg(to);
    for program in programs {
        strace.args(["-p", &program.as_raw_nonzero().to_string()]);
    }
    strace.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut strace = match strace.spawn() {
        Ok(strace) => strace,
        Err(error) => panic!("strace cannot be run, which this test needs: install strace ({error})"),
    };
    let mut lines = tokio::io::BufReader::new(strace.stderr.take().expect("its words")).lines();
    let attached = async {
        for _ in programs {
            let line = lines.next_line().await.expect("a line").expect("strace goes on");
            assert!(
                line.contains("attached"),
                "strace may not look at other processes here, which this test needs: {line}"
            );
        }
    };
    timeout(PATIENCE, attached).await.expect("strace attaches");
    #[expect(clippy::disallowed_methods, reason = "a test has no supervisor; somebody must read what strace says")]
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    strace
}

/// Reads what it wrote from some byte on: every call in the order in which they began, and how many lines there are.
pub(super) fn read(path: &Path, from: u64) -> (Vec<Call>, usize) {
    let mut file = File::open(path).expect("what strace wrote");
    file.seek(SeekFrom::Start(from)).expect("so much was written");
    let (mut calls, mut open) = (BTreeMap::new(), BTreeMap::<Vec<u8>, (usize, Vec<u8>)>::new());
    let mut lines = 0;
    let mut reader = BufReader::new(file);
    loop {
        let mut line = vec![];
        reader.read_until(b'\n', &mut line).expect("a line");
        // Nothing more, or nothing whole.
        if line.pop() != Some(b'\n') {
            break;
        }
        let at = lines;
        lines += 1;
        let start = line.iter().position(|byte| *byte == b' ').expect("a process");
        let (process, text) = (line[..start].to_vec(), line[start..].trim_ascii());
        if let Some(text) = text.strip_suffix(b" <unfinished ...>") {
            open.insert(process, (at, text.to_vec()));
        } else if text.starts_with(b"<... ") {
            let resumed = find(text, b" resumed>").expect("what goes on") + b" resumed>".len();
            // One that began before anybody looked.
            let Some((began, mut whole)) = open.remove(&process) else { continue };
            whole.extend_from_slice(&text[resumed..]);
            calls.insert(began, Call::parse(&whole, began, at));
        } else if text[0].is_ascii_alphabetic() {
            calls.insert(at, Call::parse(text, at, at));
        }
    }
    for (began, text) in open.into_values() {
        calls.insert(began, Call::parse(&text, began, usize::MAX));
    }
    (calls.into_values().collect(), lines)
}

impl Call {
    fn parse(text: &[u8], began: usize, over: usize) -> Self {
        let name = find(text, b"(").unwrap_or_else(|| panic!("no call: {}", String::from_utf8_lossy(text)));
        // One that was cut off by a death has no result.
        let end = text.windows(3).rposition(|three| three == b" = ").unwrap_or(text.len());
        let args = text[name + 1..end].trim_ascii_end();
        let (args, result) = (args.strip_suffix(b")").unwrap_or(args), text.get(end + 3..).unwrap_or(b"?"));
        let over = if result.starts_with(b"?") { usize::MAX } else { over };
        let name = String::from_utf8_lossy(&text[..name]).into_owned();
        Self { began, over, name, args: split(args), result: result.to_vec() }
    }

    /// What it came to, if it was over; less than nothing if it failed.
    pub(super) fn result(&self) -> Option<i64> {
        if self.is_over() { number(&self.result) } else { None }
    }

    /// Whether it was ever over.
    pub(super) fn is_over(&self) -> bool {
        self.over != usize::MAX
    }

    /// Whether it was over and went wrong.
    pub(super) fn has_failed(&self) -> bool {
        self.result().is_some_and(|result| result < 0)
    }

    /// The file that it opened.
    pub(super) fn opened(&self) -> Option<PathBuf> {
        path_in(&self.result)
    }

    /// The file that this argument stands for.
    pub(super) fn file(&self, at: usize) -> Option<PathBuf> {
        self.args.get(at).and_then(|arg| path_in(arg))
    }

    /// The path that this argument names, below that which stands before it if there is one.
    pub(super) fn path(&self, at: usize) -> Option<PathBuf> {
        let named = PathBuf::from(OsString::from_vec(self.bytes(at)));
        let from = at.checked_sub(1).and_then(|before| self.file(before));
        Some(from.map_or(named.clone(), |from| from.join(named)))
    }

    /// All bytes of this argument.
    pub(super) fn bytes(&self, at: usize) -> Vec<u8> {
        self.texts(at).concat()
    }

    /// The texts in this argument.
    pub(super) fn texts(&self, at: usize) -> Vec<Vec<u8>> {
        self.args.get(at).map(|arg| quoted(arg)).unwrap_or_default()
    }

    pub(super) fn number(&self, at: usize) -> i64 {
        self.args.get(at).and_then(|arg| number(arg)).unwrap_or_else(|| panic!("no number at {at}: {}", self.name))
    }

    pub(super) fn has(&self, at: usize, flag: &str) -> bool {
        self.args.get(at).is_some_and(|arg| arg.split(|byte| *byte == b'|').any(|word| word == flag.as_bytes()))
    }

    /// Every byte that it gave away, in whichever argument.
    pub(super) fn all_bytes(&self) -> Vec<u8> {
        (0..self.args.len()).flat_map(|at| self.bytes(at)).collect()
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

fn number(text: &[u8]) -> Option<i64> {
    let end = text.iter().position(|byte| !byte.is_ascii_digit() && *byte != b'-').unwrap_or(text.len());
    std::str::from_utf8(&text[..end]).ok()?.parse().ok()
}

/// Arguments: bytes stand in them as numbers, so that a comma is one.
fn split(args: &[u8]) -> Vec<Vec<u8>> {
    let (mut parts, mut depth) = (vec![vec![]], 0);
    for byte in args {
        match byte {
            b'[' | b'{' | b'(' => depth += 1,
            b']' | b'}' | b')' => depth -= 1,
            _ => {}
        }
        match (byte, depth) {
            (b',', 0) => parts.push(vec![]),
            _ => parts.last_mut().expect("one").push(*byte),
        }
    }
    parts.iter().map(|part| part.trim_ascii().to_vec()).collect()
}

/// The path behind the number of an open file.
fn path_in(text: &[u8]) -> Option<PathBuf> {
    let start = find(text, b"<")?;
    let end = text.iter().rposition(|byte| *byte == b'>')?;
    Some(PathBuf::from(OsString::from_vec(unescaped(text.get(start + 1..end)?))))
}

fn quoted(text: &[u8]) -> Vec<Vec<u8>> {
    assert!(find(text, b"\"...").is_none(), "strace has left something out");
    // Whatever stands between two quotes, again and again.
    text.split(|byte| *byte == b'"').skip(1).step_by(2).map(unescaped).collect()
}

/// `\x2f` is a byte; where it is not written so, it stands for itself.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let digit = |byte: u8| (byte as char).to_digit(16).map(|digit| digit as u8);
    let (mut bytes, mut at) = (Vec::with_capacity(text.len() / 4), 0);
    while at < text.len() {
        let coded = text.get(at..at + 4).filter(|four| four.starts_with(b"\\x"));
        match coded.and_then(|four| Some(digit(four[2])? * 16 + digit(four[3])?)) {
            Some(byte) => (bytes.push(byte), at += 4),
            None => (bytes.push(text[at]), at += 1),
        };
    }
    bytes
}
