//! `diwan machine show`.

use clap::Args;
use diwan_client::{Machine, MachineSample};

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::screen::{exact_moment, moment, moment_or_dash, size};
use super::{id_of, is_there};

#[derive(Debug, Args)]
pub(in crate::cli) struct Show {
    /// Its name or id
    name: String,
    /// Print its policy instead, as it stands in the file on the machine
    #[arg(long)]
    policy: bool,
}

impl Show {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let id = id_of(&client, &self.name).await?;
        let reply = client.get_machine(&id).await?;
        if door.screen.is_json() {
            door.screen.json(reply.text())?;
            return Ok(Done::Well);
        }
        let detail = reply.read()?;
        if self.policy {
            let next = "It is told when the machine connects.";
            let text = detail.policy_text.ok_or_else(|| Failure::refused("its policy is not known here", next))?;
            door.screen.verbatim_lines(&text)?;
            return Ok(Done::Well);
        }
        let mut facts = of_machine(&detail.machine);
        facts.extend(detail.sample.iter().flat_map(|sample| of_sample(sample, is_there(&detail.machine))));
        door.screen.facts(&facts)?;
        show_layers(door, &detail.machine)?;
        Ok(Done::Well)
    }
}

fn dash(text: &str) -> String {
    if text.is_empty() { "–".to_owned() } else { text.to_owned() }
}

fn of_machine(machine: &Machine) -> Vec<(&'static str, String)> {
    let facts = &machine.facts;
    let mut all = vec![
        ("name", machine.name.clone()),
        ("id", machine.id.clone()),
        ("state", machine.state.clone()),
        ("labels", dash(&machine.labels.join(" "))),
        ("system", format!("{}, kernel {}, {}", dash(&facts.release), dash(&facts.kernel), dash(&facts.architecture))),
        ("calls itself", dash(&facts.hostname)),
        ("processors", format!("{} × {}", facts.processors, dash(&facts.processor))),
        ("memory", size(facts.memory_bytes)),
        ("graphics", dash(&facts.graphics.join(", "))),
        ("bridge", dash(&facts.bridge_version)),
        ("joined", moment(&machine.joined_at)),
        ("last seen", moment_or_dash(machine.last_seen_at.as_deref())),
        ("policy", dash(machine.policy_hash.as_deref().unwrap_or_default())),
    ];
    all.extend(machine.policy_fault.iter().map(|fault| ("policy fault", fault.clone())));
    if machine.troubles.iter().any(|trouble| trouble == "clock_differs") {
        let ahead = machine.clock_skew_ms.unwrap_or_default();
        all.push((
            "clock",
            format!("{:.1} s ahead of ours: commands are refused until it is set", ahead as f64 / 1000.0),
        ));
    }
    all
}

fn of_sample(sample: &MachineSample, is_now: bool) -> Vec<(&'static str, String)> {
    let load = sample.load.iter().map(|load| format!("{load:.2}")).collect::<Vec<_>>().join(" ");
    let before = format!("{}: it is not connected, and was so then", exact_moment(&sample.at));
    let mut all = vec![("", String::new())];
    all.extend((!is_now).then_some(("as of", before)));
    all.extend([
        ("cpu in use", format!("{:.0} %, load {load}", sample.processor * 100.0)),
        ("memory in use", format!("{} of {}", size(sample.memory_used_bytes), size(sample.memory_bytes))),
        ("network", format!("{}/s in, {}/s out", size(sample.received_bytes_s), size(sample.sent_bytes_s))),
        ("commands", sample.commands.to_string()),
    ]);
    all.extend(
        sample
            .disks
            .iter()
            .map(|disk| ("disk", format!("{}: {} of {}", disk.path, size(disk.used_bytes), size(disk.bytes)))),
    );
    all
}

fn show_layers(door: &Door<'_>, machine: &Machine) -> Result<(), Failure> {
    if machine.facts.layers.is_empty() {
        return Ok(());
    }
    let words = |is_active| if is_active { "active" } else { "missing" };
    let rows = machine.facts.layers.iter().map(|l| vec![l.name.clone(), words(l.is_active).into(), dash(&l.detail)]);
    door.screen.line("")?;
    door.screen.table(&["SANDBOX LAYER", "STATE", "DETAIL"], rows.collect())
}
