//! Files that a command leaves. The machine keeps copies of those that were asked for when the command has ended, tells
//! which these are before it tells the end, and gives them to the control plane when they are wanted.

use minicbor::bytes::ByteArray;
use minicbor::{Decode, Encode};

/// More patterns than these no command has.
pub const MOST_GLOBS: usize = 32;
/// Nor longer ones.
pub const LONGEST_GLOB: usize = 256;
/// Of no command are more files kept.
pub const MOST_FILES: usize = 1000;
/// No path is longer.
pub const LONGEST_PATH: usize = 1024;
/// So many that are left out are named.
pub const MOST_NAMED: usize = 100;
/// So many files are told of in one message.
pub const FILES_AT_ONCE: usize = 100;
/// No piece of a file is longer.
pub const LONGEST_PIECE: usize = 128 * 1024;

/// Some of the files that are kept. There may be several of these; at least one, if files were asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Artifacts {
    /// Files. The first one that is told of a command has the number 0.
    #[n(0)]
    pub files: Vec<Artifact>,
    /// What fits and is not kept.
    #[n(1)]
    pub left_out: Vec<LeftOut>,
    /// So many more that are left out and not named.
    #[n(2)]
    pub more_left_out: u64,
}

/// A file that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Artifact {
    /// Its path below the directory that the command ran in.
    #[n(0)]
    pub path: String,
    /// How long it is.
    #[n(1)]
    pub size: u64,
    /// When it was written last, in milliseconds since 1970.
    #[n(2)]
    pub modified_ms: i64,
    /// SHA-256 of it.
    #[n(3)]
    pub hash: ByteArray<32>,
}

/// Something that fits and is not kept.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct LeftOut {
    /// Its path; empty for all of them.
    #[n(0)]
    pub path: String,
    /// Why, for people, in English.
    #[n(1)]
    pub why: String,
}

/// Which file is wanted, from where on.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct FetchArtifact {
    /// The command that left it.
    #[n(0)]
    pub command: String,
    /// Its number.
    #[n(1)]
    pub number: u32,
    /// Its hash: it is given only if it is still that one.
    #[n(2)]
    pub hash: ByteArray<32>,
    /// From which place on.
    #[n(3)]
    pub from: u64,
    /// How many bytes; without it, all that come then.
    #[n(4)]
    pub length: Option<u64>,
}

/// The answer. After [`FoundArtifact::Here`] the bytes follow, in messages of up to [`LONGEST_PIECE`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum FoundArtifact {
    /// It is here.
    #[n(0)]
    Here,
    /// It is not kept any longer.
    #[n(1)]
    Gone,
}

/// Whether these patterns can be meant: those that say nothing are not said at all. What a pattern means, who looks for
/// files knows.
pub fn are_sane(globs: &[String]) -> bool {
    let is_sane = |glob: &String| (1..=LONGEST_GLOB).contains(&glob.len()) && !glob.contains('\0');
    (1..=MOST_GLOBS).contains(&globs.len()) && globs.iter().all(is_sane)
}
