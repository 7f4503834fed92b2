//! What a machine is, and how it is doing.

use minicbor::bytes::ByteArray;
use minicbor::{Decode, Encode};

/// What a machine is: it changes rarely.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Facts {
    /// What it calls itself.
    #[n(0)]
    pub hostname: String,
    /// `linux`, `macos`, `windows`.
    #[n(1)]
    pub system: String,
    /// `x86_64`, `aarch64`.
    #[n(2)]
    pub architecture: String,
    /// For people: `Debian GNU/Linux 12 (bookworm)`.
    #[n(3)]
    pub release: String,
    /// Of the kernel.
    #[n(4)]
    pub kernel: String,
    /// How many processors it has.
    #[n(5)]
    pub processors: u32,
    /// For people: what they are.
    #[n(6)]
    pub processor: String,
    /// How much memory it has.
    #[n(7)]
    pub memory_bytes: u64,
    /// Which bridge runs there.
    #[n(8)]
    pub version: String,
    /// The layers of its sandbox.
    #[n(9)]
    pub layers: Vec<Layer>,
    /// Its graphics processors, where there are any.
    #[n(10)]
    pub graphics: Vec<String>,
}

/// A layer of the sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Layer {
    /// Which: `landlock`, `seccomp`, `user namespace` …
    #[n(0)]
    pub name: String,
    /// Whether this kernel has it.
    #[n(1)]
    pub is_active: bool,
    /// Its version, or why it is not there.
    #[n(2)]
    pub detail: String,
}

/// The policy in force on a machine.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct PolicyInForce {
    /// SHA-256 of the file.
    #[n(0)]
    pub hash: ByteArray<32>,
    /// The file, to be shown.
    #[n(1)]
    pub text: String,
    /// What is wrong with a newer file, which is not in force therefore.
    #[n(2)]
    pub fault: Option<String>,
}

/// How a machine is doing at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Sample {
    /// When, by the machine's clock, in milliseconds since 1970.
    #[n(0)]
    pub at_ms: i64,
    /// How long the machine runs.
    #[n(1)]
    pub uptime_s: u64,
    /// Share of all processors in use since the sample before, in ten thousandths.
    #[n(2)]
    pub processor: u32,
    /// Share of each, in ten thousandths.
    #[n(3)]
    pub processors: Vec<u32>,
    /// Load of 1, 5 and 15 minutes, in hundredths.
    #[n(4)]
    pub load: Vec<u32>,
    /// Memory in use.
    #[n(5)]
    pub memory_used_bytes: u64,
    /// Memory there is.
    #[n(6)]
    pub memory_bytes: u64,
    /// Swap in use.
    #[n(7)]
    pub swap_used_bytes: u64,
    /// Swap there is.
    #[n(8)]
    pub swap_bytes: u64,
    /// File systems.
    #[n(9)]
    pub disks: Vec<Disk>,
    /// Bytes in a second that came, since the sample before.
    #[n(10)]
    pub received_bytes_s: u64,
    /// Bytes in a second that went.
    #[n(11)]
    pub sent_bytes_s: u64,
    /// What takes most.
    #[n(12)]
    pub processes: Vec<Process>,
    /// Graphics processors.
    #[n(13)]
    pub graphics: Vec<Graphics>,
    /// How many commands run there.
    #[n(14)]
    pub commands: u32,
}

/// A file system.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Disk {
    /// Where it is mounted.
    #[n(0)]
    pub path: String,
    /// In use.
    #[n(1)]
    pub used_bytes: u64,
    /// In all.
    #[n(2)]
    pub bytes: u64,
}

/// A process.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Process {
    /// Its number.
    #[n(0)]
    pub pid: u32,
    /// Its name. Not its arguments: they may hold secrets.
    #[n(1)]
    pub name: String,
    /// Of one processor, in ten thousandths.
    #[n(2)]
    pub processor: u32,
    /// Resident.
    #[n(3)]
    pub memory_bytes: u64,
}

/// A graphics processor.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Graphics {
    /// What it is.
    #[n(0)]
    pub name: String,
    /// Share in use, in ten thousandths.
    #[n(1)]
    pub processor: u32,
    /// Memory in use.
    #[n(2)]
    pub memory_used_bytes: u64,
    /// Memory there is.
    #[n(3)]
    pub memory_bytes: u64,
    /// In degrees Celsius.
    #[n(4)]
    pub temperature: Option<u32>,
}
