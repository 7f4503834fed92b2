//! The answer to whoever wants a file that a command has left.

use std::io::ErrorKind;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use diwan_kernel::Problem;
use futures::stream;

use super::pieces::Pieces;
use crate::commands::api::{dress, part_of, wanted_range};
use crate::commands::id::CommandId;
use crate::fleet::Fleet;

impl Fleet {
    /// A file that a command has left, to be saved, or the one part of it that `Range` names. Whether somebody may see it
    /// is for the caller to know. What breaks off in the middle, or is not what the machine told of it, is shorter than
    /// `Content-Length` says.
    ///
    /// # Errors
    /// 404; 409 while the machine is not connected; 410 when it keeps the file no longer, or another in its place; 429;
    /// 502.
    pub async fn answer_artifact(&self, id: CommandId, path: &str, asked: &HeaderMap) -> Result<Response, Problem> {
        let range = asked.get(header::RANGE).and_then(|range| wanted_range(range.to_str().ok()?));
        let part = |size: u64| match part_of(size, range) {
            Some(part) => (*part.start(), part.end() - part.start() + 1),
            None => (0, size),
        };
        let fetched = self.fetch_artifact(id, path, part).await?;
        let size = fetched.file.size_bytes;
        let (this, number) = (self.clone(), fetched.number);
        let body = stream::try_unfold(fetched.pieces, move |pieces: Pieces| {
            let this = this.clone();
            async move {
                let is_kept = pieces.is_kept();
                pieces.next().await.inspect_err(|error| {
                    tracing::warn!(command = %id, %error, "a file that a command has left breaks off");
                    if is_kept && error.kind() == ErrorKind::InvalidData {
                        this.commands().fetches().set_damaged(id, number);
                    }
                })
            }
        });
        let mut response = Response::new(Body::from_stream(body));
        dress(&mut response, name_of(path), size, range);
        let headers = response.headers_mut();
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        let tag = format!("\"{}\"", fetched.file.sha256).parse().ok();
        headers.extend(tag.map(|tag: HeaderValue| (header::ETAG, tag)));
        Ok(response)
    }
}

fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}
