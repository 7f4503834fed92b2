//! The OpenAPI document: what the capabilities say about themselves, put together and completed.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::Method;
use diwan_kernel::problem::ProblemDocument;
use utoipa::PartialSchema;
use utoipa::ToSchema;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{ArrayItems, ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    Components, Content, ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Required,
    ResponseBuilder, Server,
};

use crate::operation::BASE;

const ABOUT: &str = "\
Everything that Diwan's dashboard and command line can do, they do through this API.

**Signing in.** Browsers hold a session cookie. Programs send `Authorization: Bearer …` with an access token \
(`diwan login`) or an API token.

**Errors** are problem documents (RFC 9457): decide by `code`, show `detail`, do what `next` says.

**Lists** are pages: pass `next_cursor` as `cursor` to get the next one.

**Repeating a write safely.** Send an `Idempotency-Key` (1 to 255 visible ASCII characters) with a signed-in write. \
Within a day, the same key with the same request gives the same answer (`Idempotency-Replayed: true`) and nothing is done twice. \
A secret that is shown once is not shown again: the repetition is told `idempotency_secret_not_kept`.

**Limits.** Answers tell how much is left in `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset`; status 429 \
says in `Retry-After` how long to wait.";

/// The media type of problems.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// Puts the documents of the capabilities together, below [`BASE`].
///
/// # Errors
/// When two of them mean different things by one name.
pub(crate) fn assemble(version: &str, parts: Vec<OpenApi>) -> Result<OpenApi, String> {
    refuse_two_meanings(&parts)?;
    let info = InfoBuilder::new()
        .title("Diwan")
        .version(version)
        .description(Some(ABOUT))
        .license(Some(LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build()))
        .build();
    let mut document = OpenApiBuilder::new().info(info).servers(Some([Server::new("/")])).build();
    for part in parts {
        document = document.nest(BASE, part);
    }
    let components = document.components.get_or_insert_with(Components::new);
    complete(components);
    for item in document.paths.paths.values_mut() {
        for (method, operation) in operations_of(item) {
            add_problem_response(operation);
            // No operation takes a body and does without it.
            if let Some(RefOr::T(body)) = &mut operation.request_body {
                body.required.get_or_insert(Required::True);
            }
            let is_public = operation.extensions.as_ref().and_then(|e| e.get("x-permission")) == Some(&"none".into());
            if method != Method::GET && !is_public {
                operation.parameters.get_or_insert_default().push(idempotency_key().into());
            }
        }
    }
    require_what_is_always_there(&mut document);
    Ok(document)
}

/// What an answer does not know it says with null: the field is there all the same. The derive takes
/// every field that may be null for one that may be missing, which is true of requests alone. A field
/// of an answer that may really be missing is never null, and its schema says so.
fn require_what_is_always_there(document: &mut OpenApi) {
    let Some(components) = &mut document.components else { return };
    let mut sent = BTreeSet::new();
    for operation in document.paths.paths.values_mut().flat_map(operations_of).map(|(_, operation)| operation) {
        let Some(RefOr::T(body)) = &operation.request_body else { continue };
        for content in body.content.values() {
            if let RefOr::T(Content { schema: Some(schema), .. }) = content {
                note_named(schema, &components.schemas, &mut sent);
            }
        }
    }
    for (name, schema) in &mut components.schemas {
        if !sent.contains(name)
            && let RefOr::T(schema) = schema
        {
            require_nullable(schema);
        }
    }
}

/// Notes the schemas that this one is made of, by name.
fn note_named(schema: &RefOr<Schema>, all: &BTreeMap<String, RefOr<Schema>>, noted: &mut BTreeSet<String>) {
    match schema {
        RefOr::Ref(reference) => {
            let name = reference.ref_location.rsplit('/').next().unwrap_or_default();
            if noted.insert(name.to_owned())
                && let Some(schema) = all.get(name)
            {
                note_named(schema, all, noted);
            }
        }
        RefOr::T(Schema::Object(object)) => object.properties.values().for_each(|s| note_named(s, all, noted)),
        RefOr::T(Schema::Array(array)) => {
            if let ArrayItems::RefOrSchema(items) = &array.items {
                note_named(items, all, noted);
            }
        }
        RefOr::T(Schema::OneOf(any)) => any.items.iter().for_each(|s| note_named(s, all, noted)),
        RefOr::T(Schema::AllOf(all_of)) => all_of.items.iter().for_each(|s| note_named(s, all, noted)),
        RefOr::T(Schema::AnyOf(any)) => any.items.iter().for_each(|s| note_named(s, all, noted)),
        RefOr::T(_) => {}
    }
}

