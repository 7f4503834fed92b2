//! A capability made for the tests: one operation for each thing that the edge does.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use diwan_kernel::ctx::{Allowed, Anyone, may};
use diwan_kernel::http::{Created, Done, Json, Path};
use diwan_kernel::{Db, Entry, Problem, params};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes(db: Db) -> OpenApiRouter {
    OpenApiRouter::default()
        .routes(routes!(get_open, knock))
        .routes(routes!(ring))
        .routes(routes!(get_mine))
        .routes(routes!(list_things, create_thing))
        .routes(routes!(get_thing, delete_thing))
        .routes(routes!(get_panic))
        .routes(routes!(get_slow))
        .routes(routes!(get_patient))
        .routes(routes!(get_large))
        .routes(routes!(put_blob))
        .routes(routes!(get_bare))
        .with_state(db)
}

#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Thing {
    name: String,
}

/// Open to everybody
#[utoipa::path(get, path = "/open", extensions(("x-permission" = json!("none"))), responses((status = 200)))]
async fn get_open(ctx: Allowed<Anyone>) -> Json<Value> {
    let address = ctx.address().map(|a| a.to_string());
    let agent = ctx.request.as_ref().and_then(|r| r.user_agent.as_deref());
    Json(json!({"actor": ctx.actor.key(), "address": address, "agent": agent}))
}

/// Something that everybody may change, like signing in
#[utoipa::path(post, path = "/open", extensions(("x-permission" = json!("none"))), responses((status = 204)))]
async fn knock(_: Allowed<Anyone>) -> Done {
    Done
}

/// Something that other services call
#[utoipa::path(
    post, path = "/bell",
    extensions(("x-permission" = json!("none")), ("x-for-services" = json!(true))),
    responses((status = 204))
)]
async fn ring(_: Allowed<Anyone>) -> Done {
    Done
}

/// Open to whoever is signed in
#[utoipa::path(get, path = "/mine", extensions(("x-permission" = json!("profile.self"))), responses((status = 200)))]
async fn get_mine(ctx: Allowed<may::ProfileSelf>) -> Json<Value> {
    Json(json!({"actor": ctx.actor.key()}))
}

/// How many things there are
#[utoipa::path(get, path = "/things", extensions(("x-permission" = json!("users.read"))), responses((status = 200)))]
async fn list_things(_: Allowed<may::UsersRead>, State(db): State<Db>) -> Result<Json<Value>, Problem> {
    let row = db.query_opt("SELECT COUNT(*) AS n FROM thing", vec![]).await?;
    let count: i64 = row.map_or(Ok(0), |r| r.get("n"))?;
    Ok(Json(json!({"count": count})))
}

/// Make a thing; what it shows is shown once
#[utoipa::path(post, path = "/things", extensions(("x-permission" = json!("profile.self"))), responses((status = 201)))]
async fn create_thing(
    ctx: Allowed<may::ProfileSelf>,
    State(db): State<Db>,
    Json(thing): Json<Thing>,
) -> Result<Response, Problem> {
    if thing.name == "refused" {
        return Err(Problem::invalid_field("name", "refused", "Not this one."));
    }
    let mut tx = db.begin(&ctx).await?;
    tx.execute("INSERT INTO thing (name) VALUES ($1)", params![&thing.name]).await?;
    if thing.name == "undone" {
        drop(tx);
        return Err(Problem::conflict("undone", "Undone", "It was undone.", "Try again."));
    }
    tx.commit(Entry::done("thing.create")).await?;
    let secret: [u8; 8] = ctx.world.random();
    match &*thing.name {
        "slow" => tokio::time::sleep(Duration::from_secs(3)).await,
        "done-then-refused" => {
            return Err(Problem::conflict("too_late", "Too late", "It was done all the same.", "Look."));
        }
        "done-then-broken" => return Err(Problem::internal("broken")),
        _ => {}
    }
    let created = Created(json!({"name": thing.name, "secret": format!("{secret:02x?}")})).into_response();
    Ok(([("location", "/things/1"), ("set-cookie", "crumb=1")], created).into_response())
}

/// One thing
#[utoipa::path(get, path = "/things/{number}", extensions(("x-permission" = json!("profile.self"))), responses((status = 200)))]
async fn get_thing(_: Allowed<may::ProfileSelf>, Path(number): Path<u32>) -> Json<Value> {
    Json(json!({"number": number}))
}

/// Only for those who manage
#[utoipa::path(delete, path = "/things/{number}", extensions(("x-permission" = json!("users.manage"))), responses((status = 204)))]
async fn delete_thing(_: Allowed<may::UsersManage>, Path(number): Path<u32>) -> Done {
    let _ = number;
    Done
}

/// Panics
#[utoipa::path(get, path = "/panic", extensions(("x-permission" = json!("none"))), responses((status = 200)))]
async fn get_panic(_: Allowed<Anyone>) -> Done {
    panic!("clumsy\r\nX-Forged: 1")
}

/// Takes longer than anybody waits
#[utoipa::path(get, path = "/slow", extensions(("x-permission" = json!("none"))), responses((status = 200)))]
async fn get_slow(_: Allowed<Anyone>) -> Done {
    tokio::time::sleep(Duration::from_secs(3600)).await;
    Done
}

/// Takes longer than most, and says so
#[utoipa::path(
    get, path = "/patient",
    extensions(("x-permission" = json!("none")), ("x-time-limit-s" = json!(60))),
    responses((status = 204))
)]
async fn get_patient(_: Allowed<Anyone>) -> Done {
    tokio::time::sleep(Duration::from_secs(45)).await;
    Done
}

/// Says much
#[utoipa::path(get, path = "/large", extensions(("x-permission" = json!("none"))), responses((status = 200)))]
async fn get_large(_: Allowed<Anyone>) -> Json<Value> {
    Json(json!({"text": "word ".repeat(10_000)}))
}

/// Takes much
#[utoipa::path(
    put, path = "/blob",
    request_body(content = String, content_type = "application/octet-stream"),
    extensions(("x-permission" = json!("profile.self")), ("x-max-body-bytes" = json!(1_048_576))),
    responses((status = 200))
)]
async fn put_blob(_: Allowed<may::ProfileSelf>, body: axum::body::Bytes) -> Json<Value> {
    Json(json!({"bytes": body.len()}))
}

/// An answer that is no problem document
#[utoipa::path(get, path = "/bare", extensions(("x-permission" = json!("none"))), responses((status = 200)))]
async fn get_bare(_: Allowed<Anyone>) -> Response {
    (StatusCode::IM_A_TEAPOT, [("x-kept", "1")], "short and stout").into_response()
}
