//! What the edge must know of an operation before it is carried out. All of it is read from the
//! OpenAPI document, so that what is documented and what is enforced cannot differ.

use std::time::Duration;

use axum::http::Method;
use diwan_kernel::{Ctx, Permission, Problem};
use serde_json::Value;
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::{Operation as Documented, PathItem};

/// Where the API begins.
pub(crate) const BASE: &str = "/api/v1";

/// One operation of the API.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    /// Its number, for counting.
    pub index: usize,
    /// Its name in the document: `list_users`.
    pub id: String,
    /// Its path in the document: `/api/v1/users/{id}`.
    pub path: String,
    /// Its method.
    pub method: Method,
    /// Whether nobody has to be signed in.
    pub is_public: bool,
    /// What its caller must be allowed, where that is a permission (`x-permission`).
    pub permission: Option<Permission>,
    /// Whether its caller needs a fresh proof of who they are (`x-step-up`).
    pub step_up: bool,
    /// Whether it opens a WebSocket (`x-socket`).
    pub is_socket: bool,
    /// Whether its body is carried on as it comes, and never held in memory (`x-streams-body`). Such a write is not
    /// remembered by a key: for that, all of it would have to be looked at first.
    pub streams_body: bool,
    /// Whether other services call it, each as they do, and prove in what they send who they are (`x-for-services`).
    pub is_for_services: bool,
    /// How long it may take, if that differs from the usual (`x-time-limit-s`).
    pub time_limit: Option<Duration>,
    /// How large its body may be, if that differs from the usual (`x-max-body-bytes`).
    pub max_body_bytes: Option<usize>,
}

impl Operation {
    /// Whether it changes anything.
    pub(crate) fn is_write(&self) -> bool {
        is_unsafe(&self.method)
    }

    /// Refuses whom the operation would refuse before it reads anything: for answers that are given
    /// without carrying it out.
    ///
    /// # Errors
    /// 401 or 403.
    pub(crate) fn authorise(&self, ctx: &Ctx) -> Result<(), Problem> {
        self.permission.map_or(Ok(()), |permission| ctx.require(permission))?;
        if self.step_up { ctx.require_step_up() } else { Ok(()) }
    }
}

/// Whether a method may change anything.
pub(crate) fn is_unsafe(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE)
}

/// The operations of one path.
#[derive(Debug, Clone, Default)]
struct Entry {
    operations: Vec<usize>,
    allow: String,
}

/// What a request asks for.
#[derive(Debug)]
pub(crate) enum Found<'a> {
    /// This operation.
    Operation(&'a Operation),
    /// The path is there, but not with this method: those are allowed.
    OtherMethods(&'a str),
    /// Nothing is there.
    Nothing,
}

/// All operations, by path and method.
#[derive(Debug, Default)]
pub(crate) struct Operations {
    paths: matchit::Router<Entry>,
    all: Vec<Operation>,
}

impl Operations {
    /// Reads them from the document.
    ///
    /// # Errors
    /// When two paths contradict each other.
    pub(crate) fn read(document: &OpenApi) -> Result<Self, String> {
        let mut this = Self::default();
        for (path, item) in &document.paths.paths {
            let mut entry = Entry::default();
            let mut allowed = vec![];
            for (method, documented) in methods(item) {
                allowed.push(method.as_str().to_owned());
                if method == Method::GET {
                    allowed.push("HEAD".to_owned());
                }
                entry.operations.push(this.all.len());
                this.all.push(operation(this.all.len(), path, method, documented));
            }
            entry.allow = allowed.join(", ");
            this.paths.insert(path.as_str(), entry).map_err(|e| format!("the path {path}: {e}"))?;
        }
        Ok(this)
    }

    /// What a request asks for.
    pub(crate) fn find(&self, method: &Method, path: &str) -> Found<'_> {
        let Ok(entry) = self.paths.at(path).map(|found| found.value) else { return Found::Nothing };
        // Whatever can be read can be asked for its headers.
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        let operations = entry.operations.iter().map(|index| &self.all[*index]);
        match operations.into_iter().find(|o| o.method == *method) {
            Some(operation) => Found::Operation(operation),
            None => Found::OtherMethods(&entry.allow),
        }
    }

    /// All of them, by number.
    pub(crate) fn all(&self) -> &[Operation] {
        &self.all
    }
}