fn require_nullable(schema: &mut Schema) {
    let within: &mut Vec<RefOr<Schema>> = match schema {
        Schema::Object(object) => {
            for (name, property) in &mut object.properties {
                if is_nullable(property) && !object.required.contains(name) {
                    object.required.push(name.clone());
                }
                if let RefOr::T(property) = property {
                    require_nullable(property);
                }
            }
            return;
        }
        Schema::Array(array) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items
                && let RefOr::T(items) = &mut **items
            {
                require_nullable(items);
            }
            return;
        }
        Schema::OneOf(any) => &mut any.items,
        Schema::AllOf(all) => &mut all.items,
        Schema::AnyOf(any) => &mut any.items,
        _ => return,
    };
    for schema in within {
        if let RefOr::T(schema) = schema {
            require_nullable(schema);
        }
    }
}

fn is_nullable(schema: &RefOr<Schema>) -> bool {
    let may_be_null = |kind: &SchemaType| match kind {
        SchemaType::Type(kind) => *kind == Type::Null,
        SchemaType::Array(kinds) => kinds.contains(&Type::Null),
        SchemaType::AnyValue => false,
    };
    match schema {
        RefOr::T(Schema::Object(object)) => may_be_null(&object.schema_type),
        RefOr::T(Schema::Array(array)) => may_be_null(&array.schema_type),
        RefOr::T(Schema::OneOf(any)) => any.items.iter().any(is_nullable),
        RefOr::T(Schema::AnyOf(any)) => any.items.iter().any(is_nullable),
        _ => false,
    }
}

/// Joining documents keeps the first of two schemas with one name, and says nothing.
fn refuse_two_meanings(parts: &[OpenApi]) -> Result<(), String> {
    let mut meanings = BTreeMap::new();
    for (name, schema) in parts.iter().filter_map(|p| p.components.as_ref()).flat_map(|c| &c.schemas) {
        if meanings.insert(name, schema).is_some_and(|other| other != schema) {
            return Err(format!("two capabilities mean different things by the schema {name}"));
        }
    }
    Ok(())
}

/// The document as it is served and committed: with its keys sorted, so that it is the same every time.
pub(crate) fn to_json(document: &OpenApi) -> Result<String, serde_json::Error> {
    let mut document = serde_json::to_value(document)?;
    document.sort_all_objects();
    Ok(format!("{document:#}\n"))
}

fn complete(components: &mut Components) {
    let cookie = ApiKeyValue::with_description(
        "diwan_session",
        "The session of a browser; named `__Host-diwan_session` under https. Writes also need the header `X-Diwan-Csrf: 1`.",
    );
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("An access token from `diwan login`, or an API token (`dwn_…`)."))
        .build();
    components.security_schemes.insert("session".into(), SecurityScheme::ApiKey(ApiKey::Cookie(cookie)).into());
    components.security_schemes.insert("bearer".into(), SecurityScheme::Http(bearer).into());
    components.schemas.insert("Problem".into(), ProblemDocument::schema());
    let mut further = vec![];
    ProblemDocument::schemas(&mut further);
    for (name, schema) in further {
        components.schemas.entry(name).or_insert(schema);
    }
    let problem = ContentBuilder::new().schema(Some(RefOr::Ref(Ref::from_schema_name("Problem")))).build();
    let response =
        ResponseBuilder::new().description("What went wrong, and what to do next.").content(PROBLEM_JSON, problem);
    components.responses.insert("Problem".into(), response.build().into());
}

fn operations_of(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    let all = [
        (Method::GET, &mut item.get),
        (Method::PUT, &mut item.put),
        (Method::POST, &mut item.post),
        (Method::PATCH, &mut item.patch),
        (Method::DELETE, &mut item.delete),
    ];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

fn idempotency_key() -> Parameter {
    let text = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(255))
        .pattern(Some("^[!-~]+$"))
        .build();
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "Makes it safe to repeat this write: the same key with the same request gives the same answer.",
        ))
        .schema(Some(text))
        .build()
}

/// Every operation can fail in ways that are the edge's, not its own.
fn add_problem_response(operation: &mut Operation) {
    let responses = &mut operation.responses.responses;
    responses.entry("default".into()).or_insert_with(|| RefOr::Ref(Ref::from_response_name("Problem")));
}
