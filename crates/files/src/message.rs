//! What is said between a client and an agent, in CBOR: fields that are not known are skipped.
//!
//! The agent says [`Message::Hello`] first. Then the client asks, one thing after the other, and the agent
//! answers in the same order. Each question has one answer, which may be many messages long.

use minicbor::bytes::{ByteArray, ByteSlice};
use minicbor::{Decode, Encode};

/// The version of the conversation that is spoken here.
pub const VERSION: u16 = 1;
/// No piece of a file is longer.
pub const LONGEST_PIECE: usize = 256 * 1024;
/// So many entries or pieces are told of at once, at most.
pub const MOST_AT_ONCE: usize = 512;

/// What something in a directory is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Kind {
    /// A regular file.
    #[n(0)]
    File,
    /// A directory.
    #[n(1)]
    Directory,
    /// A link; it is never followed.
    #[n(2)]
    Link,
    /// A device, a socket, a pipe: it never travels.
    #[n(3)]
    Other,
}

/// What is known of something without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Meta {
    /// What it is.
    #[n(0)]
    pub kind: Kind,
    /// How long it is.
    #[n(1)]
    pub size: u64,
    /// When it was written last, in seconds since 1970.
    #[n(2)]
    pub seconds: i64,
    /// And nanoseconds.
    #[n(3)]
    pub nanoseconds: u32,
    /// Who may read, write and execute it: nine bits, never more.
    #[n(4)]
    pub mode: u32,
}

/// Something in a directory.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Entry {
    /// Its path below what was asked for.
    #[n(0)]
    pub path: String,
    /// What it is.
    #[n(1)]
    pub meta: Meta,
    /// Where it leads, if it is a link.
    #[n(2)]
    pub target: Option<String>,
}

/// A piece of a file that is there.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Piece {
    /// BLAKE3 of it.
    #[n(0)]
    pub hash: ByteArray<32>,
    /// How long it is.
    #[n(1)]
    pub length: u32,
}

/// What may be replaced.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Over {
    /// Whatever file or link is there.
    #[n(0)]
    Anything,
    /// Nothing: it must not be there.
    #[n(1)]
    Nothing,
    /// Only what still is as it was seen.
    #[n(2)]
    Seen(#[n(0)] Meta),
}

