//! `diwan command output --download`.

use std::path::Path;

use diwan_client::{Channel, Client};

use super::super::failure::{Done, Failure};
use super::kept::Kept;

/// Writes all that a command said on these channels into files.
pub(super) async fn run(
    client: &Client,
    id: &str,
    channels: &[Channel],
    is_plain: bool,
    path: &Path,
) -> Result<Done, Failure> {
    let mut kept = None;
    for channel in channels {
        let mut response = client.download_command_output(id, *channel, is_plain).await.map_err(super::unknown)?;
        let kept = match &mut kept {
            Some(kept) => kept,
            // What cannot be had leaves no file.
            none => none.insert(Kept::create(path, channels)?),
        };
        let filled = async {
            while let Some(chunk) = response.chunk().await.map_err(|e| e.to_string())? {
                kept.write(*channel, &chunk).map_err(|e| e.to_string())?;
            }
            Ok::<_, String>(())
        };
        if let Err(why) = filled.await {
            return Err(Failure::refused(format!("the download is not complete: {why}"), "Try again."));
        }
    }
    kept.map_or(Ok(()), Kept::finish)?;
    Ok(Done::Well)
}
