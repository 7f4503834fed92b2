//! `diwan command output --download`.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use diwan_client::{Channel, Client};

use super::super::failure::{Done, Failure};
use super::super::screen::size;

/// Writes all that a command said into a file. What is not whole does not stay there.
pub(super) async fn run(
    client: &Client,
    id: &str,
    channel: Channel,
    is_plain: bool,
    path: &Path,
) -> Result<Done, Failure> {
    let mut response = client.download_command_output(id, channel, is_plain).await.map_err(super::unknown)?;
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file = file.map_err(|e| {
        Failure::usage(format!("cannot write {}: {e}", path.display()), "Name another file with --download.")
    })?;
    let mut length = 0;
    let filled = async {
        while let Some(chunk) = response.chunk().await.map_err(|e| e.to_string())? {
            file.write_all(&chunk).map_err(|e| e.to_string())?;
            length += chunk.len() as u64;
        }
        file.sync_all().map_err(|e| e.to_string())
    };
    if let Err(why) = filled.await {
        // It is ours: there was none before.
        let _ = std::fs::remove_file(path);
        return Err(Failure::refused(format!("the download is not complete: {why}"), "Try again."));
    }
    eprintln!("{} were written to {}.", size(length), path.display());
    Ok(Done::Well)
}
