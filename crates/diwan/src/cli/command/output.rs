//! `diwan command output`.

use std::path::PathBuf;

use bytes::Bytes;
use clap::Args;
use diwan_client::Channel;
use serde_json::Value;

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::run::{Collected, Gone, Hears, Writer, follow};
use super::{download, search};

#[derive(Debug, Args)]
pub(in crate::cli) struct Output {
    /// Its id (cmd_…)
    id: String,
    /// Only its error output, and that on standard output
    #[arg(long)]
    errors: bool,
    /// Only the lines with this text in them, with their numbers
    #[arg(long, value_name = "TEXT", conflicts_with = "download")]
    search: Option<String>,
    /// Small letters are as good as large ones, from A to Z
    #[arg(long, requires = "search")]
    ignore_case: bool,
    /// Write all that there is into this new file, and errors into FILE.err
    #[arg(long, value_name = "FILE")]
    download: Option<PathBuf>,
    /// Without colours and other escape codes
    #[arg(long, requires = "download")]
    plain: bool,
}

/// Passes the errors on as output, and nothing else.
struct ErrorsOnly(Writer);

impl Hears for ErrorsOnly {
    async fn hear(&mut self, channel: Channel, bytes: Bytes) -> Result<(), Gone> {
        if channel == Channel::Errors { self.0.write(Channel::Output, bytes).await } else { Ok(()) }
    }
}

impl Output {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let channels = if self.errors { &[Channel::Errors][..] } else { &[Channel::Output, Channel::Errors] };
        if let Some(text) = &self.search {
            return search::run(door, &client, &self.id, channels, (text, self.ignore_case)).await;
        }
        if let Some(file) = &self.download {
            return download::run(&client, &self.id, channels, self.plain, file).await;
        }
        let reply = client.get_command(&self.id).await.map_err(super::unknown)?;
        let (command, raw) = (reply.read()?, serde_json::from_str::<Value>(reply.text()).unwrap_or_default());
        if let Some(at) = &command.output_deleted_at {
            let next = "`diwan command show` says how it ended.";
            return Err(Failure::refused(format!("what it said is not kept since {at}"), next));
        }
        if door.screen.is_json() {
            let mut collected = Collected::default();
            let raw = follow(&client, (command, raw), &mut collected).await?;
            door.screen.json(&collected.report(raw.unwrap_or_default()).to_string())?;
            return Ok(Done::Well);
        }
        let mut writer = Writer::begin().map_err(|e| Failure::unwritable(&e))?;
        if self.errors {
            let mut errors = ErrorsOnly(writer);
            follow(&client, (command, raw), &mut errors).await?;
            writer = errors.0;
        } else {
            follow(&client, (command, raw), &mut writer).await?;
        }
        match writer.finish().await {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::unwritable(&error)),
            _ => Ok(Done::Well),
        }
    }
}
