//! `diwan config show` and `diwan config sources`.

use diwan_kernel::config::Source;
use diwan_settings::Item;
use serde_json::json;

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::installation::Installation;
use super::super::screen::{moment, safe};
use super::value::shown;

const HEADINGS: [&str; 3] = ["SETTING", "VALUE", "FROM"];

pub(super) fn local(door: &Door<'_>, installation: &Installation) -> Result<Done, Failure> {
    let settings = installation.load()?.items();
    if door.screen.is_json() {
        door.screen.json(&json!({"items": settings}).to_string())?;
        return Ok(Done::Well);
    }
    let row = |s: &Item| vec![format!("{}.{}", s.section, s.key), shown(&s.value), from(source(s.source), s.line)];
    door.screen.table(&HEADINGS, settings.iter().map(row).collect())?;
    Ok(Done::Well)
}

pub(super) async fn running(door: &Door<'_>) -> Result<Done, Failure> {
    let reply = door.client()?.list_settings().await?;
    if door.screen.is_json() {
        door.screen.json(reply.text())?;
        return Ok(Done::Well);
    }
    let settings = reply.read()?;
    let row = |s: &diwan_client::Setting| {
        let waits = if s.pending { ", with the next start" } else { "" };
        vec![s.name(), shown(&s.value), format!("{}{waits}", from(&s.source, s.line))]
    };
    door.screen.table(&HEADINGS, settings.items.iter().map(row).collect())?;
    if let Some(refused) = &settings.refused {
        eprintln!(
            "The file is refused since {} UTC, and what was in force before still is: `diwan config reload` says why.",
            safe(&moment(&refused.at))
        );
    }
    for secret in &settings.plain_secrets {
        let (key, name) = (safe(&secret.key), safe(&secret.name));
        eprintln!("{key} stands in the file as it is; `diwan config move-secret {key} {name}` puts it into the vault.");
    }
    Ok(Done::Well)
}

pub(super) fn sources(door: &Door<'_>, installation: &Installation) -> Result<Done, Failure> {
    let config = installation.load()?;
    let set: Vec<_> = config.items().into_iter().filter(|s| s.source != Source::Default).collect();
    let path = config.file.path.display().to_string();
    let file = config.layers.text().map(|_| path.clone());
    if door.screen.is_json() {
        door.screen.json(&json!({"file": file, "items": set}).to_string())?;
        return Ok(Done::Well);
    }
    let file = file.unwrap_or_else(|| format!("none (it would be {path})"));
    door.screen.facts(&[("File", file), ("Data directory", config.server.data_dir.clone())])?;
    if !set.is_empty() {
        let rows = set.iter().map(|s| vec![format!("{}.{}", s.section, s.key), from(source(s.source), s.line)]);
        door.screen.line("")?;
        door.screen.table(&["SETTING", "FROM"], rows.collect())?;
    }
    Ok(Done::Well)
}

fn from(source: &str, line: Option<u64>) -> String {
    line.map_or_else(|| source.to_owned(), |line| format!("{source}, line {line}"))
}

const fn source(source: Source) -> &'static str {
    match source {
        Source::Default => "default",
        Source::File => "file",
        Source::Environment => "environment",
        Source::Flag => "flag",
    }
}