fn methods(item: &PathItem) -> Vec<(Method, &Documented)> {
    let all = [
        (Method::GET, &item.get),
        (Method::PUT, &item.put),
        (Method::POST, &item.post),
        (Method::PATCH, &item.patch),
        (Method::DELETE, &item.delete),
    ];
    all.into_iter().filter_map(|(method, documented)| Some((method, documented.as_ref()?))).collect()
}

fn operation(index: usize, path: &str, method: Method, documented: &Documented) -> Operation {
    let extension = |name: &str| documented.extensions.as_ref().and_then(|e| e.get(name));
    let permission = extension("x-permission").and_then(Value::as_str);
    // Without a word about it, an operation is not public.
    let is_public = permission == Some("none");
    let permission = permission.and_then(Permission::parse);
    let step_up = extension("x-step-up") == Some(&Value::Bool(true));
    let number = |name: &str| extension(name).and_then(Value::as_u64);
    let max_body_bytes = number("x-max-body-bytes").and_then(|n| usize::try_from(n).ok());
    let time_limit = number("x-time-limit-s").map(Duration::from_secs);
    let is_socket = extension("x-socket") == Some(&Value::Bool(true));
    let streams_body = extension("x-streams-body") == Some(&Value::Bool(true));
    let is_for_services = extension("x-for-services") == Some(&Value::Bool(true));
    let id = documented.operation_id.clone().unwrap_or_else(|| format!("{method} {path}"));
    let path = path.to_owned();
    Operation {
        index,
        id,
        path,
        method,
        is_public,
        permission,
        step_up,
        is_socket,
        streams_body,
        is_for_services,
        time_limit,
        max_body_bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use utoipa::openapi::extensions::ExtensionsBuilder;
    use utoipa::openapi::path::{HttpMethod, OperationBuilder, Paths};

    fn operations() -> Operations {
        let mut paths = Paths::new();
        let open =
            ExtensionsBuilder::new().add("x-permission", json!("none")).add("x-max-body-bytes", json!(9)).build();
        let sign_in = OperationBuilder::new().operation_id(Some("sign_in")).extensions(Some(open));
        paths.add_path_operation("/api/v1/sign-in", vec![HttpMethod::Post], sign_in);
        paths.add_path_operation(
            "/api/v1/users/{id}",
            vec![HttpMethod::Get],
            OperationBuilder::new().operation_id(Some("get_user")),
        );
        let mut document = OpenApi::default();
        document.paths = paths;
        Operations::read(&document).unwrap()
    }

    #[test]
    fn a_request_finds_its_operation() {
        let operations = operations();
        let Found::Operation(found) = operations.find(&Method::HEAD, "/api/v1/users/usr_1") else { panic!() };
        assert_eq!((found.id.as_str(), found.is_public, found.is_write()), ("get_user", false, false));
        let Found::Operation(found) = operations.find(&Method::POST, "/api/v1/sign-in") else { panic!() };
        assert_eq!((found.is_public, found.is_write(), found.max_body_bytes), (true, true, Some(9)));
    }

    #[test]
    fn other_methods_and_other_paths_are_told_apart() {
        let operations = operations();
        let Found::OtherMethods(allow) = operations.find(&Method::DELETE, "/api/v1/users/usr_1") else { panic!() };
        assert_eq!(allow, "GET, HEAD");
        assert!(matches!(operations.find(&Method::GET, "/api/v1/users/usr_1/x"), Found::Nothing));
    }
}
