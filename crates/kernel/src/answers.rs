//! The problem documents that operations answer with, for the API description.
//!
//! Name one of the sets in `responses(…)`: `responses((status = 200, body = X), Guarded)`.

use std::collections::BTreeMap;

use crate::problem::ProblemDocument;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::{Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

fn documents(statuses: &[(&str, &str)]) -> BTreeMap<String, RefOr<Response>> {
    let schema = Ref::from_schema_name(ProblemDocument::name());
    statuses
        .iter()
        .map(|(status, about)| {
            let content = ContentBuilder::new().schema(Some(schema.clone())).build();
            let response = ResponseBuilder::new().description(*about).content("application/problem+json", content);
            ((*status).to_owned(), response.build().into())
        })
        .collect()
}

const BAD: (&str, &str) = ("400", "The request is not valid");
const WHO: (&str, &str) = ("401", "Sign-in required, or the proof was wrong");
const MAY: (&str, &str) = ("403", "Not allowed, or a fresh proof of identity is needed");
const WHERE: (&str, &str) = ("404", "There is no such thing");
const NOW: (&str, &str) = ("409", "It contradicts how things are now");
const SIZE: (&str, &str) = ("413", "The body is too large");
const KIND: (&str, &str) = ("415", "The body is of another kind");
const WRONG: (&str, &str) = ("422", "Some fields are not valid");
const FAST: (&str, &str) = ("429", "Too many requests");

const FAULT: (&str, &str) = ("500", "What is stored cannot be trusted");
const BEHIND: (&str, &str) = ("502", "Another service refused");
const AWAY: (&str, &str) = ("503", "Not available right now");

macro_rules! sets {
    ($($(#[$meta:meta])* $name:ident: $($status:ident)+;)+) => {$(
        $(#[$meta])*
        #[derive(Debug)]
        pub enum $name {}
        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                documents(&[$($status),+])
            }
        }
    )+};
}

sets! {
    /// Open to everybody, with a body.
    OpenWrite: BAD WHO MAY NOW SIZE KIND WRONG FAST;
    /// Open to everybody, with a body that names one thing.
    OpenWriteOne: BAD WHO MAY WHERE NOW SIZE KIND WRONG FAST;
    /// Open to everybody, without a body.
    OpenRead: BAD WRONG FAST;
    /// Open to everybody, reads one thing that may not be there or not answer.
    OpenReadOne: BAD WHERE WRONG FAST AWAY;
    /// Guarded, reads a list or oneself.
    GuardedRead: BAD WHO MAY WRONG FAST;
    /// Guarded, reads one thing.
    GuardedReadOne: BAD WHO MAY WHERE WRONG FAST;
    /// Guarded, does work that is done once at a time.
    GuardedWork: BAD WHO MAY NOW WRONG FAST;
    /// Guarded, changes something.
    GuardedWrite: BAD WHO MAY WHERE NOW SIZE KIND WRONG FAST;
    /// Guarded, reads or changes something that may not open, or that another service keeps.
    GuardedKept: BAD WHO MAY WHERE NOW SIZE KIND WRONG FAST FAULT BEHIND AWAY;
}
