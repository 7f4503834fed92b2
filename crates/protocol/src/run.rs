//! A command's stream. The control plane opens it with the command, or to follow one that was brought
//! before; the machine answers with a verdict, what the command says, and how it ended.
//!
//! Output has places: whoever lost the connection asks for it from the place on that it has. The machine
//! keeps all of it until it is told to forget the command.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use crate::artifacts::Artifacts;
use crate::environment::Brought;

/// No piece of output or input is longer.
pub const LONGEST_PIECE: usize = 48 * 1024;

/// What a machine says about a command, in this order: one verdict, perhaps a start, output, perhaps the files
/// that it left, an end.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum FromCommand {
    /// What the machine thinks of it.
    #[n(0)]
    Verdict(#[n(0)] Verdict),
    /// It is written down that it starts, and it starts: when, in milliseconds since 1970.
    #[n(1)]
    Started(#[n(0)] i64),
    /// A piece of output.
    #[n(2)]
    Output(#[n(0)] Piece),
    /// It is over. After the last piece of output.
    #[n(3)]
    Ended(#[n(0)] Ended),
    /// So much of the input is taken.
    #[n(4)]
    InputTaken(#[n(0)] u64),
    /// Files that it left are kept here. Said only if that was asked for.
    #[n(5)]
    Artifacts(#[n(0)] Artifacts),
}

/// What the control plane says to a command.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum ToCommand {
    /// A piece of input; one that was given before is skipped.
    #[n(0)]
    Input(#[n(0)] Piece),
    /// There is no more input.
    #[n(1)]
    InputEnds,
    /// A signal, by its number.
    #[n(2)]
    Signal(#[n(0)] u8),
    /// The terminal is so wide and high now.
    #[n(3)]
    Resize {
        /// Characters in a line.
        #[n(0)]
        columns: u16,
        /// Lines.
        #[n(1)]
        rows: u16,
    },
    /// It has to stop: first it is asked, a little later it is made to.
    #[n(4)]
    Cancel,
    /// The values of its secret variables: once, and right behind the command itself.
    #[n(5)]
    Secrets(#[n(0)] Brought),
    /// Nothing. It is as long as the buffers that secrets went through, so that they do not stay there.
    #[n(6)]
    Blank(#[n(0)] ByteVec),
}

/// As long as a [`ToCommand::Blank`] is: twice what is read from a connection at once.
pub const LENGTH_OF_BLANK: usize = 16 * 1024;

/// Bytes at their place.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Piece {
    /// 1 is output, 2 is errors; 0 is input.
    #[n(0)]
    pub channel: u8,
    /// The place of the first byte.
    #[n(1)]
    pub at: u64,
    /// The bytes.
    #[n(2)]
    pub bytes: ByteVec,
}

/// What is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub enum Decision {
    /// It may be done.
    #[n(0)]
    Allow,
    /// It may be done when somebody else says yes.
    #[n(1)]
    Ask,
    /// It may not be done.
    #[n(2)]
    Deny,
}

/// What a machine thinks of a command, and why.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Verdict {
    /// What is decided.
    #[n(0)]
    pub decision: Decision,
    /// The rule that decided; none when no rule speaks of it.
    #[n(1)]
    pub rule: Option<String>,
    /// Why, the weightiest first.
    #[n(2)]
    pub reasons: Vec<Reason>,
    /// What would be run, as it would be run: for people to see.
    #[n(3)]
    pub argv: Vec<String>,
}

/// A reason.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Reason {
    /// For programs.
    #[n(0)]
    pub code: String,
    /// For people, in English.
    #[n(1)]
    pub words: String,
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Ended {
    /// How.
    #[n(0)]
    pub outcome: Outcome,
    /// When, in milliseconds since 1970.
    #[n(1)]
    pub at_ms: i64,
    /// How long its output is.
    #[n(2)]
    pub output: u64,
    /// How long its error output is.
    #[n(3)]
    pub errors: u64,
    /// What it took.
    #[n(4)]
    pub usage: Usage,
}

/// How.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Outcome {
    /// By itself, with this status.
    #[n(0)]
    Exited(#[n(0)] i32),
    /// By this signal.
    #[n(1)]
    Signalled(#[n(0)] i32),
    /// It took longer than it may.
    #[n(2)]
    TimedOut,
    /// It said more than it may, or took more memory.
    #[n(3)]
    OverLimit(#[n(0)] String),
    /// Somebody stopped it.
    #[n(4)]
    Cancelled,
    /// It did not begin: why.
    #[n(5)]
    NotStarted(#[n(0)] String),
    /// The bridge or its machine died in the middle: nobody knows what became of it.
    #[n(6)]
    Unknown,
    /// The machine remembers no such command.
    #[n(7)]
    Forgotten,
}

/// What a command took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Usage {
    /// Processor time in the program.
    #[n(0)]
    pub user_us: u64,
    /// Processor time in the system on its behalf.
    #[n(1)]
    pub system_us: u64,
    /// The most memory at once.
    #[n(2)]
    pub memory_bytes: u64,
    /// From start to end.
    #[n(3)]
    pub wall_us: u64,
}
