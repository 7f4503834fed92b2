//! Light work: jobs that do nothing on a machine but be there, as the knots of larger plans are. They are carried in
//! batches: the machine says how many it takes, is sent as many, and tells when they are done.

use minicbor::bytes::{ByteArray, ByteVec};
use minicbor::{Decode, Encode};

/// No batch is larger.
pub const LARGEST_BATCH: usize = 1024;

/// What the control plane says.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum ToWorker {
    /// These are to be done.
    #[n(0)]
    Batch(#[n(0)] Batch),
}

/// Jobs that are to be done.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Batch {
    /// Higher than that of every batch before on this stream.
    #[n(0)]
    pub number: u64,
    /// The ids of the jobs, sixteen bytes each, one after the other.
    #[n(1)]
    pub jobs: ByteVec,
}

/// What the machine says.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum FromWorker {
    /// So many more may be sent.
    #[n(0)]
    Pull(#[n(0)] u32),
    /// A batch is done.
    #[n(1)]
    Done(#[n(0)] Done),
}

/// A batch that is done.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Done {
    /// Which.
    #[n(0)]
    pub number: u64,
    /// When the machine began with it, in milliseconds since 1970.
    #[n(1)]
    pub began_ms: i64,
    /// When it was done with it.
    #[n(2)]
    pub ended_ms: i64,
    /// The ids of the jobs that were done, one after the other: so it is known that they came.
    #[n(3)]
    pub jobs: ByteVec,
}

impl Batch {
    /// The ids; `None` when they are not whole, or too many.
    pub fn ids(&self) -> Option<Vec<ByteArray<16>>> {
        ids(&self.jobs)
    }
}

impl Done {
    /// The ids; `None` when they are not whole, or too many.
    pub fn ids(&self) -> Option<Vec<ByteArray<16>>> {
        ids(&self.jobs)
    }
}

fn ids(bytes: &[u8]) -> Option<Vec<ByteArray<16>>> {
    let (whole, rest) = bytes.as_chunks::<16>();
    let fits = rest.is_empty() && (1..=LARGEST_BATCH).contains(&whole.len());
    fits.then(|| whole.iter().map(|id| ByteArray::from(*id)).collect())
}
