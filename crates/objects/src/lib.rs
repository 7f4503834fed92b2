//! A bucket of an object storage that speaks as S3 does: objects are put there and fetched from there, as streams.
//!
//! Requests are signed by AWS Signature Version 4, and the storage is told the SHA-256 of what it gets, so that it keeps
//! nothing else. An answer is never followed to another place, and no more of what goes wrong is read than fits a line.
//!
//! What it deliberately does not know: what objects are for, when something is tried again, where keys are kept. It
//! makes no buckets and removes nothing: how long objects live is for whoever owns the bucket.
//!
//! Start at [`Bucket`]; how a request is signed is in `sign`.
#![forbid(unsafe_code)]

mod bucket;
mod error;
mod sign;

pub use bucket::{Bucket, BucketParts, Object};
pub use error::ObjectError;
pub use sign::Keys;
