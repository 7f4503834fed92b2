//! Gives all that a command said on a channel, from its first byte to its last.

use std::io::{Error, ErrorKind, Result};

use axum::body::Body;
use bytes::Bytes;
use diwan_kernel::Problem;
use futures::{StreamExt, TryStreamExt, stream};

use super::id::CommandId;
use super::output::{OutputChannel, Said, no_bytes};
use super::text::Escapes;
use crate::fleet::Fleet;

/// So much is in memory for each who downloads: a frame, where it is packed.
const PIECE: u64 = 256 * 1024;

/// All of it, on its way.
#[derive(Debug)]
pub(crate) struct Download {
    /// What it is called as a file.
    pub(crate) name: String,
    /// How long it is, if that is known.
    pub(crate) length: Option<u64>,
    /// Its bytes.
    pub(crate) body: Body,
}

impl Fleet {
    /// What a command said so far, as it is or without escape codes. What cannot be read later on breaks it off. Whether
    /// somebody may see it is for the caller to know.
    ///
    /// # Errors
    /// 404, 409 of a terminal, 410 when it is not kept any longer; 500 when its beginning is damaged, 503 when the disk does not let itself be read.
    pub(crate) async fn download_output(
        &self,
        id: CommandId,
        channel: OutputChannel,
        is_plain: bool,
    ) -> std::result::Result<Download, Problem> {
        let said = self.said(id, channel).await?;
        let name = format!("{}-{id}.{}", said.command.machine_name, channel.extension());
        let length = (!is_plain).then_some(said.length);
        // Whether it can be read at all is known before anything is answered.
        let first = match read(&said, 0).await {
            Ok(first) => first,
            Err(error) => return Err(self.unless_deleted(id, no_bytes(error)).await),
        };
        let at = first.len() as u64;
        let rest = stream::try_unfold((said, at), async |(said, at)| {
            let piece = read(&said, at).await.inspect_err(|error| {
                tracing::error!(command = %said.command.id, at, %error, "a download of output breaks off");
            })?;
            let next = at + piece.len() as u64;
            Ok::<_, Error>((!piece.is_empty()).then_some((piece, (said, next))))
        });
        let pieces = stream::once(std::future::ready(Ok(first))).chain(rest);
        let mut escapes = Escapes::default();
        let body = match is_plain {
            true => Body::from_stream(pieces.map_ok(move |piece| without(&mut escapes, &piece))),
            false => Body::from_stream(pieces),
        };
        Ok(Download { name, length, body })
    }
}

/// What comes at a place; nothing at the end.
async fn read(said: &Said, at: u64) -> Result<Bytes> {
    let count = said.length.saturating_sub(at).min(PIECE) as usize;
    if count == 0 {
        return Ok(Bytes::new());
    }
    let bytes = said.reader.read(at, count, vec![]).await?;
    if bytes.len() == count { Ok(bytes) } else { Err(ErrorKind::UnexpectedEof.into()) }
}

fn without(escapes: &mut Escapes, piece: &[u8]) -> Bytes {
    let mut text = Vec::with_capacity(piece.len());
    escapes.pass(piece, |_, run| text.extend_from_slice(run));
    text.into()
}