/// Everything that is said.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Message<'b> {
    /// Agent: the version that it speaks, and the oldest that it understands.
    #[n(0)]
    Hello {
        /// [`VERSION`].
        #[n(0)]
        version: u16,
        /// The oldest.
        #[n(1)]
        oldest: u16,
    },
    /// Agent: it was not done.
    #[n(1)]
    Failed {
        /// For programs.
        #[b(0)]
        code: &'b str,
        /// For people.
        #[b(1)]
        words: &'b str,
    },
    /// Agent: it is done, and this is there now.
    #[n(2)]
    Done(#[n(0)] Option<Meta>),

    /// Client: what is in this directory, in the order of the names. Answer: entries and their end.
    #[n(10)]
    List {
        /// Which directory.
        #[b(0)]
        path: &'b str,
        /// From behind this name on.
        #[b(1)]
        after: Option<&'b str>,
        /// So many at most.
        #[n(2)]
        limit: u32,
    },
    /// Client: everything below this directory. Answer: entries and their end.
    #[n(11)]
    Walk {
        /// Which directory.
        #[b(0)]
        path: &'b str,
        /// What is left out, as lines of [`crate::ignore`].
        #[n(1)]
        ignore: Vec<String>,
    },
    /// Client: what is there. Answer: done, with what it is.
    #[n(12)]
    Stat(#[b(0)] &'b str),
    /// Agent: some entries.
    #[n(13)]
    Entries(#[n(0)] Vec<Entry>),
    /// Agent: something that does not travel.
    #[n(14)]
    Skipped {
        /// What.
        #[b(0)]
        path: &'b str,
        /// Why not.
        #[b(1)]
        why: &'b str,
    },
    /// Agent: these were all, or as many as were asked for.
    #[n(15)]
    EntriesEnd {
        /// Whether there are more.
        #[n(0)]
        more: bool,
    },

    /// Client: send this file. Answer: its beginning, pieces, and its end.
    #[n(20)]
    Get {
        /// Which.
        #[b(0)]
        path: &'b str,
        /// Whether pieces that are here follow.
        #[n(1)]
        with_basis: bool,
        /// From which place on.
        #[n(2)]
        from: u64,
        /// How much of it, rather than all.
        #[n(3)]
        length: Option<u64>,
    },
    /// Whoever receives: pieces that are there already.
    #[n(21)]
    Basis(#[n(0)] Vec<Piece>),
    /// Whoever receives: these were all.
    #[n(22)]
    BasisEnd,
    /// Agent: the file that was asked for.
    #[n(23)]
    Begins(#[n(0)] Meta),
    /// Whoever sends: the next piece.
    #[n(24)]
    Data(#[b(0)] &'b ByteSlice),
    /// Whoever sends: the next pieces are these of the basis.
    #[n(25)]
    Same {
        /// The first of them.
        #[n(0)]
        first: u64,
        /// How many.
        #[n(1)]
        count: u64,
    },
    /// Whoever sends: that was all.
    #[n(26)]
    Whole {
        /// How long it is.
        #[n(0)]
        size: u64,
        /// BLAKE3 of the hashes of its pieces.
        #[n(1)]
        hash: ByteArray<32>,
    },
    /// Whoever sends: it cannot be sent to its end.
    #[n(27)]
    GivenUp(#[b(0)] &'b str),
    /// Client: a file comes. Answer: the basis if it is wanted, and done after its end.
    #[n(28)]
    Put {
        /// Which.
        #[b(0)]
        path: &'b str,
        /// What may be replaced.
        #[n(1)]
        over: Over,
        /// Who may do what with it; as it was, or as usual, without one.
        #[n(2)]
        mode: Option<u32>,
        /// When it was written last: seconds and nanoseconds.
        #[n(3)]
        modified: Option<(i64, u32)>,
        /// Whether the pieces that are there shall be told.
        #[n(4)]
        with_basis: bool,
        /// Whether directories on the way are made.
        #[n(5)]
        parents: bool,
    },
    /// Client: BLAKE3 of this file. Answer: its pieces' hash in a whole.
    #[n(29)]
    Hash(#[b(0)] &'b str),

    /// Client: make a directory. One that is there is fine. Answer: done.
    #[n(40)]
    MakeDirectory {
        /// Which.
        #[b(0)]
        path: &'b str,
        /// Who may do what with it.
        #[n(1)]
        mode: Option<u32>,
        /// Whether directories on the way are made.
        #[n(2)]
        parents: bool,
    },
    /// Client: make a link. Answer: done.
    #[n(41)]
    MakeLink {
        /// Where.
        #[b(0)]
        path: &'b str,
        /// Where to.
        #[b(1)]
        target: &'b str,
        /// What may be replaced.
        #[n(2)]
        over: Over,
    },
    /// Client: remove a file, a link or an empty directory. Answer: done.
    #[n(42)]
    Remove {
        /// Which.
        #[b(0)]
        path: &'b str,
        /// As it was seen.
        #[n(1)]
        seen: Meta,
    },
    /// Client: call it otherwise, in the same directory or another. Nothing is replaced. Answer: done.
    #[n(43)]
    Rename {
        /// From.
        #[b(0)]
        from: &'b str,
        /// To.
        #[b(1)]
        to: &'b str,
        /// As it was seen.
        #[n(2)]
        seen: Meta,
    },
    /// Client: who may do what with it, and when it was written last. Answer: done.
    #[n(44)]
    SetMeta {
        /// Of what.
        #[b(0)]
        path: &'b str,
        /// As it was seen.
        #[n(1)]
        seen: Meta,
        /// As it shall be.
        #[n(2)]
        meta: Meta,
    },
}
