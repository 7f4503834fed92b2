//! The problem documents that these operations answer with, for the API description.

use std::collections::BTreeMap;

use diwan_kernel::problem::ProblemDocument;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::{Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

const BAD: (&str, &str) = ("400", "The request is not valid");
const WHO: (&str, &str) = ("401", "Sign-in required");
const MAY: (&str, &str) = ("403", "Not allowed");
const NOW: (&str, &str) = ("409", "It is being done already");
const WRONG: (&str, &str) = ("422", "Some fields are not valid");
const FAST: (&str, &str) = ("429", "Too many requests");

fn documents(statuses: &[(&str, &str)]) -> BTreeMap<String, RefOr<Response>> {
    let schema = Ref::from_schema_name(ProblemDocument::name());
    let response = |about: &str| {
        let content = ContentBuilder::new().schema(Some(schema.clone())).build();
        ResponseBuilder::new().description(about).content("application/problem+json", content).build()
    };
    statuses.iter().map(|(status, about)| ((*status).to_owned(), response(about).into())).collect()
}

/// Reads a list.
#[derive(Debug)]
pub(super) enum GuardedRead {}
impl IntoResponses for GuardedRead {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        documents(&[BAD, WHO, MAY, WRONG, FAST])
    }
}

/// Does work that is done once at a time.
#[derive(Debug)]
pub(super) enum GuardedWork {}
impl IntoResponses for GuardedWork {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        documents(&[BAD, WHO, MAY, NOW, WRONG, FAST])
    }
}
