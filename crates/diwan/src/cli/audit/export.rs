//! `diwan audit export`.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::Filter;

#[derive(Debug, Args)]
pub(in crate::cli) struct Export {
    /// The form of the file
    #[arg(long, default_value = "jsonl")]
    format: FormatName,
    /// Where to write it [default: standard output]; it must not exist yet
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    filter: Filter,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FormatName {
    Jsonl,
    Csv,
}

impl Export {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let format = match self.format {
            FormatName::Jsonl => "jsonl",
            FormatName::Csv => "csv",
        };
        let client = door.client()?;
        let mut out = self.open()?;
        let mut response = client.export_audit_entries(self.filter.query().with("format", Some(format))).await?;
        let broken = |why: String| Failure::refused(format!("the export is not complete: {why}"), "Try again.");
        while let Some(chunk) = response.chunk().await.map_err(|e| broken(e.to_string()))? {
            match out.write_all(&chunk) {
                Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => return Ok(Done::Well),
                other => other.map_err(|e| broken(e.to_string()))?,
            }
        }
        out.flush().map_err(|e| broken(e.to_string()))?;
        if let Some(path) = &self.output {
            eprintln!("The trail was written to {}.", path.display());
        }
        Ok(Done::Well)
    }

    fn open(&self) -> Result<Box<dyn Write>, Failure> {
        let Some(path) = &self.output else { return Ok(Box::new(std::io::stdout())) };
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let unusable = |e: std::io::Error| {
            Failure::usage(format!("cannot write {}: {e}", path.display()), "Name another file with --output.")
        };
        Ok(Box::new(file.map_err(unusable)?))
    }
}
