//! `diwan config reference` and `diwan config schema`.

use clap::Args;
use diwan_kernel::config::{Definition, nearest, schema_of, variable};
use serde_json::json;

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::value::shown;
use crate::compose::config::SECTIONS;
use crate::compose::reference::kind_of;

#[derive(Debug, Args)]
pub(in crate::cli) struct Reference {
    /// Only this section
    #[arg(long, value_name = "NAME")]
    section: Option<String>,
}

impl Reference {
    pub(super) fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let is_meant = |section: &&Definition| self.section.as_ref().is_none_or(|name| name == section.name);
        let sections: Vec<_> = SECTIONS.iter().filter(is_meant).collect();
        if let (Some(name), true) = (&self.section, sections.is_empty()) {
            return Err(unknown(name));
        }
        let keys = || sections.iter().flat_map(|section| section.keys.iter().map(move |key| (section.name, key)));
        if door.screen.is_json() {
            let items: Vec<_> = keys()
                .map(|(section, key)| {
                    json!({"section": section, "key": key.name, "description": key.about, "secret": key.is_secret(),
                        "schema": key.schema, "default": key.default, "variable": variable(section, &key.name),
                        "needs_restart": key.needs_restart})
                })
                .collect();
            door.screen.json(&json!({"items": items}).to_string())?;
            return Ok(Done::Well);
        }
        for (section, key) in keys() {
            let restart = if key.needs_restart { ", read at the start only" } else { "" };
            door.screen.line(&format!(
                "{section}.{}  [default: {}]\n    {}\n    {}{restart}\n    {}",
                key.name,
                shown(&key.default),
                key.about,
                kind_of(&key.schema).replace('`', ""),
                variable(section, &key.name)
            ))?;
        }
        Ok(Done::Well)
    }
}

fn unknown(name: &str) -> Failure {
    let all: Vec<_> = SECTIONS.iter().map(|section| section.name.to_owned()).collect();
    let next = match nearest(name, all.clone()) {
        Some(meant) => format!("Did you mean {meant}?"),
        None => format!("There are {}.", all.join(", ")),
    };
    Failure::usage(format!("there is no section {name}"), &next)
}

pub(super) fn schema(door: &Door<'_>) -> Result<Done, Failure> {
    door.screen.json(&format!("{:#}", schema_of(&SECTIONS)))?;
    Ok(Done::Well)
}
