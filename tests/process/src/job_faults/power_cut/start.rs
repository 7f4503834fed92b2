//! Starts the programs again on what a power cut has left.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::Outage;
use super::disk::Image;
use super::watch::Watched;
use crate::fleet_faults::machine::at_work;
use crate::fleet_faults::work::give;
use crate::job_faults::work::Told;
use crate::job_faults::{Stage, look};

/// Starts them, and waits until every job has ended.
pub(super) async fn start_again(stage: &mut Stage, watched: &Watched, outage: &Outage) {
    for (image, (root, _)) in outage.images.iter().zip(&watched.record.roots) {
        clear(root);
        lay_out(image, root);
    }
    give_all(stage.steps.root());
    stage.start_server().await;
    stage.places[0].machine.start();
    stage.until("every job has ended", async |stage: &Stage| stage.open().await.is_empty()).await;
    stage.until("no step is at work", async |stage: &Stage| at_work(stage.steps.root()).is_empty()).await;
}

/// Looks at every job, and stops the programs.
pub(super) async fn look_and_stop(stage: &mut Stage, watched: &Watched, outage: &Outage) {
    look::look(stage, &acknowledged(watched, outage.line)).await;
    stage.places[0].machine.kill().await;
}

/// What everybody had been told by then.
fn acknowledged(watched: &Watched, line: usize) -> Vec<Told> {
    let told = watched.record.told.iter().filter(|(at, _)| *at < line);
    let told: BTreeSet<&str> = told.filter_map(|(_, job)| job["id"].as_str()).collect();
    let by_then = |(at, one): (usize, &Told)| {
        let job = one.job.clone().filter(|job| at < watched.before || told.contains(job.as_str()));
        Told { key: one.key.clone(), job, lost: 0 }
    };
    watched.told.iter().enumerate().map(by_then).collect()
}

fn clear(root: &Path) {
    for entry in std::fs::read_dir(root).expect("a directory").flatten() {
        let is_dir = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let cleared = if is_dir { std::fs::remove_dir_all(entry.path()) } else { std::fs::remove_file(entry.path()) };
        cleared.expect("it is ours");
    }
}

/// Lays an image out in an empty directory.
pub(super) fn lay_out(image: &Image, root: &Path) {
    for (name, bytes) in image {
        let path = root.join(name);
        let mode = match bytes {
            Some(bytes) => std::fs::write(&path, bytes).map(|()| 0o600),
            None => std::fs::create_dir(&path).map(|()| 0o700),
        };
        let mode = std::fs::Permissions::from_mode(mode.expect("room"));
        std::fs::set_permissions(&path, mode).expect("it is ours");
    }
}

fn give_all(root: &Path) {
    std::fs::read_dir(root).expect("a directory").flatten().for_each(|entry| give(&entry.path()));
}
