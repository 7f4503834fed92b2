//! Giving a file that is kept to the control plane, piece by piece as it takes it.

use std::io::{ErrorKind, Result};
use std::sync::Arc;

use bytes::Bytes;
use diwan_kernel::World;
use diwan_kernel::world::DiskFile;
use diwan_link::{ResetCode, Stream};
use diwan_protocol::artifacts::{FetchArtifact, FoundArtifact, LONGEST_PIECE};
use diwan_protocol::encode;

use super::Store;
use crate::commands::say_goodbye;

/// Answers on a stream that was opened for a file. What becomes of the file meanwhile does not matter: it is held open.
pub(crate) async fn give(world: &World, store: Arc<Store>, wanted: FetchArtifact, mut stream: Stream) {
    let (from, length) = (wanted.from, wanted.length.unwrap_or(u64::MAX));
    let Ok(found) = world.heavy(move || store.find(&wanted)).await else { return };
    let Some((file, size)) = found else {
        if stream.send(encode(&FoundArtifact::Gone).into()).await.is_ok() {
            say_goodbye(stream).await;
        }
        return;
    };
    if stream.send(encode(&FoundArtifact::Here).into()).await.is_err() {
        return;
    }
    let file: Arc<dyn DiskFile> = file.into();
    let (mut at, end) = (from, size.min(from.saturating_add(length)));
    while at < end {
        let most = usize::try_from(end - at).unwrap_or(LONGEST_PIECE).min(LONGEST_PIECE);
        let open = Arc::clone(&file);
        match world.heavy(move || read(&*open, at, most)).await {
            Ok(Ok(bytes)) => {
                at += bytes.len() as u64;
                if stream.send(bytes).await.is_err() {
                    return;
                }
            }
            Ok(Err(error)) => return stream.reset(ResetCode::Refused, &format!("it cannot be read: {error}")),
            Err(_) => return,
        }
    }
    say_goodbye(stream).await;
}

fn read(file: &dyn DiskFile, at: u64, most: usize) -> Result<Bytes> {
    let mut bytes = Vec::with_capacity(most);
    match file.read_at(at, most, &mut bytes)? {
        0 => Err(ErrorKind::UnexpectedEof.into()),
        _ => Ok(bytes.into()),
    }
}
